package quota

import (
	"time"

	"github.com/google/uuid"

	"trunkline/internal/calls"
	"trunkline/internal/money"
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
	return ledger.Use{
		Money:   money.FromMicros(l.granted.Money.Micros() - l.drawn.Money.Micros()),
		Seconds: l.granted.Seconds - l.drawn.Seconds, Calls: l.granted.Calls - l.drawn.Calls,
	}
}

// take deals something out to a call, if there is as much.
func (l *lot) take(call calls.ID, more ledger.Use) bool {
	free := l.free()
	if free.Money.Less(more.Money) || free.Seconds < more.Seconds || free.Calls < more.Calls {
		return false
	}
	drawn, err := l.drawn.Add(more)
	if err != nil {
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

// endOfPeriods is when the first period ends that one of the limits counts in; a day later where there are none.
func endOfPeriods(s *Scope, now time.Time) time.Time {
	zone := s.Zone
	if zone == nil {
		zone = time.UTC
	}
	// A limit that was set by hand may be of any period. All of them begin with a day.
	return ledger.Day.Start(now, zone).AddDate(0, 0, 1)
}
