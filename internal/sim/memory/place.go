package memory

import (
	"context"
	"time"

	"github.com/google/uuid"

	"trunkline/ledger"
)

// placed reports whether a hold takes a place.
func (s *Store) placed(h *hold) bool {
	return !h.closed && !h.ended && h.till.After(s.clock.Now())
}

// full is the word for the first scope that has no place for the call, which has none.
func (s *Store) full(r ledger.HoldRequest, h *hold) string {
	if s.placed(h) || h.drawn || s.faults.places {
		return ""
	}
	tenant, branch, extension := s.inProgress(r)
	switch {
	case r.Concurrency.Tenant > 0 && tenant >= r.Concurrency.Tenant:
		return ledger.BoundCalls(ledger.TenantScope)
	case r.Concurrency.Branch > 0 && branch >= r.Concurrency.Branch:
		return ledger.BoundCalls(ledger.BranchScope)
	case r.Concurrency.Extension > 0 && extension >= r.Concurrency.Extension:
		return ledger.BoundCalls(ledger.ExtensionScope)
	}
	return ""
}

// inProgress counts the calls of an account, a branch and an extension, with those that quotas have room for.
func (s *Store) inProgress(r ledger.HoldRequest) (tenant, branch, extension int64) {
	for _, q := range s.quotas {
		if q.account != r.Account || q.closed {
			continue
		}
		tenant += q.left.Calls
		if q.branch == r.Branch {
			branch += q.left.Calls
		}
		if q.extension == r.Extension {
			extension += q.left.Calls
		}
	}
	for _, other := range s.holds {
		if other.Account != r.Account || !s.placed(other) {
			continue
		}
		tenant++
		if other.branch == r.Branch {
			branch++
		}
		if other.extension == r.Extension {
			extension++
		}
	}
	return tenant, branch, extension
}

// place gives the hold a place until its call must be over, or keeps the one that it has for longer.
func (s *Store) place(r ledger.HoldRequest, h *hold, seconds int64) {
	granted := time.Duration(seconds) * time.Second
	if s.placed(h) {
		h.till = h.till.Add(granted - time.Duration(h.Seconds)*time.Second)
		return
	}
	h.till = s.clock.Now().Add(r.Setup + ledger.SlotGrace + granted)
}

// End is Ledger.End of sql/postgres.
func (s *Store) End(_ context.Context, calls []uuid.UUID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, call := range calls {
		if h, ok := s.holds[call]; ok && !h.closed {
			h.ended = true
		}
	}
	return nil
}

// Placed returns how many calls of an account take a place.
func (s *Store) Placed(a ledger.Account) (n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.holds {
		if h.Account == a && s.placed(h) {
			n++
		}
	}
	for _, q := range s.quotas {
		if q.account == a {
			n += q.left.Calls
		}
	}
	return n
}
