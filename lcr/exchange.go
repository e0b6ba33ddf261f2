package lcr

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"trunkline/internal/money"
)

// exchange is the operator's exchange table, worked out for every pair of currencies into fractions that cost nothing
// to apply. The rates themselves are those of money.ExchangeTable.
type exchange struct {
	currencies []money.Currency
	pairs      [][]fraction // From each currency to each other; in the order of their times.
	base       int          // Position of the currency that most others have a rate to; -1: there is none.
}

// fraction is an exchange rate from a moment on.
type fraction struct {
	since    int64 // Unix time.
	num, den int64
}

// exchangeDigits is the most decimal places that a fraction keeps.
const exchangeDigits = 18

func newExchange(rates []money.ExchangeRate, more []money.Currency) (*exchange, error) {
	table, err := money.NewExchangeTable(rates)
	if err != nil {
		return nil, err
	}
	x := &exchange{}
	for i := range rates {
		x.know(rates[i].From)
		x.know(rates[i].To)
	}
	for _, c := range more {
		x.know(c)
	}
	for _, from := range x.currencies {
		for _, to := range x.currencies {
			pair, err := fractions(table, from, to)
			if err != nil {
				return nil, err
			}
			x.pairs = append(x.pairs, pair)
		}
	}
	x.base = x.central(table)
	return x, nil
}

// central returns the currency that costs are compared in when nobody pays for the call.
func (x *exchange) central(table *money.ExchangeTable) int {
	best, most := -1, -1
	for to := range x.currencies {
		known := 0
		for from := range x.currencies {
			if table.Quotes(x.currencies[from], x.currencies[to]) {
				known++
			}
		}
		if known > most {
			best, most = to, known
		}
	}
	return best
}

func (x *exchange) know(c money.Currency) {
	if x.position(c) < 0 {
		x.currencies = append(x.currencies, c)
	}
}

// position returns the position of a currency, or -1.
func (x *exchange) position(c money.Currency) int { return slices.Index(x.currencies, c) }

// fractions returns the rates of a pair from each moment on at which one begins.
func fractions(table *money.ExchangeTable, from, to money.Currency) ([]fraction, error) {
	if from == to {
		return nil, nil
	}
	var out []fraction
	for _, at := range table.Moments(from, to) {
		f, err := fractionAt(table, from, to, at)
		if errors.Is(err, money.ErrNoExchangeRate) {
			continue // Over a third currency it is known from a later moment on.
		}
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// fractionAt keeps as many digits of the rate as fit into 64 bits.
func fractionAt(table *money.ExchangeTable, from, to money.Currency, at time.Time) (fraction, error) {
	rate, err := table.At(from, to, at)
	if err != nil {
		return fraction{}, err
	}
	den := int64(1e18)
	for places := int32(exchangeDigits); places >= 0; places-- {
		if whole := rate.Round(places).Shift(places).BigInt(); whole.IsInt64() && whole.Sign() > 0 {
			return fraction{since: at.Unix(), num: whole.Int64(), den: den}, nil
		}
		den /= 10
	}
	return fraction{}, fmt.Errorf("exchange rate %s from %s to %s is out of range", rate, from, to)
}

// convert changes an amount between two currencies by their positions, rounded half to even; false: no rate is known.
func (x *exchange) convert(a money.Amount, from, to int, at int64) (money.Amount, bool) {
	if from == to {
		return a, true
	}
	f, known := x.fraction(from, to, at)
	if !known {
		return money.Amount{}, false
	}
	out, err := a.MulDiv(f.num, f.den, money.HalfEven)
	return out, err == nil
}

// fraction is the rate between two different currencies at a moment; false: none is known.
func (x *exchange) fraction(from, to int, at int64) (fraction, bool) {
	if from < 0 || to < 0 || from == to {
		return fraction{}, false
	}
	pair := x.pairs[from*len(x.currencies)+to]
	last := len(pair) - 1
	for last >= 0 && pair[last].since > at {
		last--
	}
	if last < 0 {
		return fraction{}, false
	}
	return pair[last], true
}
