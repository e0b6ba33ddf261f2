package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"trunkline/internal/clock"
)

const (
	importLimit = 256 << 20 // Bytes of one upload.
	importTime  = 10 * time.Minute
)

// ErrUnknown is what an Importer returns, wrapped, for a tenant or PBX that is not provisioned.
var ErrUnknown = errors.New("not provisioned")

// ErrUnfit is what an Importer returns, wrapped, for records that the PBX's format reads wrongly. None of them was taken.
var ErrUnfit = errors.New("the records do not fit the format")

// Importer brings the call records of a PBX into the system.
type Importer interface {
	// Import reads records until in ends. Sending the same records again changes nothing. name is where they come from, for
	// the list of those that could not be used.
	Import(ctx context.Context, tenant, pbx, name string, in io.Reader) (ImportSummary, error)
}

// ImportSummary says what became of the records of one upload.
type ImportSummary struct {
	Import     int64 `json:"import"` // Its number in `trunkline import list`; 0: nothing was in the upload.
	Lines      int64 `json:"lines"`
	Calls      int64 `json:"calls"`
	Duplicates int64 `json:"duplicates"` // Records that stood twice in the upload.
	Sent       int64 `json:"sent"`       // Legs on their way to the worker.
	Unusable   int64 `json:"unusable"`   // Records that could not be read or rated; they are listed with their reasons.
}

// importRecords takes the body as a file of call records. It answers when all of it is safe.
func (s *Server) importRecords(c *gin.Context) {
	if !WhoOf(c.Request.Context()).Sees(c.Param("tenant")) {
		problem(c, http.StatusNotFound, "Not found", "There is no such tenant.")
		return
	}
	until := clock.System{}.Now().Add(importTime) // Sockets know no other.
	control := http.NewResponseController(c.Writer)
	if err := errors.Join(control.SetReadDeadline(until), control.SetWriteDeadline(until)); err != nil {
		s.o.Log.WarnContext(c, "an upload has the usual time only", "error", err)
	}
	name := c.DefaultQuery("name", "upload")
	sum, err := s.o.Importer.Import(c.Request.Context(), c.Param("tenant"), c.Param("pbx"), name, c.Request.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		c.JSON(http.StatusOK, sum)
	case errors.Is(err, ErrUnknown):
		problem(c, http.StatusNotFound, "No such PBX", err.Error())
	case errors.Is(err, ErrUnfit):
		problem(c, http.StatusUnprocessableEntity, "Another format", err.Error())
	case errors.As(err, &tooLarge):
		problem(c, http.StatusRequestEntityTooLarge, "Too large", "An upload may have 256 MiB: send the file in parts, whole lines each. Nothing of what was read is lost or counted twice.")
	default:
		s.o.Log.ErrorContext(c, "an upload of call records failed", "tenant", c.Param("tenant"), "pbx", c.Param("pbx"), "error", err)
		problem(c, http.StatusServiceUnavailable, "Not stored", "The records could not be stored now. Send them again later: what was stored already is not counted twice.")
	}
}
