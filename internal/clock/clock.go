package clock

import (
	"context"
	"sync"
	"time"
)

// Clock tells the time and starts timers. All times are UTC.
type Clock interface {
	// Now returns the present moment in UTC, with a monotonic reading where the clock has one.
	Now() time.Time
	// AfterFunc calls f on its own goroutine after d, unless the returned Timer is stopped before.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a pending call of AfterFunc.
type Timer interface {
	// Stop prevents the call and reports whether it did; false means that f has started already.
	Stop() bool
}

// System is the wall clock of the machine.
type System struct{}

// Now returns the wall time in UTC.
func (System) Now() time.Time { return time.Now().UTC() } //nolint:forbidigo // The one place that reads it.

// AfterFunc is time.AfterFunc.
func (System) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

// Sleep waits for d or until ctx ends, and returns the error of ctx in the latter case.
func Sleep(ctx context.Context, c Clock, d time.Duration) error {
	done := make(chan struct{})
	t := c.AfterFunc(d, func() { close(done) })
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-done:
		return nil
	}
}

// Manual is a clock that moves only when it is told to. It is safe for concurrent use.
type Manual struct {
	mu     sync.Mutex
	now    time.Time
	timers map[*manualTimer]struct{}
}

type manualTimer struct {
	clock *Manual
	at    time.Time
	f     func()
}

// NewManual returns a clock that stands at the given moment.
func NewManual(at time.Time) *Manual {
	return &Manual{now: at.UTC(), timers: make(map[*manualTimer]struct{})}
}

// Now returns the moment at which the clock stands.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
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
