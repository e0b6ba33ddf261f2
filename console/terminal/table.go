package terminal

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"trunkline/internal/cause"
)

// Table is what a command lists: columns with names, and rows of as many cells.
type Table struct {
	Columns []string
	Of      string // What the rows are, for the line below the table: "limits".

	rows [][]string
}

// Add adds a row: a cell for every column.
func (t *Table) Add(cells ...string) { t.rows = append(t.rows, cells) }

// Write writes the table in a format: table, csv or json. In JSON every row is an object with the columns as keys, and all
// values are text. Any other format is an error that is marked as cause.Input.
func (t *Table) Write(out io.Writer, format string) error {
	switch format {
	case "table":
		return t.text(out)
	case "csv":
		return writeCSV(out, t.Columns, t.rows)
	case "json":
		list := make([]map[string]string, 0, len(t.rows))
		for _, row := range t.rows {
			object := make(map[string]string, len(row))
			for i, cell := range row {
				object[t.Columns[i]] = cell
			}
			list = append(list, object)
		}
		return JSON(out, list)
	}
	return CheckFormat(format, "table", "csv", "json")
}

func (t *Table) text(out io.Writer) error {
	w := aligned(out)
	fmt.Fprintln(w, strings.ToUpper(strings.ReplaceAll(strings.Join(t.Columns, "\t"), "_", " ")))
	for _, row := range t.rows {
		fmt.Fprintln(w, strings.Join(dashes(row), "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d %s\n", len(t.rows), t.Of)
	return err
}

// CheckFormat refuses what a command does not write, with the formats that it does. The error is marked as cause.Input.
func CheckFormat(format string, known ...string) error {
	if slices.Contains(known, format) {
		return nil
	}
	last := len(known) - 1
	return cause.Mark(cause.Input, fmt.Errorf("--format %q: want %s or %s", format, strings.Join(known[:last], ", "), known[last]))
}

// JSON writes a value as JSON that people can read, too.
func JSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// aligned makes columns of what is separated by tabs, when it is flushed.
func aligned(out io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(out, 0, 0, 2, ' ', 0) }

func writeCSV(out io.Writer, head []string, rows [][]string) error {
	w := csv.NewWriter(out)
	if err := w.Write(head); err != nil {
		return err
	}
	return w.WriteAll(rows)
}
