package rating_test

import (
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
)

func drawRate(t *rapid.T) rating.Rate {
	return rating.Rate{
		Prefix:    e164.MustParsePrefix("1"),
		PerMinute: money.PerMinute(rapid.Int64Range(0, 5_000_000_000).Draw(t, "rate")),
		Terms: rating.Terms{
			ConnectFee: money.FromMicros(rapid.Int64Range(0, 1_000_000).Draw(t, "connect")),
			MinCharge:  money.FromMicros(rapid.Int64Range(0, 1_000_000).Draw(t, "min")),
			Grace:      rapid.Int32Range(0, 20).Draw(t, "grace"),
			Increment: rating.Increment{
				Initial: rapid.Int32Range(0, 90).Draw(t, "initial"), Next: rapid.Int32Range(1, 90).Draw(t, "next"),
				FromZero: rapid.Bool().Draw(t, "from zero"),
			},
		},
	}
}

func drawRounding(t *rapid.T) rating.Rounding {
	r := rating.DefaultRounding()
	r.Money = rapid.SampledFrom(money.Roundings()).Draw(t, "mode")
	return r
}

func flatOf(t *rapid.T, r rating.Rate, rounding rating.Rounding) *rating.Tariff {
	b := rating.NewDeckBuilder("d", money.MustParseCurrency("EUR"))
	require.NoError(t, b.Add(r))
	d, err := b.Build()
	require.NoError(t, err)
	tariff, err := rating.FlatTariff(d, rounding)
	require.NoError(t, err)
	return tariff
}

func drawDuration(t *rapid.T, name string) time.Duration {
	return time.Duration(rapid.Int64Range(0, 4*3600*1000).Draw(t, name)) * time.Millisecond
}

func price(t *rapid.T, tariff *rating.Tariff, d time.Duration) rating.Charge {
	c, err := tariff.Price(call("15551234", d), nil)
	require.NoError(t, err)
	return c
}

func TestPriceNeverFallsWithDuration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tariff := flatOf(t, drawRate(t), drawRounding(t))
		a, b := drawDuration(t, "a"), drawDuration(t, "b")
		if a > b {
			a, b = b, a
		}
		low, high := price(t, tariff, a), price(t, tariff, b)
		require.LessOrEqual(t, low.Total.Micros(), high.Total.Micros())
		require.LessOrEqual(t, low.Billed, high.Billed)
	})
}

func TestSplittingACallNeverCostsLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rating.Rate{Prefix: e164.MustParsePrefix("1"), PerMinute: money.PerMinute(60 * rapid.Int64Range(0, 1_000_000).Draw(t, "rate") * 1000)}
		r.Increment = rating.Increment{Initial: 1, Next: 1}
		r.ConnectFee = money.FromMicros(rapid.Int64Range(0, 1_000_000).Draw(t, "connect"))
		tariff := flatOf(t, r, drawRounding(t))
		a, b := drawDuration(t, "a"), drawDuration(t, "b")
		whole := price(t, tariff, a+b)
		parts, err := price(t, tariff, a).Total.Add(price(t, tariff, b).Total)
		require.NoError(t, err)
		require.GreaterOrEqual(t, parts.Micros(), whole.Total.Micros())
	})
}

// TestPriceAgainstTheFormula checks connect + initial x rate/60 + ceil((d - initial)/next) x next x rate/60 in rationals.
func TestPriceAgainstTheFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRate(t)
		r.Grace, r.MinCharge, r.Increment.FromZero = 0, money.Amount{}, false
		d := drawDuration(t, "d")
		c := price(t, flatOf(t, r, rating.DefaultRounding()), d)
		seconds := int64((d + time.Second - 1) / time.Second)
		billed := int64(0)
		if seconds > 0 {
			billed = int64(r.Increment.Initial)
			for billed < seconds {
				billed += int64(r.Increment.Next)
			}
		}
		require.Equal(t, billed, c.Billed)
		exact := new(big.Rat).SetFrac64(r.PerMinute.Nanos(), 60*1000)
		exact.Mul(exact, new(big.Rat).SetInt64(billed))
		exact.Add(exact, big.NewRat(1, 2)) // Half up of what is not negative: the floor of the sum with a half.
		want := new(big.Int).Div(exact.Num(), exact.Denom()).Int64()
		require.Equal(t, want, c.Usage.Micros())
		if seconds > 0 {
			want += r.ConnectFee.Micros()
		}
		require.Equal(t, want, c.Total.Micros())
	})
}

