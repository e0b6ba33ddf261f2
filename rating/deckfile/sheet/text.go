package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits of a record that goes over several lines.
const (
	recordLines = 50
	recordBytes = 64 << 10
)

// textRows reads separated text record by record.
func (f *File) textRows(form Form, next RowFunc) error {
	text, err := decoded(io.NewSectionReader(f.source, 0, f.source.Size()), form.Encoding)
	if err != nil {
		return err
	}
	r := newRecordReader(text, form)
	for {
		row, err := r.next()
		if err != nil {
			return err
		}
		if err := next(row); err != nil {
			return err
		}
	}
}

// physical is one line of the file.
type physical struct {
	number int
	text   string
}

type recordReader struct {
	lines     *bufio.Scanner
	delimiter byte
	width     int
	number    int
	waiting   []physical // Lines that were looked at already.
	cells     []string
	unicode   bool
}

func newRecordReader(text io.Reader, form Form) *recordReader {
	r := &recordReader{lines: bufio.NewScanner(text), delimiter: ',', width: form.Width, unicode: form.Encoding == "" || form.Encoding == "utf-8"}
	if form.Delimiter != "" {
		r.delimiter = form.Delimiter[0]
	}
	r.lines.Buffer(make([]byte, sniffBytes), maxLine)
	r.lines.Split(splitLines)
	return r
}

// splitLines ends a line at LF, CRLF or a CR alone.
func splitLines(data []byte, atEOF bool) (int, []byte, error) {
	if len(data) == 0 {
		return 0, nil, nil
	}
	end := bytes.IndexByte(data, '\n')
	line := data
	if end >= 0 {
		line = data[:end]
	}
	if cr := bytes.IndexByte(line, '\r'); cr >= 0 {
		switch {
		case cr == len(line)-1 && end >= 0:
			return end + 1, line[:cr], nil
		case cr < len(data)-1 || atEOF:
			return cr + 1, line[:cr], nil
		default:
			return 0, nil, nil // Perhaps a LF follows.
		}
	}
	switch {
	case end >= 0:
		return end + 1, line, nil
	case atEOF:
		return len(data), data, nil
	}
	return 0, nil, nil
}

func (r *recordReader) line() (physical, error) {
	if len(r.waiting) > 0 {
		p := r.waiting[0]
		r.waiting = r.waiting[1:]
		return p, nil
	}
	if !r.lines.Scan() {
		err := r.lines.Err()
		if err == nil {
			return physical{}, io.EOF
		}
		if errors.Is(err, bufio.ErrTooLong) {
			return physical{}, fmt.Errorf("%w: line %d has more than %d bytes", ErrFile, r.number+1, maxLine)
		}
		return physical{}, fmt.Errorf("%w: after line %d: %w", ErrFile, r.number, err)
	}
	r.number++
	return physical{r.number, r.lines.Text()}, nil
}

// next reads one record: a line, or several where a cell in quotes goes on.
func (r *recordReader) next() (Row, error) {
	first, err := r.line()
	if err != nil {
		return Row{}, err
	}
	if first.number == 1 && strings.HasPrefix(strings.ToLower(first.text), "sep=") && len(first.text) <= 5 {
		return Row{Line: 1}, nil
	}
	row := Row{Line: first.number}
	whole := first.text
	open := r.split(whole)
	var more []physical
	for open == quoteOpen && len(more) < recordLines && len(whole) < recordBytes {
		p, err := r.line()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Row{}, err
		}
		more = append(more, p)
		whole += "\n" + p.text
		open = r.split(whole)
	}
	if len(more) > 0 && (open == quoteOpen || r.hidesRows(first, more)) {
		r.waiting = append(more, r.waiting...)
		r.split(first.text)
		open = quoteStray
	}
	return r.checked(row, open, whole)
}

// hidesRows reports whether lines that a quote swallowed are rows of their own.
func (r *recordReader) hidesRows(first physical, lines []physical) bool {
	cells := func(p physical) int { return strings.Count(p.text, string(r.delimiter)) + 1 }
	last := lines[len(lines)-1]
	if r.width > 0 && cells(first)+cells(last)-1 == r.width && len(lines) == 1 {
		return false // The cell goes over two lines, and has no delimiter.
	}
	for _, p := range lines[:len(lines)-1] {
		if n := cells(p); n > 1 && n >= r.width {
			return true
		}
	}
	return r.width > 1 && cells(first) >= r.width && cells(last) >= r.width
}

// checked says what is wrong with a record.
func (r *recordReader) checked(row Row, open quotes, whole string) (Row, error) {
	row.Cells = r.cells
	filled := len(row.Cells)
	for filled > 0 && row.Cells[filled-1] == "" {
		filled--
	}
	if filled > MaxColumns {
		return row, fmt.Errorf("%w: line %d has more than %d columns", ErrFile, row.Line, MaxColumns)
	}
	row.Cells = row.Cells[:min(len(row.Cells), MaxColumns)]
	switch {
	case open != quoteNone:
		row.Problem = "a quote stands where none belongs, and hides where the cells end"
	case r.width > 0 && filled > r.width:
		row.Problem = fmt.Sprintf("it has %d cells where the heading has %d", filled, r.width)
	case r.width > 0 && len(row.Cells) < r.width && filled > 0:
		row.Problem = fmt.Sprintf("it has %d cells where the heading has %d", len(row.Cells), r.width)
	case r.unicode && !utf8.ValidString(whole):
		row.Problem = "it is not written in UTF-8 as the lines before: say the encoding"
	}
	return row, nil
}
