package money

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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
	rates      map[[2]Currency][]ExchangeRate // Sorted by Since.
	currencies []Currency                     // All of them, by their codes.
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
		t.currencies = append(t.currencies, r.From, r.To)
	}
	slices.SortFunc(t.currencies, func(a, b Currency) int { return strings.Compare(a.String(), b.String()) })
	t.currencies = slices.Compact(t.currencies)
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
// opposite one. Of both the later one counts. Where the table has neither it is taken over a third currency that has a rate to each of
// both, as central banks quote all others against their own: of several over the one whose rates are the newest.
func (t *ExchangeTable) At(from, to Currency, at time.Time) (decimal.Decimal, error) {
	if from == to {
		return decimal.NewFromInt(1), nil
	}
	if one, ok := t.quoted(from, to, at); ok {
		return one.Rate, nil
	}
	if rate, ok := t.across(from, to, at); ok {
		return rate, nil
	}
	return decimal.Decimal{}, fmt.Errorf("%w: %s to %s at %s", ErrNoExchangeRate, from, to, at.Format(time.RFC3339))
}

// quoted is the rate of a pair that the table has, one way or the other.
func (t *ExchangeTable) quoted(from, to Currency, at time.Time) (ExchangeRate, bool) {
	direct, ok1 := last(t.rates[[2]Currency{from, to}], at)
	reverse, ok2 := last(t.rates[[2]Currency{to, from}], at)
	if ok1 && (!ok2 || !reverse.Since.After(direct.Since)) {
		return direct, true
	}
	if ok2 {
		reverse.Rate = decimal.NewFromInt(1).DivRound(reverse.Rate, exchangeDigits)
	}
	return reverse, ok2
}

// across is the rate over a third currency. A rate over one is as old as the older of its two.
func (t *ExchangeTable) across(from, to Currency, at time.Time) (rate decimal.Decimal, ok bool) {
	var newest time.Time
	for _, over := range t.currencies {
		if over == from || over == to {
			continue
		}
		first, ok1 := t.quoted(from, over, at)
		second, ok2 := t.quoted(over, to, at)
		if !ok1 || !ok2 {
			continue
		}
		since := first.Since
		if second.Since.Before(since) {
			since = second.Since
		}
		if !ok || since.After(newest) {
			rate, newest, ok = first.Rate.Mul(second.Rate).Round(exchangeDigits), since, true
		}
	}
	return rate, ok
}

// Quotes reports whether the table has rates of a pair itself, one way or the other.
func (t *ExchangeTable) Quotes(a, b Currency) bool {
	return len(t.rates[[2]Currency{a, b}])+len(t.rates[[2]Currency{b, a}]) > 0
}

// Moments returns the moments at which the rate of a pair may change, in their order: those of its own rates, or, where it has none,
// those of all rates of either currency.
func (t *ExchangeTable) Moments(from, to Currency) []time.Time {
	var out []time.Time
	take := func(pair [2]Currency) {
		for i := range t.rates[pair] {
			out = append(out, t.rates[pair][i].Since)
		}
	}
	take([2]Currency{from, to})
	take([2]Currency{to, from})
	if len(out) == 0 {
		for pair := range t.rates {
			if pair[0] == from || pair[1] == from || pair[0] == to || pair[1] == to {
				take(pair)
			}
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.CompactFunc(out, time.Time.Equal)
}

func last(list []ExchangeRate, at time.Time) (ExchangeRate, bool) {
	n, _ := slices.BinarySearchFunc(list, at, func(r ExchangeRate, at time.Time) int {
		if r.Since.After(at) {
			return 1
		}
		return -1
	})
	if n == 0 {
		return ExchangeRate{}, false
	}
	return list[n-1], true
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
