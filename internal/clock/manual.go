package clock

import (
	"sync"
	"time"
)

// Manual is a clock that moves only when it is told to. It is safe for concurrent use.
type Manual struct {
	mu     sync.Mutex
	now    time.Time // By which timers run.
	begun  time.Time
	set    time.Duration // By how much the wall was set.
	timers map[*manualTimer]struct{}
}

type manualTimer struct {
	clock *Manual
	at    time.Time
	f     func()
}

// NewManual returns a clock that stands at the given moment.
func NewManual(at time.Time) *Manual {
	return &Manual{now: at.UTC(), begun: at, timers: make(map[*manualTimer]struct{})}
}

// Now returns the moment at which the clock stands.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now.Add(m.set)
}

// Elapsed returns by how much the clock was moved; what it was set by is not in it.
func (m *Manual) Elapsed() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now.Sub(m.begun)
}

// Boot implements Clock.
func (*Manual) Boot() string { return "manual" }

// Set sets the wall by d, forwards or backwards, as NTP does. Timers do not notice.
func (m *Manual) Set(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set += d
}

// AfterFunc registers f to be called by the Advance that passes now+d.
func (m *Manual) AfterFunc(d time.Duration, f func()) Timer {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &manualTimer{clock: m, at: m.now.Add(d), f: f}
	m.timers[t] = struct{}{}
	return t
}

// Stop implements Timer.
func (t *manualTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	_, pending := t.clock.timers[t]
	delete(t.clock.timers, t)
	return pending
}

// Advance moves the clock by d and calls, in order and on the caller's goroutine, what became due.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	end := m.now.Add(d)
	for {
		next := m.nextDue(end)
		if next == nil {
			break
		}
		delete(m.timers, next)
		m.now = next.at
		m.mu.Unlock()
		next.f()
		m.mu.Lock()
	}
	m.now = end
	m.mu.Unlock()
}

func (m *Manual) nextDue(end time.Time) *manualTimer {
	var next *manualTimer
	for t := range m.timers {
		if t.at.After(end) {
			continue
		}
		if next == nil || t.at.Before(next.at) {
			next = t
		}
	}
	return next
}
