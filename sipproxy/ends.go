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
	"trunkline/sipproxy/journal"
)

const (
	endsGather = 100 * time.Millisecond // Ends are told together; a call that finds no place has them told at once.
	endsRetry  = time.Second
	endsBatch  = 500
	endsMost   = 100_000 // That wait while the ledger does not answer. The places of more come free when their grants are over.
)

// ends tells the ledger which calls are over, so that they take no place any more: some at a time, again and again until
// it was heard. What the ledger could not be told is in the journal.
type ends struct {
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

func newEnds(p *Proxy) *ends {
	e := &ends{
		credit: p.credit, journal: p.journal, clock: p.clock, log: p.log,
		telling: make(chan struct{}, 1), wake: make(chan struct{}, 1), releasing: make(map[chan struct{}]struct{}),
	}
	e.telling <- struct{}{}
	return e
}

// add has the ends of calls told soon. It may be repeated.
func (e *ends) add(over ...calls.ID) {
	e.mu.Lock()
	e.waiting = append(e.waiting, over...)
	var lost []calls.ID
	if n := len(e.waiting) - endsMost; n > 0 && e.told == 0 {
		lost, e.waiting = e.waiting[:n], e.waiting[n:]
	}
	e.mu.Unlock()
	for _, id := range lost {
		_ = e.journal.Remove(endPrefix + id.String())
	}
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// run tells until ctx ends. What was not told by then is kept for the next life.
func (e *ends) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			e.keep()
			return
		case <-e.wake:
		}
		wait := endsGather
		for clock.Sleep(ctx, e.clock, wait) == nil {
			wait = endsRetry
			if e.flush(ctx) {
				break
			}
		}
	}
}

// flush tells all that waits, and reports whether the ledger has heard it.
func (e *ends) flush(ctx context.Context) bool {
	select {
	case <-e.telling:
		defer func() { e.telling <- struct{}{} }()
	case <-ctx.Done():
		return false
	}
	for {
		batch := e.take()
		if len(batch) == 0 {
			return true
		}
		err := e.tell(ctx, batch)
		e.mu.Lock()
		if err == nil {
			e.waiting = e.waiting[len(batch):]
		}
		e.told = 0
		e.mu.Unlock()
		if err != nil {
			e.log.WarnContext(ctx, "the ledger was not told which calls are over; trying again", "calls", len(batch), "error", err)
			e.keep()
			return false
		}
		for _, id := range batch {
			_ = e.journal.Remove(endPrefix + id.String())
		}
	}
}

func (e *ends) take() []calls.ID {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told = min(len(e.waiting), endsBatch)
	return e.waiting[:e.told:e.told]
}

func (e *ends) tell(ctx context.Context, batch []calls.ID) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return e.credit.End(ctx, batch)
}

// release notes that a hold is being given back, until done is called.
func (e *ends) release() (done func()) {
	given := make(chan struct{})
	e.mu.Lock()
	defer e.mu.Unlock()
	e.releasing[given] = struct{}{}
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.releasing, given)
		close(given)
	}
}

// idle reports whether the ledger knows of all calls that are over.
func (e *ends) idle() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.waiting) == 0 && len(e.releasing) == 0
}

// settle waits until the ledger knows of all calls that are over by now, and reports whether it does.
func (e *ends) settle(ctx context.Context) bool {
	e.mu.Lock()
	releasing := slices.Collect(maps.Keys(e.releasing))
	e.mu.Unlock()
	for _, given := range releasing {
		select {
		case <-given:
		case <-ctx.Done():
			return false
		}
	}
	return e.flush(ctx)
}

// keep writes what waits to the journal.
func (e *ends) keep() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range e.waiting {
		if key := endPrefix + id.String(); !e.journal.Has(key) {
			_ = e.journal.Write(journal.Change{Key: key, Value: []byte{1}})
		}
	}
}
