package deckfile

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	"trunkline/rating/deckfile/sheet"
)

// WriteRejected writes the lines of a list that have faults as CSV: the number of the line, what is wrong and what to do, and then
// the cells as they stand in the list under its own headings, so that they can be mended and sent again. It reads the list anew.
func WriteRejected(w io.Writer, list io.Reader, report *Report) error {
	t, err := Open(list, &report.Mapping, Options{})
	if err != nil {
		return err
	}
	reasons := make(map[int][]string)
	for _, f := range report.Faults {
		reasons[f.Line] = append(reasons[f.Line], strings.TrimPrefix(string(f.Column)+": ", ": ")+f.Problem+": "+f.Remedy)
	}
	out := csv.NewWriter(w)
	if err := out.Write(append([]string{"line", "reason"}, report.Mapping.Heads...)); err != nil {
		return err
	}
	err = t.rows(func(r sheet.Row) error {
		if !report.lines[r.Line] {
			return nil
		}
		cells := append([]string{strconv.Itoa(r.Line), strings.Join(reasons[r.Line], "; ")}, r.Cells...)
		return out.Write(slices.Clone(cells))
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}
