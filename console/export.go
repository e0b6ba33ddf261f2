package console

import (
	"context"
	"io"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/reports"
	"trunkline/reports/export"
	"trunkline/reports/invoice"
)

// The bounds of files that are made while somebody waits. Larger ones are jobs.
const (
	exportMost  = 20_000
	exportChunk = 5_000
)

// File says what a file is to be.
type File struct {
	Format   export.Format
	Language string // ru and de have a decimal comma.
	Zone     *time.Location
}

// Options are those of the writer of tables.
func (f File) Options(sheet string) export.Options {
	comma := f.Language == "ru" || f.Language == "de"
	return export.Options{Format: f.Format, Comma: comma, BOM: comma, Zone: f.Zone, Sheet: sheet}
}

// ExportCalls writes the calls that somebody sees to a file while he waits, the newest first; more than 20,000 are refused: StartExport
// takes any number.
func (c *Console) ExportCalls(ctx context.Context, who *access.Principal, q CallQuery, f File, out io.Writer) error {
	t := &export.Table{Fields: callFields(who)}
	q.Offset = 0
	for {
		legs, err := c.callsChunk(ctx, who, q)
		if err != nil {
			return err
		}
		for i := range legs {
			t.Rows = append(t.Rows, legs[i].cells(who, f.Zone))
		}
		if len(t.Rows) > exportMost {
			return invalid("more than %d calls are not made while you wait: ask for them as a job", exportMost)
		}
		if len(legs) < exportChunk {
			return t.Write(out, f.Options("calls"))
		}
		q.Offset += len(legs)
	}
}

// callsChunk is Calls for files, whose chunks are larger than pages.
func (c *Console) callsChunk(ctx context.Context, who *access.Principal, q CallQuery) ([]CallLeg, error) {
	if err := c.callsAllowed(who, &q); err != nil {
		return nil, err
	}
	q.Limit = exportChunk
	return c.searchCalls(ctx, who, q)
}

func callFields(who *access.Principal) []export.Field {
	fields := []export.Field{
		{Name: "call"},
		{Name: "kind"},
		{Name: "direction"},
		{Name: "tenant"},
		{Name: "branch"},
		{Name: "extension"},
		{Name: "from"},
		{Name: "to"},
		{Name: "dialled"},
		{Name: "destination"},
		{Name: "country"},
		{Name: "begin"},
		{Name: "answer"},
		{Name: "end"},
		{Name: "talk_seconds", Kind: export.Whole},
		{Name: "billed_seconds", Kind: export.Whole},
		{Name: "pdd_ms", Kind: export.Whole},
		{Name: "sip_status", Kind: export.Whole},
		{Name: "cause", Kind: export.Whole},
		{Name: "released_by"},
	}
	if !who.Role.OfTenant() {
		fields = append(fields, export.Field{Name: "carrier"}, export.Field{Name: "gateway"})
	}
	if who.May(access.ReadSale) {
		fields = append(fields, export.Field{Name: "sale", Kind: export.Amount}, export.Field{Name: "sale_currency"})
	}
	if who.May(access.ReadCost) {
		fields = append(fields, export.Field{Name: "cost", Kind: export.Amount}, export.Field{Name: "cost_currency"})
	}
	return fields
}

// cells are those of callFields. Amounts and seconds of a reversal are below zero, so that columns add up.
func (l *CallLeg) cells(who *access.Principal, zone *time.Location) []any {
	at := func(t *time.Time) any {
		if t == nil {
			return ""
		}
		if zone != nil {
			return t.In(zone).Format("2006-01-02 15:04:05")
		}
		return t.UTC().Format("2006-01-02 15:04:05")
	}
	sign := int64(l.Sign)
	cells := []any{
		l.Call, l.Kind, l.Direction, l.Tenant, l.Branch, l.Extension, l.From, l.To, l.Dialled, l.Destination, l.Country,
		at(&l.Setup), at(l.Connect), at(l.Disconnect), sign * (l.Millis / 1000), sign * l.Billed, l.PDD, int64(l.Status), int64(l.Cause), l.Side,
	}
	if !who.Role.OfTenant() {
		cells = append(cells, l.Carrier, l.Gateway)
	}
	price := func(p *Price) {
		if p == nil {
			cells = append(cells, nil, "")
			return
		}
		amount := p.Amount
		if sign < 0 {
			amount = amount.Neg()
		}
		cells = append(cells, amount, p.Currency.String())
	}
	if who.May(access.ReadSale) {
		price(l.Sale)
	}
	if who.May(access.ReadCost) {
		price(l.Cost)
	}
	return cells
}

