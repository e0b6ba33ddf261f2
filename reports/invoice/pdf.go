package invoice

import (
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"trunkline/cdr"
	"trunkline/internal/money"
	"trunkline/reports"
	"trunkline/reports/invoice/tax"
	"trunkline/reports/pdf"
)

// Calls are the calls behind a document, one by one, for its annex; nil: no annex.
type Calls iter.Seq2[*cdr.Record, error]

// printer writes a document as PDF.
type printer struct {
	d      *Document
	words  vocabulary
	locale reports.Locale
	zone   *time.Location
	scale  int
	out    *pdf.Writer
}

// WritePDF writes a document with its brand, the expenses of its branches, and the calls as an annex.
func WritePDF(out io.Writer, i Issued, brand Brand, calls Calls) error {
	d := i.Document
	p := &printer{d: d, words: words(d.Language), locale: reports.Locale{Language: d.Language}, scale: d.Currency.MinorUnits()}
	zone, err := time.LoadLocation(d.Period.Zone)
	if err != nil {
		return err
	}
	p.zone = zone
	footer := d.Seller.Name
	if i.Hash != "" {
		footer = strings.TrimPrefix(footer+" · "+p.words.hash+" "+i.Hash[:24], " · ")
	}
	created := d.Issued
	if created.IsZero() {
		created = d.Period.Till
	}
	style := pdf.Style{Title: p.title(), Footer: footer, Page: p.words.page, Colour: brand.Colour, Logo: brand.Logo, Created: created}
	if p.out, err = pdf.New(style); err != nil {
		return err
	}
	p.head()
	p.lines()
	p.sums()
	if err := p.branches(); err != nil {
		return err
	}
	if calls != nil {
		if err := p.annex(calls); err != nil {
			return err
		}
	}
	return p.out.Write(out)
}

func (p *printer) title() string {
	word := p.words.invoice
	if p.d.Kind == KindCreditNote {
		word = p.words.creditNote
	}
	if p.d.Number == "" {
		return word + " · " + p.words.notIssued
	}
	return word + " " + p.words.number + " " + p.d.Number
}

func (p *printer) head() {
	p.out.Heading(p.title())
	if !p.d.Issued.IsZero() {
		p.out.Text(p.words.of + " " + p.locale.Day(p.d.Issued.In(p.zone)))
	}
	last := p.d.Period.Till.In(p.zone).Add(-1)
	p.out.Text(p.words.period + ": " + p.locale.Day(p.d.Period.From.In(p.zone)) + " – " + p.locale.Day(last) + " (" + p.d.Period.Zone + ")")
	if !p.d.Due.IsZero() {
		p.out.Text(p.words.due + " " + p.locale.Day(p.d.Due.In(p.zone)))
	}
	if p.d.Credits != "" {
		p.out.Text(p.words.credits + " " + p.words.number + " " + p.d.Credits + ": " + p.d.Reason)
	}
	if p.d.Replaces != "" {
		p.out.Text(p.words.replaces + " " + p.words.number + " " + p.d.Replaces)
	}
	p.out.Space(4)
	p.out.Sides(p.party(p.words.seller, p.d.Seller), p.party(p.words.buyer, p.d.Buyer))
	p.out.Space(4)
}

func (p *printer) party(head string, party Party) []string {
	lines := append([]string{head, party.Name}, party.Address...)
	if party.TaxID != "" {
		lines = append(lines, p.words.taxID+" "+party.TaxID)
	}
	return append(lines, party.Bank...)
}

func (p *printer) lines() {
	t := p.out.Table([]pdf.Column{
		{Head: p.words.service, Width: 70},
		{Head: p.words.calls, Width: 20, Right: true},
		{Head: p.words.minutes, Width: 20, Right: true},
		{Head: p.words.quantity, Width: 18, Right: true},
		{Head: p.words.price, Width: 22, Right: true},
		{Head: p.words.amount + ", " + p.d.Currency.String(), Width: 30, Right: true},
	})
	for i := range p.d.Lines {
		l := &p.d.Lines[i]
		if l.Kind == TaxLine {
			continue
		}
		text, calls, minutes, quantity, price := l.Text, "", "", "", ""
		if l.Number != "" {
			text += " " + l.Number
		}
		if note := p.note(l); note != "" {
			text += "\n" + note
		}
		if l.Kind == UsageLine {
			calls, minutes = p.locale.Whole(l.Calls), p.locale.Minutes(l.Seconds)
		}
		if l.Kind == FeeLine {
			quantity = p.locale.Whole(l.Quantity)
		}
		if l.Price != nil {
			price = p.locale.Amount(*l.Price, p.scale)
		}
		t.Row(text, calls, minutes, quantity, price, p.locale.Amount(l.Amount, p.scale))
	}
}

// note is the small print of a line.
func (p *printer) note(l *Line) string {
	if l.Waived != "" {
		return l.Waived
	}
	if l.Kind == FeeLine && strings.Contains(l.Reason, " of ") {
		return l.Reason
	}
	return ""
}

func (p *printer) sums() {
	p.out.Space(2)
	t := p.out.Table([]pdf.Column{{Width: 150}, {Width: 30, Right: true}})
	t.Row(p.words.net, p.locale.Amount(p.d.Net, p.scale))
	parts := p.d.TaxParts()
	for i := range parts {
		t.Row(p.taxText(&parts[i], len(parts) > 1), p.locale.Amount(parts[i].Tax, p.scale))
	}
	t.Total(p.words.total, p.locale.Amount(p.d.Total, p.scale))
	for i := range parts {
		if parts[i].Category == tax.ReverseCharge {
			p.out.Text(p.words.reverseNote)
		}
	}
}

