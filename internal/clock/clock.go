package clock

import (
	"context"
	"time"
)

// Clock tells the time and starts timers. All times are UTC.
type Clock interface {
	// Now returns the present moment in UTC, with a monotonic reading where the clock has one.
	Now() time.Time
	// Elapsed returns the time since some moment, by a clock that nobody sets: it never steps, whatever becomes of Now. Readings of all
	// processes count from one moment for as long as Boot is the same.
	Elapsed() time.Duration
	// Boot names the life of the machine in which Elapsed counts; empty: it is not known, and readings of two processes mean nothing
	// to each other.
	Boot() string
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
