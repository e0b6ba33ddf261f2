package deckfile

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"
)

// Limits of a file.
const (
	sniffBytes   = 64 << 10
	sampleRows   = 200
	maxColumns   = 200
	maxSheetSize = 2 << 30
)

// ErrFile is returned, wrapped, for a file that is neither a readable CSV nor XLSX.
var ErrFile = errors.New("unreadable price list")

// rowFunc takes a row with its line in the file, counted from one. The cells are only valid during the call.
type rowFunc func(line int, cells []string) error

// Table is a price list as rows of text. It is read once, from the first row to the last.
type Table struct {
	reader  *bufio.Reader
	book    *excelize.File // Nil for CSV.
	mapping Mapping
}

// Open looks at the beginning of a file and guesses how to read it; mapping, if it is not nil, is how to read it.
// The guess is shown by Mapping. An XLSX file is read into memory, a CSV file is not.
func Open(r io.Reader, mapping *Mapping) (*Table, error) {
	t := &Table{reader: bufio.NewReaderSize(r, sniffBytes)}
	sample, err := t.reader.Peek(sniffBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	if bytes.HasPrefix(sample, []byte("PK\x03\x04")) {
		return t, t.openBook(mapping)
	}
	if mapping != nil {
		t.mapping = *mapping
		return t, mapping.Validate()
	}
	encoding := guessEncoding(sample)
	rows, delimiter, err := sampleCSV(sample, encoding)
	if err != nil {
		return nil, err
	}
	t.mapping, err = guess(rows)
	t.mapping.Encoding, t.mapping.Delimiter = encoding, delimiter
	return t, err
}

// Mapping returns how the table is read.
func (t *Table) Mapping() Mapping { return t.mapping }

// Close frees what an XLSX file holds. It does not close the reader given to Open.
func (t *Table) Close() error {
	if t.book == nil {
		return nil
	}
	return t.book.Close()
}

func (t *Table) openBook(mapping *Mapping) error {
	book, err := excelize.OpenReader(t.reader, excelize.Options{RawCellValue: true, UnzipSizeLimit: maxSheetSize})
	if err != nil {
		return fmt.Errorf("%w: XLSX: %w", ErrFile, err)
	}
	t.book = book
	if mapping != nil {
		t.mapping = *mapping
		return mapping.Validate()
	}
	var rows [][]string
	err = t.sheetRows(func(_ int, cells []string) error {
		rows = append(rows, cells)
		if len(rows) == sampleRows {
			return io.EOF
		}
		return nil
	})
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	t.mapping, err = guess(rows)
	return err
}

// rows calls f for every row of the file.
func (t *Table) rows(f rowFunc) error {
	if t.book != nil {
		return t.sheetRows(f)
	}
	text, err := decoded(t.reader, t.mapping.Encoding)
	if err != nil {
		return err
	}
	return csvRows(text, t.mapping.Delimiter, f)
}

func csvRows(text io.Reader, delimiter string, f rowFunc) error {
	r := csv.NewReader(text)
	r.ReuseRecord, r.LazyQuotes, r.FieldsPerRecord, r.TrimLeadingSpace = true, true, -1, true
	if delimiter != "" {
		r.Comma = rune(delimiter[0])
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: CSV: %w", ErrFile, err)
		}
		line, _ := r.FieldPos(0)
		if err := f(line, cells[:min(len(cells), maxColumns)]); err != nil {
			return err
		}
	}
}

func (t *Table) sheetRows(f rowFunc) error {
	sheet := t.mapping.Sheet
	if sheet == "" {
		sheet = t.book.GetSheetName(0)
	}
	rows, err := t.book.Rows(sheet)
	if err != nil {
		return fmt.Errorf("%w: sheet %q: %w", ErrFile, sheet, err)
	}
	for line := 1; rows.Next(); line++ {
		cells, err := rows.Columns()
		if err == nil {
			err = f(line, cells[:min(len(cells), maxColumns)])
		}
		if err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Error(), rows.Close())
}

// sampleCSV reads the sample with each delimiter and keeps the one that gives the most columns in most rows.
func sampleCSV(sample []byte, encoding string) (best [][]string, delimiter string, err error) {
	bestScore := -1
	for _, d := range []string{",", ";", "\t", "|"} {
		text, err := decoded(bytes.NewReader(sample), encoding)
		if err != nil {
			return nil, "", err
		}
		rows := sampleOf(text, d)
		if score := evenness(rows); score > bestScore {
			best, delimiter, bestScore = rows, d, score
		}
	}
	return best, delimiter, nil
}

func sampleOf(text io.Reader, delimiter string) [][]string {
	var rows [][]string
	_ = csvRows(text, delimiter, func(_ int, cells []string) error { // The sample ends anywhere, also within a row.
		rows = append(rows, append([]string(nil), cells...))
		if len(rows) == sampleRows {
			return io.EOF
		}
		return nil
	})
	return rows
}

// evenness is the number of rows that have the most frequent number of columns, if that is more than one, favouring
// more columns a little.
func evenness(rows [][]string) int {
	counts := make(map[int]int)
	for _, row := range rows {
		counts[len(row)]++
	}
	best := 0
	for columns, n := range counts {
		if columns > 1 {
			best = max(best, n*100+min(columns, 50))
		}
	}
	return best
}
