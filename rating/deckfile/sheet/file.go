package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrFile is returned, wrapped, for a file whose rows cannot be read at all.
var ErrFile = errors.New("unreadable price list")

// Limits of a file.
const (
	MaxColumns  = 500       // A cell with something in it further to the right is an error.
	maxCell     = 32_767    // Bytes of one cell; a spreadsheet allows no more characters.
	maxLine     = 1 << 20   // Bytes of one line of text.
	maxUnpacked = 2 << 30   // Bytes of everything in an archive, unpacked.
	maxInner    = 512 << 20 // Bytes of a list in an archive, which is kept in memory.
	maxSource   = 1 << 30   // Bytes of a file that cannot be read twice.
	maxRatio    = 200       // How much smaller a part of an archive may be than what it holds, where that is much.
	fairPart    = 16 << 20  // Bytes of a part whose ratio nobody looks at.
	sniffBytes  = 64 << 10
)

// Row is one row of a table. The cells are only valid until the next one.
type Row struct {
	Line    int // In the file, counted from one.
	Cells   []string
	Problem string // Why its cells cannot be trusted; empty: they can.
}

// RowFunc takes a row. The error that it returns ends the reading.
type RowFunc func(Row) error

// Sheet is one table of a file.
type Sheet struct {
	Name   string
	Hidden bool
}

// Form says how the rows of a file are to be read.
type Form struct {
	Encoding  string // Name as of the WHATWG; text only.
	Delimiter string // One character; text only.
	Sheet     string // Spreadsheets only; empty: the first.
	Width     int    // Columns that a row of text must have; 0: any number.
}

// File is an opened file. It is not safe for concurrent use. Its rows can be read many times.
type File struct {
	source *io.SectionReader
	text   bool
	book   *book
	table  [][]string // Of HTML.
	name   string     // Within an archive.
}

// Open looks at a file and at what is in it. A reader that cannot be read twice is kept in memory.
func Open(r io.Reader) (*File, error) {
	source, err := sourceOf(r)
	if err != nil {
		return nil, err
	}
	return open(source, "", true)
}

func sourceOf(r io.Reader) (*io.SectionReader, error) {
	if at, ok := r.(interface {
		io.ReaderAt
		io.Seeker
	}); ok {
		size, err := at.Seek(0, io.SeekEnd)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFile, err)
		}
		return io.NewSectionReader(at, 0, size), nil
	}
	content, err := io.ReadAll(io.LimitReader(r, maxSource+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	if len(content) > maxSource {
		return nil, fmt.Errorf("%w: more than %d MiB", ErrFile, maxSource>>20)
	}
	return io.NewSectionReader(bytes.NewReader(content), 0, int64(len(content))), nil
}

func open(source *io.SectionReader, name string, archives bool) (*File, error) {
	head := make([]byte, min(sniffBytes, source.Size()))
	if _, err := source.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return openZip(source, name, archives)
	case bytes.HasPrefix(head, []byte("\x1f\x8b")) && archives:
		return openGzip(source)
	case isHTML(head):
		return openHTML(source, name)
	}
	if what := foreign(head); what != "" {
		return nil, fmt.Errorf("%w: it is %s: save it as .xlsx or as CSV, and send that", ErrFile, what)
	}
	return &File{source: source, text: true, name: name}, nil
}

// foreign names the formats that are not read, by their first bytes.
func foreign(head []byte) string {
	for _, f := range []struct{ mark, what string }{
		{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a file of Excel 97-2003 (.xls), or a protected .xlsx"},
		{"%PDF", "a PDF"},
		{"Rar!", "a RAR archive"},
		{"7z\xbc\xaf\x27\x1c", "a 7z archive"},
		{"PAR1", "a Parquet file"},
		{"SQLite format 3", "a SQLite database"},
		{"{\\rtf", "a text of RTF"},
	} {
		if bytes.HasPrefix(head, []byte(f.mark)) {
			return f.what
		}
	}
	if start := string(head[:min(len(head), 1000)]); strings.Contains(start, "urn:schemas-microsoft-com:office:spreadsheet") {
		return "an XML spreadsheet of Excel 2003"
	}
	return ""
}

// Text reports whether the file is one of separated text, which has an encoding and a delimiter.
func (f *File) Text() bool { return f.text }

// Name is the name of the list within an archive; empty: the file is the list itself.
func (f *File) Name() string { return f.name }

// Spreadsheet reports whether cells hold what a spreadsheet stores: numbers with a point, moments as numbers of days.
func (f *File) Spreadsheet() bool { return f.book != nil }

// Date1904 reports whether days are counted from 1904, as old Macs did, and not from 1900.
func (f *File) Date1904() bool { return f.book != nil && f.book.date1904 }

// Sheets names the tables of a spreadsheet in their order; a file of text has one without a name.
func (f *File) Sheets() []Sheet {
	if f.book == nil {
		return []Sheet{{}}
	}
	out := make([]Sheet, len(f.book.sheets))
	for i := range f.book.sheets {
		out[i] = f.book.sheets[i].Sheet
	}
	return out
}

// Rows calls next for every row, from the first on; io.EOF from it ends the reading without an error.
func (f *File) Rows(form Form, next RowFunc) error {
	var err error
	switch {
	case f.book != nil:
		err = f.book.rows(form.Sheet, next)
	case f.table != nil:
		err = f.tableRows(next)
	default:
		err = f.textRows(form, next)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (f *File) tableRows(next RowFunc) error {
	for i, cells := range f.table {
		if err := next(Row{Line: i + 1, Cells: cells}); err != nil {
			return err
		}
	}
	return nil
}
