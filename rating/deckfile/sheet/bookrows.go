package sheet

import (
	"errors"
	"fmt"
	"io"
	"strconv"
)

// maxMerged is the largest sheet, in bytes, that is read twice to find cells that were merged; a larger one with such cells is refused.
const maxMerged = 64 << 20

// bookReader reads the rows of one sheet.
type bookReader struct {
	x      *xmlScanner
	shared *texts
	next   RowFunc
	merges merges
	row    Row
	buffer []string
	column int
	kind   string // Of the cell that is read.
	value  []byte
	isCell bool
}

func (b *book) rows(name string, next RowFunc) error {
	s, err := b.find(name)
	if err != nil {
		return err
	}
	if err := b.load(); err != nil {
		return err
	}
	r := &bookReader{shared: &b.shared, next: next}
	if b.parts[s.part].UncompressedSize64 <= maxMerged {
		if r.merges, err = b.findMerges(s.part); err != nil {
			return err
		}
	}
	in, err := b.parts[s.part].Open()
	if err != nil {
		return fmt.Errorf("%w: sheet %q: %w", ErrFile, s.Name, err)
	}
	defer in.Close()
	r.x = newXMLScanner(in)
	for {
		err := r.x.tag()
		if err == nil {
			err = r.element()
		}
		switch {
		case errors.Is(err, io.EOF) && !errors.Is(err, ErrFile):
			return nil
		case err != nil:
			return fmt.Errorf("sheet %q, row %d: %w", s.Name, r.row.Line, err)
		}
	}
}

// element looks at one tag.
func (r *bookReader) element() error {
	x := r.x
	switch string(x.name) {
	case "row":
		if x.end && !x.alone {
			return r.endRow()
		}
		return r.startRow(x.alone)
	case "c":
		if x.end && !x.alone {
			return r.endCell()
		}
		return r.startCell()
	case "v", "t":
		if r.isCell && x.end && !x.alone {
			r.value = append(r.value, x.text...)
		}
	case "mergeCell":
		if m, ok := parseMerge(x.attr("ref")); ok && m.tall() && r.merges == nil && !x.end {
			return fmt.Errorf("%w: cells over several rows are merged, in a sheet too large to look for them: take the merging away", ErrFile)
		}
	}
	return nil
}

func (r *bookReader) startRow(alone bool) error {
	line, err := strconv.Atoi(r.x.attr("r"))
	if err != nil {
		line = r.row.Line + 1
	}
	if line <= r.row.Line || line > 1<<21 {
		return fmt.Errorf("%w: row %d behind row %d", ErrFile, line, r.row.Line)
	}
	r.row.Line, r.buffer, r.column = line, r.buffer[:0], 0
	if alone {
		return r.endRow()
	}
	return nil
}

func (r *bookReader) startCell() error {
	column := r.column
	if ref := r.x.attr("r"); ref != "" {
		column = columnOf(ref)
	}
	if column < r.column || column > 16_384 {
		return fmt.Errorf("%w: a cell %q where none can be", ErrFile, r.x.attr("r"))
	}
	r.column, r.kind, r.value, r.isCell = column, r.x.attr("t"), r.value[:0], !r.x.alone
	if r.x.alone {
		r.column++
	}
	return nil
}

func (r *bookReader) endCell() error {
	if !r.isCell {
		return nil
	}
	r.isCell = false
	text, err := r.cellText()
	if err != nil {
		return err
	}
	if text != "" {
		if r.column >= MaxColumns {
			return fmt.Errorf("%w: it has more than %d columns", ErrFile, MaxColumns)
		}
		for len(r.buffer) < r.column {
			r.buffer = append(r.buffer, "")
		}
		r.buffer = append(r.buffer, text)
	}
	r.column++
	return nil
}

// cellText is what a cell shows, or the number that it stores.
func (r *bookReader) cellText() (string, error) {
	if len(r.value) > 4*maxCell {
		return "", fmt.Errorf("%w: a cell has more than %d characters", ErrFile, maxCell)
	}
	switch r.kind {
	case "s":
		i, err := strconv.Atoi(string(r.value))
		text, ok := r.shared.at(i)
		if len(r.value) > 0 && (err != nil || !ok) {
			return "", fmt.Errorf("%w: a cell names the text %q, which is not there", ErrFile, r.value)
		}
		return text, nil
	case "b":
		if string(r.value) == "1" {
			return "TRUE", nil
		}
		return "FALSE", nil
	}
	return unescape(r.value), nil
}

func (r *bookReader) endRow() error {
	r.row.Cells = r.merges.fill(r.row.Line, r.buffer)
	return r.next(r.row)
}

// columnOf reads the letters of a reference such as "AB12", counted from 0; a huge number where there are none.
func columnOf(ref string) int {
	n := 0
	for i := 0; i < len(ref) && i < 4; i++ {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		n = n*26 + int(c-'A') + 1
	}
	if n == 0 {
		return 1 << 20
	}
	return n - 1
}
