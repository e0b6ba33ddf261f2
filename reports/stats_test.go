package reports_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"trunkline/internal/money"
	"trunkline/reports"
)

// groups answers by the day that a question begins with.
type groups map[string][]reports.Group

func (g groups) Groups(_ context.Context, questions []reports.GroupQuery) ([][]reports.Group, error) {
	out := make([][]reports.Group, len(questions))
	for i, q := range questions {
		out[i] = g[q.From.In(q.Zone).Format(time.DateOnly)]
	}
	return out, nil
}

func group(legs, answered int64, sale string, keys ...string) reports.Group {
	return reports.Group{Keys: keys, Sums: reports.Sums{
		Legs: legs, Seizures: legs, Answered: answered, Effective: answered, Micros: answered * 60_000_000,
		Sale: reports.Purse{rub(): money.MustParseAmount(sale)}, PDD: reports.Histogram{reports.ClassOf(time.Second): legs},
	}}
}

func TestTopAndOther(t *testing.T) {
	t.Parallel()
	s := groups{"2026-11-01": {group(1, 1, "1", "a"), group(5, 2, "9", "b"), group(3, 0, "2", "c"), group(2, 2, "4", "d")}}
	p, err := reports.ParsePeriod("2026-11", time.UTC, time.Time{})
	require.NoError(t, err)
	a, err := reports.NewStats(s, nil, money.Currency{}).Ask(t.Context(), reports.Question{Side: reports.Calls, Period: p, By: []reports.Dimension{reports.ByBranch}, Top: 2})
	require.NoError(t, err)
	require.Len(t, a.Rows, 3)
	require.Equal(t, []string{"b"}, a.Rows[0].Keys)
	require.Equal(t, []string{"c"}, a.Rows[1].Keys)
	require.True(t, a.Rows[2].Other)
	require.Equal(t, int64(3), a.Rows[2].Legs)
	require.Equal(t, 2, a.Rows[2].Groups)
	require.Equal(t, int64(11), a.Total.Legs)
	require.Equal(t, "45.45", a.Total.ASR.String())
	require.Equal(t, money.MustParseAmount("16"), a.Total.Margin.Amount)
	require.Equal(t, reports.Millis(60_000), a.Total.ACD)
	require.InDelta(t, 1000, int64(a.Total.PDD95), 52)
	a, err = reports.NewStats(s, nil, money.Currency{}).Ask(t.Context(), reports.Question{Side: reports.Calls, Period: p, By: []reports.Dimension{reports.ByBranch}, Order: reports.OrderSale, Top: 1})
	require.NoError(t, err)
	require.Equal(t, []string{"b"}, a.Rows[0].Keys)
	text, err := json.Marshal(a.Total)
	require.NoError(t, err)
	require.Contains(t, string(text), `"asr":45.45`)
	require.Contains(t, string(text), `"sale":{"RUB":"16"}`)
}

