package reports_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"trunkline/internal/money"
	"trunkline/reports"
)

// shelf holds usage by the month that it is asked for.
type shelf map[string][]reports.Usage

func (s shelf) Usage(_ context.Context, _ string, from, _ time.Time) ([]reports.Usage, error) {
	return s[from.Format("2006-01")], nil
}

func rub() money.Currency { return money.MustParseCurrency("RUB") }

func branches() []reports.BranchInfo {
	return []reports.BranchInfo{
		{ID: "moscow", Name: "Москва", Home: reports.Home{Country: "7", Area: "495"}},
		{ID: "kazan", Name: "Казань", Home: reports.Home{Country: "7", Area: "843"}},
	}
}

func month(t *testing.T, text string) reports.Month {
	t.Helper()
	m, err := reports.ParseMonth(text, time.UTC)
	require.NoError(t, err)
	return m
}

func TestExpenses(t *testing.T) {
	t.Parallel()
	amount := money.MustParseAmount
	s := shelf{
		"2026-11": {
			{Branch: "moscow", Outbound: true, To: "7495123", Currency: rub(), Calls: 2, Attempts: 3, Seconds: 120, Sale: amount("1.50")},
			{Branch: "moscow", Outbound: true, To: "7843123", Currency: rub(), Calls: 1, Attempts: 1, Seconds: 60, Sale: amount("0.70")},
			{Branch: "moscow", Outbound: true, To: "7916123", Destination: "Russia mobile MTS", Currency: rub(), Calls: 1, Sale: amount("1.20")},
			{Branch: "moscow", Outbound: true, To: "4921112", Currency: rub(), Calls: 1, Sale: amount("9.99")},
			{Branch: "closed", Outbound: true, To: "7495123", Currency: rub(), Calls: 1, Seconds: 60, Sale: amount("0.000001")},
			{Branch: "moscow", To: "7495100", Currency: rub(), Calls: 4},
		},
		"2026-10": {{Branch: "moscow", Outbound: true, To: "7495123", Currency: rub(), Calls: 9, Sale: amount("7")}},
	}
	e, err := reports.ExpensesOf(t.Context(), s, "beauty", rub(), month(t, "2026-11"), branches())
	require.NoError(t, err)
	require.Len(t, e.Rows, 3)
	moscow, kazan, closed := e.Rows[0], e.Rows[1], e.Rows[2]
	require.Equal(t, "Москва", moscow.Name)
	require.Equal(t, amount("1.50"), moscow.ByClass[reports.Local])
	require.Equal(t, amount("0.70"), moscow.ByClass[reports.LongDistance])
	require.Equal(t, amount("1.20"), moscow.ByClass[reports.Mobile])
	require.Equal(t, amount("9.99"), moscow.ByClass[reports.International])
	require.Equal(t, amount("7"), moscow.Previous)
	require.Equal(t, int64(9), moscow.Calls)
	require.Zero(t, kazan.Calls, "a branch that did not call is there all the same")
	require.Equal(t, "closed", closed.Name)
	require.Equal(t, amount("13.390001"), e.Total.Total)
}

func TestExpensesRefuseOtherCurrencies(t *testing.T) {
	t.Parallel()
	s := shelf{"2026-11": {{Branch: "moscow", Currency: money.MustParseCurrency("EUR"), Sale: money.MustParseAmount("1")}}}
	_, err := reports.ExpensesOf(t.Context(), s, "beauty", rub(), month(t, "2026-11"), branches())
	require.ErrorContains(t, err, "charged in EUR, the account is in RUB")
}

func TestExpensesFoot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var usage []reports.Usage
		var all int64
		for range rapid.IntRange(0, 40).Draw(t, "n") {
			micros := rapid.Int64Range(0, 1_000_000_000).Draw(t, "sale")
			all += micros
			usage = append(usage, reports.Usage{
				Branch: rapid.SampledFrom([]string{"moscow", "kazan", "gone", ""}).Draw(t, "branch"), Outbound: rapid.Bool().Draw(t, "out"),
				To: rapid.StringMatching(`[1-9][0-9]{6}`).Draw(t, "to"), Currency: rub(), Sale: money.FromMicros(micros),
			})
		}
		m, err := reports.ParseMonth("2026-11", time.UTC)
		require.NoError(t, err)
		e, err := reports.ExpensesOf(context.Background(), shelf{"2026-11": usage}, "beauty", rub(), m, branches())
		require.NoError(t, err)
		var rows, columns int64
		for _, r := range e.Rows {
			rows += r.Total.Micros()
		}
		for _, a := range e.Total.ByClass {
			columns += a.Micros()
		}
		require.Equal(t, all, rows)
		require.Equal(t, all, columns)
		require.Equal(t, all, e.Total.Total.Micros())
	})
}

func TestMonthBounds(t *testing.T) {
	t.Parallel()
	moscow, err := time.LoadLocation("Europe/Moscow")
	require.NoError(t, err)
	m, err := reports.ParseMonth("2026-11", moscow)
	require.NoError(t, err)
	from, till := m.Bounds()
	require.Equal(t, "2026-10-31T21:00:00Z", from.Format(time.RFC3339))
	require.Equal(t, "2026-11-30T21:00:00Z", till.Format(time.RFC3339))
	require.Equal(t, "2026-10", m.Before().String())
	require.Equal(t, m, reports.MonthOf(from, moscow))
	_, err = reports.ParseMonth("November", moscow)
	require.Error(t, err)
}
