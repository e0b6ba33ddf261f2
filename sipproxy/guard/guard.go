package guard

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"time"

	"trunkline/internal/clock"
)

const (
	loginFailures  = 20              // Wrong answers for one login from one source that lock the two.
	sourceFailures = 100             // Wrong answers from one source, whatever the login, that lock it for all that it has not proven.
	window         = time.Minute     // In which they are counted.
	lockFor        = 5 * time.Minute // How long a lock holds.
	provenFor      = 24 * time.Hour  // How long it is remembered that a login was proven from a source.

	watched  = 100_000 // Pairs of source and login that are counted, and that are remembered as proven, at most.
	loginMax = 64      // Bytes of a login that are kept: strangers choose them.
)

// Lock is a source, or one login from it, that is refused for a while.
type Lock struct {
	Source   netip.Addr
	Login    string // Empty: every login that was not proven from there.
	Failures int    // That made it.
	Since    time.Time
	Until    time.Time
}

// pair is a login as one source gives it; without a login it is the source as a whole.
type pair struct {
	source netip.Addr
	login  string
}

type suspect struct {
	since  time.Time
	count  int
	locked Lock
}

// Guard counts wrong passwords and locks who sends them. It is safe for concurrent use.
type Guard struct {
	clock  clock.Clock
	rate   int // Requests of one source in a second; negative: no bound.
	mu     sync.Mutex
	seen   map[pair]*suspect
	proven map[pair]time.Time
	made   uint64 // Locks since the start.
	tidied time.Time

	second int64 // That asked counts in, Unix time.
	asked  map[netip.Addr]int
}

// New makes a guard; rate is how many requests a stranger may send in a second, negative: any number.
func New(c clock.Clock, rate int) *Guard {
	return &Guard{clock: c, rate: rate, seen: make(map[pair]*suspect), proven: make(map[pair]time.Time), asked: make(map[netip.Addr]int)}
}

// Floods counts a request of a source, and reports whether it has asked too much in this second.
func (g *Guard) Floods(source netip.Addr) bool {
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

func pairOf(source netip.Addr, login string) pair {
	return pair{source.Unmap(), login[:min(len(login), loginMax)]}
}

// Blocked reports whether a login is refused from a source at the moment. A login that was proven from there lately is not refused for
// what others do behind the same router.
func (g *Guard) Blocked(source netip.Addr, login string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.seen) == 0 {
		return false
	}
	now, p := g.clock.Now(), pairOf(source, login)
	if s, ok := g.seen[p]; ok && now.Before(s.locked.Until) {
		return true
	}
	s, ok := g.seen[pair{source: p.source}]
	return ok && now.Before(s.locked.Until) && now.Sub(g.proven[p]) > provenFor
}

// Failed counts a wrong answer, and returns the lock that it made, if it did. Of a source that is provisioned, known, only the login is
// locked: it is a carrier or a client's switch, and phones beside it are not its fault.
func (g *Guard) Failed(source netip.Addr, login string, known bool) (Lock, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := pairOf(source, login)
	lock, made := g.count(p, loginFailures)
	if known {
		return lock, made
	}
	if whole, ok := g.count(pair{source: p.source}, sourceFailures); ok && !made {
		return whole, true
	}
	return lock, made
}

func (g *Guard) count(p pair, most int) (Lock, bool) {
	now := g.clock.Now()
	s, ok := g.seen[p]
	if !ok {
		if len(g.seen) >= watched && !g.forget(now) {
			return Lock{}, false
		}
		s = &suspect{since: now}
		g.seen[p] = s
	}
	if now.Sub(s.since) > window {
		s.since, s.count = now, 0
	}
	s.count++
	if s.count < most {
		return Lock{}, false
	}
	s.locked = Lock{Source: p.source, Login: p.login, Failures: s.count, Since: now, Until: now.Add(lockFor)}
	s.count = 0
	g.made++
	return s.locked, true
}

// forget drops pairs that have not failed lately and are not locked, and reports whether there is room now. It goes through all of them,
// so it does so once a second at most; meanwhile new ones are not counted.
func (g *Guard) forget(now time.Time) bool {
	if now.Sub(g.tidied) < time.Second {
		return false
	}
	g.tidied = now
	for p, s := range g.seen {
		if now.Sub(s.since) > window && !now.Before(s.locked.Until) {
			delete(g.seen, p)
		}
	}
	return len(g.seen) < watched
}

// Passed notes that a login was proven from a source.
func (g *Guard) Passed(source netip.Addr, login string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, p := g.clock.Now(), pairOf(source, login)
	if _, ok := g.proven[p]; !ok && len(g.proven) >= watched {
		clear(g.proven) // Whoever is proven again is remembered again.
	}
	g.proven[p] = now
}

// Locks returns the locks that hold now, by source and login.
func (g *Guard) Locks() []Lock {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock.Now()
	var out []Lock
	for _, s := range g.seen {
		if now.Before(s.locked.Until) {
			out = append(out, s.locked)
		}
	}
	slices.SortFunc(out, func(a, b Lock) int { return cmp.Or(a.Source.Compare(b.Source), cmp.Compare(a.Login, b.Login)) })
	return out
}

// Made is how many locks there were since the start.
func (g *Guard) Made() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.made
}

// Lift lifts the lock of a login from a source, or, with an empty login, every lock of the source; it forgets what was counted. It
// returns how many locks held, and may be repeated.
func (g *Guard) Lift(source netip.Addr, login string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, lifted := g.clock.Now(), 0
	for p, s := range g.seen {
		if p.source != source.Unmap() || login != "" && p.login != login {
			continue
		}
		if now.Before(s.locked.Until) {
			lifted++
		}
		delete(g.seen, p)
	}
	return lifted
}