// WriteExpenses writes the expense report of a tenant to a file: pdf, or a format of tables.
func (c *Console) WriteExpenses(ctx context.Context, who *access.Principal, tenant, month, format, language string, out io.Writer) error {
	e, err := c.Expenses(ctx, who, tenant, month)
	if err != nil {
		return err
	}
	profile, err := c.d.Billing.Profile(ctx, tenant)
	if err != nil {
		return err
	}
	switch format {
	case "pdf":
		return invoice.WriteExpensesPDF(out, e, profile.Brand, language)
	case "xlsx":
		return invoice.WriteExpensesXLSX(out, e, language)
	}
	f, err := export.ParseFormat(format)
	if err != nil {
		return invalid("%s", err)
	}
	return ExpensesTable(e).Write(out, File{Format: f, Language: language}.Options("expenses"))
}

// ExpensesTable is the report as a table for programs.
func ExpensesTable(e *reports.Expenses) *export.Table {
	t := &export.Table{Fields: []export.Field{{Name: "branch"}, {Name: "name"}, {Name: "calls", Kind: export.Whole}, {Name: "billed_seconds", Kind: export.Whole}}}
	for _, c := range reports.Columns() {
		t.Fields = append(t.Fields, export.Field{Name: string(c), Kind: export.Amount})
	}
	t.Fields = append(t.Fields, export.Field{Name: "total", Kind: export.Amount}, export.Field{Name: "previous", Kind: export.Amount}, export.Field{Name: "currency"})
	for i := range e.Rows {
		r := &e.Rows[i]
		row := []any{r.Branch, r.Name, r.Calls, r.Seconds}
		for _, c := range reports.Columns() {
			row = append(row, r.Cells[c])
		}
		t.Add(append(row, r.Total, r.Previous, e.Currency.String())...)
	}
	return t
}

// StatsTable is an answer as a table, with what is somebody's to see.
func StatsTable(who *access.Principal, a *reports.Answer) *export.Table {
	t := &export.Table{}
	for _, d := range a.By {
		t.Fields = append(t.Fields, export.Field{Name: string(d)})
	}
	for _, name := range []string{"legs", "answered", "unanswered", "talk_seconds", "billed_seconds", "acd_ms", "pdd_p50_ms"} {
		t.Fields = append(t.Fields, export.Field{Name: name, Kind: export.Whole})
	}
	t.Fields = append(t.Fields, export.Field{Name: "asr"}, export.Field{Name: "ner"})
	if who.May(access.ReadSale) {
		t.Fields = append(t.Fields, export.Field{Name: "sale"})
	}
	if who.May(access.ReadCost) {
		t.Fields = append(t.Fields, export.Field{Name: "cost"})
	}
	if a.Against != nil {
		t.Fields = append(t.Fields, beforeFields(who)...)
	}
	for i := range a.Rows {
		r := &a.Rows[i]
		var row []any
		for k := range a.By {
			key := ""
			if k < len(r.Keys) {
				key = r.Keys[k]
			}
			row = append(row, key)
		}
		row = append(row, r.Legs, r.Answered, r.Unanswered, r.Talk, r.Billed, int64(r.ACD), int64(r.PDD50), r.ASR.String(), r.NER.String())
		if who.May(access.ReadSale) {
			row = append(row, purse(r.Sale))
		}
		if who.May(access.ReadCost) {
			row = append(row, purse(r.Cost))
		}
		if a.Against != nil {
			row = append(row, beforeCells(who, r.Before)...)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// beforeFields are the columns of the period that is compared with.
func beforeFields(who *access.Principal) []export.Field {
	fields := []export.Field{
		{Name: "legs_before", Kind: export.Whole}, {Name: "answered_before", Kind: export.Whole}, {Name: "talk_seconds_before", Kind: export.Whole},
	}
	if who.May(access.ReadSale) {
		fields = append(fields, export.Field{Name: "sale_before"})
	}
	return fields
}

// beforeCells are those of beforeFields; a row that was not there before has none.
func beforeCells(who *access.Principal, f *reports.Figures) []any {
	var zero reports.Figures
	if f == nil {
		f = &zero
	}
	cells := []any{f.Legs, f.Answered, f.Talk}
	if who.May(access.ReadSale) {
		cells = append(cells, purse(f.Sale))
	}
	return cells
}

// purse writes money of several currencies into one cell.
func purse(p reports.Purse) string {
	texts := make([]string, 0, len(p))
	for _, c := range p.Currencies() {
		texts = append(texts, p[c].String()+" "+c.String())
	}
	return strings.Join(texts, " ")
}
