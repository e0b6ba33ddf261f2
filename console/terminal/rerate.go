package terminal

import (
	"fmt"
	"io"

	"trunkline/console"
)

// Rerated lists what re-rating changes, or would change, by account and destination.
func Rerated(r *console.RerateReport) *Table {
	t := &Table{Columns: []string{"account", "destination", "calls", "before", "after", "difference"}, Of: "lines"}
	for _, l := range r.Lines {
		t.Add(l.Account.String(), l.Destination, figure(l.Calls), l.Before.String(), l.After.String(), l.Difference.String())
	}
	return t
}

// failedShown bounds the calls that are listed as having no price.
const failedShown = 20

// RerateOutcome tells how many calls were changed, how that is taken back, and which calls have no price any more.
func RerateOutcome(out io.Writer, r *console.RerateReport) {
	if r.Run != 0 {
		fmt.Fprintf(out, "%d of %d calls changed; `trunkline rerate undo %d --reason WHY` takes it back\n", r.Changed, r.Legs, r.Run)
	} else {
		fmt.Fprintf(out, "%d of %d calls would change\n", r.Changed, r.Legs)
	}
	if len(r.Refused) > 0 {
		return
	}
	for _, line := range r.Failed[:min(len(r.Failed), failedShown)] {
		fmt.Fprintln(out, line)
	}
}

// RerateRuns lists what was priced again.
func RerateRuns(all []console.RerateRun) *Table {
	t := &Table{Columns: []string{"id", "begun", "scope", "from", "to", "calls_changed", "state", "reason", "by"}, Of: "runs"}
	for i := range all {
		r := &all[i]
		t.Add(figure(r.ID), moment(r.Begun), r.Scope, moment(r.From), moment(r.Till), figure(r.Legs), r.State, r.Reason, r.By)
	}
	return t
}
