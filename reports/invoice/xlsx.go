package invoice

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"trunkline/internal/money"
	"trunkline/reports"
)

// book writes an Excel file with real numbers and dates.
type book struct {
	f                *excelize.File
	money, day, head int
	bold             int
}

func newBook(scale int) (*book, error) {
	b := &book{f: excelize.NewFile()}
	amount := "#,##0"
	if scale > 0 {
		amount += "." + strings.Repeat("0", scale)
	}
	moment := "yyyy-mm-dd hh:mm:ss"
	exact := amount + "####"
	var err error
	for _, s := range []struct {
		to    *int
		style *excelize.Style
	}{
		{&b.money, &excelize.Style{CustomNumFmt: &exact}},
		{&b.bold, &excelize.Style{CustomNumFmt: &amount, Font: &excelize.Font{Bold: true}}},
		{&b.day, &excelize.Style{CustomNumFmt: &moment}},
		{&b.head, &excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}}},
	} {
		if *s.to, err = b.f.NewStyle(s.style); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// sheet begins a sheet; the first one takes the place of the empty one.
func (b *book) sheet(name string, first bool, widths ...float64) (*excelize.StreamWriter, error) {
	if first {
		if err := b.f.SetSheetName("Sheet1", name); err != nil {
			return nil, err
		}
	} else if _, err := b.f.NewSheet(name); err != nil {
		return nil, err
	}
	if err := b.f.SetSheetDimension(name, ""); err != nil { // Readers count the rows themselves.
		return nil, err
	}
	w, err := b.f.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	for i, width := range widths {
		if err := w.SetColWidth(i+1, i+1, width); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (b *book) amount(a money.Amount) excelize.Cell {
	return excelize.Cell{StyleID: b.money, Value: a.Decimal().InexactFloat64()}
}

func (b *book) heads(names ...string) []any {
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = excelize.Cell{StyleID: b.head, Value: n}
	}
	return out
}

// rows writes rows below each other.
type rows struct {
	w *excelize.StreamWriter
	n int
}

func (r *rows) add(cells ...any) error {
	r.n++
	at, err := excelize.CoordinatesToCellName(1, r.n)
	if err != nil {
		return err
	}
	return r.w.SetRow(at, cells)
}

// WriteXLSX writes a document with the expenses of its branches and its calls, each on a sheet.
func WriteXLSX(out io.Writer, i Issued, calls Calls) (err error) {
	d := i.Document
	b, err := newBook(d.Currency.MinorUnits())
	if err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	defer func() { _ = b.f.Close() }()
	zone, err := time.LoadLocation(d.Period.Zone)
	if err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	steps := []func() error{
		func() error { return b.lines(d, zone) },
		func() error {
			e, err := expensesOf(d, nil)
			if err != nil {
				return err
			}
			return b.expenses(e, d.Language, false)
		},
		func() error { return b.calls(d, zone, calls) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("write XLSX: %w", err)
		}
	}
	if err := b.f.Write(out); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}

func (b *book) lines(d *Document, zone *time.Location) error {
	v := words(d.Language)
	w, err := b.sheet(v.summary, true, 44, 16, 20, 20, 10, 10, 12, 12, 14, 40)
	if err != nil {
		return err
	}
	r := rows{w: w}
	for _, pair := range [][2]any{
		{v.invoice + " " + v.number, d.Number},
		{v.of, b.moment(d.Issued, zone)},
		{v.due, b.moment(d.Due, zone)},
		{v.seller, d.Seller.Name},
		{v.buyer, d.Buyer.Name},
		{v.period, d.Period.Label + " (" + d.Period.Zone + ")"},
	} {
		if err := r.add(pair[0], pair[1]); err != nil {
			return err
		}
	}
	r.n++
	if err := r.add(b.heads(v.service, v.numbers, v.period, "", v.calls, v.minutes, v.quantity, v.price, v.amount+", "+d.Currency.String(), "")...); err != nil {
		return err
	}
	for i := range d.Lines {
		l := &d.Lines[i]
		var price any
		if l.Price != nil {
			price = b.amount(*l.Price)
		}
		minutes := excelize.Cell{StyleID: b.money, Value: float64(l.Seconds) / 60}
		if err := r.add(l.Text, l.Number, b.moment(l.From, zone), b.moment(l.Till, zone), l.Calls, minutes, l.Quantity, price, b.amount(l.Amount), first(l.Waived, l.Reason)); err != nil {
			return err
		}
	}
	total := excelize.Cell{StyleID: b.bold, Value: d.Total.Decimal().InexactFloat64()}
	if err := r.add(excelize.Cell{StyleID: b.head, Value: v.total}, "", "", "", "", "", "", "", total); err != nil {
		return err
	}
	parts := d.TaxParts()
	for i := range parts {
		if err := r.add(parts[i].Text(d), "", "", "", "", "", "", b.amount(parts[i].Net), b.amount(parts[i].Tax)); err != nil {
			return err
		}
	}
	return w.Flush()
}

// moment is a date as Excel counts it, in the time zone of the document.
func (b *book) moment(at time.Time, zone *time.Location) any {
	if at.IsZero() {
		return ""
	}
	local := at.In(zone)
	return excelize.Cell{StyleID: b.day, Value: time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)}
}

func (b *book) expenses(e *reports.Expenses, language string, firstSheet bool) error {
	v := words(language)
	w, err := b.sheet(v.branch, firstSheet, 28)
	if err != nil {
		return err
	}
	r := rows{w: w}
	heads := []string{v.branch, v.calls, v.minutes}
	for _, c := range reports.Columns() {
		heads = append(heads, columnText(c, language))
	}
	if err := r.add(b.heads(append(heads, v.total, "±")...)...); err != nil {
		return err
	}
	for i := range len(e.Rows) + 1 {
		row := &e.Total
		if i < len(e.Rows) {
			row = &e.Rows[i]
		}
		cells := []any{row.Name, row.Calls, excelize.Cell{StyleID: b.money, Value: float64(row.Seconds) / 60}}
		for _, c := range reports.Columns() {
			cells = append(cells, b.amount(row.Cells[c]))
		}
		if err := r.add(append(cells, b.amount(row.Total), b.amount(row.Change))...); err != nil {
			return err
		}
	}
	return w.Flush()
}

func (b *book) calls(d *Document, zone *time.Location, calls Calls) error {
	if calls == nil {
		return nil
	}
	v := words(d.Language)
	w, err := b.sheet(v.calls, false, 20, 14, 10, 18, 18, 28, 10, 12)
	if err != nil {
		return err
	}
	r := rows{w: w}
	if err := r.add(b.heads(v.date, v.branch, v.extension, v.caller, v.called, v.destination, v.minutes, v.amount)...); err != nil {
		return err
	}
	for c, err := range calls {
		if err != nil {
			return err
		}
		minutes := excelize.Cell{StyleID: b.money, Value: float64(c.Billed) / 60}
		if err := r.add(b.moment(c.Connect, zone), d.branchName(c.Branch), c.Extension, c.From.String(), c.To.String(), c.Destination, minutes, b.amount(signed(c))); err != nil {
			return err
		}
	}
	return w.Flush()
}

// WriteExpensesXLSX writes an expense report.
func WriteExpensesXLSX(out io.Writer, e *reports.Expenses, language string) error {
	b, err := newBook(e.Currency.MinorUnits())
	if err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	defer func() { _ = b.f.Close() }()
	if err := b.expenses(e, language, true); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	if err := b.f.Write(out); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}
