package main

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

// ratedColumns are the columns that are there when they are asked for.
type ratedColumns struct {
	tax, explain bool
}

func ratedHeader(with ratedColumns) []string {
	header := []string{"id", "prefix", "destination", "billed", "connect_fee", "usage", "total", "currency", "note"}
	if with.tax {
		header = append(header, "tax", "gross")
	}
	if with.explain {
		header = append(header, "explanation")
	}
	return header
}

// cells returns the columns of ratedHeader; what a call without a price does not have is empty.
func (r *ratedCall) cells(with ratedColumns) []string {
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
	if with.tax {
		cells = append(cells, amount(r.taxed.Tax), amount(r.taxed.Gross))
	}
	if with.explain {
		cells = append(cells, r.explanation.String())
	}
	return cells
}

func writeRated(out io.Writer, format string, rated []ratedCall, with ratedColumns) error {
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
func writeRatedTable(out io.Writer, rated []ratedCall, with ratedColumns) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if _, err := fmt.Fprintln(w, strings.Join(ratedHeader(ratedColumns{tax: with.tax}), "\t")); err != nil {
		return err
	}
	for i := range rated {
		if _, err := fmt.Fprintln(w, strings.Join(rated[i].cells(ratedColumns{tax: with.tax}), "\t")); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil || !with.explain {
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

func writeRatedJSON(out io.Writer, rated []ratedCall, with ratedColumns) error {
	list := make([]ratedJSON, 0, len(rated))
	for i := range rated {
		r := &rated[i]
		cells := r.cells(ratedColumns{tax: true})
		j := ratedJSON{ID: r.id, Prefix: cells[1], Destination: cells[2], Currency: cells[7], Note: r.note}
		if !r.failed {
			j.Billed, j.ConnectFee, j.Usage, j.Total = &r.charge.Billed, &cells[4], &cells[5], &cells[6]
			if with.tax {
				j.Tax, j.Gross = &cells[9], &cells[10]
			}
		}
		if with.explain {
			j.Explanation = r.explanation.Steps
		}
		list = append(list, j)
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(list)
}
