package money_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"trunkline/internal/money"
)

func amounts(texts ...string) []money.Amount {
	out := make([]money.Amount, 0, len(texts))
	for _, s := range texts {
		out = append(out, money.MustParseAmount(s))
	}
	return out
}

func TestTaxPerLineAndPerDocument(t *testing.T) {
	lines := amounts("0.03", "0.03", "0.03")
	tax := money.Tax{Percent: decimal.NewFromInt(20), Scale: 2}
	_, total, err := tax.Apply(lines)
	require.NoError(t, err)
	require.Equal(t, "0.03", total.Tax.String(), "0.006 is 0.01 on each line")
	tax.Basis = money.PerDocument
	parts, total, err := tax.Apply(lines)
	require.NoError(t, err)
	require.Equal(t, "0.02", total.Tax.String(), "0.018 is 0.02 on the document")
	require.Equal(t, "0.01", parts[0].Tax.String())
	require.Equal(t, "0", parts[2].Tax.String())
}

func TestTaxInclusive(t *testing.T) {
	tax := money.Tax{Percent: decimal.NewFromInt(20), Scale: 2, Inclusive: true}
	parts, total, err := tax.Apply(amounts("120", "100"))
	require.NoError(t, err)
	require.Equal(t, money.Taxed{Net: amounts("100")[0], Tax: amounts("20")[0], Gross: amounts("120")[0]}, parts[0])
	require.Equal(t, "16.67", parts[1].Tax.String())
	require.Equal(t, "220", total.Gross.String())
	_, _, err = money.Tax{Percent: decimal.NewFromInt(-1)}.Apply(nil)
	require.ErrorIs(t, err, money.ErrTax)
}

func TestTaxesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var lines []money.Amount
		for _, v := range rapid.SliceOfN(rapid.Int64Range(-1e12, 1e12), 0, 10).Draw(t, "lines") {
			lines = append(lines, money.FromMicros(v))
		}
		tax := money.Tax{
			Percent: decimal.New(rapid.Int64Range(0, 10_000).Draw(t, "percent"), -2), Inclusive: rapid.Bool().Draw(t, "inclusive"),
			Basis: money.TaxBasis(rapid.IntRange(0, 1).Draw(t, "basis")), Scale: rapid.IntRange(0, 6).Draw(t, "scale"),
			Rounding: rapid.SampledFrom(money.Roundings()).Draw(t, "mode"),
		}
		parts, total, err := tax.Apply(lines)
		require.NoError(t, err)
		var sum money.Taxed
		for i, p := range parts {
			gross, err := p.Net.Add(p.Tax)
			require.NoError(t, err)
			require.Equal(t, gross, p.Gross)
			if tax.Inclusive {
				require.Equal(t, lines[i], p.Gross)
			} else {
				require.Equal(t, lines[i], p.Net)
			}
			sum.Tax, err = sum.Tax.Add(p.Tax)
			require.NoError(t, err)
		}
		require.Equal(t, sum.Tax, total.Tax)
		if tax.Basis == money.PerDocument {
			of := total.Net
			if tax.Inclusive {
				of = total.Gross
			}
			r := new(big.Rat).Mul(tax.Percent.Rat(), big.NewRat(of.Micros(), 1))
			base := big.NewRat(100, 1)
			if tax.Inclusive {
				base.Add(base, tax.Percent.Rat())
			}
			unit := int64(1)
			for range 6 - tax.Scale {
				unit *= 10
			}
			r.Quo(r, base.Mul(base, big.NewRat(unit, 1)))
			require.Equal(t, exact(r, tax.Rounding).Int64()*unit, total.Tax.Micros())
		}
	})
}

func TestExchange(t *testing.T) {
	eur, usd, rub := money.MustParseCurrency("EUR"), money.MustParseCurrency("USD"), money.MustParseCurrency("RUB")
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	table, err := money.NewExchangeTable([]money.ExchangeRate{
		{From: eur, To: usd, Rate: decimal.RequireFromString("1.10"), Since: day(1)},
		{From: eur, To: usd, Rate: decimal.RequireFromString("1.25"), Since: day(10)},
	})
	require.NoError(t, err)
	for _, tc := range []struct {
		from, to money.Currency
		at       time.Time
		want     string
	}{
		{eur, usd, day(1), "11"},
		{eur, usd, day(9), "11"},
		{eur, usd, day(10), "12.5"},
		{usd, eur, day(10), "8"},
		{usd, eur, day(1), "9.09"},
		{rub, rub, day(1), "10"},
	} {
		got, err := table.Convert(money.MustParseAmount("10"), tc.from, tc.to, tc.at, 2, money.HalfUp)
		require.NoError(t, err)
		require.Equal(t, tc.want, got.String())
	}
	_, err = table.At(eur, usd, day(1).Add(-time.Second))
	require.ErrorIs(t, err, money.ErrNoExchangeRate)
	_, err = table.At(eur, rub, day(1))
	require.ErrorIs(t, err, money.ErrNoExchangeRate)
	_, err = money.NewExchangeTable([]money.ExchangeRate{{From: eur, To: usd}})
	require.ErrorIs(t, err, money.ErrNoExchangeRate)
}
