package clock

import (
	"sync/atomic"
	"time"
)

// Stepped is a clock whose wall can be set while it runs, as NTP or a person does. It is safe for concurrent use.
type Stepped struct {
	Clock
	by atomic.Int64
}

// NewStepped returns a clock that goes as another one until it is set.
func NewStepped(c Clock) *Stepped { return &Stepped{Clock: c} }

// Set sets the wall by d, forwards or backwards. Timers do not notice, and neither does Elapsed.
func (s *Stepped) Set(d time.Duration) { s.by.Add(int64(d)) }

// Now returns the wall as it was set, without a monotonic reading.
func (s *Stepped) Now() time.Time { return s.Clock.Now().Round(0).Add(time.Duration(s.by.Load())) }
