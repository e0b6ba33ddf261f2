package api

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/provision"
)

// applyTime is how long an operator's file may take to come in, and to be compiled with what is provisioned.
const applyTime = 5 * time.Minute

// applyFile brings what is provisioned to what an operator's file says.
func (s *Server) applyFile(c *gin.Context) {
	control := http.NewResponseController(c.Writer)
	until := clock.System{}.Now().Add(applyTime) // Sockets know no other.
	if err := errors.Join(control.SetReadDeadline(until), control.SetWriteDeadline(until)); err != nil {
		s.o.Log.WarnContext(c, "an operator's file has the usual time only", "error", err)
	}
	content, err := io.ReadAll(c.Request.Body)
	if err != nil {
		s.failed(c, err)
		return
	}
	ctx := c.Request.Context()
	o := console.ApplyOptions{Prune: said(c.Request.URL.Query(), "prune"), Choice: provision.Choice{Keep: c.QueryArray("keep"), Overwrite: c.QueryArray("overwrite")}}
	report, err := s.o.Console.ApplyFile(ctx, PrincipalFrom(ctx), console.SentFile{Name: c.Query("name"), Content: content}, o, said(c.Request.URL.Query(), "dry_run"))
	switch {
	case err == nil:
		c.JSON(http.StatusOK, applyReport(report))
	case report != nil && len(report.Conflicts) > 0 && errors.Is(err, console.ErrConflict):
		problem(c, http.StatusConflict, "Changed meanwhile", words(err, console.ErrConflict), conflictFaults(report.Conflicts)...)
	default:
		s.failed(c, err)
	}
}

// conflictFaults tell what was changed at another place too, and how to choose.
func conflictFaults(list []console.ApplyConflict) []fault {
	out := make([]fault, len(list))
	for i := range list {
		name := list[i].String()
		out[i] = fault{name, "It was changed at another place too, by " + list[i].By + " at " + list[i].At + ".", "Send keep=" + name + " to leave what is stored, or overwrite=" + name + " to take what the file says."}
	}
	return out
}

// applied is what an operator's file changes, or would change, as it is told.
type applied struct {
	Revision  int64             `json:"revision"`
	Applied   bool              `json:"applied"`
	Changes   []appliedChange   `json:"changes"`
	Files     []string          `json:"files"`
	Kept      []string          `json:"kept"`
	Conflicts []appliedConflict `json:"conflicts"`
	Versions  []appliedVersion  `json:"versions"`
	Warnings  []string          `json:"warnings"`
}

type appliedChange struct {
	Action provision.Action `json:"action"`
	Kind   provision.Kind   `json:"kind"`
	ID     string           `json:"id"`
	Fields []changedField   `json:"fields"`
}

type changedField struct {
	Path   string `json:"path"`
	Before string `json:"before"`
	After  string `json:"after"`
}

type appliedConflict struct {
	Name   string         `json:"name"`
	By     string         `json:"by"`
	At     string         `json:"at"`
	Gone   bool           `json:"gone"`
	Extra  bool           `json:"extra"`
	Fields []changedField `json:"fields"`
}

type appliedVersion struct {
	Kind  provision.Kind `json:"kind"`
	ID    string         `json:"id"`
	Label string         `json:"label"`
	From  string         `json:"valid_from,omitempty"`
}

func applyReport(r *console.ApplyReport) applied {
	out := applied{
		Revision: r.Revision, Applied: r.Applied, Files: append([]string{}, r.Files...), Kept: append([]string{}, r.Kept...), Warnings: append([]string{}, r.Warnings...),
		Changes: make([]appliedChange, len(r.Changes)), Conflicts: make([]appliedConflict, len(r.Conflicts)), Versions: make([]appliedVersion, len(r.Versions)),
	}
	for i := range r.Changes {
		ch := &r.Changes[i]
		out.Changes[i] = appliedChange{ch.Action, ch.Kind, ch.ID, changedFields(ch.Fields)}
	}
	for i := range r.Conflicts {
		c := &r.Conflicts[i]
		out.Conflicts[i] = appliedConflict{c.String(), c.By, c.At, c.Gone, c.Extra, changedFields(c.Fields)}
	}
	for i, v := range r.Versions {
		out.Versions[i] = appliedVersion(v)
	}
	return out
}

func changedFields(list []provision.FieldChange) []changedField {
	out := make([]changedField, len(list))
	for i, f := range list {
		out[i] = changedField(f)
	}
	return out
}
