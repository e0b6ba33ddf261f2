package terminal

import (
	"time"

	"trunkline/console"
)

// Limits lists caps as provisioned and as they stand, and blocks after them.
func Limits(v *console.LimitView) *Table {
	t := &Table{Columns: []string{"scope", "owner", "period", "measure", "setting", "live", "used", "held", "left"}, Of: "limits and blocks"}
	for i := range v.Limits {
		s := &v.Limits[i]
		setting := ""
		if s.Configured != nil {
			setting = s.Configured.String()
		}
		t.Add(string(s.Scope), s.Owner, string(s.Period), s.Measure, setting, s.Effective.String(), s.Used.String(), s.Held.String(), s.Remaining.String())
	}
	for _, b := range v.Blocks {
		t.Add(string(b.Scope), b.Owner, "", "blocked", "", b.Reason, "", "", "")
	}
	return t
}

// LimitChanges lists who changed what about limits, blocks and suspension.
func LimitChanges(v *console.LimitView) *Table {
	t := &Table{Columns: []string{"time", "what", "scope", "owner", "detail", "reason", "by"}, Of: "changes"}
	for _, one := range v.Changes {
		t.Add(one.At.Format(time.RFC3339), one.What, string(one.Scope), one.Owner, one.Detail, one.Reason, one.By)
	}
	return t
}
