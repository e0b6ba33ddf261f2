package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"trunkline/cdr"
	"trunkline/internal/money"
	"trunkline/ledger"
)

// quota is a portion of an account that a proxy has.
type quota struct {
	id                uuid.UUID
	account           ledger.Account
	node, life        string
	branch, extension string
	limits            []ledger.Counter
	rules             int64
	granted, left     ledger.Use
	made              time.Time
	retired, closed   bool
	finished          int64 // 0: it is not.
}

// rules are what proxies must know to deal out of quotas.
type rules struct {
	version int64
	after   time.Time // No quotas are granted before.
}

// DrawQuota is Ledger.DrawQuota of sql/postgres.
func (s *Store) DrawQuota(_ context.Context, r ledger.QuotaRequest) (ledger.QuotaAnswer, error) {
	if err := r.Validate(); err != nil {
		return ledger.QuotaAnswer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	state, ok := s.accounts[r.Account]
	if !ok {
		return ledger.QuotaAnswer{Refusal: ledger.BoundAccount}, nil
	}
	q, a := s.quotas[r.ID], ledger.QuotaAnswer{Version: s.rules[r.Account].version}
	if q != nil {
		a.Granted, a.Version = q.granted, q.rules
		switch {
		case q.retired || q.closed || q.finished != 0 || q.rules != s.rules[r.Account].version || q.account != r.Account || q.node != r.Node || q.life != r.Life:
			a.Refusal = ledger.QuotaRetired
			return a, nil
		case q.granted != r.Had:
			return a, nil
		}
	} else if r.Had.Calls > 0 {
		a.Refusal = ledger.QuotaRetired
		return a, nil
	}
	if a.Refusal = s.exactOnly(r.Account, state); a.Refusal != "" {
		return a, nil
	}
	return s.grantQuota(r, state, q, a)
}

// exactOnly says why no quotas of an account are granted.
func (s *Store) exactOnly(a ledger.Account, state *ledger.State) string {
	if state.Suspended {
		return ledger.BoundSuspended
	}
	exact := s.rules[a].after.After(s.clock.Now())
	for b := range s.blocks {
		exact = exact || b.account == a
	}
	for key := range s.settings {
		exact = exact || key.account == a && key.scope != ledger.TenantScope
	}
	if exact {
		return ledger.QuotaExact
	}
	return ""
}

// grantQuota grants a share of what is left.
func (s *Store) grantQuota(r ledger.QuotaRequest, state *ledger.State, q *quota, a ledger.QuotaAnswer) (ledger.QuotaAnswer, error) {
	hold := ledger.HoldRequest{Account: r.Account, Branch: r.Branch, Extension: r.Extension, Limits: r.Limits, Zone: r.Zone, At: r.At, Concurrency: r.Concurrency}
	rooms := s.rooms(hold, nil)
	if q != nil && !sameCounters(q.limits, rooms) {
		a.Refusal = ledger.QuotaRetired
		return a, nil
	}
	more, err := s.shareOf(hold, state, rooms, r.More, r.Share)
	if err != nil {
		return a, err
	}
	if !more.Covers(r.Least) || more.Seconds < 1 || more.Calls < 1 {
		a.Refusal = ledger.QuotaNear
		return a, nil
	}
	if q == nil {
		q = &quota{id: r.ID, account: r.Account, node: r.Node, life: r.Life, branch: r.Branch, extension: r.Extension, rules: a.Version, made: s.clock.Now()}
		for _, room := range rooms {
			q.limits = append(q.limits, room.counter)
		}
		s.quotas[r.ID] = q
	}
	if state.Pending, err = state.Pending.Add(s.faults.quota(more.Money)); err != nil {
		return a, err
	}
	for _, c := range q.limits {
		g := s.gauge(c)
		if g.Held, err = g.Held.Add(s.faults.use(more)); err != nil {
			return a, err
		}
	}
	if q.left, err = q.left.Add(more); err != nil {
		return a, err
	}
	q.granted, err = q.granted.Add(more)
	a.Granted = q.granted
	return a, err
}

func sameCounters(counters []ledger.Counter, rooms []room) bool {
	if len(counters) != len(rooms) {
		return false
	}
	for _, r := range rooms {
		if !slices.Contains(counters, r.counter) {
			return false
		}
	}
	return true
}

// shareOf is what may be granted of what is wanted.
func (s *Store) shareOf(r ledger.HoldRequest, state *ledger.State, rooms []room, want ledger.Use, share int64) (ledger.Use, error) {
	left, err := state.Available()
	if err != nil {
		return want, err
	}
	for _, room := range rooms {
		var g ledger.Gauge
		if found, ok := s.counters[room.counter]; ok {
			g = *found
		}
		if room.caps.Money != nil {
			rest, err := money.Sum(*room.caps.Money, g.Raised.Money, g.Aside.Money, g.Used.Money.Neg(), g.Held.Money.Neg())
			if err != nil {
				return want, err
			}
			if rest.Less(left) {
				left = rest
			}
		}
		if c := room.caps.Seconds; c != nil {
			want.Seconds = min(want.Seconds, (*c+g.Raised.Seconds+g.Aside.Seconds-g.Used.Seconds-g.Held.Seconds)/share)
		}
		if c := room.caps.Calls; c != nil {
			want.Calls = min(want.Calls, (*c+g.Raised.Calls+g.Aside.Calls-g.Used.Calls-g.Held.Calls)/share)
		}
	}
	if part := money.FromMicros(left.Micros() / share); part.Less(want.Money) {
		want.Money = part
	}
	t, b, e := s.inProgress(r)
	for _, of := range [][2]int64{{r.Concurrency.Tenant, t}, {r.Concurrency.Branch, b}, {r.Concurrency.Extension, e}} {
		if of[0] > 0 {
			want.Calls = min(want.Calls, (of[0]-of[1])/share)
		}
	}
	return want, nil
}

// RetireQuota is Ledger.RetireQuota of sql/postgres.
func (s *Store) RetireQuota(_ context.Context, id uuid.UUID, drawn ledger.Use) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, ok := s.quotas[id]
	if !ok || q.closed {
		return nil
	}
	q.retired = true
	unused := ledger.Use{
		Money:   money.FromMicros(max(0, q.granted.Money.Micros()-drawn.Money.Micros())),
		Seconds: max(0, q.granted.Seconds-drawn.Seconds), Calls: max(0, q.granted.Calls-drawn.Calls),
	}
	var err error
	if q.granted, err = q.granted.Sub(unused); err != nil {
		return err
	}
	return s.lessen(q, unused)
}

