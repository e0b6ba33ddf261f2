package export

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"trunkline/reports/parquet"
)

// Errors of exports.
var (
	ErrFormat = errors.New("unknown format of export")
	ErrType   = errors.New("a column has a type that cannot be written")
)

// Format is the form of a file. The words are its endings.
type Format string

// The formats.
const (
	CSV     Format = "csv"
	XLSX    Format = "xlsx"
	Parquet Format = "parquet"
	Arrow   Format = "arrow" // The streaming form of Arrow IPC.
)

// Formats returns all of them.
func Formats() []Format { return []Format{CSV, XLSX, Parquet, Arrow} }

// ParseFormat reads the word of a format.
func ParseFormat(text string) (Format, error) {
	for _, f := range Formats() {
		if string(f) == text {
			return f, nil
		}
	}
	return "", fmt.Errorf("%w: %q: want csv, xlsx, parquet or arrow", ErrFormat, text)
}

// FormatOf returns the format that the name of a file asks for.
func FormatOf(name string) (Format, error) {
	return ParseFormat(strings.TrimPrefix(strings.ToLower(filepath.Ext(name)), "."))
}

// Options say how a file is written.
type Options struct {
	Format Format
	// Comma writes a decimal comma and puts semicolons between the fields of CSV, as accountants' programs want it in most of
	// Europe.
	Comma bool
	BOM   bool           // CSV begins with a byte order mark, by which Excel knows that it is UTF-8.
	Zone  *time.Location // In which CSV and XLSX tell times; nil: UTC.
	Sheet string         // Name of the sheet of XLSX.
}

func (o Options) zone() *time.Location {
	if o.Zone == nil {
		return time.UTC
	}
	return o.Zone
}

// Writer writes batches of one table.
type Writer interface {
	// Write writes a batch. The batch is its caller's again afterwards.
	Write(batch arrow.Record) error
	// Close ends the file. It does not close what it was written to.
	Close() error
}

// NewWriter begins a file.
func NewWriter(out io.Writer, schema *arrow.Schema, o Options) (Writer, error) {
	switch o.Format {
	case CSV:
		return newCSV(out, schema, o)
	case XLSX:
		return newXLSX(out, schema, o)
	case Parquet:
		return parquet.NewWriter(out, schema)
	case Arrow:
		return newArrow(out, schema), nil
	}
	return nil, fmt.Errorf("%w: %q", ErrFormat, o.Format)
}
