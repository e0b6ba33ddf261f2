package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/internal/money"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

// newDeckCommand makes `trunkline deck` with what needs no engine; further holds the rest.
func newDeckCommand(further ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deck",
		Short: "Check, compare, convert and import price lists",
		Long: `Deck reads price lists as carriers send them: CSV in any encoding and with any delimiter, XLSX, tables of HTML, or an
archive with one of them. The columns are found out by their headings (in English, German, Russian, Spanish, French, Italian or
Portuguese) and by what stands below them. What a list leaves open is asked, with the flag that answers it; every column that
is not used is named.`,
		Example: "  trunkline deck check carrier.xlsx\n  trunkline deck diff march.csv april.csv",
	}
	cmd.AddCommand(newDeckCheckCommand(), newDeckDiffCommand(), newDeckExportCommand())
	cmd.AddCommand(further...)
	return cmd
}

func newDeckCheckCommand() *cobra.Command {
	var format string
	var list listOptions
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Show how a price list is read and what is wrong with it",
		Long: `Check prints how each column is read, with samples, what is not used and why, the counts, and every faulty line.
Exit status: 2 the file cannot be read, or leaves a question open; 3 some lines are faulty.`,
		Example: "  trunkline deck check carrier.xlsx\n  trunkline deck check carrier.xlsx --sheet Rates --column rate=\"New Price\" --dates dmy",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			deck, report, err := list.read(cmd.Context(), args[0], cmd.OutOrStdout())
			if err != nil {
				return withCode(exitUsage, err)
			}
			if err := writeCheck(cmd.OutOrStdout(), format, deck, report); err != nil {
				return err
			}
			return faulty(report)
		},
	}
	list.register(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", "table", "table, csv (the faults) or json")
	return cmd
}

// read reads a list; where it leaves a question open, it shows on out how it was understood so far.
func (o *listOptions) read(ctx context.Context, file string, out io.Writer) (*rating.Deck, *deckfile.Report, error) {
	opts, err := o.options(filepath.Base(file))
	if err != nil {
		return nil, nil, err
	}
	deck, report, err := deckfile.ReadFile(ctx, file, opts)
	if err != nil && report != nil {
		writeReading(out, &report.Reading)
		err = openQuestions(err)
	}
	return deck, report, err
}

func faulty(r *deckfile.Report) error {
	if r.Faulty == 0 {
		return nil
	}
	return withCode(exitPartial, fmt.Errorf("%d of %d lines are faulty", r.Faulty, r.Lines))
}

func writeCheck(out io.Writer, format string, deck *rating.Deck, r *deckfile.Report) error {
	switch format {
	case "json":
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{
			"mapping": r.Mapping, "reading": r.Reading, "closed": r.Closed, "notes": r.Notes, "currency": r.Currency, "lines": r.Lines, "rates": deck.Len(), "prefixes": deck.Prefixes(),
			"repeated": r.Repeated, "faulty": r.Faulty, "faults": r.Faults,
		})
	case "csv":
		w := csv.NewWriter(out)
		_ = w.Write([]string{"line", "column", "value", "problem", "remedy"}) // Error reports it.
		for _, f := range r.Faults {
			_ = w.Write([]string{strconv.Itoa(f.Line), string(f.Column), f.Value, f.Problem, f.Remedy})
		}
		w.Flush()
		return w.Error()
	case "table":
	default:
		return withCode(exitUsage, fmt.Errorf("--format %q: want table, csv or json", format))
	}
	writeReading(out, &r.Reading)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	m := &r.Mapping
	for _, line := range [][2]string{
		{"sheet", m.Sheet}, {"encoding", m.Encoding}, {"delimiter", m.Delimiter}, {"decimal", m.Decimal}, {"dates", string(m.Dates)}, {"currency", r.Currency.String()},
	} {
		if line[1] != "" {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", line[0], line[1])
		}
	}
	_, _ = fmt.Fprintf(w, "rows above\t%d\nlines\t%d\nrates\t%d\nprefixes\t%d\nrepeated\t%d\nclosed\t%d\nfaulty\t%d\n",
		m.FirstRow, r.Lines, deck.Len(), deck.Prefixes(), r.Repeated, len(r.Closed), r.Faulty)
	if err := w.Flush(); err != nil {
		return err
	}
	writeNotes(out, r)
	deckfile.WriteFaults(out, r, deckfile.MaxFaults)
	return nil
}

// writeNotes shows the lines of text that are no rates.
func writeNotes(out io.Writer, r *deckfile.Report) {
	const most = 10
	for i, n := range r.Notes {
		if i == most {
			_, _ = fmt.Fprintf(out, "... and %d more lines of text\n", r.Noted-most)
			return
		}
		_, _ = fmt.Fprintf(out, "left out: line %d: %s\n", n.Line, short(n.Text))
	}
}

func newDeckExportCommand() *cobra.Command {
	var to string
	var list listOptions
	cmd := &cobra.Command{
		Use:   "export FILE",
		Short: "Write a price list in the standard form: one prefix a line, dates in RFC 3339",
		Long: `Export reads a price list as check does and writes it in the standard form. How the columns were read goes to standard
error. Exit status 2: the list cannot be read, has faulty lines, or leaves a question open; nothing is written then.`,
		Example: "  trunkline deck export carrier.xlsx --to carrier.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			deck, report, err := list.read(cmd.Context(), args[0], cmd.ErrOrStderr())
			if err == nil {
				writeReading(cmd.ErrOrStderr(), &report.Reading)
				err = deckfile.Spotless(args[0], report)
			}
			if err != nil {
				return withCode(exitUsage, err)
			}
			if to == "" {
				return deckfile.Write(cmd.OutOrStdout(), deck.Rates(), deck.Currency())
			}
			return writeDeckFile(to, deck)
		},
	}
	list.register(cmd.Flags())
	cmd.Flags().StringVar(&to, "to", "", "file to write; standard output if it is not given")
	return cmd
}

func writeDeckFile(name string, deck *rating.Deck) (err error) {
	f, err := os.Create(name) //nolint:gosec // the user names the file on his own command line
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	return deckfile.Write(f, deck.Rates(), deck.Currency())
}

// atOption is a moment given on the command line.
type atOption struct{ text string }

func (o atOption) moment(otherwise time.Time) (time.Time, error) {
	if o.text == "" {
		return otherwise, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, o.text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, withCode(exitUsage, fmt.Errorf("%q: want a time such as 2026-03-31T22:00:00Z or 2026-03-31", o.text))
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
