package reporting

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"trunkline/console"
	"trunkline/internal/cause"
	"trunkline/reports"
	"trunkline/reports/invoice"
)

// WriteExpenses writes an expense report in the format of a file's ending, in the language of the profile.
func WriteExpenses(w io.Writer, name string, e *reports.Expenses, p invoice.Profile) error {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".pdf":
		return invoice.WriteExpensesPDF(w, e, p.Brand, p.Language)
	case ".xlsx":
		return invoice.WriteExpensesXLSX(w, e, p.Language)
	}
	o, err := Format("", name, p.Language)
	if err != nil {
		return cause.Mark(cause.Input, fmt.Errorf("--out %s: want a name that ends in .pdf, .xlsx, .csv, .parquet or .arrow", name))
	}
	o.BOM = o.Comma
	return console.ExpensesTable(e).Write(w, o)
}
