package money_test

import (
	"encoding/json"
	"math"
	"math/big"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"trunkline/internal/money"
)

func TestAmountText(t *testing.T) {
	for _, tc := range []struct{ in, out string }{
		{"0", "0"},
		{"-0", "0"},
		{"5", "5"},
		{"+5.00", "5"},
		{".5", "0.5"},
		{"0.011", "0.011"},
		{"-12.500000", "-12.5"},
		{"0012.3400000000", "12.34"},
		{"9223372036854.775807", "9223372036854.775807"},
	} {
		a, err := money.ParseAmount(tc.in)
		require.NoError(t, err, tc.in)
		require.Equal(t, tc.out, a.String())
	}
	for in, want := range map[string]error{
		"":                      money.ErrSyntax,
		".":                     money.ErrSyntax,
		"1.":                    money.ErrSyntax,
		"1,000.00":              money.ErrSyntax,
		"1e3":                   money.ErrSyntax,
		"1_":                    money.ErrSyntax,
		"--1":                   money.ErrSyntax,
		"0.0000001":             money.ErrPrecision,
		"9223372036854.775808":  money.ErrOverflow,
		"99999999999999999999":  money.ErrOverflow,
		"-9223372036854.775808": money.ErrOverflow,
	} {
		_, err := money.ParseAmount(in)
		require.ErrorIs(t, err, want, in)
	}
}

func TestAmountFormat(t *testing.T) {
	require.Equal(t, "0.0110", money.MustParseAmount("0.011").Format(4))
	require.Equal(t, "5.00", money.MustParseAmount("5").Format(2))
	require.Equal(t, "5.001", money.MustParseAmount("5.001").Format(2))
	require.Equal(t, "5", money.MustParseAmount("5").Format(0))
}

func TestJSONIsText(t *testing.T) {
	type doc struct {
		A money.Amount
		R money.Rate
		C money.Currency
		M money.Rounding
	}
	in := doc{money.MustParseAmount("1.5"), money.MustParseRate("0.000000001"), money.MustParseCurrency("eur"), money.HalfEven}
	raw, err := json.Marshal(in)
	require.NoError(t, err)
	require.JSONEq(t, `{"A":"1.5","R":"0.000000001","C":"EUR","M":"half_even"}`, string(raw))
	var out doc
	require.NoError(t, json.Unmarshal(raw, &out))
	require.Equal(t, in, out)
}

func TestRoundingModes(t *testing.T) {
	for _, tc := range []struct {
		mode money.Rounding
		want [6]string
	}{
		{money.HalfUp, [6]string{"0.03", "0.02", "0.02", "-0.03", "-0.02", "-0.02"}},
		{money.HalfEven, [6]string{"0.02", "0.02", "0.02", "-0.02", "-0.02", "-0.02"}},
		{money.HalfDown, [6]string{"0.02", "0.02", "0.02", "-0.02", "-0.02", "-0.02"}},
		{money.Up, [6]string{"0.03", "0.02", "0.03", "-0.03", "-0.02", "-0.03"}},
		{money.Down, [6]string{"0.02", "0.02", "0.02", "-0.02", "-0.02", "-0.02"}},
		{money.Ceiling, [6]string{"0.03", "0.02", "0.03", "-0.02", "-0.02", "-0.02"}},
		{money.Floor, [6]string{"0.02", "0.02", "0.02", "-0.03", "-0.02", "-0.03"}},
	} {
		for i, in := range []string{"0.025", "0.02", "0.021", "-0.025", "-0.02", "-0.021"} {
			got, err := money.MustParseAmount(in).Round(2, tc.mode)
			require.NoError(t, err)
			require.Equal(t, tc.want[i], got.String(), "%s of %s", tc.mode, in)
		}
		back, err := money.ParseRounding(tc.mode.String())
		require.NoError(t, err)
		require.Equal(t, tc.mode, back)
	}
	_, err := money.ParseRounding("nearest")
	require.ErrorIs(t, err, money.ErrRounding)
}

// exact rounds a rational number by the definition of each mode, independently of the code under test.
func exact(r *big.Rat, mode money.Rounding) *big.Int {
	floor := new(big.Int).Div(r.Num(), r.Denom())
	ceil := new(big.Int).Neg(new(big.Int).Div(new(big.Int).Neg(r.Num()), r.Denom()))
	outer, inner := ceil, floor
	if r.Sign() < 0 {
		outer, inner = floor, ceil
	}
	half := new(big.Rat).Sub(r, new(big.Rat).SetInt(floor)).Cmp(big.NewRat(1, 2))
	nearest := floor
	if half > 0 {
		nearest = ceil
	}
	tie := half == 0
	switch mode {
	case money.HalfUp:
		if tie {
			return outer
		}
	case money.HalfDown:
		if tie {
			return inner
		}
	case money.HalfEven:
		if tie && floor.Bit(0) == 1 {
			return ceil
		}
	case money.Up:
		return outer
	case money.Down:
		return inner
	case money.Ceiling:
		return ceil
	case money.Floor:
		return floor
	}
	return nearest
}

func TestMulDivAgainstRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Int64().Draw(t, "a")
		b := rapid.Int64().Draw(t, "b")
		den := rapid.Int64Range(1, math.MaxInt64).Draw(t, "den")
		if rapid.Bool().Draw(t, "small") {
			den = den%60 + 1
			b %= 1000
		}
		mode := rapid.SampledFrom(money.Roundings()).Draw(t, "mode")
		want := exact(new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(a), big.NewInt(b)), big.NewInt(den)), mode)
		got, err := money.MulDiv(a, b, den, mode)
		fits := want.IsInt64() && want.Int64() != math.MinInt64
		if !fits {
			require.ErrorIs(t, err, money.ErrOverflow)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want.Int64(), got)
	})
}

func TestUsageAgainstRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nanos := rapid.Int64Range(-1e13, 1e13).Draw(t, "nanos")
		seconds := rapid.Int64Range(0, 200_000).Draw(t, "seconds")
		scale := rapid.IntRange(0, 6).Draw(t, "scale")
		mode := rapid.SampledFrom(money.Roundings()).Draw(t, "mode")
		got, err := money.Usage(money.PerMinute(nanos), seconds, scale, mode)
		require.NoError(t, err)
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(9-scale)), nil)
		r := new(big.Rat).SetFrac(big.NewInt(nanos), unit)
		r.Mul(r, big.NewRat(seconds, 60))
		want := exact(r, mode).Int64()
		for range 6 - scale {
			want *= 10
		}
		require.Equal(t, want, got.Micros())
	})
}

func TestDecimalRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := money.FromMicros(rapid.Int64().Draw(t, "micros"))
		mode := rapid.SampledFrom(money.Roundings()).Draw(t, "mode")
		if a.Micros() == math.MinInt64 {
			return
		}
		back, err := money.FromDecimal(a.Decimal(), mode)
		require.NoError(t, err)
		require.Equal(t, a, back)
		parsed, err := money.ParseAmount(a.String())
		require.NoError(t, err)
		require.Equal(t, a, parsed)
	})
}

func TestFromDecimalRounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		coefficient := rapid.Int64().Draw(t, "coefficient")
		places := rapid.Int32Range(0, 30).Draw(t, "places")
		mode := rapid.SampledFrom(money.Roundings()).Draw(t, "mode")
		got, err := money.FromDecimal(decimal.New(coefficient, -places), mode)
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
		r := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(coefficient), big.NewInt(1_000_000)), unit)
		want := exact(r, mode)
		if !want.IsInt64() {
			require.ErrorIs(t, err, money.ErrOverflow)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want.Int64(), got.Micros())
	})
	_, err := money.FromDecimal(decimal.New(1, 1_000_000_000), money.HalfUp)
	require.ErrorIs(t, err, money.ErrOverflow)
}

func TestAllocateLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := money.FromMicros(rapid.Int64Range(-math.MaxInt64, math.MaxInt64).Draw(t, "total"))
		weights := rapid.SliceOfN(rapid.Int64Range(0, 1e12), 1, 20).Draw(t, "weights")
		weights[0]++
		scale := rapid.IntRange(0, 6).Draw(t, "scale")
		parts, err := money.AllocateUnits(total, weights, scale)
		require.NoError(t, err)
		sum, err := money.Sum(parts...)
		require.NoError(t, err)
		require.Equal(t, total, sum)
		for i, w := range weights {
			if w == 0 {
				require.True(t, parts[i].IsZero())
			}
		}
	})
}

func TestAllocateTies(t *testing.T) {
	parts, err := money.AllocateUnits(money.MustParseAmount("100"), []int64{1, 1, 1}, 2)
	require.NoError(t, err)
	require.Equal(t, []money.Amount{
		money.MustParseAmount("33.34"), money.MustParseAmount("33.33"), money.MustParseAmount("33.33"),
	}, parts)
	_, err = money.Allocate(money.MustParseAmount("1"), []int64{0, 0})
	require.ErrorIs(t, err, money.ErrWeights)
	_, err = money.Allocate(money.MustParseAmount("1"), []int64{1, -1})
	require.ErrorIs(t, err, money.ErrWeights)
}

func TestCheckedSums(t *testing.T) {
	largest := money.FromMicros(math.MaxInt64)
	one := money.FromMicros(1)
	_, err := largest.Add(one)
	require.ErrorIs(t, err, money.ErrOverflow)
	_, err = largest.Neg().Sub(money.FromMicros(2))
	require.ErrorIs(t, err, money.ErrOverflow)
	_, err = largest.Mul(2)
	require.ErrorIs(t, err, money.ErrOverflow)
	_, err = largest.Round(2, money.Up)
	require.ErrorIs(t, err, money.ErrOverflow)
	back, err := largest.Sub(largest)
	require.NoError(t, err)
	require.True(t, back.IsZero())
}

func TestCurrency(t *testing.T) {
	for code, minor := range map[string]int{"EUR": 2, "rub": 2, "JPY": 0, "KWD": 3} {
		c, err := money.ParseCurrency(code)
		require.NoError(t, err)
		require.Equal(t, minor, c.MinorUnits())
	}
	for _, bad := range []string{"", "EU", "EURO", "XXX", "D A", "123"} {
		_, err := money.ParseCurrency(bad)
		require.ErrorIs(t, err, money.ErrCurrency, bad)
	}
}

func FuzzParseAmount(f *testing.F) {
	for _, s := range []string{"1.5", "-0.000001", "1,5", "9223372036854.775807"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := money.ParseAmount(s)
		if err != nil {
			return
		}
		back, err := money.ParseAmount(a.String())
		require.NoError(t, err)
		require.Equal(t, a, back)
	})
}

func BenchmarkUsage(b *testing.B) {
	rate := money.MustParseRate("0.0125")
	var seconds int64
	for b.Loop() {
		seconds = seconds%3600 + 1
		if _, err := money.Usage(rate, seconds, 6, money.HalfUp); err != nil {
			b.Fatal(err)
		}
	}
}
