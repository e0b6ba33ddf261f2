package memory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
)

// Store is a ledger with its books. It is safe for concurrent use.
type Store struct {
	clock clock.Clock

	mu       sync.Mutex
	accounts map[ledger.Account]*ledger.State
	holds    map[uuid.UUID]*hold
	counters map[ledger.Counter]*ledger.Gauge
	settings map[settingKey]ledger.Caps
	blocks   map[blockKey]bool
	nodes    map[string]*node
	quotas   map[uuid.UUID]*quota
	rules    map[ledger.Account]rules
	sequence int64 // Of holds.
	postings []ledger.Posting
	keys     map[string]int // Index of the posting with a key.
	books    books
	faults   faults

	batchKeys int64 // The last key of a batch: of all histories.
}

type hold struct {
	seq int64
	ledger.Hold
	limits []ledger.Counter
	closed bool

	branch, extension string
	ended             bool
	drawn             bool      // It is not one yet: the call has this much of a quota.
	till              time.Time // Until when it takes a place, if it is neither ended nor closed.
}

type settingKey struct {
	account ledger.Account
	scope   ledger.Scope
	owner   string
	period  ledger.Period
}

type blockKey struct {
	account ledger.Account
	scope   ledger.Scope
	owner   string
}

// New returns an empty store.
func New(c clock.Clock) *Store {
	return &Store{
		clock: c, accounts: make(map[ledger.Account]*ledger.State), holds: make(map[uuid.UUID]*hold),
		counters: make(map[ledger.Counter]*ledger.Gauge), settings: make(map[settingKey]ledger.Caps),
		blocks: make(map[blockKey]bool), nodes: make(map[string]*node), quotas: make(map[uuid.UUID]*quota), rules: make(map[ledger.Account]rules), keys: make(map[string]int),
		books: newBooks(),
	}
}

// account returns an account, and makes it where there is none.
func (s *Store) account(a ledger.Account) *ledger.State {
	state, ok := s.accounts[a]
	if !ok {
		state = &ledger.State{Account: a, Opened: s.clock.Now()}
		s.accounts[a] = state
	}
	return state
}

// Open is Ledger.Open of sql/postgres.
func (s *Store) Open(_ context.Context, a ledger.Account, creditLimit money.Amount) error {
	if err := a.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(a).CreditLimit = creditLimit
	return nil
}

// State is Ledger.State of sql/postgres.
func (s *Store) State(_ context.Context, a ledger.Account) (ledger.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state, ok := s.accounts[a]
	if !ok {
		return ledger.State{}, ledger.ErrNoAccount
	}
	return *state, nil
}

