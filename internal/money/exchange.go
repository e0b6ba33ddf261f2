package money

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// ErrNoExchangeRate is returned, wrapped, when no rate between two currencies was known at a moment.
var ErrNoExchangeRate = errors.New("no exchange rate")

// exchangeDigits is the precision of a rate that is the reverse of a stored one.
const exchangeDigits = 18

// ExchangeRate says that from a moment on one unit of From is worth Rate units of To.
type ExchangeRate struct {
	From, To Currency
	Rate     decimal.Decimal
	Since    time.Time
}

// ExchangeTable holds dated exchange rates. It is immutable and safe for concurrent use.
type ExchangeTable struct {
	rates map[[2]Currency][]ExchangeRate // Sorted by Since.
}

// NewExchangeTable makes a table; the rates must be positive and differ in their dates.
func NewExchangeTable(rates []ExchangeRate) (*ExchangeTable, error) {
	t := &ExchangeTable{rates: make(map[[2]Currency][]ExchangeRate)}
	for _, r := range rates {
		if !r.Rate.IsPositive() || r.From.IsZero() || r.To.IsZero() || r.From == r.To {
			return nil, fmt.Errorf("%w: %s to %s at %s: want a positive rate between two currencies", ErrNoExchangeRate, r.From, r.To, r.Rate)
		}
		pair := [2]Currency{r.From, r.To}
		t.rates[pair] = append(t.rates[pair], r)
	}
	for _, list := range t.rates {
		slices.SortFunc(list, func(a, b ExchangeRate) int { return a.Since.Compare(b.Since) })
		for i := 1; i < len(list); i++ {
			if list[i].Since.Equal(list[i-1].Since) {
				return nil, fmt.Errorf("%w: two rates of %s to %s since %s", ErrNoExchangeRate, list[i].From, list[i].To, list[i].Since)
			}
		}
	}
	return t, nil
}

// At returns how many units of to one unit of from was worth at a moment: a rate of the table, or the reverse of the
// opposite one. Of both the later one counts.
func (t *ExchangeTable) At(from, to Currency, at time.Time) (decimal.Decimal, error) {
	if from == to {
		return decimal.NewFromInt(1), nil
	}
	direct, ok1 := last(t.rates[[2]Currency{from, to}], at)
	reverse, ok2 := last(t.rates[[2]Currency{to, from}], at)
	switch {
	case ok1 && (!ok2 || !reverse.Since.After(direct.Since)):
		return direct.Rate, nil
	case ok2:
		return decimal.NewFromInt(1).DivRound(reverse.Rate, exchangeDigits), nil
	}
	return decimal.Decimal{}, fmt.Errorf("%w: %s to %s at %s", ErrNoExchangeRate, from, to, at.Format(time.RFC3339))
}

func last(list []ExchangeRate, at time.Time) (ExchangeRate, bool) {
	for _, r := range slices.Backward(list) {
		if !r.Since.After(at) {
			return r, true
		}
	}
	return ExchangeRate{}, false
}

// Convert exchanges an amount at the rate of a moment, rounded once to scale places.
func (t *ExchangeTable) Convert(a Amount, from, to Currency, at time.Time, scale int, mode Rounding) (Amount, error) {
	rate, err := t.At(from, to, at)
	if err != nil {
		return Amount{}, err
	}
	return roundDecimal(a.Decimal().Mul(rate), scale, mode)
}

// roundDecimal rounds once to scale places of an amount.
func roundDecimal(d decimal.Decimal, scale int, mode Rounding) (Amount, error) {
	scale = min(max(scale, 0), AmountScale)
	units, err := fromDecimal(d, scale, mode)
	if err != nil {
		return Amount{}, err
	}
	return Amount{units}.Mul(pow10(AmountScale - scale))
}
