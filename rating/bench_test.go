package rating_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
)

// million returns a million different random prefixes of 4 to 9 digits, sorted, the same in every run.
func million() []string {
	random := rand.New(rand.NewPCG(1, 2))
	seen := make(map[string]bool, 1_000_000)
	out := make([]string, 0, 1_000_000)
	for len(out) < cap(out) {
		digits := 4 + random.IntN(6)
		s := strconv.FormatInt(1+random.Int64N(9), 10)
		for len(s) < digits {
			s += strconv.FormatInt(random.Int64N(10), 10)
		}
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

func numbersOf(prefixes []string) []e164.Number {
	random := rand.New(rand.NewPCG(3, 4))
	out := make([]e164.Number, 1<<20)
	for i := range out {
		s := prefixes[random.IntN(len(prefixes))]
		for len(s) < 12 {
			s += strconv.FormatInt(random.Int64N(10), 10)
		}
		out[i] = e164.MustParse(s)
	}
	return out
}

func millionDeck(tb testing.TB, prefixes []string, periods ...string) *rating.Deck {
	tb.Helper()
	b := rating.NewDeckBuilder("million", money.MustParseCurrency("USD"))
	b.Grow(len(prefixes) * max(1, len(periods)))
	for i, p := range prefixes {
		r := rating.Rate{
			Prefix: e164.MustParsePrefix(p), Destination: "Destination " + strconv.Itoa(i%5000),
			PerMinute: money.PerMinute(int64(1_000_000 + i*37%90_000_000)),
			Terms:     rating.Terms{Increment: rating.Increment{Initial: 30, Next: 6}},
		}
		require.NoError(tb, b.Add(r))
		for _, period := range periods {
			r.Period = period
			r.PerMinute = money.PerMinute(r.PerMinute.Nanos() / 2)
			require.NoError(tb, b.Add(r))
		}
	}
	d, err := b.Build()
	require.NoError(tb, err)
	return d
}

func report(b *testing.B, value, per int64, unit string) {
	b.Helper()
	b.ReportMetric(float64(value)/float64(per), unit) //nolint:forbidigo // a speed or a size, not money
}

func BenchmarkLookupMillion(b *testing.B) {
	prefixes := million()
	d := millionDeck(b, prefixes)
	index, all := d.Bytes()
	numbers := numbersOf(prefixes)
	keys := make([]uint64, len(numbers))
	for i, n := range numbers {
		keys[i] = n.Key()
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if d.Index().Find(keys[i&(len(keys)-1)]) < 0 {
			b.Fatal("not found")
		}
		i++
	}
	report(b, int64(index), int64(d.Prefixes()), "B/prefix")
	report(b, int64(all), int64(d.Len()), "B/line")
}

func BenchmarkPriceMillionTimeOfDay(b *testing.B) {
	prefixes := million()
	d := millionDeck(b, prefixes, "night")
	moscow, err := time.LoadLocation("Europe/Moscow")
	require.NoError(b, err)
	calendar, err := rating.NewCalendar(moscow, []rating.Period{{Name: "night", From: 22 * 3600, Till: 6 * 3600}}, nil)
	require.NoError(b, err)
	tariff, err := rating.NewTariff(rating.Spec{
		Name: "bench", Currency: d.Currency(), Calendar: calendar, Rounding: rating.DefaultRounding(),
		Sources: []rating.Source{{Deck: d}},
	})
	require.NoError(b, err)
	numbers := numbersOf(prefixes)
	start := at("2026-03-02T00:00:00Z")
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		c := rating.Call{
			To: numbers[i&(len(numbers)-1)], Connect: start.Add(time.Duration(i%86400) * time.Second),
			Duration: time.Duration(i%3600+1) * time.Second,
		}
		if _, err := tariff.Price(c, nil); err != nil {
			b.Fatal(err)
		}
		i++
	}
	report(b, int64(b.N)*int64(time.Second), int64(b.Elapsed()), "calls/s")
}

func BenchmarkPriceOneHourCallOfOneSecondSteps(b *testing.B) {
	tariff := flat(b, rate("1", "0.01", rating.Increment{Initial: 1, Next: 1}))
	c := call("12125551234", time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tariff.Price(c, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuildMillion(b *testing.B) {
	prefixes := million()
	b.ReportAllocs()
	for b.Loop() {
		millionDeck(b, prefixes)
	}
	report(b, b.Elapsed().Milliseconds(), int64(b.N), "ms/build")
}