// Post is Ledger.Post of sql/postgres.
func (s *Store) Post(_ context.Context, e ledger.Entry) (ledger.Posting, error) {
	p, err := e.Posting()
	if err != nil {
		return p, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.Posted = s.clock.Now()
	if i, ok := s.keys[p.Key]; ok {
		before := s.postings[i]
		if before.Purpose != p.Purpose || before.Debit != p.Debit || before.Credit != p.Credit || before.Amount != p.Amount || before.Reason != p.Reason {
			return p, ledger.ErrKeyConflict
		}
		return before, nil
	}
	if err := s.post([]ledger.Posting{p}); err != nil {
		return p, err
	}
	s.keys[p.Key] = len(s.postings) - 1
	return s.postings[len(s.postings)-1], nil
}

// post writes postings and their effect on the balances: all of them, or none.
func (s *Store) post(postings []ledger.Posting) error {
	for _, p := range postings {
		if err := p.Validate(); err != nil {
			return err
		}
		for _, a := range []ledger.Account{p.Debit, p.Credit} {
			if p.Slot.Before(s.account(a).ClosedTill) {
				return fmt.Errorf("%w: %s", ledger.ErrClosedPeriod, a)
			}
		}
	}
	for _, p := range postings {
		debit, credit := s.account(p.Debit), s.account(p.Credit)
		debits, err := debit.Debits.Add(p.Amount)
		if err != nil {
			return err
		}
		credits, err := credit.Credits.Add(p.Amount)
		if err != nil {
			return err
		}
		debit.Debits, credit.Credits = debits, credits
		p.ID = int64(len(s.postings) + 1)
		s.postings = append(s.postings, p)
	}
	return nil
}

// Close is Ledger.Close of sql/postgres.
func (s *Store) Close(_ context.Context, c ledger.Closing) (ledger.Closing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.At = s.clock.Now()
	if err := c.Validate(c.At); err != nil {
		return c, err
	}
	state, ok := s.accounts[c.Account]
	if !ok {
		return c, ledger.ErrNoAccount
	}
	c.Before = state.ClosedTill
	if c.Till.After(c.Before) && s.books.unratedBefore(c) {
		return c, ledger.ErrClosing
	}
	state.ClosedTill = c.Till
	return c, nil
}

// Suspend is Ledger.Suspend of sql/postgres.
func (s *Store) Suspend(_ context.Context, a ledger.Account, suspended bool, reason, by string) error {
	return s.change(ledger.Target{Account: a, Scope: ledger.TenantScope, Reason: reason, By: by}, func(state *ledger.State) {
		state.Suspended, state.Reason = suspended, ""
		if suspended {
			state.Reason = reason
		}
	})
}

// change does something to the limits of an account that there is.
func (s *Store) change(t ledger.Target, do func(*ledger.State)) error {
	if err := t.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	state, ok := s.accounts[t.Account]
	if !ok {
		return ledger.ErrNoAccount
	}
	do(state)
	r := s.rules[t.Account]
	r.version++
	s.rules[t.Account] = r
	return nil
}

// SetLimit is Ledger.SetLimit of sql/postgres.
func (s *Store) SetLimit(_ context.Context, t ledger.Target, p ledger.Period, caps ledger.Caps) error {
	if caps.Negative() {
		return ledger.ErrLimit
	}
	return s.change(t, func(*ledger.State) {
		key := settingKey{t.Account, t.Scope, t.Owner, p}
		if caps.IsZero() {
			delete(s.settings, key)
			return
		}
		s.settings[key] = caps
	})
}

// RaiseLimit is Ledger.RaiseLimit of sql/postgres.
func (s *Store) RaiseLimit(_ context.Context, t ledger.Target, c ledger.Counter, by ledger.Use) error {
	if by.IsZero() || by.Money.Sign() < 0 || by.Seconds < 0 || by.Calls < 0 {
		return ledger.ErrLimit
	}
	var failed error
	err := s.change(t, func(*ledger.State) {
		g := s.gauge(c)
		g.Raised, failed = g.Raised.Add(by)
	})
	if err != nil {
		return err
	}
	return failed
}

// ResetLimit is Ledger.ResetLimit of sql/postgres.
func (s *Store) ResetLimit(_ context.Context, t ledger.Target, c ledger.Counter) error {
	return s.change(t, func(*ledger.State) {
		if g, ok := s.counters[c]; ok {
			g.Aside = g.Used
		}
	})
}

// Block is Ledger.Block of sql/postgres.
func (s *Store) Block(_ context.Context, t ledger.Target, blocked bool) error {
	if t.Scope == ledger.TenantScope {
		return ledger.ErrLimit
	}
	return s.change(t, func(*ledger.State) {
		key := blockKey{t.Account, t.Scope, t.Owner}
		if blocked {
			s.blocks[key] = true
		} else {
			delete(s.blocks, key)
		}
	})
}

func (s *Store) gauge(c ledger.Counter) *ledger.Gauge {
	g, ok := s.counters[c]
	if !ok {
		g = &ledger.Gauge{Counter: c}
		s.counters[c] = g
	}
	return g
}

// Gauges is Ledger.Gauges of sql/postgres.
func (s *Store) Gauges(_ context.Context, a ledger.Account, since time.Time) ([]ledger.Gauge, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []ledger.Gauge
	for _, g := range s.counters {
		if g.Account == a && !g.Start.Before(since) {
			out = append(out, *g)
		}
	}
	slices.SortFunc(out, func(a, b ledger.Gauge) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Period, b.Period), a.Start.Compare(b.Start))
	})
	return out, nil
}

// UsageSums is Ledger.UsageSums of sql/postgres.
func (s *Store) UsageSums(_ context.Context, from, till time.Time) ([]ledger.UsageSum, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sums := make(map[ledger.Account]ledger.UsageSum)
	for _, p := range s.postings {
		if p.Slot.Before(from) || !p.Slot.Before(till) || p.Batch == 0 {
			continue
		}
		account, amount := p.Debit, p.Amount
		if p.Purpose == ledger.UsageCost {
			account = p.Credit
		}
		if account.Kind != ledger.TenantAccount && account.Kind != ledger.CarrierAccount { // A reversal.
			amount = amount.Neg()
			if account = p.Credit; p.Purpose == ledger.UsageCost {
				account = p.Debit
			}
		}
		sum := sums[account]
		total, err := sum.Amount.Add(amount)
		if err != nil {
			return nil, err
		}
		sums[account] = ledger.UsageSum{Account: account, Amount: total, Legs: sum.Legs + p.Legs}
	}
	return sorted(sums), nil
}

func sorted(sums map[ledger.Account]ledger.UsageSum) []ledger.UsageSum {
	return slices.SortedFunc(maps.Values(sums), func(a, b ledger.UsageSum) int { return cmp.Compare(a.Account.String(), b.Account.String()) })
}
