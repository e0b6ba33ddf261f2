package lcr

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"trunkline/internal/money"
)

// exchangeScale is the scale that exchange rates are kept with.
const exchangeScale = 9

// Exchange holds dated exchange rates. The zero value has none; it is immutable once it is in use.
type Exchange struct {
	rates map[[2]money.Currency][]datedRate
}

type datedRate struct {
	from  time.Time
	nanos int64
}

// Add takes a rate: from that moment on one unit of from is worth rate units of to. The reverse is worked out.
func (e *Exchange) Add(from, to money.Currency, rate string, at time.Time) error {
	d, err := decimal.NewFromString(rate)
	if err != nil || d.Sign() <= 0 {
		return fmt.Errorf("exchange rate %q from %s to %s: want a positive decimal", rate, from, to)
	}
	scaled := d.Shift(exchangeScale)
	if !scaled.IsInteger() || !scaled.BigInt().IsInt64() {
		return fmt.Errorf("exchange rate %q from %s to %s: more than %d places", rate, from, to, exchangeScale)
	}
	if e.rates == nil {
		e.rates = make(map[[2]money.Currency][]datedRate)
	}
	key := [2]money.Currency{from, to}
	e.rates[key] = append(e.rates[key], datedRate{at, scaled.IntPart()})
	slices.SortStableFunc(e.rates[key], func(a, b datedRate) int { return a.from.Compare(b.from) })
	return nil
}

// Convert changes an amount from one currency into another by the rate in force, rounded half to even; it reports
// false when there is none in either direction.
func (e *Exchange) Convert(a money.Amount, from, to money.Currency, at time.Time) (money.Amount, bool) {
	if from == to {
		return a, true
	}
	if e == nil {
		return money.Amount{}, false
	}
	const unit = 1_000_000_000
	if nanos, ok := e.inForce(from, to, at); ok {
		out, err := a.MulDiv(nanos, unit, money.HalfEven)
		return out, err == nil
	}
	if nanos, ok := e.inForce(to, from, at); ok {
		out, err := a.MulDiv(unit, nanos, money.HalfEven)
		return out, err == nil
	}
	return money.Amount{}, false
}

func (e *Exchange) inForce(from, to money.Currency, at time.Time) (int64, bool) {
	rates := e.rates[[2]money.Currency{from, to}]
	for _, r := range slices.Backward(rates) {
		if !r.from.After(at) {
			return r.nanos, true
		}
	}
	return 0, false
}
