package rating_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
)

func usdDeck(tb testing.TB, rates ...rating.Rate) *rating.Deck {
	tb.Helper()
	b := rating.NewDeckBuilder("usd", money.MustParseCurrency("USD"))
	for _, r := range rates {
		require.NoError(tb, b.Add(r))
	}
	d, err := b.Build()
	require.NoError(tb, err)
	return d
}

func flat(tb testing.TB, rates ...rating.Rate) *rating.Tariff {
	tb.Helper()
	tariff, err := rating.FlatTariff(usdDeck(tb, rates...), rating.DefaultRounding())
	require.NoError(tb, err)
	return tariff
}

func at(s string) time.Time {
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return v
}

func call(to string, d time.Duration) rating.Call {
	return rating.Call{To: e164.MustParse(to), Connect: at("2026-03-02T10:00:00Z"), Duration: d}
}

func rate(prefix, perMinute string, inc rating.Increment) rating.Rate {
	return rating.Rate{
		Prefix: e164.MustParsePrefix(prefix), PerMinute: money.MustParseRate(perMinute), Terms: rating.Terms{Increment: inc},
	}
}

func TestPriceOfIncrements(t *testing.T) {
	r := rate("1212", "0.01", rating.Increment{Initial: 30, Next: 6})
	r.ConnectFee = money.MustParseAmount("0.005")
	c, err := flat(t, r).Price(call("12125551234", 31*time.Second), nil)
	require.NoError(t, err)
	require.EqualValues(t, 36, c.Billed)
	require.Equal(t, "0.006", c.Usage.String())
	require.Equal(t, "0.011", c.Total.String())
	require.Equal(t, "1212", c.Prefix.String())
}

func TestQuoteFits(t *testing.T) {
	r := rate("1212", "0.60", rating.Increment{Initial: 30, Next: 6})
	r.ConnectFee = money.MustParseAmount("0.10")
	q, err := flat(t, r).Quote(call("12125551234", 0), rating.Exhausted{})
	require.NoError(t, err)
	s, err := q.Fit(money.MustParseAmount("0.5"), 600)
	require.NoError(t, err)
	require.Equal(t, rating.PriceStep{Seconds: 36, Cost: money.MustParseAmount("0.46")}, s)
	ladder, err := q.PriceSteps(60, 100)
	require.NoError(t, err)
	require.Len(t, ladder, 6)
	require.EqualValues(t, 30, ladder[0].Seconds)
	require.EqualValues(t, 60, ladder[5].Seconds)
	none, err := q.Fit(money.MustParseAmount("0.39"), 600)
	require.NoError(t, err)
	require.Zero(t, none)
}
