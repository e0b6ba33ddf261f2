package deckfile

import (
	"errors"
	"fmt"
	"slices"
)

// ErrMapping is returned, wrapped, for a file whose columns cannot be made out.
var ErrMapping = errors.New("columns not recognised")

// Column is what a column of a price list holds.
type Column string

// The columns. Prefix and Rate must be there; Area is put behind Prefix, which then holds the country code.
const (
	Prefix        Column = "prefix"
	Area          Column = "area"
	Destination   Column = "destination"
	Rate          Column = "rate"
	ConnectFee    Column = "connect_fee"
	AttemptFee    Column = "attempt_fee"
	MinCharge     Column = "min_charge"
	Initial       Column = "initial"
	Next          Column = "next"
	Increment     Column = "increment"
	Grace         Column = "grace"
	EffectiveFrom Column = "effective_from"
	EffectiveTo   Column = "effective_to"
	Currency      Column = "currency"
	Origin        Column = "origin"
	Period        Column = "period"
	Blocked       Column = "blocked"
)

// Columns returns all columns in the order in which Write puts them.
func Columns() []Column {
	return []Column{
		Prefix, Area, Destination, Rate, ConnectFee, Initial, Next, EffectiveFrom, EffectiveTo, Currency,
		MinCharge, Grace, AttemptFee, Origin, Period, Blocked, Increment,
	}
}

// DateOrder says what 01/02/2026 means.
type DateOrder string

// The orders.
const (
	DayFirst   DateOrder = "dmy"
	MonthFirst DateOrder = "mdy"
)

// Mapping says how a file is to be read. It is guessed, shown, confirmed, and kept per carrier, as JSON or YAML.
type Mapping struct {
	Encoding  string         `json:"encoding"`  // utf-8, utf-16le, utf-16be, windows-1251, windows-1252, cp866.
	Delimiter string         `json:"delimiter"` // One character; empty for XLSX.
	Decimal   string         `json:"decimal"`   // "." or ",".
	Dates     DateOrder      `json:"dates"`
	Sheet     string         `json:"sheet,omitempty"` // XLSX only; empty: the first.
	FirstRow  int            `json:"first_row"`       // Rows before it, counted from 0, are titles and the header.
	Columns   map[Column]int `json:"columns"`         // Positions counted from 0.
}

// Validate reports a mapping by which no file can be read.
func (m *Mapping) Validate() error {
	for _, need := range []Column{Prefix, Rate} {
		if _, ok := m.Columns[need]; !ok {
			return fmt.Errorf("%w: no column for %q: name it in the header or in the mapping", ErrMapping, need)
		}
	}
	for c, position := range m.Columns {
		if !slices.Contains(Columns(), c) {
			return fmt.Errorf("%w: there is no column %q", ErrMapping, c)
		}
		if position < 0 || position >= maxColumns {
			return fmt.Errorf("%w: column %q at position %d: want 0 to %d", ErrMapping, c, position, maxColumns-1)
		}
	}
	if m.Decimal != "." && m.Decimal != "," {
		return fmt.Errorf("%w: decimal %q: want . or ,", ErrMapping, m.Decimal)
	}
	if len(m.Delimiter) > 1 {
		return fmt.Errorf("%w: delimiter %q: want one character", ErrMapping, m.Delimiter)
	}
	return nil
}
