package terminal

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"trunkline/console"
)

// legColumn is one column of the listing of legs.
type legColumn struct {
	name  string
	wide  bool // Not in the table, which has to fit a screen.
	value func(*console.CallLeg) string
}

func legColumns() []legColumn {
	return []legColumn{
		{"setup", false, func(l *console.CallLeg) string { return l.Setup.UTC().Format("2006-01-02T15:04:05.000Z") }},
		{"call", true, func(l *console.CallLeg) string { return l.Call }},
		{"seq", false, func(l *console.CallLeg) string { return strconv.Itoa(l.Seq) }},
		{"kind", false, func(l *console.CallLeg) string { return l.Kind }},
		{"direction", false, func(l *console.CallLeg) string { return l.Direction }},
		{"tenant", false, func(l *console.CallLeg) string { return l.Tenant }},
		{"branch", false, func(l *console.CallLeg) string { return l.Branch }},
		{"extension", false, func(l *console.CallLeg) string { return l.Extension }},
		{"from", false, func(l *console.CallLeg) string { return l.From }},
		{"to", false, func(l *console.CallLeg) string { return cmp.Or(l.To, l.Dialled) }},
		{"destination", false, func(l *console.CallLeg) string { return l.Destination }},
		{"carrier", true, func(l *console.CallLeg) string { return l.Carrier }},
		{"gateway", false, func(l *console.CallLeg) string { return l.Gateway }},
		{"sip", false, func(l *console.CallLeg) string { return strconv.Itoa(l.Status) }},
		{"cause", true, func(l *console.CallLeg) string { return strconv.Itoa(l.Cause) }},
		{"ended_by", false, func(l *console.CallLeg) string { return l.Side }},
		{"reason", true, func(l *console.CallLeg) string { return l.Reason }},
		{"pdd_ms", true, func(l *console.CallLeg) string { return figure(l.PDD) }},
		{"duration_ms", true, func(l *console.CallLeg) string { return figure(l.Millis) }},
		{"billed", false, func(l *console.CallLeg) string { return figure(l.Billed) }},
		{"sale", false, func(l *console.CallLeg) string { return priceOf(l.Sale).Amount.String() }},
		{"sale_currency", true, func(l *console.CallLeg) string { return priceOf(l.Sale).Currency.String() }},
		{"cost", false, func(l *console.CallLeg) string { return priceOf(l.Cost).Amount.String() }},
		{"cost_currency", true, func(l *console.CallLeg) string { return priceOf(l.Cost).Currency.String() }},
		{"tariff", true, func(l *console.CallLeg) string { return priceOf(l.Sale).Version }},
		{"deck", true, func(l *console.CallLeg) string { return priceOf(l.Cost).Version }},
		{"note", true, func(l *console.CallLeg) string { return l.Note }},
		{"source", true, func(l *console.CallLeg) string { return l.Source }},
		{"sign", true, func(l *console.CallLeg) string { return strconv.Itoa(l.Sign) }},
	}
}

// priceOf is a price, or none.
func priceOf(p *console.Price) console.Price {
	if p == nil {
		return console.Price{}
	}
	return *p
}

// Legs writes rated legs in a format: table (what fits a screen), csv or json.
func Legs(out io.Writer, legs []console.CallLeg, format string) error {
	t := &Table{Of: "legs"}
	columns := slices.DeleteFunc(legColumns(), func(c legColumn) bool { return c.wide && format == "table" })
	for _, c := range columns {
		t.Columns = append(t.Columns, c.name)
	}
	for i := range legs {
		cells := make([]string, len(columns))
		for k, c := range columns {
			cells[k] = c.value(&legs[i])
		}
		t.Add(cells...)
	}
	if format != "table" {
		return t.Write(out, format)
	}
	return t.plain(out)
}

// plain is the text of a listing whose columns are written as they are named, for who searches in it.
func (t *Table) plain(out io.Writer) error {
	w := aligned(out)
	fmt.Fprintln(w, strings.Join(t.Columns, "\t")+"\t")
	for _, row := range t.rows {
		fmt.Fprintln(w, strings.Join(dashes(row), "\t")+"\t")
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d %s\n", len(t.rows), t.Of)
	return err
}
