package terminal

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"trunkline/console"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

// PriceList shows how a price list was read and what is wrong with it, in a format: table, csv (the faults) or json.
func PriceList(out io.Writer, deck *rating.Deck, r *deckfile.Report, format string) error {
	switch format {
	case "json":
		return JSON(out, map[string]any{
			"mapping": r.Mapping, "reading": r.Reading, "closed": r.Closed, "notes": r.Notes, "currency": r.Currency, "lines": r.Lines, "rates": deck.Len(), "prefixes": deck.Prefixes(),
			"repeated": r.Repeated, "faulty": r.Faulty, "faults": r.Faults,
		})
	case "csv":
		rows := make([][]string, 0, len(r.Faults))
		for _, f := range r.Faults {
			rows = append(rows, []string{strconv.Itoa(f.Line), string(f.Column), f.Value, f.Problem, f.Remedy})
		}
		return writeCSV(out, []string{"line", "column", "value", "problem", "remedy"}, rows)
	}
	if err := printPriceList(out, deck, r); err != nil {
		return err
	}
	Notes(out, r)
	deckfile.WriteFaults(out, r, deckfile.MaxFaults)
	return nil
}

func printPriceList(out io.Writer, deck *rating.Deck, r *deckfile.Report) error {
	Reading(out, &r.Reading)
	w := aligned(out)
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
	return w.Flush()
}

// Notes shows the lines of a price list that are text and no rates.
func Notes(out io.Writer, r *deckfile.Report) {
	const most = 10
	for i, n := range r.Notes {
		if i == most {
			_, _ = fmt.Fprintf(out, "... and %d more lines of text\n", r.Noted-most)
			return
		}
		_, _ = fmt.Fprintf(out, "left out: line %d: %s\n", n.Line, short(n.Text))
	}
}

// Reading shows how each column was understood, what is left unused, and what is asked, with the flag that answers it.
func Reading(out io.Writer, r *deckfile.Reading) {
	w := aligned(out)
	if len(r.Columns) > 0 {
		_, _ = fmt.Fprintln(w, "column\theading\tsample\tread as")
	}
	for i := range r.Columns {
		c := &r.Columns[i]
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", c.Position+1, short(c.Heading), short(strings.Join(c.Samples, "; ")), usedAs(c))
	}
	_ = w.Flush() // A tabwriter has no errors of its own.
	for _, text := range r.Differences {
		_, _ = fmt.Fprintln(out, "other than the last list:", text)
	}
	for _, text := range r.Assumed {
		_, _ = fmt.Fprintln(out, "assumed:", text)
	}
	for _, q := range r.Questions {
		_, _ = fmt.Fprintf(out, "question: %s\n  answer: %s\n", q.Text, q.Flag)
	}
}

func usedAs(c *deckfile.Seen) string {
	switch {
	case c.Used == "":
		return "not used: " + c.Why
	case c.Band != "":
		return string(c.Used) + " in the period " + c.Band
	}
	return string(c.Used)
}

// DeckVersions lists what a deck was, in the order given.
func DeckVersions(out io.Writer, versions []console.FileVersion) error {
	w := aligned(out)
	_, _ = fmt.Fprintln(w, "revision\tat\tby\tcontents")
	for _, v := range versions {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%.12s\n", v.Revision, v.At.UTC().Format(time.RFC3339), v.By, v.SHA256)
	}
	return w.Flush()
}
