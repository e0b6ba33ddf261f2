package clickhouse_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/lcr"
)

// TestQualityCountsAttempts counts answered, short, busy and failed attempts in the window, corrections included.
func TestQualityCountsAttempts(t *testing.T) {
	store, _ := open(t)
	now := time.Date(2026, 11, 3, 12, 5, 0, 0, time.UTC)
	attempt := func(at time.Time, prefix string, talk time.Duration, status uint16, cause uint8) cdr.Record {
		r := sample(t, "moscow", at, "1", "0.5")[1]
		r.Prefix, r.SIPStatus, r.Cause = prefix, status, cause
		r.Disconnect = r.Connect.Add(talk)
		if talk == 0 {
			r.Connect, r.Disconnect = time.Time{}, at.Add(time.Second)
			r.Slot = cdr.SlotOf(&r.Leg)
		}
		return r
	}
	long := attempt(now.Add(-30*time.Minute), "7916", time.Minute, 200, 16)
	short := attempt(now.Add(-20*time.Minute), "7916", 3*time.Second, 200, 16)
	busy := attempt(now.Add(-10*time.Minute), "7495", 0, 486, 17)
	failed := attempt(now.Add(-10*time.Minute), "7495", 0, 503, 41)
	challenged := attempt(now.Add(-10*time.Minute), "7495", 0, 407, 21)
	old := attempt(now.Add(-3*time.Hour), "7495", 0, 503, 41)
	reversed := long
	reversed.Call, _ = calls.NewID()
	undone := reversed
	undone.Sign = -1
	require.NoError(t, store.WriteRecords(t.Context(), "q", []cdr.Record{long, short, busy, failed, challenged, old, reversed, undone}))

	rows, err := store.Quality(t.Context(), now.Add(-time.Hour), 6*time.Second)
	require.NoError(t, err)
	ring := 2 * time.Second // Of the sample.
	require.ElementsMatch(t, []lcr.QualityRow{
		{Gateway: "alfa-1", Stats: lcr.Stats{Calls: 4, Answered: 2, Effective: 3, Short: 1, Talk: 63 * time.Second, Ringing: 4, PDD: 4 * ring}},
		{Gateway: "alfa-1", Prefix: e164.MustParsePrefix("7916"), Stats: lcr.Stats{Calls: 2, Answered: 2, Effective: 2, Short: 1, Talk: 63 * time.Second, Ringing: 2, PDD: 2 * ring}},
		{Gateway: "alfa-1", Prefix: e164.MustParsePrefix("7495"), Stats: lcr.Stats{Calls: 2, Effective: 1, Ringing: 2, PDD: 2 * ring}},
	}, rows)
}
