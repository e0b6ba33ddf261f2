package lcr_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/lcr"
	"trunkline/rating"
)

const (
	benchCarriers = 20
	benchPrefixes = 100_000
)

// benchDecks makes decks of prefixes of four to eight digits, drawn from 150,000, as carriers' breakouts overlap.
func benchDecks(tb testing.TB, r *rand.Rand) (decks []*rating.Deck, prefixes []string) {
	tb.Helper()
	seen := make(map[string]bool)
	for len(seen) < benchPrefixes*3/2 {
		text := strconv.Itoa(1 + r.IntN(9))
		for length := 4 + r.IntN(5); len(text) < length; {
			text += strconv.Itoa(r.IntN(10))
		}
		seen[text] = true
	}
	for text := range seen {
		prefixes = append(prefixes, text)
	}
	slices.Sort(prefixes)
	currencies := []string{"EUR", "USD", "RUB"}
	for i := range benchCarriers {
		b := rating.NewDeckBuilder("deck-"+strconv.Itoa(i), money.MustParseCurrency(currencies[i%len(currencies)]))
		for _, p := range r.Perm(len(prefixes))[:benchPrefixes] {
			rate := rating.Rate{Prefix: e164.MustParsePrefix(prefixes[p]), PerMinute: money.PerMinute(int64(1000+r.IntN(200_000)) * 1000)}
			rate.Increment = []rating.Increment{{Initial: 60, Next: 60}, {Initial: 1, Next: 1}, {Initial: 30, Next: 6}}[r.IntN(3)]
			require.NoError(tb, b.Add(rate))
		}
		deck, err := b.Build()
		require.NoError(tb, err)
		decks = append(decks, deck)
	}
	return decks, prefixes
}

func benchParts(tb testing.TB, decks []*rating.Deck) lcr.Parts {
	tb.Helper()
	rub, since := money.MustParseCurrency("RUB"), time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	parts := lcr.Parts{
		Exchange: []money.ExchangeRate{
			{From: money.MustParseCurrency("EUR"), To: rub, Rate: decimal.RequireFromString("92.5"), Since: since},
			{From: money.MustParseCurrency("USD"), To: rub, Rate: decimal.RequireFromString("85"), Since: since},
		},
		Measures: new(lcr.Measures),
	}
	least, percent, limit := money.MustParseAmount("0.10"), 5, money.MustParseAmount("1000000")
	parts.Plans = []lcr.Plan{{ID: "plan", Rules: []lcr.Rule{
		{ID: "premium", To: []e164.Prefix{e164.MustParsePrefix("1900"), e164.MustParsePrefix("7809")}, Policy: lcr.Block},
		{ID: "tenant", Tenants: []string{"other"}, Policy: lcr.Block},
		{
			ID: "world", Policy: lcr.LeastCost, MinMargin: &least, MinPct: &percent, MaxTries: 5,
			Quality: &lcr.QualityGate{MinASR: 30, MinACD: 20 * time.Second, MaxPDD: 10 * time.Second},
		},
	}}}
	var quality []lcr.QualityRow
	for i, deck := range decks {
		id := strconv.Itoa(i)
		costs, err := lcr.NewCosts(deck)
		require.NoError(tb, err)
		parts.Gateways = append(parts.Gateways, lcr.Gateway{
			ID: "gateway-" + id, Carrier: "carrier-" + id, Deck: deck.Label(), Costs: costs, DebtLimit: &limit, MaxCalls: 100,
			To: []lcr.NumberRule{{Add: "+"}},
		})
		quality = append(quality, lcr.QualityRow{Gateway: "gateway-" + id, Stats: lcr.Stats{
			Calls: 1000, Answered: int64(350 + 10*i), Talk: 30 * time.Hour, Ringing: 1000, PDD: 2000 * time.Second,
		}})
	}
	require.NoError(tb, parts.Measures.SetQuality(quality))
	parts.Measures.SetDebts(map[string]money.Amount{"carrier-0": money.MustParseAmount("1")})
	return parts
}

