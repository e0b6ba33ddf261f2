package rating

import (
	"errors"
	"fmt"
	"time"
)

// ErrCycle is returned, wrapped, for text that names no cycle.
var ErrCycle = errors.New("unknown cycle")

// Cycle is how often an allowance, a tier or a fee starts anew, in the tariff's time zone.
type Cycle uint8

// The cycles.
const (
	Monthly Cycle = iota
	Daily
	Weekly // From Monday.
	Yearly
	Once // Never again.
)

// ParseCycle reads the text form; empty text is Monthly.
func ParseCycle(s string) (Cycle, error) {
	switch s {
	case "", "month":
		return Monthly, nil
	case "day":
		return Daily, nil
	case "week":
		return Weekly, nil
	case "year":
		return Yearly, nil
	case "once":
		return Once, nil
	}
	return Monthly, fmt.Errorf("%w: %q: want day, week, month, year or once", ErrCycle, s)
}

// String returns the text form.
func (c Cycle) String() string {
	switch c {
	case Monthly:
		return "month"
	case Daily:
		return "day"
	case Weekly:
		return "week"
	case Yearly:
		return "year"
	case Once:
		return "once"
	}
	return "invalid"
}

// bounds returns the cycle around a moment, as Unix times: [start, end). Once lasts for ever.
func (c Cycle) bounds(z *zone, at int64) (start, end int64) {
	offset, _ := z.offset(at)
	local := time.Unix(at+offset, 0).UTC()
	year, month, day := local.Date()
	var from, till time.Time
	switch c {
	case Monthly:
		from, till = date(year, month, 1), date(year, month+1, 1)
	case Daily:
		from, till = date(year, month, day), date(year, month, day+1)
	case Weekly:
		monday := day - (int(local.Weekday())+6)%7
		from, till = date(year, month, monday), date(year, month, monday+7)
	case Yearly:
		from, till = date(year, 1, 1), date(year+1, 1, 1)
	case Once:
		return -farFuture, farFuture
	}
	return z.unix(from), z.unix(till)
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// unix returns the moment at which the wall clock of the zone shows what t shows in UTC. A time that a change skips
// becomes the moment after it; of a time that there is twice it is the first.
func (z *zone) unix(t time.Time) int64 {
	wall := t.Unix()
	before, _ := z.offset(wall - secondsPerDay)
	after, _ := z.offset(wall + secondsPerDay)
	first := wall - max(before, after)
	if offset, _ := z.offset(first); first+offset == wall {
		return first
	}
	return wall - min(before, after)
}

// date returns what the calendar of the zone shows at a moment, as midnight in UTC.
func (z *zone) date(at time.Time) time.Time {
	return time.Unix(z.day(at.Unix())*secondsPerDay, 0).UTC()
}

// sameDay returns the midnight of another zone on the day whose midnight a moment is in this one. What is no midnight here, and
// the zero time, stay as they are.
func (z *zone) sameDay(at time.Time, other *zone) time.Time {
	offset, _ := z.offset(at.Unix())
	if wall := at.Unix() + offset; !at.IsZero() && z != other && wall-floorDiv(wall, secondsPerDay)*secondsPerDay == 0 {
		return time.Unix(other.unix(time.Unix(wall, 0).UTC()), 0).UTC()
	}
	return at
}
