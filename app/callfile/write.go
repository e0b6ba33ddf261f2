package callfile

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"trunkline/internal/money"
	"trunkline/rating"
)

// Columns are the columns that are there when they are asked for.
type Columns struct {
	Tax, Explain bool
}

func ratedHeader(with Columns) []string {
	header := []string{"id", "prefix", "destination", "billed", "connect_fee", "usage", "total", "currency", "note"}
	if with.Tax {
		header = append(header, "tax", "gross")
	}
	if with.Explain {
		header = append(header, "explanation")
	}
	return header
}

// cells returns the columns of ratedHeader; what a call without a price does not have is empty.
func (r *Rated) cells(with Columns) []string {
	c := &r.charge
	amount := func(a money.Amount) string {
		if r.failed {
			return ""
		}
		return a.Format(r.scale)
	}
	billed := strconv.FormatInt(c.Billed, 10)
	if r.failed {
		billed = ""
	}
	cells := []string{
		r.id, c.Prefix.Digits(), c.Destination, billed, amount(c.ConnectFee), amount(c.Usage), amount(c.Total),
		c.Currency.String(), r.note,
	}
	if with.Tax {
		cells = append(cells, amount(r.taxed.Tax), amount(r.taxed.Gross))
	}
	if with.Explain {
		cells = append(cells, r.explanation.String())
	}
	return cells
}

// Write writes what calls cost, as table, csv or json.
func Write(out io.Writer, format string, rated []Rated, with Columns) error {
	switch format {
	case "json":
		return writeRatedJSON(out, rated, with)
	case "table":
		return writeRatedTable(out, rated, with)
	}
	w := csv.NewWriter(out)
	if err := w.Write(ratedHeader(with)); err != nil {
		return err
	}
	for i := range rated {
		if err := w.Write(rated[i].cells(with)); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// writeRatedTable aligns the columns; explanations stand below, as they are sentences.
func writeRatedTable(out io.Writer, rated []Rated, with Columns) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if _, err := fmt.Fprintln(w, strings.Join(ratedHeader(Columns{Tax: with.Tax}), "\t")); err != nil {
		return err
	}
	for i := range rated {
		if _, err := fmt.Fprintln(w, strings.Join(rated[i].cells(Columns{Tax: with.Tax}), "\t")); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil || !with.Explain {
		return err
	}
	for i := range rated {
		if _, err := fmt.Fprintf(out, "\n%s: %s\n", rated[i].id, rated[i].explanation); err != nil {
			return err
		}
	}
	return nil
}

// ratedJSON is one call as JSON: amounts are strings, because they are decimals; a call without a price has null.
type ratedJSON struct {
	ID          string                   `json:"id"`
	Prefix      string                   `json:"prefix"`
	Destination string                   `json:"destination"`
	Billed      *int64                   `json:"billed"`
	ConnectFee  *string                  `json:"connect_fee"`
	Usage       *string                  `json:"usage"`
	Total       *string                  `json:"total"`
	Tax         *string                  `json:"tax,omitempty"`
	Gross       *string                  `json:"gross,omitempty"`
	Currency    string                   `json:"currency"`
	Note        string                   `json:"note"`
	Explanation []rating.ExplanationStep `json:"explanation,omitempty"`
}

func writeRatedJSON(out io.Writer, rated []Rated, with Columns) error {
	list := make([]ratedJSON, 0, len(rated))
	for i := range rated {
		r := &rated[i]
		cells := r.cells(Columns{Tax: true})
		j := ratedJSON{ID: r.id, Prefix: cells[1], Destination: cells[2], Currency: cells[7], Note: r.note}
		if !r.failed {
			j.Billed, j.ConnectFee, j.Usage, j.Total = &r.charge.Billed, &cells[4], &cells[5], &cells[6]
			if with.Tax {
				j.Tax, j.Gross = &cells[9], &cells[10]
			}
		}
		if with.Explain {
			j.Explanation = r.explanation.Steps
		}
		list = append(list, j)
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(list)
}
