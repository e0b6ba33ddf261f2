package money_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"trunkline/internal/money"
)

// TestRatesOverAThirdCurrency takes dollars to roubles over the euro, which both are quoted against, each at its day.
func TestRatesOverAThirdCurrency(t *testing.T) {
	t.Parallel()
	eur, usd, rub, gbp := money.MustParseCurrency("EUR"), money.MustParseCurrency("USD"), money.MustParseCurrency("RUB"), money.MustParseCurrency("GBP")
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	rate := func(from, to money.Currency, r string, d int) money.ExchangeRate {
		return money.ExchangeRate{From: from, To: to, Rate: decimal.RequireFromString(r), Since: day(d)}
	}
	table, err := money.NewExchangeTable([]money.ExchangeRate{
		rate(eur, usd, "1.25", 1), rate(eur, usd, "1.6", 10), rate(eur, rub, "100", 5), rate(gbp, usd, "2", 1), rate(gbp, rub, "150", 7),
	})
	require.NoError(t, err)
	at := func(d int) string {
		r, err := table.At(usd, rub, day(d))
		if err != nil {
			require.ErrorIs(t, err, money.ErrNoExchangeRate)
			return ""
		}
		return r.String()
	}
	require.Empty(t, at(4), "the euro has no rate to roubles yet")
	require.Equal(t, "80", at(5))
	require.Equal(t, "62.5", at(10), "over the euro, whose older rate is of the 5th; that of the pound is of the 1st")
	require.Len(t, table.Moments(usd, rub), 4)
	require.Len(t, table.Moments(usd, eur), 2)
	_, err = table.At(usd, money.MustParseCurrency("JPY"), day(20))
	require.ErrorIs(t, err, money.ErrNoExchangeRate)
}
