package ratesheet

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"trunkline/rating"
)

// ErrLayout is returned, wrapped, for a layout that cannot be written.
var ErrLayout = errors.New("bad layout of a rate sheet")

// Format is what kind of file is written.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Column is one column of a sheet.
type Column struct {
	Heading string
	Field   Field
}

// Layout is how somebody wants their rate sheet.
type Layout struct {
	Format    Format
	Columns   []Column
	Delimiter string // CSV; empty: a comma.
	Decimal   string // CSV; "." or ","; empty: a point.
	Dates     string // In the form of Go's time package; empty: 2006-01-02 15:04:05.
	Zone      *time.Location
	Grouped   bool // One row for a destination, with all its codes in one cell.
}

// Request says which prices are written.
type Request struct {
	At     time.Time // Prices that hold at this moment, and later ones if Whole.
	Whole  bool
	Since  time.Time    // Only what is other than at this moment; zero: all.
	Before *rating.Deck // The prices as they were provisioned then; nil: there were none.
}

// Words say how a rate sheet is laid out. Errors name what is wrong by the names of flags.
type Words struct {
	Format    string // Empty: by the name of the file.
	Columns   string // As ParseColumns reads them; empty: the usual ones.
	Delimiter string
	Decimal   string
	Dates     string
	Zone      string
	Grouped   bool
}

// Layout is the layout that is meant of a file; it is one that can be written.
func (w *Words) Layout(file string) (Layout, error) {
	l := Layout{Format: Format(w.Format), Delimiter: w.Delimiter, Decimal: w.Decimal, Dates: w.Dates, Grouped: w.Grouped}
	if l.Format == "" && strings.EqualFold(filepath.Ext(file), ".xlsx") {
		l.Format = XLSX
	}
	var err error
	if l.Zone, err = time.LoadLocation(w.Zone); err != nil {
		return l, fmt.Errorf("--zone: %w", err)
	}
	if w.Columns != "" {
		if l.Columns, err = ParseColumns(w.Columns); err != nil {
			return l, err
		}
	}
	return l, l.Validate()
}

// ParseColumns reads "Code=prefix,Country=destination,rate".
func ParseColumns(text string) ([]Column, error) {
	var out []Column
	for part := range strings.SplitSeq(text, ",") {
		heading, field, named := strings.Cut(part, "=")
		if !named {
			field = heading
		}
		field = strings.TrimSpace(field)
		if !slices.Contains(Fields(), Field(field)) {
			return nil, fmt.Errorf("%w: there is no column %q: want some of %s", ErrLayout, field, FieldNames())
		}
		out = append(out, Column{Heading: strings.TrimSpace(heading), Field: Field(field)})
	}
	return out, nil
}

// Standard is the layout of those who say nothing.
func Standard() []Column {
	out := make([]Column, 0, 8)
	for _, f := range []Field{Prefix, Destination, Rate, ConnectFee, Increment, EffectiveFrom, EffectiveTo, Currency} {
		out = append(out, Column{Heading: strings.ReplaceAll(string(f), "_", " "), Field: f})
	}
	return out
}

// Validate fills what is not said, and reports what cannot be.
func (l *Layout) Validate() error {
	if l.Format == "" {
		l.Format = CSV
	}
	if len(l.Columns) == 0 {
		l.Columns = Standard()
	}
	if l.Delimiter == "" {
		l.Delimiter = ","
	}
	if l.Decimal == "" {
		l.Decimal = "."
	}
	if l.Dates == "" {
		l.Dates = time.DateTime
	}
	if l.Zone == nil {
		l.Zone = time.UTC
	}
	switch {
	case l.Format != CSV && l.Format != XLSX:
		return fmt.Errorf("%w: format %q: want csv or xlsx", ErrLayout, l.Format)
	case len([]rune(l.Delimiter)) != 1 || strings.ContainsAny(l.Delimiter, "\"\r\n"):
		return fmt.Errorf("%w: delimiter %q: want one sign", ErrLayout, l.Delimiter)
	case l.Decimal != "." && l.Decimal != ",":
		return fmt.Errorf("%w: decimal %q: want . or ,", ErrLayout, l.Decimal)
	}
	return nil
}
