package terminal

import (
	"fmt"
	"io"
	"time"

	"trunkline/console"
	"trunkline/reports/retention"
)

// Retention lists how long each kind of record is kept, how much there is, and what would go; after them what else goes by itself, and when.
func Retention(plan []retention.Line, own []console.OwnSpan) *Table {
	t := &Table{Of: "kinds", Columns: []string{"kind", "kept", "oldest", "rows", "bytes", "rows_to_go", "bytes_to_go"}}
	for _, l := range plan {
		t.Add(string(l.Kind), forEver(l.Keep), moment(l.All.Oldest), figure(l.All.Rows), figure(l.All.Bytes), figure(l.Goes.Rows), figure(l.Goes.Bytes))
	}
	for _, o := range own {
		t.Add(o.Of, o.Kept.String(), "", "", "", "", "")
	}
	return t
}

func forEver(s retention.Span) string {
	if s == 0 {
		return "for ever"
	}
	return s.String()
}

// Dropped tells which day of a kind of record was dropped or blanked.
func Dropped(out io.Writer, d retention.Done) {
	all := "all days"
	if !d.Day.IsZero() {
		all = d.Day.Format(time.DateOnly)
	}
	fmt.Fprintf(out, "%-8s %s  %d rows  %s\n", d.Kind, all, d.Rows, d.File)
}

// Found lists where a person's number stands.
func Found(found []retention.Found) *Table {
	t := &Table{Of: "places", Columns: []string{"place", "rows", "held", "newest"}}
	for _, f := range found {
		t.Add(f.Place, figure(f.Rows), figure(f.Held), moment(f.Newest))
	}
	return t
}

// Holds lists legal holds.
func Holds(holds []retention.Hold) *Table {
	t := &Table{Of: "holds", Columns: []string{"id", "tenant", "number", "since", "by", "reason", "removed", "removed_by", "why"}}
	for i := range holds {
		h := &holds[i]
		t.Add(figure(h.ID), h.Tenant, h.Number, h.Made.Format(time.RFC3339), h.By, h.Reason, moment(h.Removed), h.Ender, h.Why)
	}
	return t
}
