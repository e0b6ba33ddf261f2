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

// ExportCalls writes the calls that somebody sees to a file while they wait, the newest first; more than 20,000 are refused: StartExport
// takes any number.
func (c *Console) ExportCalls(ctx context.Context, who *access.Principal, q CallQuery, f File, out io.Writer) error {
	columns := callColumns(who)
	t := &export.Table{Fields: fieldsOf(columns)}
	q.Offset = 0
	for {
		legs, err := c.callsChunk(ctx, who, q)
		if err != nil {
			return err
		}
		for i := range legs {
			t.Rows = append(t.Rows, legs[i].cells(columns, f.Zone))
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

// purse writes money of several currencies into one cell.
func purse(p reports.Purse) string {
	texts := make([]string, 0, len(p))
	for _, c := range p.Currencies() {
		texts = append(texts, p[c].String()+" "+c.String())
	}
	return strings.Join(texts, " ")
}
