package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/rating"
	"trunkline/rating/deckfile"
)

type diffOptions struct {
	format string
	at     atOption
	all    bool
}

func newDeckDiffCommand() *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Compare two price lists: new, dearer, cheaper, same, closed and faulty lines",
		Long: `Diff compares the rates that are in force at a moment: --at, or else the present one. A rate that begins later is
compared as of its start, so a list that takes effect next month can be compared today.
Exit status 3: the new list has faulty lines, which are printed with their numbers.`,
		Example: "  trunkline deck diff march.csv april.xlsx --format table",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			old, _, err := readDeck(cmd.Context(), args[0], deckfile.Options{Label: args[0]})
			if err != nil {
				return withCode(exitUsage, err)
			}
			updated, report, err := readDeck(cmd.Context(), args[1], deckfile.Options{Label: args[1]})
			if err != nil {
				return withCode(exitUsage, err)
			}
			now, err := o.at.moment(time.Now().UTC())
			if err != nil {
				return err
			}
			if err := o.write(cmd.OutOrStdout(), old, updated, now, report); err != nil {
				return err
			}
			return faulty(report)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "table", "table, csv or json")
	f.StringVar(&o.at.text, "at", "", "moment at which the lists are compared; now if it is not given")
	f.BoolVar(&o.all, "all", false, "print the rates that stay the same, too")
	return cmd
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

// write prints the changes and what is faulty in the new list.
func (o *diffOptions) write(out io.Writer, old, updated *rating.Deck, now time.Time, report *deckfile.Report) error {
	summary := make(deckfile.Summary)
	var rows []diffRow
	for c := range deckfile.Diff(old, now, updated, startOf(updated, now)) {
		summary[c.Kind]++
		if c.Kind != deckfile.Same || o.all {
			rows = append(rows, newDiffRow(c))
		}
	}
	switch o.format {
	case "json":
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{"summary": summary, "changes": rows, "faulty": report.Faulty, "faults": report.Faults})
	case "csv":
		return writeDiffCSV(out, rows, report)
	case "table":
		return writeDiffTable(out, rows, summary, report)
	}
	return withCode(exitUsage, fmt.Errorf("--format %q: want table, csv or json", o.format))
}

// startOf returns the moment at which a list is looked at: now, or the start of its first rate if that is still to come.
func startOf(deck *rating.Deck, now time.Time) time.Time {
	var first time.Time
	for r := range deck.Rates() {
		if r.From.IsZero() || !r.From.After(now) {
			return now
		}
		if first.IsZero() || r.From.Before(first) {
			first = r.From
		}
	}
	if first.IsZero() {
		return now
	}
	return first
}

func newDiffRow(c deckfile.Change) diffRow {
	row := diffRow{
		Kind: string(c.Kind), Prefix: c.Prefix.Digits(), Destination: c.Destination(), Old: rateText(c.Old), New: rateText(c.New),
	}
	if c.New != nil && !c.New.From.IsZero() {
		row.From = c.New.From.Format(time.RFC3339)
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

func writeDiffTable(out io.Writer, rows []diffRow, summary deckfile.Summary, report *deckfile.Report) error {
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
	writeFaults(out, report, deckfile.MaxFaults)
	_, err := fmt.Fprintf(out, "\n%d new, %d dearer, %d cheaper, %d same, %d closed, %d faulty\n",
		summary[deckfile.New], summary[deckfile.Dearer], summary[deckfile.Cheaper], summary[deckfile.Same],
		summary[deckfile.Closed], report.Faulty)
	return err
}
