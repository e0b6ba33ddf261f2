package store

import (
	"fmt"

	"github.com/shopspring/decimal"

	"trunkline/internal/money"
	"trunkline/provision"
)

// ExchangeOf returns the dated exchange rates that hold.
func ExchangeOf(s *provision.Snapshot) (*money.ExchangeTable, error) {
	var rates []money.ExchangeRate
	for _, x := range s.Exchange() {
		rate, err := decimal.NewFromString(x.Rate)
		if err != nil {
			return nil, fmt.Errorf("exchange rate %q from %s to %s: %w", x.Rate, x.From, x.To, err)
		}
		rates = append(rates, money.ExchangeRate{From: x.From, To: x.To, Rate: rate, Since: x.Day})
	}
	return money.NewExchangeTable(rates)
}
