package memory

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"trunkline/internal/money"
	"trunkline/ledger"
)

// room is a counter that a call counts in, with what it may hold there.
type room struct {
	counter ledger.Counter
	kept    bool // The call counts in it already.
	caps    ledger.Caps
}

// Reserve is Ledger.Reserve of sql/postgres.
func (s *Store) Reserve(_ context.Context, r ledger.HoldRequest) (ledger.HoldAnswer, error) {
	if err := r.Validate(); err != nil {
		return ledger.HoldAnswer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	wanted := r.Options[len(r.Options)-1].Seconds
	state, ok := s.accounts[r.Account]
	if !ok {
		return ledger.HoldAnswer{Final: true, Bound: ledger.BoundAccount, Refusal: ledger.BoundAccount}, nil
	}
	h := s.holds[r.Call]
	var from *quota
	if h == nil {
		h, from = s.drawnHold(r)
	}
	if h == nil {
		h = &hold{Hold: ledger.Hold{Call: r.Call, Account: r.Account, Node: r.Node, Made: r.At}, branch: r.Branch, extension: r.Extension}
	}
	stop := s.halt(r, state)
	full := s.full(r, h)
	rooms := s.rooms(r, h)
	pick, bound, err := s.pick(r, h, state, rooms, stop, full)
	if err != nil {
		return ledger.HoldAnswer{}, err
	}
	a := ledger.HoldAnswer{Granted: h.Seconds, Bound: bound, Stop: stop}
	if bound != "" && bound != ledger.BoundClosed && stop == "" {
		a.Recalled = s.recall(r.Account)
	}
	if pick != nil {
		a.Granted = pick.Seconds
		if from != nil {
			from.left = ledger.Use{Money: money.FromMicros(from.left.Money.Micros() - h.Amount.Micros()), Seconds: from.left.Seconds - h.Seconds, Calls: from.left.Calls - 1}
		}
		if err := s.grow(r, h, state, rooms, *pick); err != nil {
			return ledger.HoldAnswer{}, err
		}
	}
	if h.closed || h.ended {
		a.Granted, a.Bound = 0, ledger.BoundClosed
	}
	a.Final = a.Granted < wanted
	if a.Granted == 0 {
		a.Refusal = a.Bound
	}
	return a, nil
}

// halt is the word for a call that is to stop.
func (s *Store) halt(r ledger.HoldRequest, state *ledger.State) string {
	if state.Suspended {
		return ledger.BoundSuspended
	}
	for b := range s.blocks {
		if b.account != r.Account {
			continue
		}
		switch b.scope {
		case ledger.BranchScope:
			if b.owner == r.Branch {
				return ledger.BoundBlocked
			}
		case ledger.ExtensionScope:
			if b.owner == r.Extension {
				return ledger.BoundBlocked
			}
		case ledger.DestinationScope:
			if strings.HasPrefix(r.To, b.owner) {
				return ledger.BoundBlocked
			}
		case ledger.TenantScope:
		}
	}
	return ""
}

// rooms are the counters that the call counts in already, and those of the limits that are new to it.
func (s *Store) rooms(r ledger.HoldRequest, h *hold) []room {
	if h == nil {
		h = &hold{}
	}
	caps := make(map[settingKey]ledger.Caps)
	for _, l := range r.Limits {
		caps[settingKey{r.Account, l.Scope, l.Owner, l.Period}] = ledger.Caps{Money: l.Money, Seconds: l.Seconds, Calls: l.Calls}
	}
	for key, hand := range s.settings {
		mine := key.scope == ledger.TenantScope || key.scope == ledger.BranchScope && key.owner == r.Branch ||
			key.scope == ledger.ExtensionScope && key.owner == r.Extension
		if key.account == r.Account && mine {
			caps[key] = hand.Or(caps[key])
		}
	}
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	var out []room
	for _, c := range h.limits {
		key := settingKey{c.Account, c.Scope, c.Owner, c.Period}
		out = append(out, room{c, true, caps[key]})
		delete(caps, key)
	}
	for key, c := range caps {
		limit := ledger.Limit{Scope: key.scope, Owner: key.owner, Period: key.period}
		out = append(out, room{limit.Counter(r.Account, r.At, zone), false, c})
	}
	return out
}

// pick takes the longest stretch that everything allows, and says what stands in the way of the shortest that is not.
func (s *Store) pick(r ledger.HoldRequest, h *hold, state *ledger.State, rooms []room, stop, full string) (*ledger.GrantOption, string, error) {
	free, err := state.Available()
	if err != nil {
		return nil, "", err
	}
	var pick *ledger.GrantOption
	first := ""
	for i := range r.Options {
		step := &r.Options[i]
		if step.Seconds <= h.Seconds {
			continue
		}
		bound, err := s.bound(step, h, free, rooms, cmp.Or(stop, full))
		if err != nil {
			return nil, "", err
		}
		switch {
		case bound == "":
			pick = step
		case first == "":
			first = bound
		}
	}
	return pick, first, nil
}

func (s *Store) bound(step *ledger.GrantOption, h *hold, free money.Amount, rooms []room, stop string) (string, error) {
	more, err := step.Cost.Sub(h.Amount)
	if err != nil {
		return "", err
	}
	switch {
	case h.closed || h.ended:
		return ledger.BoundClosed, nil
	case stop != "":
		return stop, nil
	case more.Sign() > 0 && free.Less(more):
		return ledger.BoundBalance, nil
	}
	var periods []string
	for _, room := range rooms {
		fits, err := s.fits(step, h, room, more.Sign() > 0)
		if err != nil {
			return "", err
		}
		if !fits {
			periods = append(periods, ledger.BoundLimit(room.counter.Period))
		}
	}
	if len(periods) == 0 {
		return "", nil
	}
	return slices.Min(periods), nil
}

func (s *Store) fits(step *ledger.GrantOption, h *hold, r room, grows bool) (bool, error) {
	var g ledger.Gauge
	if found, ok := s.counters[r.counter]; ok {
		g = *found
	}
	own := ledger.Use{}
	if r.kept {
		own = ledger.Use{Money: h.Amount, Seconds: h.Seconds, Calls: 1}
	}
	if r.caps.Money != nil {
		left, err := money.Sum(*r.caps.Money, g.Raised.Money, g.Aside.Money, own.Money, g.Used.Money.Neg(), g.Held.Money.Neg())
		if err != nil || grows && left.Less(step.Cost) {
			return false, err
		}
	}
	if c := r.caps.Seconds; c != nil && step.Seconds > *c+g.Raised.Seconds+g.Aside.Seconds+own.Seconds-g.Used.Seconds-g.Held.Seconds {
		return false, nil
	}
	if c := r.caps.Calls; c != nil && *c+g.Raised.Calls+g.Aside.Calls+own.Calls-g.Used.Calls-g.Held.Calls < 1 {
		return false, nil
	}
	return true, nil
}

// grow holds what was picked, in the account and in every counter.
func (s *Store) grow(r ledger.HoldRequest, h *hold, state *ledger.State, rooms []room, step ledger.GrantOption) error {
	more, err := step.Cost.Sub(h.Amount)
	if err != nil {
		return err
	}
	if state.Pending, err = state.Pending.Add(s.faults.held(more)); err != nil {
		return err
	}
	h.limits = h.limits[:0]
	for _, room := range rooms {
		add := ledger.Use{Money: step.Cost, Seconds: step.Seconds, Calls: 1}
		if room.kept {
			add = ledger.Use{Money: more, Seconds: step.Seconds - h.Seconds}
		}
		g := s.gauge(room.counter)
		if g.Held, err = g.Held.Add(add); err != nil {
			return err
		}
		h.limits = append(h.limits, room.counter)
	}
	s.place(r, h, step.Seconds)
	h.drawn = false
	h.Amount, h.Seconds, h.Touched = step.Cost, step.Seconds, r.At
	if s.holds[r.Call] == nil {
		s.sequence++
		h.seq = s.sequence
	}
	s.holds[r.Call] = h
	return nil
}

// Release is Ledger.Release of sql/postgres.
func (s *Store) Release(_ context.Context, call uuid.UUID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end(call)
}

// end gives a hold back.
func (s *Store) end(call uuid.UUID) error {
	h, ok := s.holds[call]
	if !ok || h.closed {
		return nil
	}
	state := s.account(h.Account)
	var err error
	if state.Pending, err = state.Pending.Sub(s.faults.held(h.Amount)); err != nil {
		return err
	}
	for _, c := range h.limits {
		g := s.gauge(c)
		if g.Held, err = g.Held.Add(ledger.Use{Money: h.Amount.Neg(), Seconds: -h.Seconds, Calls: -1}); err != nil {
			return err
		}
	}
	h.Amount, h.closed = money.Amount{}, true
	return nil
}

// Expire is Ledger.Expire of sql/postgres.
func (s *Store) Expire(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.expireQuotas()
	if err != nil {
		return n, err
	}
	for call, h := range s.holds {
		node, ok := s.nodes[h.Node]
		if h.closed || !ok || h.seq > node.Settled || s.books.waits(call) {
			continue
		}
		if err := s.end(call); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
