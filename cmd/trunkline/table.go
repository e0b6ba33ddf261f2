package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// table is what a command lists: columns with names, and rows of as many cells.
type table struct {
	columns []string
	rows    [][]string
	of      string // What the rows are, for the line below the table: "limits".
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write writes the table in a format: table, csv or json. In JSON every row is an object with the columns as keys, and all
// values are text.
func (t *table) write(out io.Writer, format string) error {
	switch format {
	case "table":
		return t.text(out)
	case "csv":
		w := csv.NewWriter(out)
		if err := w.Write(t.columns); err != nil {
			return err
		}
		if err := w.WriteAll(t.rows); err != nil {
			return err
		}
		return w.Error()
	case "json":
		list := make([]map[string]string, 0, len(t.rows))
		for _, row := range t.rows {
			object := make(map[string]string, len(row))
			for i, cell := range row {
				object[t.columns[i]] = cell
			}
			list = append(list, object)
		}
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(list)
	}
	return withCode(exitUsage, fmt.Errorf("--format %q: want table, csv or json", format))
}

// tableOrJSON refuses any other format, before anything is asked.
func tableOrJSON(format string) error {
	if format != "table" && format != "json" {
		return withCode(exitUsage, fmt.Errorf("--format %q: want table or json", format))
	}
	return nil
}

func (t *table) text(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ToUpper(strings.ReplaceAll(strings.Join(t.columns, "\t"), "_", " ")))
	for _, row := range t.rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, dash(cell))
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d %s\n", len(t.rows), t.of)
	return err
}

// formatFlag adds --format to a command.
func formatFlag(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVar(format, "format", "table", "table, csv or json")
}
