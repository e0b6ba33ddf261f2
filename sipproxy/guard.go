package sipproxy

import (
	"net/netip"
	"sync"
	"time"

	"trunkline/internal/clock"
)

const (
	guardFailures = 20              // Wrong passwords from one source that lock it.
	guardWindow   = time.Minute     // In which they are counted.
	guardLock     = 5 * time.Minute // For which it is locked then.
	guardSources  = 100_000         // Sources that are watched at most.
)

// guard locks sources out that try passwords, and bounds what strangers may ask in a second.
type guard struct {
	clock clock.Clock
	rate  int // Requests of one source in a second; negative: no bound.
	mu    sync.Mutex
	seen  map[netip.Addr]*suspect

	second int64 // That asked counts in, Unix time.
	asked  map[netip.Addr]int
}

type suspect struct {
	since  time.Time
	count  int
	locked time.Time
}

func newGuard(c clock.Clock, rate int) *guard {
	return &guard{clock: c, rate: rate, seen: make(map[netip.Addr]*suspect), asked: make(map[netip.Addr]int)}
}

// floods counts a request of a source, and reports whether it has asked too much in this second.
func (g *guard) floods(source netip.Addr) bool {
	if g.rate < 0 {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if second := g.clock.Now().Unix(); second != g.second {
		g.second = second
		clear(g.asked)
	}
	g.asked[source]++
	return g.asked[source] > g.rate
}

func (g *guard) blocked(source netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, ok := g.seen[source]
	return ok && g.clock.Now().Before(s.locked)
}

func (g *guard) failed(source netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock.Now()
	s, ok := g.seen[source]
	if !ok {
		if len(g.seen) >= guardSources {
			g.forget(now)
		}
		s = &suspect{since: now}
		g.seen[source] = s
	}
	if now.Sub(s.since) > guardWindow {
		s.since, s.count = now, 0
	}
	s.count++
	if s.count >= guardFailures {
		s.locked = now.Add(guardLock)
		s.count = 0
	}
}

// forget drops sources that have not failed lately; if all have, it drops them all rather than grow.
func (g *guard) forget(now time.Time) {
	for addr, s := range g.seen {
		if now.Sub(s.since) > guardWindow && now.After(s.locked) {
			delete(g.seen, addr)
		}
	}
	if len(g.seen) >= guardSources {
		clear(g.seen)
	}
}
