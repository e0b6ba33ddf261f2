package reports

// Column is a column of the expense report: what money was spent on. Its word stands in reports and invoices.
type Column string

// The columns: calls by class, then fees, and what belongs to the whole.
const (
	ColumnLocal         Column = "local"
	ColumnLongDistance  Column = "long_distance"
	ColumnMobile        Column = "mobile"
	ColumnInternational Column = "international"
	ColumnIncoming      Column = "incoming"
	ColumnNumbers       Column = "numbers"
	ColumnRecording     Column = "recording"
	ColumnStorage       Column = "storage"
	ColumnShared        Column = "shared"   // The share of fees of the whole company.
	ColumnRounding      Column = "rounding" // What rounding to whole coins adds or takes.
	ColumnTax           Column = "tax"
)

// Columns returns all of them in the order of the report.
func Columns() []Column {
	return []Column{
		ColumnLocal, ColumnLongDistance, ColumnMobile, ColumnInternational, ColumnIncoming, ColumnNumbers, ColumnRecording, ColumnStorage,
		ColumnShared, ColumnRounding, ColumnTax,
	}
}

// IsUsage reports whether the column is of calls.
func (c Column) IsUsage() bool {
	switch c {
	case ColumnLocal, ColumnLongDistance, ColumnMobile, ColumnInternational, ColumnIncoming:
		return true
	case ColumnNumbers, ColumnRecording, ColumnStorage, ColumnShared, ColumnRounding, ColumnTax:
	}
	return false
}

// Column returns the column of a class of calls.
func (c Class) Column() Column { return Column(c.String()) }
