package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"trunkline/cdr/importer"
	"trunkline/console"
	"trunkline/internal/clock"
)

const (
	importLimit = 256 << 20 // Bytes of one upload.
	importTime  = 10 * time.Minute
)

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
	until := clock.System{}.Now().Add(importTime) // Sockets know no other.
	control := http.NewResponseController(c.Writer)
	if err := errors.Join(control.SetReadDeadline(until), control.SetWriteDeadline(until)); err != nil {
		s.o.Log.WarnContext(c, "an upload has the usual time only", "error", err)
	}
	ctx := c.Request.Context()
	done, err := s.o.Console.ReadRecords(ctx, PrincipalFrom(ctx), console.RecordFile{
		Tenant: c.Param("tenant"), PBX: c.Param("pbx"), Name: c.DefaultQuery("name", importer.WayUpload), Way: importer.WayUpload, In: c.Request.Body,
	})
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		sum, totals := &done.Summary, &done.Totals
		c.JSON(http.StatusOK, ImportSummary{
			Import: done.Import, Lines: sum.Lines, Calls: sum.Calls, Duplicates: sum.Duplicates, Sent: totals.Sent, Unusable: totals.Unusable,
		})
	case errors.Is(err, console.ErrNotFound):
		problem(c, http.StatusNotFound, "No such PBX", err.Error())
	case errors.Is(err, console.ErrMisread):
		problem(c, http.StatusUnprocessableEntity, "Another format", err.Error())
	case errors.As(err, &tooLarge):
		problem(c, http.StatusRequestEntityTooLarge, "Too large", "An upload may have 256 MiB: send the file in parts, whole lines each. Nothing of what was read is lost or counted twice.")
	default:
		s.o.Log.ErrorContext(c, "an upload of call records failed", "tenant", c.Param("tenant"), "pbx", c.Param("pbx"), "error", err)
		problem(c, http.StatusServiceUnavailable, "Not stored", "The records could not be stored now. Send them again later: what was stored already is not counted twice.")
	}
}
