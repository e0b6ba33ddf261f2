package gateway

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"trunkline/sipproxy/resolver"
)

// State is what a proxy knows of a gateway at the moment.
type State struct {
	ID       string
	Carrier  string
	Address  string // Where it resolves to; empty when it does not.
	Locked   bool
	Until    time.Time // When it will be tried again.
	Why      string    // Of the last failure.
	Failures int       // In a row.
	Calls    int
	MaxCalls int
}

// Addresses is how many addresses a gateway has.
func (h *Health) Addresses(id string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s, ok := h.byID[id]; ok {
		return max(1, len(s.targets))
	}
	return 1
}

// Address returns where a gateway is.
func (h *Health) Address(id string) (resolver.Hop, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.byID[id]
	if !ok || !s.hop.Remote.IsValid() {
		return resolver.Hop{}, false
	}
	return s.hop, true
}

// States returns a copy of what is known, in no order.
func (h *Health) States() []State {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clock.Now()
	out := make([]State, 0, len(h.byID))
	for id, s := range h.byID {
		state := State{
			ID: id, Carrier: s.gateway.Carrier, Locked: now.Before(s.locked), Until: s.locked,
			Why: s.why, Failures: s.failures, MaxCalls: s.gateway.MaxCalls,
		}
		if s.hop.Remote.IsValid() {
			state.Address = s.hop.Remote.String()
		}
		out = append(out, state)
	}
	return out
}

// At names the gateway that stands at an address; empty: none.
func (h *Health) At(at netip.AddrPort) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, s := range h.byID {
		if s.hop.Remote == at {
			return id
		}
		for i := range s.targets {
			if s.targets[i].Remote == at {
				return id
			}
		}
	}
	return ""
}

// Owns reports whether an address is that of a gateway.
func (h *Health) Owns(addr netip.Addr) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.byID {
		if s.hop.Remote.Addr() == addr || slices.ContainsFunc(s.targets, func(t resolver.Hop) bool { return t.Remote.Addr() == addr }) {
			return true
		}
	}
	return false
}

// Named names the gateway whose host has a name; empty: none.
func (h *Health) Named(host string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, s := range h.byID {
		if own, _ := SplitAddress(s.gateway.Address); strings.EqualFold(own, host) {
			return id
		}
	}
	return ""
}
