package ratesheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"time"

	"github.com/xuri/excelize/v2"

	"trunkline/internal/money"
	"trunkline/rating"
)

// spreadsheetRows is how many rows a spreadsheet has at the most, one of them for the headings.
const spreadsheetRows = 1_048_576

// Write writes the prices that a request names, in the layout. Equal requests give equal bytes, except for the times in an XLSX.
func Write(w io.Writer, deck *rating.Deck, request Request, layout Layout) error {
	if err := layout.Validate(); err != nil {
		return err
	}
	rows := collect(deck, &request, layout.Grouped)
	if layout.Format == XLSX {
		return writeXLSX(w, rows, deck.Currency(), &layout)
	}
	return writeCSV(w, rows, deck.Currency(), &layout)
}

func writeCSV(w io.Writer, rows []row, currency money.Currency, l *Layout) error {
	out := csv.NewWriter(w)
	out.Comma = []rune(l.Delimiter)[0]
	cells := make([]string, len(l.Columns))
	for i, c := range l.Columns {
		cells[i] = c.Heading
	}
	if err := out.Write(cells); err != nil {
		return err
	}
	for i := range rows {
		for j, c := range l.Columns {
			cells[j] = c.Field.of(&rows[i], currency).plain(l)
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func writeXLSX(w io.Writer, rows []row, currency money.Currency, l *Layout) error {
	if len(rows) >= spreadsheetRows {
		return fmt.Errorf("%w: %d rows are more than a spreadsheet has: write CSV", ErrLayout, len(rows))
	}
	file := excelize.NewFile()
	defer file.Close()
	if err := file.SetSheetName(file.GetSheetName(0), "Rates"); err != nil {
		return err
	}
	if err := file.SetSheetDimension("Rates", ""); err != nil { // Readers count the rows themselves.
		return err
	}
	bold, moment, err := styles(file)
	if err != nil {
		return err
	}
	sheet, err := file.NewStreamWriter("Rates")
	if err != nil {
		return err
	}
	if err := sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	cells := make([]any, len(l.Columns))
	for i, c := range l.Columns {
		cells[i] = excelize.Cell{StyleID: bold, Value: c.Heading}
	}
	for i := range len(rows) + 1 {
		if i > 0 {
			for j, c := range l.Columns {
				cells[j] = spreadsheetCell(c.Field.of(&rows[i-1], currency), moment, l.Zone)
			}
		}
		if err := sheet.SetRow(fmt.Sprintf("A%d", i+1), cells); err != nil {
			return err
		}
	}
	if err := sheet.Flush(); err != nil {
		return err
	}
	return file.Write(w)
}

func styles(file *excelize.File) (bold, moment int, err error) {
	if bold, err = file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}}); err != nil {
		return 0, 0, err
	}
	format := "yyyy-mm-dd hh:mm"
	moment, err = file.NewStyle(&excelize.Style{CustomNumFmt: &format})
	return bold, moment, err
}

// spreadsheetCell writes prices as numbers, moments as dates in the zone of the layout, and codes as text.
func spreadsheetCell(v value, moment int, zone *time.Location) any {
	switch {
	case v.number != nil:
		return v.number.InexactFloat64() // A spreadsheet has no other numbers; nine places survive.
	case !v.moment.IsZero():
		local := v.moment.In(zone)
		_, offset := local.Zone()
		return excelize.Cell{StyleID: moment, Value: local.UTC().Add(time.Duration(offset) * time.Second)}
	}
	return v.text
}
