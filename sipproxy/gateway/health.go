package gateway

import (
	"cmp"
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

// Health knows of every gateway where it is and whether it works. It is safe for concurrent use.
type Health struct {
	clock    clock.Clock
	log      *slog.Logger
	resolver resolver.Resolver
	mu       sync.Mutex
	byID     map[string]*entry
}

type entry struct {
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

// New returns a Health that knows no gateway yet. r resolves their names; nil: the name servers of the machine.
func New(c clock.Clock, log *slog.Logger, r resolver.Resolver) *Health {
	if r == nil {
		r = new(resolver.System)
	}
	return &Health{clock: c, log: log, resolver: r, byID: make(map[string]*entry)}
}

// Admit tells where a gateway is, or why it is not to be tried now.
func (h *Health) Admit(g *provision.Gateway) (resolver.Hop, lcr.Reason) {
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
func (h *Health) state(g *provision.Gateway) *entry {
	s, ok := h.byID[g.ID]
	if !ok || s.gateway.Address != g.Address || s.gateway.Transport != g.Transport {
		s = &entry{}
		host, port := SplitAddress(g.Address)
		s.hop, _ = resolver.Literal(host, port, g.Transport)
		h.byID[g.ID] = s
	}
	s.gateway = *g
	return s
}

// SplitAddress reads the address of a gateway: host, or host and port; the port is 0 where none is given.
func SplitAddress(address string) (host string, port int) {
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

// Heard notes a sign of life. The lock of a gateway that works again is lifted.
func (h *Health) Heard(id string) {
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

// Failed notes a failure of the carrier. Enough of them in a row lock the gateway for a while; when that is over one
// more failure locks it again.
func (h *Health) Failed(id, why string) {
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
	after, lock := cmp.Or(s.gateway.LockAfter, defaultLockAfter), cmp.Or(s.gateway.Lock, defaultLock)
	if s.failures >= after*addresses {
		s.locked = h.clock.Now().Add(lock)
		h.log.Warn("gateway locked", "gateway", id, "why", why, "until", s.locked)
	}
}

// Refresh takes the gateways as they are provisioned now, resolves the names among them, and returns those that are
// to be probed at this moment.
func (h *Health) Refresh(ctx context.Context, gateways []provision.Gateway) []provision.Gateway {
	var due []provision.Gateway
	h.Know(gateways)
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

func (h *Health) resolve(ctx context.Context, g *provision.Gateway) {
	h.mu.Lock()
	s := h.state(g)
	now := h.clock.Now()
	host, port := SplitAddress(g.Address)
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

func (h *Health) probeDue(g *provision.Gateway) bool {
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

// Know takes the gateways as they are provisioned now, and forgets others.
func (h *Health) Know(gateways []provision.Gateway) {
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
