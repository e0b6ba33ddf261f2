package quota

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/ledger"
)

// Ledger grants quotas. All methods may be repeated.
type Ledger interface {
	DrawQuota(ctx context.Context, r ledger.QuotaRequest) (ledger.QuotaAnswer, error)
	RetireQuota(ctx context.Context, id uuid.UUID, drawn ledger.Use) error
	FinishQuotas(ctx context.Context, life ledger.Life, ids []uuid.UUID, beat int64) error
	Quotas(ctx context.Context, life ledger.Life) ([]ledger.Quota, error)
}

// Terms say how quotas are dealt with.
type Terms struct {
	Fresh    time.Duration // For so long a quota is dealt out after the ledger has said that nothing was changed by hand. It bounds how long a block is not felt.
	Busy     int64         // Calls within a window that make a quota worth it; fewer are asked of the ledger one by one.
	Ordinary int64         // How many ordinary calls a grant has to be enough for; what is less is too near a limit.
	Share    int64         // One of so many parts of what is left is drawn at a time, at most.
	Idle     time.Duration // A quota that no call draws on for so long is given back.
	Longest  time.Duration // A quota is given back after this time, so that its last call and its closing are not far apart.
	Reach    time.Duration // How long a call may go on at most before it asks again.
}

// DefaultTerms are those for calls that ask again within a time.
func DefaultTerms(reach time.Duration) Terms {
	return Terms{Fresh: 800 * time.Millisecond, Busy: 3, Ordinary: 4, Share: 8, Idle: 15 * time.Second, Longest: 10 * time.Minute, Reach: reach}
}

// Scope is what all calls that draw on a quota count against.
type Scope struct {
	Account     ledger.Account
	Branch      string // Empty where the branch has neither limits nor a cap on calls of its own.
	Extension   string // As Branch.
	Limits      []ledger.Limit
	Zone        *time.Location
	Concurrency ledger.ConcurrencyCaps
}

type key struct {
	account           ledger.Account
	branch, extension string
}

func (k key) compare(other key) int {
	return cmp.Or(cmp.Compare(k.account.Owner, other.account.Owner), cmp.Compare(k.branch, other.branch), cmp.Compare(k.extension, other.extension),
		cmp.Compare(k.account.Currency.String(), other.account.Currency.String()))
}

func (s *Scope) key() key { return key{s.Account, s.Branch, s.Extension} }

// Pool has the quotas of a proxy. It is safe for concurrent use.
type Pool struct {
	terms Terms
	from  Ledger
	clock clock.Clock
	life  ledger.Life
	ids   func() uuid.UUID

	tending sync.Mutex // One at a time looks after the quotas.

	mu      sync.Mutex
	closed  bool
	open    map[key]*lot
	demands map[key]*demand
	retired []*lot
	unknown []uuid.UUID   // Quotas of ours in the ledger that no call of this life draws on.
	asked   time.Duration // When the ledger was asked for our quotas.
}

// New returns a pool without quotas, for a start of a proxy that is registered with the ledger. ids makes the ids of quotas: no two are the same.
func New(terms Terms, from Ledger, c clock.Clock, life ledger.Life, ids func() uuid.UUID) *Pool {
	return &Pool{terms: terms, from: from, clock: c, life: life, ids: ids, open: make(map[key]*lot), demands: make(map[key]*demand)}
}

// Take draws on a quota for a call, so that it has money until so many seconds after its connection, all in all at a cost. has is what it has of a
// quota already. It returns what the call has then, and whether there is a quota that is enough; if not, nothing is drawn.
func (p *Pool) Take(s *Scope, call calls.ID, want ledger.GrantOption, has cdr.Draw) (cdr.Draw, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := s.key()
	more, ok := beyond(want, has)
	if !ok || p.closed {
		return has, false
	}
	d := p.demands[k]
	if d == nil {
		d = &demand{}
		p.demands[k] = d
	}
	d.add(more)
	d.scope = s
	l := p.open[k]
	if l == nil || l.scope != s || !has.IsZero() && has.Quota != cdr.QuotaID(l.id) || !p.usable(l) || !l.take(call, more) {
		return has, false
	}
	l.used = p.clock.Elapsed()
	return cdr.Draw{Quota: cdr.QuotaID(l.id), Money: want.Cost, Seconds: want.Seconds}, true
}

// beyond is what a call wants beyond what it has; false: that is nothing, and not for a quota to say.
func beyond(want ledger.GrantOption, has cdr.Draw) (ledger.Use, bool) {
	if want.Seconds <= has.Seconds {
		return ledger.Use{}, false
	}
	cost, err := want.Cost.Sub(has.Money)
	if err != nil || cost.Sign() < 0 {
		return ledger.Use{}, false
	}
	more := ledger.Use{Money: cost, Seconds: want.Seconds - has.Seconds}
	if has.IsZero() {
		more.Calls = 1
	}
	return more, true
}

// usable reports whether the ledger has confirmed a quota lately and its periods last.
func (p *Pool) usable(l *lot) bool {
	return p.clock.Elapsed()-l.confirmed <= p.terms.Fresh && p.clock.Now().Before(l.until)
}

// Recall deals nothing more out of the quotas of an account, as something about it was changed by hand; of all accounts, if it is nil.
func (p *Pool) Recall(account *ledger.Account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range p.keys() {
		if account == nil || k.account == *account {
			p.retire(k, p.open[k])
		}
	}
}

// keys are those of the quotas that are dealt out of, in their order.
func (p *Pool) keys() []key { return slices.SortedFunc(maps.Keys(p.open), key.compare) }

func (p *Pool) retire(k key, l *lot) {
	delete(p.open, k)
	p.retired = append(p.retired, l)
}

// Scopes are those of the quotas that are dealt out of.
func (p *Pool) Scopes() []*Scope {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]*Scope, 0, len(p.open))
	for _, k := range p.keys() {
		out = append(out, p.open[k].scope)
	}
	return out
}

// Close deals out nothing more, and gives back what no call has drawn. Calls that draw on quotas may go on. The error is the ledger's: what it does not
// hear comes back when all calls are over.
func (p *Pool) Close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.Recall(nil)
	return p.Tend(ctx)
}

// Stats tell how many quotas are dealt out of, and how many wait for the ends of their calls.
func (p *Pool) Stats() (open, retired int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open), len(p.retired)
}
