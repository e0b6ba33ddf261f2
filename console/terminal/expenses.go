package terminal

import (
	"io"
	"time"

	"trunkline/reports"
	"trunkline/reports/invoice"
)

// Expenses writes what every branch cost in a month, in a format: table (columns that are used), csv (all, for programs) or json.
func Expenses(out io.Writer, e *reports.Expenses, month, format string) error {
	if format == "json" {
		return JSON(out, map[string]any{"tenant": e.Tenant, "month": month, "currency": e.Currency, "rows": e.Rows, "total": e.Total})
	}
	s := expenseSheet{e: e, month: month, whole: format == "csv"}
	t := &Table{Columns: s.columns(), Of: "branches of " + e.Tenant + ", " + month + ", " + e.Currency.String()}
	for i := range e.Rows {
		t.Add(s.cells(&e.Rows[i])...)
	}
	t.Add(s.cells(&e.Total)...)
	return t.Write(out, format)
}

// expenseSheet lays expenses out; whole: with all columns, and with what is the same in all rows.
type expenseSheet struct {
	e     *reports.Expenses
	month string
	whole bool
}

func (s *expenseSheet) columns() []string {
	out := []string{"branch", "name", "calls", "minutes"}
	if s.whole {
		out = []string{"month", "tenant", "branch", "name", "calls", "billed_seconds"}
	}
	for _, c := range s.kinds() {
		out = append(out, string(c))
	}
	out = append(out, "total", "month_before", "change")
	if s.whole {
		out = append(out, "currency")
	}
	return out
}

// kinds are the kinds of expenses that have a column.
func (s *expenseSheet) kinds() (out []reports.Column) {
	for _, c := range reports.Columns() {
		if s.whole || s.e.Used(c) {
			out = append(out, c)
		}
	}
	return out
}

func (s *expenseSheet) cells(r *reports.ExpenseRow) []string {
	scale := s.e.Currency.MinorUnits()
	cells := []string{r.Branch, r.Name, figure(r.Calls), reports.Minutes(r.Seconds)}
	if s.whole {
		cells = []string{s.month, s.e.Tenant, r.Branch, r.Name, figure(r.Calls), figure(r.Seconds)}
	}
	for _, c := range s.kinds() {
		cells = append(cells, r.Cells[c].Format(scale))
	}
	cells = append(cells, r.Total.Format(scale), r.Previous.Format(scale), r.Change.Format(scale))
	if s.whole {
		cells = append(cells, s.e.Currency.String())
	}
	return cells
}

// ExpenseDetails is the table of the calls and fees behind expenses; AddExpense fills it.
func ExpenseDetails() *Table {
	return &Table{Columns: []string{"column", "branch", "time", "extension", "what", "destination", "minutes", "amount"}, Of: "calls and fees"}
}

// AddExpense adds one call or fee to a table of details.
func (t *Table) AddExpense(d *invoice.Detail) {
	minutes := ""
	if d.Extension != "" || d.Seconds != 0 {
		minutes = reports.Minutes(d.Seconds)
	}
	t.Add(string(d.Column), d.Branch, d.At.Format(time.RFC3339), d.Extension, d.Text, d.Destination, minutes, d.Amount.String())
}
