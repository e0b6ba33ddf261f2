package worker_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/rating/worker"
)

// endless is a stream that always has one more leg, and books and a store of calls that may be away.
type endless struct {
	fetched, posted, tried atomic.Int64
	callsAway, ledgerAway  atomic.Bool
}

func (e *endless) Join(context.Context) ([]int, error)        { return []int{0}, nil }
func (e *endless) Start(context.Context, []cdr.Mark) error    { return nil }
func (e *endless) Commit([]cdr.Mark) error                    { return nil }
func (e *endless) Send(context.Context, []cdr.Envelope) error { return nil }
func (e *endless) Stored(context.Context, worker.Batch) error { return nil }
func (e *endless) Fetch(ctx context.Context) ([]cdr.Message, error) {
	n := e.fetched.Add(1)
	leg := cdr.Leg{Call: calls.IDAt(time.Unix(1.7e9, 0), uint64(n)), Kind: cdr.Ingress, Setup: time.Unix(1.7e9, 0)}
	return []cdr.Message{{Offset: n - 1, Value: cdr.AppendLeg(nil, &leg)}}, ctx.Err()
}

func (e *endless) Restart(context.Context, string, []cdr.Break) error { return nil }

func (e *endless) RowsOf(context.Context, []cdr.Record) (int64, error) { return 0, nil }

func (e *endless) Summed(context.Context, []cdr.Record) error { return nil }

func (e *endless) Check(_ context.Context, marks []cdr.Mark) ([]cdr.Mark, []cdr.Break, error) {
	return marks, nil, nil
}

func (e *endless) Marks(_ context.Context, _ string, parts []int) ([]cdr.Mark, error) {
	return []cdr.Mark{{Part: parts[0]}}, nil
}

func (e *endless) Waiting(context.Context, int64, int) ([]worker.Batch, error) { return nil, nil }

func (e *endless) Post(_ context.Context, d *worker.Delivery, _ func(worker.Fresh) (worker.Outcome, error)) (worker.Batch, error) {
	if e.ledgerAway.Load() {
		e.tried.Add(1)
		return worker.Batch{}, errInjected
	}
	return worker.Batch{ID: e.posted.Add(1), Records: make([]cdr.Record, len(d.Legs))}, nil
}

func (e *endless) WriteRecords(context.Context, string, []cdr.Record) error {
	if e.callsAway.Load() {
		e.tried.Add(1)
		return errInjected
	}
	return nil
}

// TestEnginesAreAwayForMinutes lets each engine be away for ten minutes: the worker reads nothing on meanwhile but a few
// batches, asks with pauses of up to ten seconds, and goes on when the engine is back.
func TestEnginesAreAwayForMinutes(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]func(*endless) *atomic.Bool{
		"clickhouse": func(e *endless) *atomic.Bool { return &e.callsAway },
		"postgres":   func(e *endless) *atomic.Bool { return &e.ledgerAway },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, e := clock.NewManual(time.Unix(1.7e9, 0)), &endless{}
			w := worker.New(worker.Config{Topic: "t", Stream: e, Books: e, Calls: e, DeadLetters: e, Clock: c, Log: slog.New(slog.DiscardHandler)})
			ctx, cancel := context.WithCancel(t.Context())
			var group sync.WaitGroup
			away(e).Store(true)
			group.Go(func() { _ = w.Run(ctx) })
			require.Eventually(t, func() bool { return e.tried.Load() > 0 }, 10*time.Second, time.Millisecond)
			seconds := 0
			require.Eventually(t, func() bool { // Ten minutes go by.
				c.Advance(time.Second)
				seconds++
				return seconds >= 600
			}, time.Minute, time.Millisecond)
			require.Less(t, e.tried.Load(), int64(2*80), "no busy loop: 0.2 s, 0.4 s, ... and then every ten seconds, for each of two")
			require.Greater(t, e.tried.Load(), int64(10))
			require.LessOrEqual(t, e.fetched.Load(), int64(5), "nothing more is read")
			away(e).Store(false)
			before := e.posted.Load()
			require.Eventually(t, func() bool {
				c.Advance(time.Second)
				return e.posted.Load() > before+10
			}, 10*time.Second, time.Millisecond)
			cancel()
			group.Wait()
		})
	}
}
