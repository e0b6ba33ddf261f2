package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/console"
	"trunkline/rating/deckfile"
)

type diffOptions struct {
	format string
	at     atOption
	all    bool
	list   listOptions // Of the new list.
}

func newDeckDiffCommand() *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Compare two price lists: new, dearer, cheaper, same, closed and faulty lines",
		Long: `Diff tells what would change if NEW were put in force as a whole list at a moment: --at, or else now. Each step of a
price is told with the day from which it holds, so a list with several dates can be compared today.
Exit status 3: the new list has faulty lines, which are printed with their numbers.`,
		Example: "  trunkline deck diff march.csv april.xlsx --format table",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, args[0], args[1])
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "table", "table, csv or json")
	f.StringVar(&o.at.text, "at", "", "moment at which the lists are compared; now if it is not given")
	f.BoolVar(&o.all, "all", false, "print the rates that stay the same, too")
	o.list.register(f)
	return cmd
}

func (o *diffOptions) run(cmd *cobra.Command, oldFile, newFile string) error {
	old, _, err := deckfile.ReadFile(cmd.Context(), oldFile, deckfile.Options{Label: oldFile})
	if err != nil {
		return withCode(exitUsage, err)
	}
	now, err := o.at.moment(time.Now().UTC())
	if err != nil {
		return err
	}
	o.list.kept, o.list.usual = deckfile.StepsAt(old, now), deckfile.Usual(old)
	list, report, err := o.list.read(cmd.Context(), newFile, cmd.ErrOrStderr())
	if err != nil {
		return withCode(exitUsage, err)
	}
	next, err := deckfile.Apply(old, list, deckfile.Plan{Mode: deckfile.Full, Effective: now, Closed: report.Closed})
	if err != nil {
		return withCode(exitUsage, err)
	}
	watch := deckfile.NewWatch(console.LargeChange)
	if err := o.write(cmd.OutOrStdout(), deckfile.Changes(old, next, now), watch, report); err != nil {
		return err
	}
	return faulty(report)
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

// write prints the changes, what is worth a warning, and what is faulty in the new list.
func (o *diffOptions) write(out io.Writer, changes iter.Seq[deckfile.Change], watch *deckfile.Watch, report *deckfile.Report) error {
	var rows []diffRow
	for c := range changes {
		watch.See(c)
		if c.Kind != deckfile.Same || o.all {
			rows = append(rows, newDiffRow(c))
		}
	}
	switch o.format {
	case "json":
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{
			"summary": watch.Summary, "changes": rows, "warnings": watch.Warnings(), "faulty": report.Faulty, "faults": report.Faults, "reading": report.Reading,
		})
	case "csv":
		return writeDiffCSV(out, rows, report)
	case "table":
		return writeDiffTable(out, rows, watch, report)
	}
	return withCode(exitUsage, fmt.Errorf("--format %q: want table, csv or json", o.format))
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

func writeDiffCSV(out io.Writer, rows []diffRow, report *deckfile.Report) error {
	w := csv.NewWriter(out)
	records := [][]string{{"kind", "prefix", "destination", "old", "new", "effective_from"}}
	for i := range rows {
		records = append(records, rows[i].cells())
	}
	for _, f := range report.Faults {
		records = append(records, []string{"faulty", f.Value, f.String(), "", "", ""})
	}
	return w.WriteAll(records)
}

func writeDiffTable(out io.Writer, rows []diffRow, watch *deckfile.Watch, report *deckfile.Report) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "kind\tprefix\tdestination\told\tnew\teffective from")
	order := deckfile.Kinds()
	slices.SortStableFunc(rows, func(a, b diffRow) int {
		return slices.Index(order, deckfile.Kind(a.Kind)) - slices.Index(order, deckfile.Kind(b.Kind))
	})
	for i := range rows {
		for j, cell := range rows[i].cells() {
			if j > 0 {
				_, _ = fmt.Fprint(w, "\t")
			}
			_, _ = fmt.Fprint(w, cell)
		}
		_, _ = fmt.Fprintln(w)
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
