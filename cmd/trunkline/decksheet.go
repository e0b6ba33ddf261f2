package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"trunkline/rating"
	"trunkline/rating/deckfile/ratesheet"
)

// sheetOptions are the flags that say how a rate sheet is laid out.
type sheetOptions struct {
	to, columns, format, delimiter, decimal, dates, zone, since string
	grouped                                                     bool
}

func sheetColumnNames() string { return ratesheet.FieldNames() }

func (o *sheetOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.to, "to", "", "file to write; standard output if it is not given")
	f.StringVar(&o.columns, "columns", "", "columns in their order, HEADING=NAME or NAME, with commas between them")
	f.StringVar(&o.format, "format", "", "csv or xlsx; by the name of the file if it is not given")
	f.StringVar(&o.delimiter, "delimiter", ",", "sign between the cells of CSV")
	f.StringVar(&o.decimal, "decimal", ".", "decimal sign of CSV")
	f.StringVar(&o.dates, "dates", "", "form of dates in CSV, written for 2 January 2006 15:04:05, such as 02.01.2006")
	f.StringVar(&o.zone, "zone", "UTC", "time zone of dates")
	f.StringVar(&o.since, "changes-since", "", "leave out what has been the same since this day or moment")
	f.BoolVar(&o.grouped, "grouped", false, "one row for a destination, with all its codes in one cell")
}

func (o *sheetOptions) request(at time.Time, whole bool) (ratesheet.Request, error) {
	since, err := parseMoment("changes-since", o.since)
	return ratesheet.Request{At: at, Whole: whole, Since: since}, err
}

func (o *sheetOptions) layout() (ratesheet.Layout, error) {
	l := ratesheet.Layout{Format: ratesheet.Format(o.format), Delimiter: o.delimiter, Decimal: o.decimal, Dates: o.dates, Grouped: o.grouped}
	if l.Format == "" && strings.EqualFold(filepath.Ext(o.to), ".xlsx") {
		l.Format = ratesheet.XLSX
	}
	var err error
	if l.Zone, err = time.LoadLocation(o.zone); err != nil {
		return l, fmt.Errorf("--zone: %w", err)
	}
	if o.columns != "" {
		if l.Columns, err = ratesheet.ParseColumns(o.columns); err != nil {
			return l, err
		}
	}
	return l, l.Validate()
}

// write writes the sheet where it is to go.
func (o *sheetOptions) write(out io.Writer, deck *rating.Deck, request ratesheet.Request) (err error) {
	layout, err := o.layout()
	if err != nil {
		return withCode(exitUsage, err)
	}
	if o.to == "" {
		return ratesheet.Write(out, deck, request, layout)
	}
	f, err := os.Create(o.to)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	return ratesheet.Write(f, deck, request, layout)
}
