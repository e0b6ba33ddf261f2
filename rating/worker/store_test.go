package worker_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/rating/worker"
)

// desk is a stream of one message at a time, books that post everything, and a store that takes batches when it is let.
type desk struct {
	mu      sync.Mutex
	let     map[string]chan struct{} // By token.
	begun   []string
	commits []int64
	fetched int64
	posted  int64
}

const deskMessages = 6

func (d *desk) Join(context.Context) ([]int, error)        { return []int{0}, nil }
func (d *desk) Start(context.Context, []cdr.Mark) error    { return nil }
func (d *desk) Stored(context.Context, worker.Batch) error { return nil }
func (d *desk) Send(context.Context, []cdr.Envelope) error { return nil }

func (d *desk) Restart(context.Context, string, []cdr.Break) error { return nil }

func (d *desk) RowsOf(context.Context, []cdr.Record) (int64, error) { return 0, nil }

func (d *desk) Summed(context.Context, []cdr.Record) error { return nil }

func (d *desk) Check(_ context.Context, marks []cdr.Mark) ([]cdr.Mark, []cdr.Break, error) {
	return marks, nil, nil
}

func (d *desk) Marks(context.Context, string, []int) ([]cdr.Mark, error) {
	return []cdr.Mark{{Part: 0}}, nil
}

func (d *desk) look(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

func (d *desk) Commit(marks []cdr.Mark) error {
	d.look(func() { d.commits = append(d.commits, marks[0].Next) })
	return nil
}

func (d *desk) Fetch(ctx context.Context) ([]cdr.Message, error) {
	if d.fetched == deskMessages {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	d.fetched++
	return []cdr.Message{{Part: 0, Offset: d.fetched - 1, Value: []byte("no leg")}}, nil
}

func (d *desk) Waiting(context.Context, int64, int) ([]worker.Batch, error) { return nil, nil }

func (d *desk) Post(context.Context, *worker.Delivery, func(worker.Fresh) (worker.Outcome, error)) (b worker.Batch, _ error) {
	d.look(func() {
		d.posted++
		b.ID = d.posted
	})
	return b, nil
}

func (d *desk) WriteRecords(ctx context.Context, token string, _ []cdr.Record) error {
	d.look(func() { d.begun = append(d.begun, token) })
	select {
	case <-d.let[token]:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestBatchesAreStoredSideBySide: two at a time are stored, whichever is ready first; the stream hears of them in order, and
// one that cannot be stored holds up those after it.
func TestBatchesAreStoredSideBySide(t *testing.T) {
	t.Parallel()
	d := &desk{let: make(map[string]chan struct{})}
	for n := range deskMessages {
		d.let[fmt.Sprintf("batch/%d", n+1)] = make(chan struct{})
	}
	w := worker.New(worker.Config{Topic: "t", Stream: d, Books: d, Calls: d, DeadLetters: d, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	until := func(begun, commits int, posted int64) {
		t.Helper()
		require.Eventually(t, func() bool {
			d.mu.Lock()
			defer d.mu.Unlock()
			return len(d.begun) == begun && len(d.commits) == commits && d.posted == posted
		}, 20*time.Second, time.Millisecond)
	}
	until(2, 0, 5)
	close(d.let["batch/2"])
	until(2, 0, 5)
	close(d.let["batch/1"])
	until(4, 2, 6)
	for n := 3; n <= deskMessages; n++ {
		close(d.let[fmt.Sprintf("batch/%d", n)])
	}
	until(deskMessages, deskMessages, deskMessages)
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6}, d.commits)
	cancel()
	require.NoError(t, <-done)
}
