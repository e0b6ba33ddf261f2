package export

import (
	"bytes"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
)

// csvWriter writes RFC 4180 with CRLF; the separator is a semicolon where the decimal point is a comma.
type csvWriter struct {
	out     io.Writer
	options Options
	line    []byte
	cell    []byte
}

func newCSV(out io.Writer, schema *arrow.Schema, o Options) (*csvWriter, error) {
	w := &csvWriter{out: out, options: o}
	if o.BOM {
		w.line = append(w.line, "\xef\xbb\xbf"...)
	}
	for i, f := range schema.Fields() {
		w.field(i, []byte(f.Name), true)
	}
	return w, w.end()
}

func (w *csvWriter) field(i int, cell []byte, text bool) {
	separator := byte(',')
	if w.options.Comma {
		separator = ';'
	}
	if i > 0 {
		w.line = append(w.line, separator)
	}
	if !text || !bytes.ContainsAny(cell, ",;\"\r\n") {
		w.line = append(w.line, harmless(cell, text)...)
		return
	}
	w.line = append(w.line, '"')
	for _, b := range harmless(cell, text) {
		if b == '"' {
			w.line = append(w.line, '"')
		}
		w.line = append(w.line, b)
	}
	w.line = append(w.line, '"')
}

// harmless puts an apostrophe before text that a spreadsheet would run as a formula: what callers send as their name or
// number is not ours. A plus sign before digits is a number in E.164 and stays.
func harmless(cell []byte, text bool) []byte {
	if !text || len(cell) == 0 {
		return cell
	}
	switch c := cell[0]; {
	case c == '=', c == '@', c == '\t', c == '\r', (c == '+' || c == '-') && len(bytes.Trim(cell[1:], "0123456789")) > 0:
		return append([]byte{'\''}, cell...)
	}
	return cell
}

func (w *csvWriter) end() error {
	w.line = append(w.line, '\r', '\n')
	_, err := w.out.Write(w.line)
	w.line = w.line[:0]
	if err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// Write implements Writer.
func (w *csvWriter) Write(batch arrow.Record) error {
	columns, err := columnsOf(batch, w.options)
	if err != nil {
		return err
	}
	for row := range int(batch.NumRows()) {
		for i := range columns {
			w.cell = w.cell[:0]
			if !batch.Column(i).IsNull(row) {
				w.cell = columns[i].append(w.cell, row)
			}
			w.field(i, w.cell, columns[i].text)
		}
		if err := w.end(); err != nil {
			return err
		}
	}
	return nil
}

// Close implements Writer.
func (w *csvWriter) Close() error { return nil }
