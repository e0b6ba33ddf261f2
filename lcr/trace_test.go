package lcr_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/lcr"
)

// TestTraceIsJSON: a trace is what encoding/json makes of the explanation, byte by byte, whatever names people give.
func TestTraceIsJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string { return rapid.String().Draw(t, name) }
		amount := func() money.Amount { return money.FromMicros(rapid.Int64().Draw(t, "amount")) }
		e := lcr.Explanation{
			From: e164.MustParse("74951112233"), Rule: text("rule"), Refusal: lcr.Reason(text("refusal")), Revision: rapid.Int64Min(0).Draw(t, "revision"),
			Candidates: []lcr.Candidate{}, Skipped: []lcr.Skipped{},
		}
		for range rapid.IntRange(0, 3).Draw(t, "candidates") {
			e.Candidates = append(e.Candidates, lcr.Candidate{
				Carrier: text("carrier"), Gateway: text("gateway"), Deck: text("deck"), Prefix: e.From.Prefix(rapid.IntRange(0, 5).Draw(t, "digits")),
				Rate: money.PerMinute(rapid.Int64().Draw(t, "rate")), Cost: amount(), Sale: amount(), Margin: amount(),
				ToSent: text("to"), FromSent: text("from"), Version: text("version"), Base: text("base"),
			})
		}
		for range rapid.IntRange(0, 3).Draw(t, "skipped") {
			e.Skipped = append(e.Skipped, lcr.Skipped{Carrier: text("carrier"), Gateway: text("gateway"), Reason: lcr.Reason(text("reason")), Detail: text("detail")})
		}
		want, err := json.Marshal(e)
		require.NoError(t, err)
		require.Equal(t, string(want), string(e.AppendJSON(nil)))
	})
}
