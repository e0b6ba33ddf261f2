package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
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
		Long: `Deck reads price lists as carriers send them: CSV in any encoding and with any delimiter, or XLSX. The columns are
guessed from the header, in English, Russian or German, or from the contents.`,
		Example: "  trunkline deck check carrier.xlsx\n  trunkline deck diff march.csv april.csv",
	}
	cmd.AddCommand(newDeckCheckCommand(), newDeckDiffCommand(), newDeckExportCommand())
	cmd.AddCommand(further...)
	return cmd
}

func newDeckCheckCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:     "check FILE",
		Short:   "Show how a price list is read and what is wrong with it",
		Long:    "Check prints the guessed columns, the counts and every faulty line. Exit status 3: some lines are faulty.",
		Example: "  trunkline deck check carrier.xlsx",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			deck, report, err := readDeck(cmd.Context(), args[0], deckfile.Options{Label: args[0]})
			if err != nil {
				return withCode(exitUsage, err)
			}
			if err := writeCheck(cmd.OutOrStdout(), format, deck, report); err != nil {
				return err
			}
			return faulty(report)
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table, csv (the faults) or json")
	return cmd
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
			"mapping": r.Mapping, "currency": r.Currency, "lines": r.Lines, "rates": deck.Len(), "prefixes": deck.Prefixes(),
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
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	m := r.Mapping
	_, _ = fmt.Fprintf(w, "encoding\t%s\ndelimiter\t%q\ndecimal\t%s\ndates\t%s\nfirst row\t%d\n", m.Encoding, m.Delimiter, m.Decimal, m.Dates, m.FirstRow+1)
	for _, c := range deckfile.Columns() {
		if position, ok := m.Columns[c]; ok {
			_, _ = fmt.Fprintf(w, "%s\tcolumn %d\n", c, position+1)
		}
	}
	_, _ = fmt.Fprintf(w, "lines\t%d\nrates\t%d\nprefixes\t%d\nrepeated\t%d\nfaulty\t%d\n", r.Lines, deck.Len(), deck.Prefixes(), r.Repeated, r.Faulty)
	writeFaults(w, r, deckfile.MaxFaults)
	return w.Flush()
}

// writeFaults writes one line for each fault, up to a limit.
func writeFaults(out io.Writer, r *deckfile.Report, limit int) {
	for i, f := range r.Faults {
		if i == limit {
			_, _ = fmt.Fprintf(out, "... and %d more\n", r.Faulty-limit)
			return
		}
		_, _ = fmt.Fprintln(out, f)
	}
}

func newDeckExportCommand() *cobra.Command {
	var to, currency string
	cmd := &cobra.Command{
		Use:     "export FILE",
		Short:   "Write a price list in the standard form: one prefix a line, dates in RFC 3339",
		Example: "  trunkline deck export carrier.xlsx --to carrier.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			deck, err := loadDeck(cmd.Context(), args[0], currency)
			if err != nil {
				return withCode(exitUsage, err)
			}
			if to == "" {
				return deckfile.Write(cmd.OutOrStdout(), deck.Rates(), deck.Currency())
			}
			return writeDeckFile(to, deck)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "file to write; standard output if it is not given")
	cmd.Flags().StringVar(&currency, "currency", "", "currency of a list that does not say it")
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
