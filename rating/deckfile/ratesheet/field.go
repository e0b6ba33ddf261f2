package ratesheet

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"trunkline/internal/money"
	"trunkline/rating"
)

// Field is what a column says.
type Field string

// The fields.
const (
	Prefix        Field = "prefix"
	Destination   Field = "destination"
	Rate          Field = "rate"
	OldRate       Field = "old_rate" // What it was at the moment since which changes are written.
	Change        Field = "change"   // new, increase, decrease, closed or unchanged.
	ConnectFee    Field = "connect_fee"
	AttemptFee    Field = "attempt_fee"
	MinCharge     Field = "min_charge"
	Initial       Field = "initial"
	Next          Field = "next"
	Increment     Field = "increment"
	Grace         Field = "grace"
	EffectiveFrom Field = "effective_from"
	EffectiveTo   Field = "effective_to"
	Currency      Field = "currency"
	Origin        Field = "origin"
	Period        Field = "period"
	Blocked       Field = "blocked"
	Empty         Field = "empty" // A column that the receiver wants and nobody fills.
)

// Fields returns all fields.
func Fields() []Field {
	return []Field{
		Prefix, Destination, Rate, OldRate, Change, ConnectFee, AttemptFee, MinCharge, Initial, Next, Increment, Grace, EffectiveFrom,
		EffectiveTo, Currency, Origin, Period, Blocked, Empty,
	}
}

// FieldNames are all fields in one text.
func FieldNames() string {
	names := make([]string, 0, len(Fields()))
	for _, f := range Fields() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// row is one line of a sheet.
type row struct {
	rate   *rating.Rate
	codes  []string
	change string
	old    *rating.Rate
}

// value is what stands in a cell: text, a number, or a moment.
type value struct {
	text   string
	number *decimal.Decimal
	moment time.Time
}

func number(d decimal.Decimal) value { return value{number: &d} }

func whole(n int32) value { return number(decimal.NewFromInt32(n)) }

// of returns what a row says in a column.
func (f Field) of(r *row, currency money.Currency) value {
	switch f {
	case Prefix:
		return value{text: strings.Join(r.codes, ", ")}
	case Destination:
		return value{text: r.rate.Destination}
	case Rate:
		if r.rate.Blocked {
			return value{text: "blocked"}
		}
		return number(r.rate.PerMinute.Decimal())
	case OldRate:
		if r.old == nil {
			return value{}
		}
		return number(r.old.PerMinute.Decimal())
	case Change:
		return value{text: r.change}
	case ConnectFee:
		return number(r.rate.ConnectFee.Decimal())
	case AttemptFee:
		return number(r.rate.AttemptFee.Decimal())
	case MinCharge:
		return number(r.rate.MinCharge.Decimal())
	case Initial:
		return whole(r.rate.Increment.Initial)
	case Next:
		return whole(r.rate.Increment.Next)
	case Increment:
		return value{text: r.rate.Increment.String()}
	case Grace:
		return whole(r.rate.Grace)
	case EffectiveFrom:
		return value{moment: r.rate.From}
	case EffectiveTo:
		return value{moment: r.rate.Till}
	case Currency:
		return value{text: currency.String()}
	case Origin:
		return value{text: r.rate.Origin.Digits()}
	case Period:
		return value{text: r.rate.Period}
	case Blocked:
		if r.rate.Blocked {
			return value{text: "yes"}
		}
	case Empty:
	}
	return value{}
}

// plain writes a value as text.
func (v value) plain(l *Layout) string {
	switch {
	case v.number != nil:
		return strings.Replace(v.number.String(), ".", l.Decimal, 1)
	case !v.moment.IsZero():
		return v.moment.In(l.Zone).Format(l.Dates)
	}
	return v.text
}

func code(r *rating.Rate) string {
	if r.Prefix.IsZero() {
		return "any"
	}
	return r.Prefix.Digits()
}