// TestCompareByDay puts the first day beside the first, though the months are not of one length.
func TestCompareByDay(t *testing.T) {
	t.Parallel()
	s := groups{
		"2026-11-01": {group(4, 4, "1", "2026-11-01"), group(1, 0, "1", "2026-11-03")},
		"2026-10-01": {group(2, 1, "1", "2026-10-01"), group(7, 1, "1", "2026-10-31")},
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	p, err := reports.ParsePeriod("2026-11", zone, time.Time{})
	require.NoError(t, err)
	a, err := reports.NewStats(s, nil, money.Currency{}).Ask(t.Context(), reports.Question{Side: reports.Calls, Period: p, Compare: true, By: []reports.Dimension{reports.ByDay}})
	require.NoError(t, err)
	require.Len(t, a.Rows, 3)
	require.Equal(t, int64(2), a.Rows[0].Before.Legs)
	require.Equal(t, []string{"2026-12-01"}, a.Rows[2].Keys, "October has a day more")
	require.Zero(t, a.Rows[2].Legs)
	require.Equal(t, int64(9), a.Total.Before.Legs)
}

func TestMarginOverCurrencies(t *testing.T) {
	t.Parallel()
	eur := money.MustParseCurrency("EUR")
	g := group(1, 1, "100")
	g.Sums.Cost = reports.Purse{eur: money.MustParseAmount("0.5"), rub(): money.MustParseAmount("4")}
	table, err := money.NewExchangeTable([]money.ExchangeRate{
		{From: eur, To: rub(), Rate: decimal.NewFromInt(90), Since: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
		{From: eur, To: rub(), Rate: decimal.NewFromInt(200), Since: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)},
	})
	require.NoError(t, err)
	p, err := reports.ParsePeriod("2026-11", time.UTC, time.Time{})
	require.NoError(t, err)
	q := reports.Question{Side: reports.Calls, Period: p}
	stats := reports.NewStats(groups{"2026-11-01": {g}}, table, money.Currency{})
	a, err := stats.Ask(t.Context(), q)
	require.NoError(t, err)
	require.Nil(t, a.Total.Margin)
	q.Currency = rub()
	a, err = stats.Ask(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, money.MustParseAmount("51"), a.Total.Margin.Amount)
	require.Equal(t, "51.00", a.Total.MarginPart.String())
}

// TestMarginInTheCurrencyOfTheHouse tells margins in one currency without being asked, and names the rate that is missing.
func TestMarginInTheCurrencyOfTheHouse(t *testing.T) {
	t.Parallel()
	eur, usd := money.MustParseCurrency("EUR"), money.MustParseCurrency("USD")
	g := group(1, 1, "100")
	g.Sums.Cost = reports.Purse{eur: money.MustParseAmount("0.5")}
	table, err := money.NewExchangeTable([]money.ExchangeRate{{From: eur, To: rub(), Rate: decimal.NewFromInt(90), Since: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}})
	require.NoError(t, err)
	p, err := reports.ParsePeriod("2026-11", time.UTC, time.Time{})
	require.NoError(t, err)
	ask := func(house money.Currency) *reports.Answer {
		a, err := reports.NewStats(groups{"2026-11-01": {g}}, table, house).Ask(t.Context(), reports.Question{Side: reports.Calls, Period: p})
		require.NoError(t, err)
		return a
	}
	total := ask(rub()).Total
	require.Equal(t, &reports.Worth{Currency: rub(), Amount: money.MustParseAmount("55")}, total.Margin)
	require.Equal(t, money.MustParseAmount("45"), total.CostTotal.Amount)
	require.Empty(t, total.MissingRate)
	total = ask(usd).Total
	require.Nil(t, total.Margin)
	require.Equal(t, "RUB to USD", total.MissingRate)
	g.Sums.Cost = reports.Purse{rub(): money.MustParseAmount("40")}
	total = ask(usd).Total
	require.Equal(t, &reports.Worth{Currency: rub(), Amount: money.MustParseAmount("60")}, total.Margin, "it can be known, so it is told")
	require.Equal(t, "RUB to USD", total.MissingRate)
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	now := time.Date(2026, 10, 26, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct{ text, from, till, before string }{
		{"2026-10", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z", "2026-08-31T22:00:00Z"},
		{"2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "2026-10-23T22:00:00Z"}, // 25 hours.
		{"2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-27T23:00:00Z"}, // 23 hours.
		{"yesterday", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "2026-10-23T22:00:00Z"},
		{"today", "2026-10-25T23:00:00Z", "2026-10-26T23:00:00Z", "2026-10-24T22:00:00Z"},
		{"last-month", "2026-08-31T22:00:00Z", "2026-09-30T22:00:00Z", "2026-07-31T22:00:00Z"},
		{"2026-10-24..2026-10-27", "2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z", "2026-10-20T22:00:00Z"},
		{"2d", "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z", "2026-10-22T12:00:00Z"},
		{"90m", "2026-10-26T10:30:00Z", "2026-10-26T12:00:00Z", "2026-10-26T09:00:00Z"},
	} {
		p, err := reports.ParsePeriod(test.text, berlin, now)
		require.NoError(t, err, test.text)
		require.Equal(t, test.from, p.From.Format(time.RFC3339), test.text)
		require.Equal(t, test.till, p.Until.Format(time.RFC3339), test.text)
		require.Equal(t, test.before, p.Before().From.Format(time.RFC3339), test.text)
		require.Equal(t, p.From, p.Before().Until, test.text)
	}
	for _, text := range []string{"", "October", "2026-13", "2026-10-05..2026-10-01", "-3h", "0d", "2026-10-05..x"} {
		_, err := reports.ParsePeriod(text, berlin, now)
		require.ErrorIs(t, err, reports.ErrPeriod, text)
	}
}
