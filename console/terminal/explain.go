package terminal

import (
	"fmt"
	"io"

	"trunkline/rating/worker"
)

// Explained shows how prices came about when they were computed again, and whether the same came out. The format is table or json.
func Explained(out io.Writer, list []worker.Explained, format string) error {
	if format == "json" {
		return JSON(out, list)
	}
	for i := range list {
		e := &list[i]
		by := ""
		if e.Version != "" {
			by = " by " + e.Version
		}
		verdict := "the same comes out"
		if !e.Matches {
			verdict = "NOT THE SAME"
		}
		fmt.Fprintf(out, "%s: %s %s %s%s: %s\n", e.Leg, e.Side, e.Recorded, e.Currency, by, verdict)
		for _, s := range e.Steps {
			fmt.Fprintf(out, "  %s\n", s.Text)
		}
		if e.Reason != "" {
			fmt.Fprintf(out, "  %s\n", e.Reason)
		}
	}
	return nil
}
