package sipproxy

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"trunkline/internal/clock"
	"trunkline/lcr"
	"trunkline/provision"
	"trunkline/sipproxy/resolver"
)

const (
	defaultLock      = 30 * time.Second
	defaultLockAfter = 5
	resolveEvery     = time.Minute
)

// GatewayState is what a proxy knows of a gateway at the moment.
type GatewayState struct {
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

// health knows of every gateway where it is and whether it works. Shards share it.
type health struct {
	clock    clock.Clock
	log      *slog.Logger
	resolver resolver.Resolver
	mu       sync.Mutex
	byID     map[string]*gatewayHealth
}

type gatewayHealth struct {
	gateway  provision.Gateway
	hop      resolver.Hop   // Where it is tried now.
	targets  []resolver.Hop // All that its name leads to, in order; empty for a literal address.
	next     int            // Of hop among them.
	resolved time.Time
	failures int
	locked   time.Time
	why      string
	probed   time.Time
	present  bool
}

func newHealth(c clock.Clock, log *slog.Logger, r resolver.Resolver) *health {
	if r == nil {
		r = new(resolver.System)
	}
	return &health{clock: c, log: log, resolver: r, byID: make(map[string]*gatewayHealth)}
}

// admit tells where a gateway is, or why it is not to be tried now.
func (h *health) admit(g *provision.Gateway) (resolver.Hop, lcr.Reason) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.state(g)
	now := h.clock.Now()
	switch {
	case now.Before(s.locked):
		return resolver.Hop{}, lcr.ReasonLocked
	case !s.hop.Remote.IsValid():
		return resolver.Hop{}, lcr.ReasonLocked
	}
	return s.hop, ""
}

// state finds or makes the entry of a gateway. A literal address is known at once, a name by refresh.
func (h *health) state(g *provision.Gateway) *gatewayHealth {
	s, ok := h.byID[g.ID]
	if !ok || s.gateway.Address != g.Address || s.gateway.Transport != g.Transport {
		s = &gatewayHealth{}
		host, port := splitAddress(g.Address)
		s.hop, _ = resolver.Literal(host, port, g.Transport)
		h.byID[g.ID] = s
	}
	s.gateway = *g
	return s
}

func splitAddress(address string) (host string, port int) {
	host, p, err := net.SplitHostPort(address)
	if err != nil {
		return address, 0
	}
	port, err = strconv.Atoi(p)
	if err != nil {
		return host, 0
	}
	return host, port
}

// heard notes a sign of life. The lock of a gateway that works again is lifted.
func (h *health) heard(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.byID[id]
	if !ok {
		return
	}
	if !s.locked.IsZero() {
		h.log.Info("gateway works again", "gateway", id)
	}
	s.failures, s.locked, s.why = 0, time.Time{}, ""
}

// failed notes a failure of the carrier. Enough of them in a row lock the gateway for a while; when that is over one
// more failure locks it again.
func (h *health) failed(id, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.byID[id]
	if !ok {
		return
	}
	s.failures++
	s.why = why
	addresses := max(1, len(s.targets))
	if addresses > 1 { // The next of its addresses takes over (RFC 3263, section 4.3).
		s.next = (s.next + 1) % addresses
		s.hop = s.targets[s.next]
	}
	after, lock := s.gateway.LockAfter, s.gateway.Lock
	setDefault(&after, defaultLockAfter)
	setDefault(&lock, defaultLock)
	if s.failures >= after*addresses {
		s.locked = h.clock.Now().Add(lock)
		h.log.Warn("gateway locked", "gateway", id, "why", why, "until", s.locked)
	}
}

// refresh takes the gateways as they are provisioned now, resolves the names among them, and returns those that are
// to be probed at this moment.
func (h *health) refresh(ctx context.Context, gateways []provision.Gateway) []provision.Gateway {
	var due []provision.Gateway
	h.know(gateways)
	for i := range gateways {
		g := &gateways[i]
		if g.Inactive {
			continue
		}
		h.resolve(ctx, g)
		if h.probeDue(g) {
			due = append(due, *g)
		}
	}
	return due
}

func (h *health) resolve(ctx context.Context, g *provision.Gateway) {
	h.mu.Lock()
	s := h.state(g)
	now := h.clock.Now()
	host, port := splitAddress(g.Address)
	_, err := netip.ParseAddr(host)
	stale := err != nil && now.Sub(s.resolved) > resolveEvery
	if stale {
		s.resolved = now
	}
	h.mu.Unlock()
	if !stale {
		return
	}
	found, err := resolver.Locate(ctx, h.resolver, host, port, g.Transport)
	if err != nil {
		h.log.WarnContext(ctx, "gateway's name does not resolve", "gateway", g.ID, "host", host, "error", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if slices.Equal(s.targets, found) {
		return
	}
	s.targets, s.next = found, max(0, slices.Index(found, s.hop))
	s.hop = found[s.next]
}

func (h *health) probeDue(g *provision.Gateway) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.state(g)
	now := h.clock.Now()
	if g.Probe <= 0 || now.Sub(s.probed) < g.Probe || !s.hop.Remote.IsValid() {
		return false
	}
	s.probed = now
	return true
}

// know takes the gateways as they are provisioned now, and forgets others.
func (h *health) know(gateways []provision.Gateway) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.byID {
		s.present = false
	}
	for i := range gateways {
		h.state(&gateways[i]).present = true
	}
	for id, s := range h.byID {
		if !s.present {
			delete(h.byID, id)
		}
	}
}

// addresses is how many addresses a gateway has.
func (h *health) addresses(id string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s, ok := h.byID[id]; ok {
		return max(1, len(s.targets))
	}
	return 1
}

// address returns where a gateway is.
func (h *health) address(id string) (resolver.Hop, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.byID[id]
	if !ok || !s.hop.Remote.IsValid() {
		return resolver.Hop{}, false
	}
	return s.hop, true
}

// states returns a copy of what is known, in no order.
func (h *health) states() []GatewayState {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clock.Now()
	out := make([]GatewayState, 0, len(h.byID))
	for id, s := range h.byID {
		state := GatewayState{
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