func TestPartsAddUpAndRepeat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tariff := bundles(t)
		used := rating.Tally{}
		for range rapid.IntRange(1, 12).Draw(t, "calls") {
			c := drawCall(t)
			first, err := tariff.Price(c, used)
			require.NoError(t, err)
			again, err := tariff.Price(c, used.Clone())
			require.NoError(t, err)
			require.Equal(t, first, again)
			sum, err := money.Sum(first.AttemptFee, first.ConnectFee, first.Usage, first.TopUp, first.Adjustment, first.Credit.Neg())
			require.NoError(t, err)
			require.Equal(t, sum, first.Total)
			used.Apply(first.Uses)
			for _, b := range tariff.Balances(c, used) {
				require.GreaterOrEqual(t, b.Left, int64(0), b.Allowance)
			}
		}
	})
}

// TestTenantsDoNotMeet prices the calls of two tenants interleaved and one after the other.
func TestTenantsDoNotMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tariff := bundles(t)
		mixed := [2]rating.Tally{{}, {}}
		apart := [2]rating.Tally{{}, {}}
		var calls [2][]rating.Call
		var totals [2][]money.Amount
		for range rapid.IntRange(1, 12).Draw(t, "calls") {
			tenant := rapid.IntRange(0, 1).Draw(t, "tenant")
			c := drawCall(t)
			charge, err := tariff.Price(c, mixed[tenant])
			require.NoError(t, err)
			mixed[tenant].Apply(charge.Uses)
			calls[tenant] = append(calls[tenant], c)
			totals[tenant] = append(totals[tenant], charge.Total)
		}
		for tenant := range calls {
			for i, c := range calls[tenant] {
				charge, err := tariff.Price(c, apart[tenant])
				require.NoError(t, err)
				apart[tenant].Apply(charge.Uses)
				require.Equal(t, totals[tenant][i], charge.Total)
			}
		}
	})
}

func TestQuoteAgreesWithPrice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tariff := flatOf(t, drawRate(t), rating.DefaultRounding())
		q, err := tariff.Quote(call("15551234", 0), rating.Exhausted{})
		require.NoError(t, err)
		want := rapid.Int64Range(1, 4000).Draw(t, "want")
		amount := money.FromMicros(rapid.Int64Range(0, 50_000_000).Draw(t, "amount"))
		fit, err := q.Fit(amount, want)
		require.NoError(t, err)
		require.LessOrEqual(t, fit.Cost.Micros(), amount.Micros())
		c := price(t, tariff, time.Duration(fit.Seconds)*time.Second)
		require.Equal(t, c.Total, fit.Cost)
		ladder, err := q.PriceSteps(want, 1+int(want))
		require.NoError(t, err)
		require.GreaterOrEqual(t, ladder[len(ladder)-1].Seconds, want)
		for _, s := range ladder {
			if s.Cost.Cmp(amount) <= 0 {
				require.LessOrEqual(t, s.Seconds, fit.Seconds)
			}
		}
	})
}

// bundles is a tariff with an allowance of each measure, tiers and a minimum charge.
func bundles(t *rapid.T) *rating.Tariff {
	mode := rapid.SampledFrom([]string{"graduated", "whole"}).Draw(t, "mode")
	tariff, err := rating.ParseTariff("t.yaml", []byte(strings.ReplaceAll(bundlesYAML, "MODE", mode)), nil)
	require.NoError(t, err)
	return tariff
}

const bundlesYAML = `
name: bundles
currency: EUR
time_zone: Europe/Berlin
periods: [{name: night, from: "20:00", till: "08:00"}]
decks:
  - name: base
    defaults: {increment: 30/6, connect_fee: 0.01, min_charge: 0.02, attempt_fee: 0.001}
    rates:
      - {prefix: "49", rate: 0.1234567, destination: Germany}
      - {prefix: "49", rate: 0.07, destination: Germany, period: night}
      - {prefix: "1", rate: 0.03, destination: USA}
allowances:
  - {name: seconds, seconds: 5m, destinations: [Germany], per: extension, roll_over: 1}
  - {name: calls, calls: 2, destinations: [USA], cycle: day}
  - {name: money, money: 0.5}
tiers:
  - {name: tier, mode: MODE, steps: [{from: 0}, {from: 20m, rate: 0.05}, {from: 1h, discount: 50}]}
`

func drawCall(t *rapid.T) rating.Call {
	c := call(rapid.SampledFrom([]string{"493012345", "12125551234"}).Draw(t, "to"), drawDuration(t, "d"))
	c.Extension = strconv.Itoa(rapid.IntRange(100, 102).Draw(t, "ext"))
	c.Connect = c.Connect.Add(time.Duration(rapid.Int64Range(0, 60*86400).Draw(t, "at")) * time.Second)
	return c
}
