package terminal

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"trunkline/reports"
)

// Stats writes figures in a format: table, csv or json; formulas: below the table, how each figure is reckoned.
func Stats(out io.Writer, a *reports.Answer, formulas bool, format string) error {
	switch format {
	case "json":
		return JSON(out, a)
	case "csv":
		return writeStatsCSV(out, a)
	}
	if err := writeStatsTable(out, a); err != nil || !formulas {
		return err
	}
	fmt.Fprintln(out)
	for _, f := range a.Formulas {
		fmt.Fprintf(out, "%-11s %s\n", f.Figure, f.Formula)
	}
	return nil
}

// statsColumns are the names of the figures in tables.
func statsColumns() []string {
	return []string{"legs", "answered", "asr_percent", "ner_percent", "acd_s", "pdd_p50_ms", "pdd_p95_ms", "minutes", "sale", "cost", "margin", "margin_percent"}
}

func statsCells(f *reports.Figures) []string {
	margin, part := "", ""
	if f.Margin != nil {
		margin = f.Margin.Amount.String() + " " + f.Margin.Currency.String()
	}
	if f.Margin == nil && f.MissingRate != "" {
		margin = "no rate " + f.MissingRate
	}
	if f.MarginPart != nil {
		part = f.MarginPart.String()
	}
	return []string{
		figure(f.Legs), figure(f.Answered), f.ASR.String(), f.NER.String(), strconv.FormatInt(int64(f.ACD+500)/1000, 10),
		figure(int64(f.PDD50)), figure(int64(f.PDD95)), reports.Minutes(f.Duration), purse(f.Sale), purse(f.Cost), margin, part,
	}
}

func purse(p reports.Purse) string {
	var parts []string
	for _, c := range p.Currencies() {
		parts = append(parts, p[c].Format(c.MinorUnits())+" "+c.String())
	}
	return strings.Join(parts, " + ")
}

func writeStatsTable(out io.Writer, a *reports.Answer) error {
	fmt.Fprintf(out, "%s, %s\n", a.Side, a.Period)
	if a.CompareTo != nil {
		fmt.Fprintf(out, "with a line below each for %s\n", a.CompareTo)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, d := range a.By {
		fmt.Fprintf(w, "%s\t", strings.ToUpper(string(d)))
	}
	fmt.Fprintf(w, "%s\t\n", strings.ToUpper(strings.Join(statsColumns(), "\t")))
	rows := slices.Clone(a.Rows)
	if len(a.By) > 0 {
		rows = append(rows, a.Total)
	}
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(w, "%s%s\t\n", strings.Join(rowKeys(a, r, i == len(rows)-1 && len(a.By) > 0), ""), strings.Join(dashes(statsCells(&r.Figures)), "\t"))
		if r.Before != nil {
			fmt.Fprintf(w, "%s%s\t\n", strings.Repeat("before\t", min(1, len(a.By)))+strings.Repeat("\t", max(0, len(a.By)-1)), strings.Join(dashes(statsCells(r.Before)), "\t"))
		}
	}
	return w.Flush()
}

func rowKeys(a *reports.Answer, r *reports.Row, total bool) []string {
	out := make([]string, len(a.By))
	for i := range out {
		switch {
		case total || r.Other:
			out[i] = "\t"
		default:
			out[i] = dash(r.Keys[i]) + "\t"
		}
	}
	if total && len(out) > 0 {
		out[0] = "total\t"
	} else if r.Other {
		out[0] = fmt.Sprintf("%d others\t", r.Groups)
	}
	return out
}

func writeStatsCSV(out io.Writer, a *reports.Answer) error {
	var head []string
	for _, d := range a.By {
		head = append(head, string(d))
	}
	head = append(head, statsColumns()...)
	if a.CompareTo != nil {
		for _, c := range statsColumns() {
			head = append(head, "before_"+c)
		}
	}
	rows := make([][]string, 0, len(a.Rows))
	for i := range a.Rows {
		r := &a.Rows[i]
		keys := slices.Clone(r.Keys)
		if r.Other {
			keys[0] = "other"
		}
		row := slices.Concat(keys, statsCells(&r.Figures))
		if r.Before != nil {
			row = append(row, statsCells(r.Before)...)
		}
		rows = append(rows, row)
	}
	return writeCSV(out, head, rows)
}