// lessen takes something out of a quota, never more than it has.
func (s *Store) lessen(q *quota, by ledger.Use) error {
	if q.left.Money.Less(by.Money) {
		by.Money = q.left.Money
	}
	by.Seconds, by.Calls = min(by.Seconds, q.left.Seconds), min(by.Calls, q.left.Calls)
	var err error
	if q.left, err = q.left.Sub(by); err != nil {
		return err
	}
	state := s.account(q.account)
	if state.Pending, err = state.Pending.Sub(s.faults.quota(by.Money)); err != nil {
		return err
	}
	for _, c := range q.limits {
		g := s.gauge(c)
		if g.Held, err = g.Held.Sub(s.faults.use(by)); err != nil {
			return err
		}
	}
	return nil
}

// FinishQuotas is Ledger.FinishQuotas of sql/postgres.
func (s *Store) FinishQuotas(_ context.Context, life ledger.Life, ids []uuid.UUID, beat int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if q, ok := s.quotas[id]; ok && q.node == life.Node && q.finished == 0 {
			q.finished, q.retired = beat, true
		}
	}
	return nil
}

// Quotas is Ledger.Quotas of sql/postgres.
func (s *Store) Quotas(_ context.Context, life ledger.Life) ([]ledger.Quota, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.nodes[life.Node]
	if !ok || n.life != life.Life {
		return nil, ledger.ErrNodeTwice
	}
	var out []ledger.Quota
	for _, q := range s.quotas {
		if q.node == life.Node && !q.closed && q.finished == 0 {
			out = append(out, ledger.Quota{ID: q.id, Account: q.account, Version: q.rules, Rules: s.rules[q.account].version, Retired: q.retired || q.life != n.life})
		}
	}
	slices.SortFunc(out, func(a, b ledger.Quota) int { return cmp.Compare(a.ID.String(), b.ID.String()) })
	return out, nil
}

// expireQuotas closes those that nobody draws on any more.
func (s *Store) expireQuotas() (n int64, err error) {
	for id, q := range s.quotas {
		node, ok := s.nodes[q.node]
		if q.closed || !ok || q.finished == 0 || q.finished > node.settledBeat || s.books.waitsOn(cdr.QuotaID(id)) {
			continue
		}
		if err := s.lessen(q, q.left); err != nil {
			return n, err
		}
		q.closed = true
		n++
	}
	return n, nil
}

// recall calls the quotas of an account back, and says whether there are any.
func (s *Store) recall(a ledger.Account) bool {
	open := false
	for _, q := range s.quotas {
		open = open || q.account == a && !q.closed && !q.retired
	}
	if r := s.rules[a]; open && !r.after.After(s.clock.Now()) {
		s.rules[a] = rules{r.version + 1, s.clock.Now().Add(ledger.QuotaPause)}
	}
	return open
}

// drawnHold is a hold that a call would have that has drawn on a quota instead; nil: it has not.
func (s *Store) drawnHold(r ledger.HoldRequest) (*hold, *quota) {
	q, ok := s.quotas[r.Quota]
	if !ok || q.account != r.Account || q.closed || !q.left.Covers(ledger.Use{Money: r.Drawn.Money, Seconds: r.Drawn.Seconds, Calls: 1}) {
		return nil, nil
	}
	return &hold{
		Hold:   ledger.Hold{Call: r.Call, Account: r.Account, Node: r.Node, Made: r.At, Amount: r.Drawn.Money, Seconds: r.Drawn.Seconds},
		limits: slices.Clone(q.limits), branch: r.Branch, extension: r.Extension, drawn: true, ended: s.books.claimedCall(r.Call),
	}, q
}
