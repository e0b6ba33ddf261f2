package sipproxy

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
	releaseGather = 100 * time.Millisecond // Ends are told together; a call that finds no place has them told at once.
	releaseRetry  = time.Second
	releaseBatch  = 500
	releaseMost   = 100_000 // That wait while the ledger does not answer. The places of more come free when their grants are over.
)

// releaseQueue tells the ledger which calls are over, so that they take no place any more: some at a time, again and again until
// it was heard. What the ledger could not be told is in the journal.
type releaseQueue struct {
	credit  Credit
	journal *journal.Journal
	clock   clock.Clock
	log     *slog.Logger
	telling chan struct{} // Holds a token while nobody tells.
	wake    chan struct{}

	mu        sync.Mutex
	waiting   []calls.ID
	told      int                        // How many of them are being told.
	releasing map[chan struct{}]struct{} // Holds that are just being given back; each is closed when it was.
}

func newReleaseQueue(p *Proxy) *releaseQueue {
	q := &releaseQueue{
		credit: p.credit, journal: p.journal, clock: p.clock, log: p.log,
		telling: make(chan struct{}, 1), wake: make(chan struct{}, 1), releasing: make(map[chan struct{}]struct{}),
	}
	q.telling <- struct{}{}
	return q
}

// add has the ends of calls told soon. It may be repeated.
func (q *releaseQueue) add(over ...calls.ID) {
	q.mu.Lock()
	q.waiting = append(q.waiting, over...)
	var lost []calls.ID
	if n := len(q.waiting) - releaseMost; n > 0 && q.told == 0 {
		lost, q.waiting = q.waiting[:n], q.waiting[n:]
	}
	q.mu.Unlock()
	for _, id := range lost {
		_ = q.journal.Remove(callstate.ReleaseKey(id))
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// run tells until ctx ends. What was not told by then is kept for the next life.
func (q *releaseQueue) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			q.keep()
			return
		case <-q.wake:
		}
		wait := releaseGather
		for clock.Sleep(ctx, q.clock, wait) == nil {
			wait = releaseRetry
			if q.flush(ctx) {
				break
			}
		}
	}
}

// flush tells all that waits, and reports whether the ledger has heard it.
func (q *releaseQueue) flush(ctx context.Context) bool {
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
			q.log.WarnContext(ctx, "the ledger was not told which calls are over; trying again", "calls", len(batch), "error", err)
			q.keep()
			return false
		}
		for _, id := range batch {
			_ = q.journal.Remove(callstate.ReleaseKey(id))
		}
	}
}

func (q *releaseQueue) take() []calls.ID {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.told = min(len(q.waiting), releaseBatch)
	return q.waiting[:q.told:q.told]
}

func (q *releaseQueue) tell(ctx context.Context, batch []calls.ID) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return q.credit.End(ctx, batch)
}

// release notes that a hold is being given back, until done is called.
func (q *releaseQueue) release() (done func()) {
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

// idle reports whether the ledger knows of all calls that are over.
func (q *releaseQueue) idle() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) == 0 && len(q.releasing) == 0
}

// settle waits until the ledger knows of all calls that are over by now, and reports whether it does.
func (q *releaseQueue) settle(ctx context.Context) bool {
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
func (q *releaseQueue) keep() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, id := range q.waiting {
		if key := callstate.ReleaseKey(id); !q.journal.Has(key) {
			_ = q.journal.Write(journal.Change{Key: key, Value: []byte{1}})
		}
	}
}