// taxText names a tax, and with several of them what each is reckoned on.
func (p *printer) taxText(part *TaxPart, several bool) string {
	text := part.Text(p.d)
	if several {
		text += " " + p.words.taxOn + " " + p.locale.Amount(part.Net, p.scale)
	}
	if p.d.Inclusive && !part.Tax.IsZero() {
		return p.words.including + " " + text
	}
	return text
}

func point(language string) string {
	if language == "en" {
		return "."
	}
	return ","
}

// branches writes what every branch bears: the columns in which something is, and the total.
func (p *printer) branches() error {
	if len(p.d.Branches) < 2 || p.d.Kind != KindInvoice {
		return nil
	}
	e, err := expensesOf(p.d, nil)
	if err != nil {
		return err
	}
	p.out.Turn(true)
	p.out.Subheading(p.words.branches)
	expenseTable(p.out, e, p.d.Language)
	return nil
}

// expensesOf is the expense report of a document.
func expensesOf(d *Document, previous []reports.Charge) (*reports.Expenses, error) {
	zone, err := time.LoadLocation(d.Period.Zone)
	if err != nil {
		return nil, err
	}
	in := reports.ExpenseInput{
		Tenant: d.Tenant, Period: reports.Span(d.Period.From, d.Period.Till, zone), Currency: d.Currency, Charges: d.Charges(), Previous: previous,
	}
	for _, b := range d.Branches {
		in.Branches = append(in.Branches, reports.BranchInfo{ID: b.ID, Name: b.Name})
	}
	return reports.ExpensesOf(in)
}

func expenseTable(out *pdf.Writer, e *reports.Expenses, language string) {
	w, locale, scale := words(language), reports.Locale{Language: language}, e.Currency.MinorUnits()
	used := slices.DeleteFunc(reports.Columns(), func(c reports.Column) bool { return !e.Used(c) })
	columns := []pdf.Column{{Head: w.branch}, {Head: w.calls, Right: true}, {Head: w.minutes, Right: true}}
	for _, c := range used {
		columns = append(columns, pdf.Column{Head: columnText(c, language), Right: true})
	}
	row := func(r *reports.ExpenseRow) []string {
		cells := []string{r.Name, locale.Whole(r.Calls), locale.Minutes(r.Seconds)}
		for _, c := range used {
			cells = append(cells, blankZero(locale, r.Cells[c], scale))
		}
		return append(cells, locale.Amount(r.Total, scale))
	}
	cells := make([][]string, 0, len(e.Rows)+1)
	for i := range e.Rows {
		cells = append(cells, row(&e.Rows[i]))
	}
	total := row(&e.Total)
	total[0] = w.sum
	t := out.FitTable(append(columns, pdf.Column{Head: w.sum, Right: true}), append(slices.Clone(cells), total))
	for _, r := range cells {
		t.Row(r...)
	}
	t.Total(total...)
}

func blankZero(l reports.Locale, a money.Amount, scale int) string {
	if a.IsZero() {
		return ""
	}
	return l.Amount(a, scale)
}

func (p *printer) annex(calls Calls) error {
	p.out.Turn(false)
	p.out.Subheading(p.words.annex)
	t := p.out.SmallTable([]pdf.Column{
		{Head: p.words.date, Width: 30},
		{Head: p.words.branch, Width: 20},
		{Head: p.words.extension, Width: 13},
		{Head: p.words.caller, Width: 26},
		{Head: p.words.called, Width: 26},
		{Head: p.words.destination, Width: 34},
		{Head: p.words.minutes, Width: 14, Right: true},
		{Head: p.words.amount, Width: 18, Right: true},
	})
	for r, err := range calls {
		if err != nil {
			return err
		}
		t.Row(p.locale.Moment(r.Connect.In(p.zone)), p.d.branchName(r.Branch), r.Extension, r.From.String(), r.To.String(), r.Destination, p.locale.Minutes(r.Billed), p.locale.Amount(signed(r), p.scale))
	}
	return nil
}

// signed is what a record adds to the bill: a reversal takes away.
func signed(r *cdr.Record) money.Amount {
	if r.Sign < 0 {
		return r.Sale.Neg()
	}
	return r.Sale
}

// WriteExpensesPDF writes an expense report.
func WriteExpensesPDF(out io.Writer, e *reports.Expenses, brand Brand, language string) error {
	w := words(language)
	zone := e.Period.Zone
	style := pdf.Style{
		Title: w.branches, Page: w.page, Footer: e.Tenant, Colour: brand.Colour, Logo: brand.Logo, Landscape: true, Created: e.Period.Until,
	}
	doc, err := pdf.New(style)
	if err != nil {
		return err
	}
	locale := reports.Locale{Language: language}
	doc.Heading(w.branches)
	doc.Text(w.period + ": " + locale.Day(e.Period.From.In(zone)) + " – " + locale.Day(e.Period.Until.Add(-1).In(zone)) + " (" + zone.String() + "), " + e.Currency.String())
	doc.Space(3)
	expenseTable(doc, e, language)
	return doc.Write(out)
}
