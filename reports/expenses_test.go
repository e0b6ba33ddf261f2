package reports_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"trunkline/internal/money"
	"trunkline/reports"
)

func rub() money.Currency { return money.MustParseCurrency("RUB") }

func branches() []reports.BranchInfo {
	return []reports.BranchInfo{
		{ID: "moscow", Name: "Москва"},
		{ID: "kazan", Name: "Казань"},
	}
}

func november(tb require.TestingT) reports.Period {
	p, err := reports.ParsePeriod("2026-11", time.UTC, time.Time{})
	require.NoError(tb, err)
	return p
}

func TestClassify(t *testing.T) {
	t.Parallel()
	moscow := reports.Home{Country: "7", Area: "495"}
	for _, test := range []struct {
		home            reports.Home
		outbound        bool
		to, destination string
		want            reports.Class
	}{
		{moscow, true, "74951234567", "Moscow", reports.Local},
		{moscow, true, "78431234567", "Kazan", reports.LongDistance},
		{moscow, true, "79161234567", "Russia Mobile MTS", reports.Mobile},
		{moscow, true, "4915112345", "Germany mobile", reports.International},
		{moscow, true, "", "", reports.Local},
		{moscow, false, "74951234567", "Moscow", reports.Incoming},
		{reports.Home{Country: "7"}, true, "74951234567", "Moscow", reports.LongDistance},
		{reports.Home{}, true, "74951234567", "Moscow", reports.International},
	} {
		require.Equal(t, test.want, reports.Classify(test.home, test.outbound, test.to, test.destination), test.to)
	}
}

func TestUsageCharges(t *testing.T) {
	t.Parallel()
	amount := money.MustParseAmount
	charges, err := reports.UsageCharges([]reports.Usage{
		{Branch: "moscow", Class: reports.Local, Currency: rub(), Calls: 2, Attempts: 3, Seconds: 120, Sale: amount("1.50")},
		{Branch: "kazan", Class: reports.Local, Currency: rub(), Calls: 1, Seconds: 30, Sale: amount("0.000001")},
		{Branch: "moscow", Class: reports.Incoming, Calls: 4},
	}, rub())
	require.NoError(t, err)
	require.Len(t, charges, 2)
	require.Equal(t, amount("1.500001"), charges[0].Amount)
	require.Equal(t, []reports.BranchShare{{Branch: "kazan", Calls: 1, Seconds: 30, Amount: amount("0.000001")}, {Branch: "moscow", Calls: 2, Seconds: 120, Amount: amount("1.50")}}, charges[0].Shares)
	require.Equal(t, int64(4), charges[1].Calls)
	_, err = reports.UsageCharges([]reports.Usage{{Branch: "moscow", Currency: money.MustParseCurrency("EUR"), Sale: amount("1")}}, rub())
	require.ErrorIs(t, err, reports.ErrCurrency)
}

func TestExpenses(t *testing.T) {
	t.Parallel()
	amount := money.MustParseAmount
	e, err := reports.ExpensesOf(reports.ExpenseInput{
		Tenant: "beauty", Period: november(t), Currency: rub(), Branches: branches(),
		Charges: []reports.Charge{
			{Column: reports.ColumnLocal, Text: "Local", Amount: amount("3.333"), Shares: []reports.BranchShare{
				{Branch: "moscow", Calls: 2, Seconds: 90, Amount: amount("3.333")},
			}},
			{Column: reports.ColumnShared, Text: "PBX", Amount: amount("1"), Shares: []reports.BranchShare{{Branch: "moscow", Amount: amount("0.50")}, {Branch: "kazan", Amount: amount("0.50")}}},
			{Column: reports.ColumnRounding, Text: "Rounding", Amount: amount("-0.003"), Shares: []reports.BranchShare{{Branch: "moscow", Amount: amount("-0.003")}}},
		},
		Previous: []reports.Charge{{Column: reports.ColumnLocal, Amount: amount("2"), Shares: []reports.BranchShare{{Branch: "gone", Amount: amount("2")}}}},
	})
	require.NoError(t, err)
	require.Len(t, e.Rows, 3)
	require.Equal(t, "Москва", e.Rows[0].Name)
	require.Equal(t, amount("3.83"), e.Rows[0].Total)
	require.Equal(t, amount("3.333"), e.Rows[0].Usage)
	require.Equal(t, amount("0.50"), e.Rows[1].Total)
	require.Equal(t, "gone", e.Rows[2].Branch)
	require.Equal(t, amount("-2"), e.Rows[2].Change)
	require.Equal(t, amount("4.33"), e.Total.Total)
	require.Equal(t, amount("2"), e.Total.Previous)

	_, err = reports.ExpensesOf(reports.ExpenseInput{Period: november(t), Currency: rub(), Charges: []reports.Charge{{Text: "x", Amount: amount("1")}}})
	require.ErrorContains(t, err, "the shares of")
}

