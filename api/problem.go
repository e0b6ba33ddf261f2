package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/gin-gonic/gin"

	"trunkline/access"
	"trunkline/console"
)

// fault is what is wrong with one field.
type fault struct {
	Field   string `json:"field"`
	Problem string `json:"problem"`
	Remedy  string `json:"remedy,omitempty"`
}

// answered is a problem as it is told (RFC 9457).
type answered struct {
	Type   string  `json:"type"`
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Detail string  `json:"detail,omitempty"`
	Faults []fault `json:"faults,omitempty"`
}

// problem answers with what went wrong. The title's words are the type's.
func problem(c *gin.Context, status int, title, detail string, faults ...fault) {
	word := strings.ReplaceAll(strings.ToLower(title), " ", "-")
	c.Header("Content-Type", "application/problem+json")
	c.AbortWithStatusJSON(status, answered{"urn:trunkline:" + word, title, status, detail, faults})
}

// failed answers for an error. Nothing is told of one that is not the sender's: it stands in the log.
func (s *Server) failed(c *gin.Context, err error) {
	var faults *console.FaultsError
	var form *openapi3filter.RequestError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		problem(c, http.StatusRequestEntityTooLarge, "Too large", fmt.Sprintf("A request may have %d bytes here.", large.Limit))
	case errors.As(err, &form):
		problem(c, http.StatusBadRequest, "Not valid", "The request is not as the API describes it.", formFault(form))
	case errors.As(err, &faults):
		list := make([]fault, 0, len(faults.Faults))
		for _, f := range faults.Faults {
			list = append(list, fault{f.Field, f.Problem, f.Remedy})
		}
		problem(c, http.StatusUnprocessableEntity, "Not valid", "Nothing was changed.", list...)
	case errors.Is(err, console.ErrInvalid):
		problem(c, http.StatusUnprocessableEntity, "Not valid", words(err, console.ErrInvalid))
	case errors.Is(err, console.ErrForbidden):
		problem(c, http.StatusForbidden, "Not allowed", words(err, console.ErrForbidden))
	case errors.Is(err, console.ErrNotFound):
		problem(c, http.StatusNotFound, "Not found", words(err, console.ErrNotFound))
	case errors.Is(err, console.ErrConflict):
		status := http.StatusConflict
		if c.GetHeader("If-Match") != "" || c.GetHeader("If-None-Match") != "" {
			status = http.StatusPreconditionFailed
		}
		problem(c, status, "Changed meanwhile", words(err, console.ErrConflict))
	case errors.Is(err, console.ErrTooMuch):
		c.Header("Retry-After", "60")
		problem(c, http.StatusTooManyRequests, "Too much at once", words(err, console.ErrTooMuch))
	default:
		s.refusedEntry(c, err)
	}
}

// refusedEntry answers for who did not prove who they are, and for what is ours.
func (s *Server) refusedEntry(c *gin.Context, err error) {
	switch {
	case errors.Is(err, access.ErrCode):
		problem(c, http.StatusUnauthorized, "Code needed", "Give the code of the second factor, too.")
	case errors.Is(err, access.ErrCredentials):
		problem(c, http.StatusUnauthorized, "Not signed in", "Login, password or code is wrong.")
	case errors.Is(err, access.ErrLocked):
		c.Header("Retry-After", "900")
		problem(c, http.StatusTooManyRequests, "Too many tries", "Wait a quarter of an hour, or ask somebody who may reset your password.")
	case errors.Is(err, access.ErrNoSession):
		problem(c, http.StatusUnauthorized, "Not signed in", "Send a key as bearer token, or sign in.")
	case errors.Is(err, access.ErrPassword):
		problem(c, http.StatusUnprocessableEntity, "Not valid", err.Error())
	case errors.Is(err, context.Canceled):
		c.AbortWithStatus(499) // Nobody waits for the answer any more.
	default:
		s.o.Log.ErrorContext(c, "a request failed", "path", c.FullPath(), "error", err)
		problem(c, http.StatusServiceUnavailable, "Not now", "It could not be done at the moment. Try again; what was done is not done twice under the same Idempotency-Key.")
	}
}

// words is what an error tells beside what kind it is.
func words(err, kind error) string {
	text := strings.TrimPrefix(err.Error(), kind.Error()+": ")
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// formFault says where a request is other than described.
func formFault(e *openapi3filter.RequestError) fault {
	f := fault{Field: "body", Problem: e.Reason, Remedy: "see /api/docs"}
	if e.Parameter != nil {
		f.Field = e.Parameter.Name
	}
	if schema, ok := errors.AsType[*openapi3.SchemaError](e.Err); ok {
		if path := strings.Join(schema.JSONPointer(), "."); path != "" {
			f.Field = path
		}
		f.Problem = schema.Reason
	} else if e.Err != nil && f.Problem == "" {
		f.Problem = e.Err.Error()
	}
	// The library's words begin with the name of a schema that nobody knows.
	if _, told, ok := strings.Cut(f.Problem, "\n"); ok {
		f.Problem = strings.ReplaceAll(strings.TrimPrefix(told, "- at "), "\n- at ", "; ")
	}
	return f
}
