package worker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr/kafka"
	"trunkline/ledger"
	"trunkline/rating/worker/repair"
)

// TestSumsUnderTraffic compares ledger and calls again and again while legs are rated: what is on its way is no difference.
func TestSumsUnderTraffic(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	legs := w.calls(800)
	w.start(func(p *wiring) { p.take = kafka.Take{Most: 50, Linger: time.Millisecond} })
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for i := 0; i < len(legs); i += 300 {
			w.send(legs[i:min(i+300, len(legs))])
		}
	}()
	from, till := time.Unix(0, 0), w.at.Add(time.Hour)
	looked := 0
	for busy := true; busy || looked < 10; looked++ {
		select {
		case <-sent:
			busy = false
		default:
		}
		position, err := w.books.Position(t.Context(), from, till)
		require.NoError(t, err)
		differences, err := ledger.ReconcileAt(t.Context(), position, w.store, from, till)
		require.NoError(t, err)
		for _, d := range differences {
			require.True(t, d.OK(), "%+v", d)
		}
		d, err := repair.Compare(t.Context(), w.books, w.store)
		require.NoError(t, err)
		require.True(t, d.None(), "%+v", d)
	}
	w.settled()
	w.requireSums(len(legs))
	require.GreaterOrEqual(t, looked, 10)
}
