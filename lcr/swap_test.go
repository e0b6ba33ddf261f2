package lcr_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/lcr"
	"trunkline/rating"
)

// TestSwapsWhileMillionsAreRouted changes a price and the figures of quality again and again while calls are routed: every
// decision is that of one world, whole, and none is stalled or lost.
func TestSwapsWhileMillionsAreRouted(t *testing.T) {
	t.Parallel()
	const routers, calls, swaps = 4, 250_000, 200
	rotations, measures := new(lcr.Rotations), new(lcr.Measures)
	build := func(version int64) *lcr.World {
		b := rating.NewDeckBuilder("deck", money.MustParseCurrency("EUR"))
		for _, prefix := range []string{"7", "74", "749", "7495"} { // All of one version: a mixture would show.
			require.NoError(t, b.Add(rating.Rate{Prefix: e164.MustParsePrefix(prefix), PerMinute: money.PerMinute(version * 1_000_000)}))
		}
		deck, err := b.Build()
		require.NoError(t, err)
		costs, err := lcr.NewCosts(deck)
		require.NoError(t, err)
		w, err := lcr.NewWorld(lcr.Parts{
			Gateways: []lcr.Gateway{{ID: "a", Carrier: "a", Costs: costs}, {ID: "b", Carrier: "b", Costs: costs}},
			Plans: []lcr.Plan{{ID: "plan", Rules: []lcr.Rule{{
				ID: "any", Policy: lcr.Weight, Quality: &lcr.QualityGate{MinASR: 10},
				Targets: []lcr.Target{{Gateway: "a", Weight: 3}, {Gateway: "b", Weight: 1}},
			}}}},
			Rotations: rotations, Measures: measures,
		})
		require.NoError(t, err)
		return w
	}
	var live atomic.Pointer[lcr.World]
	live.Store(build(1))
	var first [2]atomic.Int64
	var wrong atomic.Int64
	var wg sync.WaitGroup
	for range routers {
		wg.Go(func() {
			var d lcr.Decision
			q := lcr.Request{Plan: "plan", To: e164.MustParse("74951234567"), At: time.Unix(1_800_000_000, 0)}
			for range calls {
				live.Load().Decide(&q, &d)
				if d.Len() != 2 || d.Candidate(0).Rate != d.Candidate(1).Rate || d.Candidate(0).Prefix.Len() != 4 {
					wrong.Add(1)
					continue
				}
				first[d.Candidate(0).Gateway[0]-'a'].Add(1)
			}
		})
	}
	for version := range int64(swaps) {
		live.Store(build(version + 1))
		require.NoError(t, measures.SetQuality([]lcr.QualityRow{{Gateway: "a", Stats: lcr.Stats{Calls: 100, Answered: 20 + version%10}}}))
		measures.SetDebts(map[string]money.Amount{"a": money.FromMicros(version)})
	}
	wg.Wait()
	require.Zero(t, wrong.Load())
	require.EqualValues(t, routers*calls*3/4, first[0].Load(), "three of four, exactly, through all swaps")
	require.EqualValues(t, routers*calls/4, first[1].Load())
}
