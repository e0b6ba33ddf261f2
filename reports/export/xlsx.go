package export

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/xuri/excelize/v2"
)

// sheetRows is how many rows a sheet has, its head included.
const sheetRows = 1_048_576

// xlsxWriter writes sheet after sheet, as many as it takes. Rows go to a file on disk until the end.
type xlsxWriter struct {
	out     io.Writer
	options Options
	schema  *arrow.Schema
	file    *excelize.File
	sheet   *excelize.StreamWriter
	sheets  int
	row     int
	head    int
	moment  int
	cells   []any
}

func newXLSX(out io.Writer, schema *arrow.Schema, o Options) (*xlsxWriter, error) {
	w := &xlsxWriter{out: out, options: o, schema: schema, file: excelize.NewFile(), cells: make([]any, schema.NumFields())}
	format := "yyyy-mm-dd hh:mm:ss"
	var err error
	if w.head, err = w.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}}); err != nil {
		return nil, fmt.Errorf("write XLSX: %w", err)
	}
	if w.moment, err = w.file.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
		return nil, fmt.Errorf("write XLSX: %w", err)
	}
	return w, w.next()
}

// next begins a sheet.
func (w *xlsxWriter) next() (err error) {
	if w.sheet != nil {
		if err := w.sheet.Flush(); err != nil {
			return fmt.Errorf("write XLSX: %w", err)
		}
	}
	w.sheets++
	name := cmp.Or(w.options.Sheet, "Export")
	if w.sheets == 1 {
		err = w.file.SetSheetName("Sheet1", name)
	} else {
		name += " " + strconv.Itoa(w.sheets)
		_, err = w.file.NewSheet(name)
	}
	if err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	// How many rows come is not known yet. Readers that trust a dimension would see one cell, those that find none count.
	if err = w.file.SetSheetDimension(name, ""); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	if w.sheet, err = w.file.NewStreamWriter(name); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	if err := w.sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	w.row = 0
	for i, f := range w.schema.Fields() {
		w.cells[i] = excelize.Cell{StyleID: w.head, Value: f.Name}
	}
	return w.put()
}

func (w *xlsxWriter) put() error {
	w.row++
	if err := w.sheet.SetRow("A"+strconv.Itoa(w.row), w.cells); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}

// Write implements Writer.
func (w *xlsxWriter) Write(batch arrow.Record) error {
	columns, err := columnsOf(batch, w.options)
	if err != nil {
		return err
	}
	for row := range int(batch.NumRows()) {
		if w.row == sheetRows {
			if err := w.next(); err != nil {
				return err
			}
		}
		for i := range columns {
			w.cells[i] = nil
			if batch.Column(i).IsNull(row) {
				continue
			}
			w.cells[i] = columns[i].value(row)
			if _, ok := w.cells[i].(time.Time); ok {
				w.cells[i] = excelize.Cell{StyleID: w.moment, Value: w.cells[i]}
			}
		}
		if err := w.put(); err != nil {
			return err
		}
	}
	return nil
}

// Close implements Writer.
func (w *xlsxWriter) Close() error {
	err := w.sheet.Flush()
	if err == nil {
		err = w.file.Write(w.out)
	}
	if err = errors.Join(err, w.file.Close()); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}
