package release

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/sipproxy/callstate"
	"trunkline/sipproxy/journal"
)

const (
	tellTimeout = 2 * time.Second        // For the ledger to answer.
	gather      = 100 * time.Millisecond // Ends are told together; a call that finds no place has them told at once.
	retry       = time.Second
	batchMost   = 500
	waitingMost = 100_000 // That wait while the ledger does not answer. The places of more come free when their grants are over.
)

// Ledger is told which calls are over.
type Ledger interface {
	// End says that calls are over. A repetition changes nothing.
	End(ctx context.Context, ids []calls.ID) error
}

// Journal outlives the process.
type Journal interface {
	Has(key string) bool
	Write(changes ...journal.Change) error
	Remove(keys ...string) error
}

// Options are what a Queue works with.
type Options struct {
	Ledger  Ledger
	Journal Journal
	Clock   clock.Clock
	Log     *slog.Logger
}

// Queue tells the ledger which calls are over, so that they take no channel any more: some at a time, again and again until
// the ledger has answered. What it could not be told is in the journal. It is safe for concurrent use.
type Queue struct {
	options Options
	telling chan struct{} // Holds a token while nobody tells.
	wake    chan struct{}

	mu        sync.Mutex
	waiting   []calls.ID
	told      int                        // How many of them are being told.
	releasing map[chan struct{}]struct{} // Holds that are just being given back; each is closed when it was.
}

// New returns a queue in which nothing waits.
func New(o Options) *Queue {
	q := &Queue{
		options: o, telling: make(chan struct{}, 1), wake: make(chan struct{}, 1), releasing: make(map[chan struct{}]struct{}),
	}
	q.telling <- struct{}{}
	return q
}

// Add has the ends of calls told soon. It may be repeated.
func (q *Queue) Add(over ...calls.ID) {
	q.mu.Lock()
	q.waiting = append(q.waiting, over...)
	var lost []calls.ID
	if n := len(q.waiting) - waitingMost; n > 0 && q.told == 0 {
		lost, q.waiting = q.waiting[:n], q.waiting[n:]
	}
	q.mu.Unlock()
	for _, id := range lost {
		_ = q.options.Journal.Remove(callstate.ReleaseKey(id))
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Run tells until ctx ends. What was not told by then is kept for the next life.
func (q *Queue) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			q.keep()
			return
		case <-q.wake:
		}
		wait := gather
		for clock.Sleep(ctx, q.options.Clock, wait) == nil {
			wait = retry
			if q.flush(ctx) {
				break
			}
		}
	}
}

// flush tells all that waits, and reports whether the ledger has heard it.
func (q *Queue) flush(ctx context.Context) bool {
	select {
	case <-q.telling:
		defer func() { q.telling <- struct{}{} }()
	case <-ctx.Done():
		return false
	}
	for {
		batch := q.take()
		if len(batch) == 0 {
			return true
		}
		err := q.tell(ctx, batch)
		q.mu.Lock()
		if err == nil {
			q.waiting = q.waiting[len(batch):]
		}
		q.told = 0
		q.mu.Unlock()
		if err != nil {
			q.options.Log.WarnContext(ctx, "the ledger was not told which calls are over; trying again", "calls", len(batch), "error", err)
			q.keep()
			return false
		}
		for _, id := range batch {
			_ = q.options.Journal.Remove(callstate.ReleaseKey(id))
		}
	}
}

func (q *Queue) take() []calls.ID {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.told = min(len(q.waiting), batchMost)
	return q.waiting[:q.told:q.told]
}

func (q *Queue) tell(ctx context.Context, batch []calls.ID) error {
	ctx, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	return q.options.Ledger.End(ctx, batch)
}

// Begin notes that a hold is being given back, until done is called.
func (q *Queue) Begin() (done func()) {
	given := make(chan struct{})
	q.mu.Lock()
	defer q.mu.Unlock()
	q.releasing[given] = struct{}{}
	return func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		delete(q.releasing, given)
		close(given)
	}
}

// Idle reports whether the ledger knows of all calls that are over.
func (q *Queue) Idle() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) == 0 && len(q.releasing) == 0
}

// Settle waits until the ledger knows of all calls that are over by now, and reports whether it does.
func (q *Queue) Settle(ctx context.Context) bool {
	q.mu.Lock()
	releasing := slices.Collect(maps.Keys(q.releasing))
	q.mu.Unlock()
	for _, given := range releasing {
		select {
		case <-given:
		case <-ctx.Done():
			return false
		}
	}
	return q.flush(ctx)
}

// keep writes what waits to the journal.
func (q *Queue) keep() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, id := range q.waiting {
		if key := callstate.ReleaseKey(id); !q.options.Journal.Has(key) {
			_ = q.options.Journal.Write(journal.Change{Key: key, Value: []byte{1}})
		}
	}
}