func benchNumbers(prefixes []string, r *rand.Rand) []e164.Number {
	out := make([]e164.Number, 1<<16)
	for i := range out {
		number := prefixes[r.IntN(len(prefixes))]
		for len(number) < 12 {
			number += strconv.Itoa(r.IntN(10))
		}
		out[i] = e164.MustParse(number)
	}
	return out
}

func benchRequest() lcr.Request {
	return lcr.Request{
		Plan: "plan", Tenant: "beauty", Branch: "moscow", Extension: "101", At: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC),
		From: e164.MustParse("74951000001"), Sale: money.MustParseAmount("9"), Currency: money.MustParseCurrency("RUB"),
	}
}

func metric(b *testing.B, value, per int, unit string) {
	b.Helper()
	b.ReportMetric(float64(value)/float64(per), unit) //nolint:forbidigo // A speed or a size, not money.
}

// BenchmarkDecide routes calls over 20 carriers with 100,000 prefixes each, with every gate, and takes the best five. It
// reports the quantiles of single decisions, with what reading the clock adds to each. Even traffic goes to all 150,000
// prefixes alike, which no cache holds; in common traffic nine calls of ten go to one prefix of a hundred.
func BenchmarkDecide(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	decks, prefixes := benchDecks(b, r)
	w, err := lcr.NewWorld(benchParts(b, decks))
	require.NoError(b, err)
	numbers, q := benchNumbers(prefixes, r), benchRequest()
	var d lcr.Decision
	decide := func(i int, d *lcr.Decision) {
		q.To = numbers[i%len(numbers)]
		w.Decide(&q, d)
	}
	for i := range numbers {
		decide(i, &d)
	}
	require.Equal(b, 5, d.MaxTries())
	quantiles := func(b *testing.B) {
		b.Helper()
		times, empty := make([]time.Duration, 0, b.N), make([]time.Duration, 0, b.N)
		for i := range b.N {
			began := clock.System{}.Now()
			decide(i, &d)
			times = append(times, clock.System{}.Now().Sub(began))
		}
		for range b.N {
			began := clock.System{}.Now()
			empty = append(empty, clock.System{}.Now().Sub(began))
		}
		slices.Sort(times)
		slices.Sort(empty)
		metric(b, int(empty[len(empty)/2]), 1, "clock-ns")
		metric(b, int(times[len(times)/2]), 1, "p50-ns")
		metric(b, int(times[len(times)*99/100]), 1, "p99-ns")
	}
	b.Run("throughput", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			decide(i, &d)
		}
	})
	b.Run("even", quantiles)
	b.Run("fresh", func(b *testing.B) { // As a proxy has it, which keeps the decision with the call.
		b.ReportAllocs()
		kept := make([]*lcr.Decision, 1<<10)
		for i := range b.N {
			kept[i%len(kept)] = new(lcr.Decision)
			decide(i, kept[i%len(kept)])
		}
	})
	often := benchNumbers(prefixes[:len(prefixes)/100], r)
	for i := range numbers {
		if r.IntN(10) > 0 {
			numbers[i] = often[i]
		}
	}
	b.Run("common", quantiles)
	b.Run("explained", func(b *testing.B) {
		decide(0, &d)
		b.ReportAllocs()
		for range b.N {
			_, _ = d.MarshalJSON()
		}
	})
}

// BenchmarkBuild makes the tables of all decks, and then a new world in which one deck was replaced.
func BenchmarkBuild(b *testing.B) {
	decks, _ := benchDecks(b, rand.New(rand.NewPCG(1, 2)))
	b.Run("all", func(b *testing.B) {
		for range b.N {
			_, err := lcr.NewWorld(benchParts(b, decks))
			require.NoError(b, err)
		}
	})
	parts := benchParts(b, decks)
	w, err := lcr.NewWorld(parts)
	require.NoError(b, err)
	b.Run("one", func(b *testing.B) {
		for i := range b.N {
			costs, err := lcr.NewCosts(decks[i%len(decks)])
			require.NoError(b, err)
			parts.Gateways[i%len(decks)].Costs = costs
			parts.Previous = w
			w, err = lcr.NewWorld(parts)
			require.NoError(b, err)
		}
	})
	b.Run("memory", func(b *testing.B) {
		bytes, rates := w.RateMemory()
		metric(b, bytes, rates, "B/rate")
	})
}
