package quota

import (
	"time"

	"github.com/google/uuid"

	"trunkline/internal/calls"
	"trunkline/ledger"
)

// lot is a quota of this life.
type lot struct {
	id        uuid.UUID
	scope     *Scope
	granted   ledger.Use // By the ledger, all in all.
	drawn     ledger.Use // By calls, all in all. What their records give back is not dealt out again.
	calls     map[calls.ID]bool
	until     time.Time     // A period of a limit ends then.
	made      time.Duration // By the clock that never steps, as the others.
	used      time.Duration
	confirmed time.Duration // When the ledger was asked whether anything has changed, and said no.

	returned bool // The ledger knows what no call has drawn.
	lost     bool // The ledger does not know it, or has closed it.
}

// free is what can still be dealt out.
func (l *lot) free() ledger.Use {
	free, err := l.granted.Sub(l.drawn)
	if err != nil { // Of less than was granted it cannot be.
		return ledger.Use{}
	}
	return free
}

// take deals something out to a call, if there is as much.
func (l *lot) take(call calls.ID, more ledger.Use) bool {
	drawn, err := l.drawn.Add(more)
	if err != nil || !l.granted.Covers(drawn) {
		return false
	}
	l.drawn = drawn
	l.calls[call] = true
	return true
}

// forget forgets calls that are recorded.
func (l *lot) forget(recorded func(...calls.ID) bool) {
	for id := range l.calls {
		if recorded(id) {
			delete(l.calls, id)
		}
	}
}

// endOfDay is when the day of a scope ends: a limit, also one that was set by hand, may be of any period, and all of them begin with a day.
func endOfDay(s *Scope, now time.Time) time.Time {
	zone := s.Zone
	if zone == nil {
		zone = time.UTC
	}
	_, end := ledger.Day.Bounds(now, zone)
	return end
}
