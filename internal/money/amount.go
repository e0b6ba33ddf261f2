package money

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// AmountScale is the number of decimal places of an Amount.
const AmountScale = 6

// Amount is a sum of money in units of its currency, exact to a millionth. The currency stands beside it.
// The zero value is nothing owed. Amounts are comparable with ==.
type Amount struct {
	micros int64
}

// ParseAmount reads a plain decimal such as "-12.5". Grouping, exponents and more than six places are errors.
func ParseAmount(s string) (Amount, error) {
	v, err := parseFixed(s, AmountScale)
	return Amount{v}, err
}

// MustParseAmount is ParseAmount for literals in tests and tables; it panics on an error.
func MustParseAmount(s string) Amount {
	a, err := ParseAmount(s)
	if err != nil {
		panic(err)
	}
	return a
}

// FromMicros returns an amount of so many millionths.
func FromMicros(micros int64) Amount { return Amount{micros} }

// FromWhole makes an amount of whole units. Like FromMicros it is for numbers that are known to be small: it does not check for overflow.
func FromWhole(n int64) Amount { return Amount{n * 1_000_000} }

// Micros returns the amount in millionths.
func (a Amount) Micros() int64 { return a.micros }

// String returns a plain decimal without needless zeros: "5", "0.011", "-12.5".
func (a Amount) String() string {
	var room [24]byte
	return string(appendFixed(room[:0], a.micros, AmountScale, 0))
}

// Format returns a plain decimal with at least scale places; places beyond it are written only where they are not zero,
// so that no digit is ever hidden. Round first where exactly scale places are wanted.
func (a Amount) Format(scale int) string {
	return string(appendFixed(nil, a.micros, AmountScale, min(max(scale, 0), AmountScale)))
}

// IsZero reports whether the amount is nothing.
func (a Amount) IsZero() bool { return a.micros == 0 }

// Sign returns -1, 0 or +1.
func (a Amount) Sign() int { return a.Cmp(Amount{}) }

// Neg returns the amount with the opposite sign. The one amount that has no opposite, the smallest, stays as it is;
// no parser and no checked operation of this package yields it.
func (a Amount) Neg() Amount { return Amount{-a.micros} }

// Cmp returns -1, 0 or +1 as a is less than, equal to or more than b.
func (a Amount) Cmp(b Amount) int {
	switch {
	case a.micros < b.micros:
		return -1
	case a.micros > b.micros:
		return 1
	}
	return 0
}

// Less reports whether a is less than b.
func (a Amount) Less(b Amount) bool { return a.micros < b.micros }

// Add returns a + b or ErrOverflow.
func (a Amount) Add(b Amount) (Amount, error) {
	v, err := addInt64(a.micros, b.micros)
	return Amount{v}, err
}

// Sub returns a - b or ErrOverflow.
func (a Amount) Sub(b Amount) (Amount, error) {
	v := a.micros - b.micros
	if (v < a.micros) != (b.micros > 0) && b.micros != 0 {
		return Amount{}, ErrOverflow
	}
	return Amount{v}, nil
}

// Mul returns a x n or ErrOverflow.
func (a Amount) Mul(n int64) (Amount, error) { return a.MulDiv(n, 1, Down) }

// MulDiv returns a x n / den, rounded once to a millionth.
func (a Amount) MulDiv(n, den int64, mode Rounding) (Amount, error) {
	v, err := MulDiv(a.micros, n, den, mode)
	return Amount{v}, err
}

// Round returns the amount rounded to scale places. A scale of six or more changes nothing; below zero is taken as zero.
// Near the ends of the range the rounded amount may not fit: ErrOverflow.
func (a Amount) Round(scale int, mode Rounding) (Amount, error) {
	if scale >= AmountScale {
		return a, nil
	}
	unit := pow10(AmountScale - max(scale, 0))
	q, err := MulDiv(a.micros, 1, unit, mode)
	if err != nil {
		return Amount{}, err
	}
	v, err := MulDiv(q, unit, 1, Down)
	return Amount{v}, err
}

// Append appends String to b.
func (a Amount) Append(b []byte) []byte { return appendFixed(b, a.micros, AmountScale, 0) }

// MarshalText writes String.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is ParseAmount.
func (a *Amount) UnmarshalText(text []byte) error {
	v, err := ParseAmount(string(text))
	if err != nil {
		return err
	}
	*a = v
	return nil
}

// Decimal returns the amount for arithmetic at the edges: taxes, exchange, documents.
func (a Amount) Decimal() decimal.Decimal { return decimal.New(a.micros, -AmountScale) }

// FromDecimal rounds d to an amount; one that does not fit is ErrOverflow.
func FromDecimal(d decimal.Decimal, mode Rounding) (Amount, error) {
	v, err := fromDecimal(d, AmountScale, mode)
	return Amount{v}, err
}

// Sum adds amounts; it returns ErrOverflow rather than a wrong sum.
func Sum(amounts ...Amount) (Amount, error) {
	var total Amount
	for i, a := range amounts {
		next, err := total.Add(a)
		if err != nil {
			return Amount{}, fmt.Errorf("sum of %d amounts at position %d: %w", len(amounts), i, err)
		}
		total = next
	}
	return total, nil
}
