package release_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/sipproxy/callstate"
	"trunkline/sipproxy/journal"
	"trunkline/sipproxy/release"
)

// world is a ledger that may be away, and a journal.
type world struct {
	mu    sync.Mutex
	away  error
	told  []calls.ID
	notes map[string]bool
}

func (w *world) End(_ context.Context, ids []calls.ID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away == nil {
		w.told = append(w.told, ids...)
	}
	return w.away
}

func (w *world) Has(key string) bool { return w.notes[key] }

func (w *world) Write(changes ...journal.Change) error {
	for _, c := range changes {
		w.notes[c.Key] = true
	}
	return nil
}

func (w *world) Remove(keys ...string) error {
	for _, key := range keys {
		delete(w.notes, key)
	}
	return nil
}

func newQueue() (*release.Queue, *world) {
	w := &world{notes: make(map[string]bool)}
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	return release.New(release.Options{Ledger: w, Journal: w, Clock: clock.NewManual(at), Log: slog.New(slog.DiscardHandler)}), w
}

func ids(n int) []calls.ID {
	out := make([]calls.ID, n)
	for i := range out {
		out[i] = calls.IDAt(time.Unix(int64(i), 0), 0)
	}
	return out
}

// TestLedgerAway: what the ledger could not be told is in the journal, and told once the ledger is there.
func TestLedgerAway(t *testing.T) {
	t.Parallel()
	q, w := newQueue()
	over := ids(1200) // More than one batch.
	w.away = errors.New("away")
	q.Add(over...)
	require.False(t, q.Idle())
	require.False(t, q.Settle(t.Context()))
	require.Len(t, w.notes, len(over))
	require.True(t, w.notes[callstate.ReleaseKey(over[0])])
	w.away = nil
	require.True(t, q.Settle(t.Context()))
	require.Equal(t, over, w.told)
	require.Empty(t, w.notes)
	require.True(t, q.Idle())
}

// TestHoldsAreGivenBackFirst: whoever settles waits for holds that are just being given back, and for no longer than asked.
func TestHoldsAreGivenBackFirst(t *testing.T) {
	t.Parallel()
	q, _ := newQueue()
	done := q.Begin()
	require.False(t, q.Idle())
	over, cancel := context.WithCancel(t.Context())
	cancel()
	require.False(t, q.Settle(over))
	done()
	require.True(t, q.Settle(t.Context()))
	require.True(t, q.Idle())
}

// TestStop: what was not told when the process ends is in the journal.
func TestStop(t *testing.T) {
	t.Parallel()
	q, w := newQueue()
	w.away = errors.New("away")
	q.Add(ids(2)...)
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	q.Run(stopped)
	require.Len(t, w.notes, 2)
}
