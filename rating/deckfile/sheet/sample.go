package sheet

import (
	"errors"
	"io"
	"slices"
	"strings"
)

// SampleRows is how many rows a sample has at the most.
const SampleRows = 400

// Sample returns the first rows of a sheet, to find out how it is to be read.
func (f *File) Sample(form Form) ([]Row, error) {
	var out []Row
	size := 0
	err := f.Rows(form, func(r Row) error {
		r.Cells = slices.Clone(r.Cells)
		for i, c := range r.Cells {
			r.Cells[i] = strings.Clone(c)
			size += len(c)
		}
		out = append(out, r)
		if len(out) == SampleRows || size > 4*sniffBytes {
			return io.EOF
		}
		return nil
	})
	return out, err
}

// Delimiters returns the signs that could part the cells of a text, the most even one first.
func (f *File) Delimiters(encoding string) ([]string, error) {
	type candidate struct {
		sign  string
		score int
	}
	var found []candidate
	for _, d := range []string{",", ";", "\t", "|", ":", "~", "^"} {
		rows, err := f.Sample(Form{Encoding: encoding, Delimiter: d})
		if err != nil && !errors.Is(err, ErrFile) {
			return nil, err
		}
		if score := evenness(rows); score > 0 {
			found = append(found, candidate{d, score})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return b.score - a.score })
	out := make([]string, 0, len(found)+1)
	for _, c := range found {
		out = append(out, c.sign)
	}
	if len(out) == 0 {
		out = append(out, ",")
	}
	return out, nil
}

// evenness is the number of rows that have the most frequent number of columns, if that is more than one, favouring
// more columns a little.
func evenness(rows []Row) int {
	counts := make(map[int]int)
	for _, row := range rows {
		counts[len(row.Cells)]++
	}
	best := 0
	for columns, n := range counts {
		if columns > 1 {
			best = max(best, n*100+min(columns, 50))
		}
	}
	return best
}
