package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"trunkline/ledger"
)

const (
	groupSize  = 64              // Requests in one transaction, at most.
	groupsBusy = 2               // Transactions at a time: more of them wait for each other and make smaller groups.
	groupLimit = 2 * time.Second // For one transaction.
)

// Group reserves for many calls in one transaction when they come close together: what a reservation costs is mostly the
// commit, and calls of one account wait for each other's. A request that comes alone is not held up. It is safe for
// concurrent use; the rules are those of Ledger.Reserve.
type Group struct {
	ledger *Ledger

	mu      sync.Mutex
	waiting []*grouped
	busy    int
}

// grouped is a request that waits for its answer.
type grouped struct {
	request ledger.HoldRequest
	arrays  arrays
	verdict verdict
	err     error
	done    chan struct{}
	gone    bool // Nobody waits for the answer any more.
}

// Group returns a group over the ledger.
func (l *Ledger) Group() *Group { return &Group{ledger: l} }

// Reserve is Ledger.Reserve. When ctx ends before the answer is there nothing is held: a request that waits is not made any
// more, and a hold that was just being made for a call that had none is given back.
func (g *Group) Reserve(ctx context.Context, r ledger.HoldRequest) (ledger.HoldAnswer, error) {
	if err := r.Validate(); err != nil {
		return ledger.HoldAnswer{}, err
	}
	one := &grouped{request: r, arrays: reserveArrays(r), done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, one)
	start := g.busy < groupsBusy
	if start {
		g.busy++
	}
	g.mu.Unlock()
	if start {
		go g.work(context.WithoutCancel(ctx))
	}
	select {
	case <-one.done:
	case <-ctx.Done():
		g.leave(one)
		return ledger.HoldAnswer{}, fmt.Errorf("reserve for call %s: %w", r.Call, ctx.Err())
	}
	if one.err != nil {
		return ledger.HoldAnswer{}, fmt.Errorf("reserve for call %s: %w", r.Call, one.err)
	}
	return one.answer(), nil
}

// leave takes a request back.
func (g *Group) leave(one *grouped) {
	g.mu.Lock()
	defer g.mu.Unlock()
	one.gone = true
	g.waiting = slices.DeleteFunc(g.waiting, func(other *grouped) bool { return other == one })
}

// left reports whether nobody waits for a request any more.
func (g *Group) left(one *grouped) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return one.gone
}

// work answers what waits until nothing does.
func (g *Group) work(ctx context.Context) {
	for {
		g.mu.Lock()
		n := min(len(g.waiting), groupSize)
		if n == 0 {
			g.busy--
			g.mu.Unlock()
			return
		}
		batch := slices.Clone(g.waiting[:n])
		g.waiting = slices.Delete(g.waiting, 0, n)
		g.mu.Unlock()
		g.answer(ctx, batch)
	}
}

// answer reserves for all of a batch at once. When that fails each is tried for itself: the fault of one is not that of
// the others.
func (g *Group) answer(ctx context.Context, batch []*grouped) {
	slices.SortStableFunc(batch, func(a, b *grouped) int { // Locks are always taken in the same order.
		return cmp.Compare(a.request.Account.String(), b.request.Account.String())
	})
	err := g.reserve(ctx, batch...)
	for _, one := range batch {
		if err != nil && len(batch) > 1 {
			one.err = g.reserve(ctx, one)
		} else {
			one.err = err
		}
		close(one.done)
		if one.err == nil && one.verdict.had == 0 && one.verdict.granted > 0 && g.left(one) {
			g.giveBack(ctx, one)
		}
	}
}

// giveBack releases a hold that nobody knows of. Where that fails it comes back with the node's accounts.
func (g *Group) giveBack(ctx context.Context, one *grouped) {
	ctx, cancel := context.WithTimeout(ctx, groupLimit)
	defer cancel()
	_ = g.ledger.Release(ctx, one.request.Call)
}

// reserve reserves for some requests in one transaction, within its time.
func (g *Group) reserve(ctx context.Context, batch ...*grouped) error {
	ctx, cancel := context.WithTimeout(ctx, groupLimit)
	defer cancel()
	return g.ledger.reserve(ctx, batch...)
}

// answer is what the caller is told.
func (one *grouped) answer() ledger.HoldAnswer {
	return one.verdict.answer(one.request.Options[len(one.request.Options)-1].Seconds)
}
