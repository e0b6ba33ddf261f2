package columns

import "slices"

// Column is what a column of a price list holds.
type Column string

// The columns. Prefix and Rate must be there; Area is put behind Prefix, which then holds the country code, and CodeTo makes a
// range of it.
const (
	Prefix        Column = "prefix"
	Area          Column = "area"
	CodeTo        Column = "code_to"
	Destination   Column = "destination"
	Network       Column = "network" // Put behind the destination, which then is only a country.
	Rate          Column = "rate"
	FirstRate     Column = "first_rate" // Of the first step; Rate is that of the next ones then.
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
	Status        Column = "status" // What becomes of a rate: new, dearer, closed, blocked.
	Blocked       Column = "blocked"
	Category      Column = "category" // Whether the row is for all callers, or only for those of countries that it does not name.
)

// All returns all columns in the order in which people think of them.
func All() []Column {
	return []Column{
		Prefix, Area, CodeTo, Destination, Network, Rate, FirstRate, ConnectFee, Initial, Next, Increment, EffectiveFrom, EffectiveTo,
		Currency, Status, Blocked, MinCharge, Grace, AttemptFee, Origin, Period, Category,
	}
}

// Valid reports whether there is such a column.
func (c Column) Valid() bool { return slices.Contains(All(), c) }
