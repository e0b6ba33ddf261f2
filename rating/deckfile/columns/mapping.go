package columns

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"trunkline/internal/money"
	"trunkline/rating"
	"trunkline/rating/deckfile/cell"
	"trunkline/rating/deckfile/sheet"
)

// ErrMapping is returned, wrapped, for a file whose columns cannot be made out.
var ErrMapping = errors.New("columns not recognised")

// Words of a mapping.
const (
	EndsExclusive = "exclusive"   // A day as an end is the first one on which the rate does not hold; else it is the last one on which it does.
	ByConnectFee  = "connect_fee" // A dearer first step is kept as a connect fee beside the next price: the same for every call.
)

// Mapping says how a file is to be read. It is found out, shown, confirmed, and kept per carrier, as JSON or YAML. What a later
// list has in common with it are the headings; the positions hold for one file only.
type Mapping struct {
	Encoding  string         `json:"encoding"`  // A name of the WHATWG, such as utf-8 or windows-1251; empty for a spreadsheet.
	Delimiter string         `json:"delimiter"` // One character; empty for a spreadsheet.
	Decimal   string         `json:"decimal"`   // "." or ",".
	Dates     cell.Order     `json:"dates"`     // Empty: no date needs it.
	Sheet     string         `json:"sheet,omitempty"`
	FirstRow  int            `json:"first_row"` // Rows before it, counted from 0, are titles and the header.
	Columns   map[Column]int `json:"columns"`   // Positions counted from 0.

	Headings map[Column]string `json:"headings,omitempty"` // Of the used columns, in their normal form.
	Heads    []string          `json:"heads,omitempty"`    // Of all columns, from the left; empty for a list without a header.
	Ignored  []string          `json:"ignored,omitempty"`  // Headings of columns that somebody said are not to be used.
	Dearest  []int             `json:"dearest,omitempty"`  // Further columns of prices: the dearest one counts.

	Bands map[string]map[Column]int `json:"bands,omitempty"` // Prices for other times, by the name of the tariff's period.

	CountryCode string               `json:"country_code,omitempty"` // Put before every code.
	Seconds     int                  `json:"seconds,omitempty"`      // For how many seconds a price is; 0: a minute.
	Cents       bool                 `json:"cents,omitempty"`        // Prices are in hundredths of the currency.
	Currency    string               `json:"currency,omitempty"`     // What headings, or somebody, say that the prices are in.
	Ends        string               `json:"ends,omitempty"`
	FirstPrice  string               `json:"first_price,omitempty"`
	From        string               `json:"from,omitempty"`      // Day on which rates without a date of their own begin, as the list says.
	Zone        string               `json:"zone,omitempty"`      // Of dates without one, as of the IANA; empty: UTC.
	Increment   string               `json:"increment,omitempty"` // Of rows that say none; empty: 60/60.
	Marks       map[string]cell.Mark `json:"marks,omitempty"`     // Words of the status that nobody else uses.
	StatusIs    string               `json:"status_is,omitempty"` // "active": yes means in force; "blocked": yes means blocked.
}

// Validate reports a mapping by which no file can be read.
func (m *Mapping) Validate() error {
	for _, need := range []Column{Prefix, Rate} {
		if _, ok := m.Columns[need]; !ok {
			return fmt.Errorf("%w: no column for %q: name it in the header, or say which it is", ErrMapping, need)
		}
	}
	for c, position := range m.Columns {
		if !c.Valid() {
			return fmt.Errorf("%w: there is no column %q", ErrMapping, c)
		}
		if position < 0 || position >= sheet.MaxColumns {
			return fmt.Errorf("%w: column %q at position %d: want 0 to %d", ErrMapping, c, position, sheet.MaxColumns-1)
		}
	}
	if m.Decimal != "." && m.Decimal != "," {
		return fmt.Errorf("%w: decimal %q: want . or ,", ErrMapping, m.Decimal)
	}
	if len(m.Delimiter) > 1 {
		return fmt.Errorf("%w: delimiter %q: want one character", ErrMapping, m.Delimiter)
	}
	return m.validateWords()
}

func (m *Mapping) validateWords() error {
	if m.Dates != cell.Unsaid && m.Dates != cell.DayFirst && m.Dates != cell.MonthFirst {
		return fmt.Errorf("%w: dates %q: want dmy or mdy", ErrMapping, m.Dates)
	}
	if _, err := m.Location(); err != nil {
		return fmt.Errorf("%w: zone %q: want a name such as Europe/Berlin", ErrMapping, m.Zone)
	}
	if m.Increment != "" {
		if _, err := cell.Increment(m.Increment); err != nil {
			return fmt.Errorf("%w: increment: %w", ErrMapping, err)
		}
	}
	if m.Currency != "" {
		if _, err := money.ParseCurrency(m.Currency); err != nil {
			return fmt.Errorf("%w: %w", ErrMapping, err)
		}
	}
	if !slices.Contains([]string{"", EndsExclusive, "inclusive"}, m.Ends) || !slices.Contains([]string{"", ByConnectFee}, m.FirstPrice) || m.Seconds < 0 || m.Seconds > 1_000_000 {
		return fmt.Errorf("%w: ends %q, first price %q, %d seconds", ErrMapping, m.Ends, m.FirstPrice, m.Seconds)
	}
	return nil
}

// Location is the zone of dates that have none of their own.
func (m *Mapping) Location() (*time.Location, error) {
	if m.Zone == "" {
		return time.UTC, nil
	}
	return time.LoadLocation(m.Zone)
}

// Start is the moment at which rates without a date of their own begin; zero: the list does not say.
func (m *Mapping) Start() time.Time {
	zone, err := m.Location()
	if err != nil {
		zone = time.UTC
	}
	at, err := time.ParseInLocation(time.DateOnly, m.From, zone)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// Dated reports whether rows have dates of their own at which they begin.
func (m *Mapping) Dated() bool {
	_, ok := m.Columns[EffectiveFrom]
	return ok
}

// Steps are the steps of rows that say none; zero: the mapping does not say.
func (m *Mapping) Steps() rating.Increment {
	inc, err := cell.Increment(m.Increment)
	if m.Increment == "" || err != nil {
		return rating.Increment{}
	}
	return inc
}

// Form says how the rows are to be taken from the file.
func (m *Mapping) Form(text bool) sheet.Form {
	if !text {
		return sheet.Form{Sheet: m.Sheet}
	}
	return sheet.Form{Encoding: m.Encoding, Delimiter: m.Delimiter, Width: len(m.Heads)}
}

// Used are all positions that something is read from.
func (m *Mapping) Used() map[int]Column {
	out := make(map[int]Column)
	for c, at := range m.Columns {
		out[at] = c
	}
	for _, at := range m.Dearest {
		out[at] = Rate
	}
	for _, band := range m.Bands {
		for c, at := range band {
			out[at] = c
		}
	}
	return out
}

// clone copies what may be changed.
func (m *Mapping) clone() Mapping {
	out := *m
	out.Columns, out.Headings, out.Bands, out.Marks = maps.Clone(m.Columns), maps.Clone(m.Headings), maps.Clone(m.Bands), maps.Clone(m.Marks)
	return out
}
