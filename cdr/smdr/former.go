package smdr

import (
	"time"

	"trunkline/internal/calls"
)

// former is what is known of the last call of a line, for records that go on with it and do not tell which way it went.
type former struct {
	direction calls.Direction
	end       time.Time
}

const (
	maxFormer    = 1 << 12          // Lines whose last call is remembered.
	formerWithin = 10 * time.Minute // How long after its end a call may be gone on with; systems print whole minutes.
	faultFormer  = "it goes on with a call on its trunk that was not read, so it cannot be told whether the call was incoming or outgoing"
)

// inherit gives a record the direction of the call that it goes on with.
func (b *builder) inherit(t *times, eff *effect) string {
	last, ok := b.former[b.values[fTrunk]]
	if !ok || t.base.Sub(last.end).Abs() > formerWithin {
		return faultFormer
	}
	eff.direction = last.direction
	return ""
}

// remember keeps the direction of a call for what may follow on its line.
func (b *builder) remember(c *Call) {
	if c.Trunk == "" || c.Direction == 0 || c.Direction == calls.Internal {
		return
	}
	if b.former == nil || len(b.former) >= maxFormer {
		b.former = make(map[string]former)
	}
	b.former[c.Trunk] = former{c.Direction, end(c)}
}
