package sim

import (
	"strconv"
	"time"

	"trunkline/internal/clock"
)

// machine is where a proxy runs: its clocks. The wall can be set; what has elapsed since the machine was started cannot.
type machine struct {
	world  *clock.Manual
	offset time.Duration // Of the wall.
	booted time.Time     // In true time.
	boots  int
}

var _ clock.Clock = (*machine)(nil)

// Now implements clock.Clock.
func (m *machine) Now() time.Time { return m.world.Now().Add(m.offset) }

// Elapsed implements clock.Clock.
func (m *machine) Elapsed() time.Duration { return m.elapsedAt(m.world.Now()) }

// elapsedAt is what Elapsed says at a moment of true time.
func (m *machine) elapsedAt(at time.Time) time.Duration { return at.Sub(m.booted) }

// Boot implements clock.Clock.
func (m *machine) Boot() string { return strconv.Itoa(m.boots) }

// AfterFunc implements clock.Clock.
func (m *machine) AfterFunc(d time.Duration, f func()) clock.Timer { return m.world.AfterFunc(d, f) }

// boot starts the machine again.
func (m *machine) boot() {
	m.booted = m.world.Now()
	m.boots++
}
