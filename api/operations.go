package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// Operations is what those who run the system may see and do beside the pages.
type Operations interface {
	// Messages returns the SIP messages of a call that are still remembered, by the call's id; none for one that is not known.
	Messages(call string) []SIPMessage
	// Drop ends a call in progress, and reports whether there was one with that id.
	Drop(ctx context.Context, call, reason string) (bool, error)
}

// SIPMessage is a message as it was on the wire, with what proves who sent it taken out.
type SIPMessage struct {
	At        time.Time `json:"at"`
	Sent      bool      `json:"sent"` // By us.
	Transport string    `json:"transport"`
	Remote    string    `json:"remote"`
	CallID    string    `json:"call_id"`
	Text      string    `json:"text"`
}

// maxReason bounds the reason that a call is dropped for; it stands in its record.
const maxReason = 60

func (s *Server) operate(r *gin.RouterGroup) {
	r.GET("/api/v1/status", s.status)
	r.GET("/api/v1/calls/:call/messages", s.messages)
	r.DELETE("/api/v1/calls/:call", s.drop)
}

func (s *Server) status(c *gin.Context) {
	o, err := s.o.Console.Overview(c.Request.Context())
	if err != nil {
		s.o.Log.ErrorContext(c, "the state of the system cannot be read", "error", err)
		problem(c, http.StatusServiceUnavailable, "Not now", "The state of the system cannot be read at the moment.")
		return
	}
	c.JSON(http.StatusOK, o)
}

func (s *Server) messages(c *gin.Context) {
	list := s.o.Operations.Messages(c.Param("call"))
	if len(list) == 0 {
		problem(c, http.StatusNotFound, "Not remembered", "No messages of this call are remembered here: it was long ago, before a restart, or at another proxy.")
		return
	}
	c.JSON(http.StatusOK, list)
}

func (s *Server) drop(c *gin.Context) {
	reason := c.DefaultQuery("reason", "dropped")
	if len(reason) > maxReason {
		problem(c, http.StatusBadRequest, "Reason too long", "Give a reason of up to 60 characters.")
		return
	}
	found, err := s.o.Operations.Drop(c.Request.Context(), c.Param("call"), reason)
	switch {
	case err != nil:
		problem(c, http.StatusServiceUnavailable, "Not now", "The call could not be ended at the moment.")
	case !found:
		problem(c, http.StatusNotFound, "No such call", "No call with this id is in progress here.")
	default:
		c.Status(http.StatusNoContent)
	}
}
