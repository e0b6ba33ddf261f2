package terminal

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"trunkline/console"
	"trunkline/internal/money"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

// Diff is the comparison of two price lists.
type Diff struct {
	Changes iter.Seq[deckfile.Change]
	New     *deckfile.Report // How the new list was read.
	All     bool             // With the rates that stay the same.
}

// diffRow is one line of the report.
type diffRow struct {
	Kind        string `json:"kind"`
	Prefix      string `json:"prefix"`
	Destination string `json:"destination"`
	Old         string `json:"old"`
	New         string `json:"new"`
	From        string `json:"effective_from"`
}

func (r *diffRow) cells() []string {
	return []string{r.Kind, r.Prefix, r.Destination, r.Old, r.New, r.From}
}

// Write writes the changes, what is worth a warning, and what is faulty in the new list, in a format: table, csv or json.
func (d *Diff) Write(out io.Writer, format string) error {
	if err := CheckFormat(format, "table", "csv", "json"); err != nil {
		return err
	}
	watch := deckfile.NewWatch(console.LargeChange)
	var rows []diffRow
	for c := range d.Changes {
		watch.See(c)
		if c.Kind != deckfile.Same || d.All {
			rows = append(rows, newDiffRow(c))
		}
	}
	switch format {
	case "json":
		return JSON(out, map[string]any{
			"summary": watch.Summary, "changes": rows, "warnings": watch.Warnings(), "faulty": d.New.Faulty, "faults": d.New.Faults, "reading": d.New.Reading,
		})
	case "csv":
		return writeDiffCSV(out, rows, d.New)
	}
	return writeDiffTable(out, rows, watch, d.New)
}

func newDiffRow(c deckfile.Change) diffRow {
	row := diffRow{
		Kind: string(c.Kind), Prefix: c.Prefix.Digits(), Destination: c.Destination(), Old: rateText(c.Old), New: rateText(c.New),
	}
	if !c.At.IsZero() && c.Kind != deckfile.Same {
		row.From = c.At.Format(time.RFC3339)
	}
	return row
}

// rateText returns a price for a report, or "" for none.
func rateText(r *rating.Rate) string {
	if r == nil {
		return ""
	}
	if r.Blocked {
		return "blocked"
	}
	text := r.PerMinute.String() + " " + r.Increment.String()
	if r.ConnectFee != (money.Amount{}) {
		text += " + " + r.ConnectFee.String()
	}
	return text
}

func writeDiffCSV(out io.Writer, rows []diffRow, report *deckfile.Report) error {
	records := make([][]string, 0, len(rows)+len(report.Faults))
	for i := range rows {
		records = append(records, rows[i].cells())
	}
	for _, f := range report.Faults {
		records = append(records, []string{"faulty", f.Value, f.String(), "", "", ""})
	}
	return writeCSV(out, []string{"kind", "prefix", "destination", "old", "new", "effective_from"}, records)
}

func writeDiffTable(out io.Writer, rows []diffRow, watch *deckfile.Watch, report *deckfile.Report) error {
	w := aligned(out)
	_, _ = fmt.Fprintln(w, "kind\tprefix\tdestination\told\tnew\teffective from")
	order := deckfile.Kinds()
	slices.SortStableFunc(rows, func(a, b diffRow) int {
		return slices.Index(order, deckfile.Kind(a.Kind)) - slices.Index(order, deckfile.Kind(b.Kind))
	})
	for i := range rows {
		_, _ = fmt.Fprintln(w, strings.Join(rows[i].cells(), "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, one := range watch.Warnings() {
		_, _ = fmt.Fprintf(out, "warning: %s: %d, such as: %s\n", warningText(one.Kind), one.Count, one.Text)
	}
	deckfile.WriteFaults(out, report, deckfile.MaxFaults)
	n := watch.Summary
	_, err := fmt.Fprintf(out, "\n%d new, %d dearer, %d cheaper, %d same, %d closed, %d dropped, %d faulty\n",
		n[deckfile.New], n[deckfile.Dearer], n[deckfile.Cheaper], n[deckfile.Same], n[deckfile.Closed], n[deckfile.Dropped], report.Faulty)
	return err
}

func warningText(kind string) string {
	switch kind {
	case deckfile.FreeOfCharge:
		return "prices of nothing"
	case deckfile.NoFirstStep:
		return "a first step of 0 seconds"
	case deckfile.LargeChange:
		return fmt.Sprintf("prices that change by more than %d percent", console.LargeChange)
	case deckfile.Gap:
		return "times without a rate between two rates"
	case deckfile.Announced:
		return "announced changes that are not to come"
	}
	return kind
}