// TestExpensesFoot holds rows against columns, both against the invoice, and all in whole coins.
func TestExpensesFoot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		currency := money.MustParseCurrency(rapid.SampledFrom([]string{"RUB", "JPY", "KWD"}).Draw(t, "currency"))
		in := reports.ExpenseInput{Tenant: "beauty", Period: november(t), Currency: currency, Branches: branches()}
		var exact money.Amount
		for range rapid.IntRange(1, 12).Draw(t, "charges") {
			c := reports.Charge{Column: rapid.SampledFrom(reports.Columns()).Draw(t, "column")}
			for range rapid.IntRange(1, 4).Draw(t, "shares") {
				a := money.FromMicros(rapid.Int64Range(-5_000_000, 1_000_000_000).Draw(t, "amount"))
				c.Shares = append(c.Shares, reports.BranchShare{Branch: rapid.SampledFrom([]string{"moscow", "kazan", "gone", ""}).Draw(t, "branch"), Amount: a})
				c.Amount, _ = c.Amount.Add(a)
			}
			exact, _ = exact.Add(c.Amount)
			in.Charges = append(in.Charges, c)
		}
		e, err := reports.ExpensesOf(in)
		require.NoError(t, err)
		whole, err := exact.Round(currency.MinorUnits(), money.HalfUp)
		require.NoError(t, err)
		require.Equal(t, whole, e.Total.Total, "that of the invoice")
		columns := make(map[reports.Column]int64)
		var rows, all int64
		for i := range e.Rows {
			var row int64
			for c, a := range e.Rows[i].Cells {
				row += a.Micros()
				columns[c] += a.Micros()
				coins, err := a.Round(currency.MinorUnits(), money.Down)
				require.NoError(t, err)
				require.Equal(t, coins, a, "whole coins")
			}
			require.Equal(t, e.Rows[i].Total.Micros(), row, "a row foots")
			rows += row
		}
		for c, sum := range columns {
			require.Equal(t, e.Total.Cells[c].Micros(), sum, "a column foots")
			all += sum
		}
		require.Equal(t, whole.Micros(), rows)
		require.Equal(t, whole.Micros(), all)
	})
}

func TestAllocate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var weights []reports.BranchWeight
		for i := range rapid.IntRange(0, 9).Draw(t, "branches") {
			weights = append(weights, reports.BranchWeight{
				Branch: string(rune('a' + i)), Seconds: rapid.Int64Range(0, 1e9).Draw(t, "seconds"), Seats: rapid.Int64Range(0, 1e8).Draw(t, "seats"),
			})
		}
		total := money.FromMicros(rapid.Int64Range(-1e9, 1e12).Draw(t, "total") / 10_000 * 10_000)
		rule := rapid.SampledFrom([]reports.ShareRule{reports.Evenly, reports.ByMinutes, reports.BySeats}).Draw(t, "rule")
		shares, err := reports.Allocate(total, rule, weights, 2)
		require.NoError(t, err)
		var sum, least, most int64
		for i, s := range shares {
			sum += s.Amount.Micros()
			if i == 0 || s.Amount.Micros() < least {
				least = s.Amount.Micros()
			}
			most = max(most, s.Amount.Micros())
		}
		require.Equal(t, total.Micros(), sum)
		if rule == reports.Evenly && total.Sign() > 0 && len(weights) > 0 {
			require.LessOrEqual(t, most-least, int64(10_000), "evenly is to within a coin")
		}
	})
}
