package terminal

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"trunkline/reports/export"
	"trunkline/reports/traffic"
)

// Lines writes the traffic of lines in a format: table, csv or json; rows are of groups, days or hours in the first two.
func Lines(out io.Writer, r *traffic.Report, rows traffic.Rows, format string) error {
	switch {
	case format == "json":
		return JSON(out, r)
	case format == "csv":
		return r.Table(rows).Write(out, export.Options{Format: export.CSV})
	case rows != traffic.ByGroup:
		return plainTable(r.Table(rows)).Write(out, format)
	}
	return linesTable(r).Write(out, format)
}

// plainTable is a table as text.
func plainTable(from *export.Table) *Table {
	t := &Table{Of: "rows"}
	for _, f := range from.Fields {
		t.Columns = append(t.Columns, f.Name)
	}
	for _, row := range from.Rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			if cell != nil {
				cells[i] = dash(fmt.Sprint(cell))
			}
		}
		t.Add(cells...)
	}
	return t
}

// linesTable tells of each group what matters most; all of it is in csv and json.
func linesTable(r *traffic.Report) *Table {
	t := &Table{Of: "trunk groups", Columns: []string{
		"kind", "group", "lines", "calls", "lost", "erlang", "busy_hour", "carried", "offered", "peak", "peak_at", "all_busy", "needed", "unused",
	}}
	for i := range r.Groups {
		g := &r.Groups[i]
		hour, carried, offered, count, at := "", "", "", "", ""
		if b := g.BusyHour; b != nil {
			hour, carried, offered = b.Start, b.Carried.String(), b.Offered.String()
		}
		if g.Lines > 0 {
			count = strconv.Itoa(g.Lines)
		}
		if !g.PeakAt.IsZero() {
			at = g.PeakAt.Format(time.DateTime)
		}
		t.Add(string(g.Kind), strings.TrimPrefix(g.Owner+"/"+g.ID, "/"), dash(count), figure(g.Calls), figure(g.Lost), g.Carried.String(),
			dash(hour), dash(carried), dash(offered), strconv.Itoa(g.Peak), dash(at), (time.Duration(g.AllBusySeconds) * time.Second).String(),
			strconv.Itoa(g.Needed), dash(strings.Join(g.Unused, " ")))
	}
	return t
}
