package money

import "github.com/shopspring/decimal"

// RateScale is the number of decimal places of a Rate.
const RateScale = 9

// Rate is a price per minute, exact to a billionth of the currency's unit. The zero value is free.
// Rates are comparable with ==.
type Rate struct {
	nanos int64
}

// PerMinute returns the rate of so many billionths per minute.
func PerMinute(nanos int64) Rate { return Rate{nanos} }

// ParseRate reads a plain decimal such as "0.0125", per minute. Grouping, exponents and more than nine places are errors.
func ParseRate(s string) (Rate, error) {
	v, err := parseFixed(s, RateScale)
	return Rate{v}, err
}

// MustParseRate is ParseRate for literals in tests and tables; it panics on an error.
func MustParseRate(s string) Rate {
	r, err := ParseRate(s)
	if err != nil {
		panic(err)
	}
	return r
}

// Nanos returns the rate in billionths per minute.
func (r Rate) Nanos() int64 { return r.nanos }

// String returns a plain decimal without needless zeros.
func (r Rate) String() string {
	var room [24]byte
	return string(appendFixed(room[:0], r.nanos, RateScale, 0))
}

// Append appends String to b.
func (r Rate) Append(b []byte) []byte { return appendFixed(b, r.nanos, RateScale, 0) }

// IsZero reports whether the rate is free.
func (r Rate) IsZero() bool { return r.nanos == 0 }

// Sign returns -1, 0 or +1.
func (r Rate) Sign() int { return r.Cmp(Rate{}) }

// Cmp returns -1, 0 or +1 as r is less than, equal to or more than other.
func (r Rate) Cmp(other Rate) int {
	switch {
	case r.nanos < other.nanos:
		return -1
	case r.nanos > other.nanos:
		return 1
	}
	return 0
}

// Add returns r + other or ErrOverflow.
func (r Rate) Add(other Rate) (Rate, error) {
	v, err := addInt64(r.nanos, other.nanos)
	return Rate{v}, err
}

// MulDiv returns r x n / den, rounded once to a billionth.
func (r Rate) MulDiv(n, den int64, mode Rounding) (Rate, error) {
	v, err := MulDiv(r.nanos, n, den, mode)
	return Rate{v}, err
}

// MarshalText writes String.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText is ParseRate.
func (r *Rate) UnmarshalText(text []byte) error {
	v, err := ParseRate(string(text))
	if err != nil {
		return err
	}
	*r = v
	return nil
}

// Decimal returns the rate per minute for arithmetic at the edges.
func (r Rate) Decimal() decimal.Decimal { return decimal.New(r.nanos, -RateScale) }

// RateFromDecimal rounds d to a rate; one that does not fit is ErrOverflow.
func RateFromDecimal(d decimal.Decimal, mode Rounding) (Rate, error) {
	v, err := fromDecimal(d, RateScale, mode)
	return Rate{v}, err
}

// Usage returns rate x seconds / 60 with one rounding, to scale places of the currency's unit (0 to 6).
// The product is exact. A result that does not fit is ErrOverflow.
func Usage(rate Rate, seconds int64, scale int, mode Rounding) (Amount, error) {
	scale = min(max(scale, 0), AmountScale)
	q, err := MulDiv(rate.nanos, seconds, 60*pow10(RateScale-scale), mode)
	if err != nil {
		return Amount{}, err
	}
	if scale == AmountScale {
		return Amount{q}, nil
	}
	v, err := MulDiv(q, pow10(AmountScale-scale), 1, Down)
	return Amount{v}, err
}
