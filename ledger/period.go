package ledger

import (
	"errors"
	"fmt"
	"time"

	"trunkline/internal/clock"
)

// ErrPeriod is returned, wrapped, for text that names no period.
var ErrPeriod = errors.New("unknown period")

// Period is how long a limit runs before it begins anew, in the tenant's calendar.
type Period string

// The periods. Their words are stored.
const (
	Day   Period = "day"
	Week  Period = "week" // From Monday.
	Month Period = "month"
)

// Periods returns all of them, the shortest first.
func Periods() []Period { return []Period{Day, Week, Month} }

// ParsePeriod reads the word of a period.
func ParsePeriod(s string) (Period, error) {
	switch p := Period(s); p {
	case Day, Week, Month:
		return p, nil
	}
	return "", fmt.Errorf("%w: %q: want day, week or month", ErrPeriod, s)
}

// Bounds returns the first moment of the period around a moment and that of the next one, in the calendar of a zone.
// Days are as long as the zone makes them: 23 or 25 hours where summer time begins or ends. Periods neither overlap nor
// leave gaps.
func (p Period) Bounds(at time.Time, zone *time.Location) (start, end time.Time) {
	year, month, day := at.In(zone).Date()
	start, end = p.around(year, month, day, zone)
	if at.Before(start) { // The zone has skipped the beginning of the day.
		start, end = p.around(year, month, day-1, zone)
	}
	return start, end
}

// Start returns the first moment of the period around a moment.
func (p Period) Start(at time.Time, zone *time.Location) time.Time {
	start, _ := p.Bounds(at, zone)
	return start
}

func (p Period) around(year int, month time.Month, day int, zone *time.Location) (start, end time.Time) {
	switch p {
	case Month:
		return clock.Midnight(year, month, 1, zone), clock.Midnight(year, month+1, 1, zone)
	case Week:
		weekday := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Weekday()
		monday := day - (int(weekday)+6)%7
		return clock.Midnight(year, month, monday, zone), clock.Midnight(year, month, monday+7, zone)
	case Day:
	}
	return clock.Midnight(year, month, day, zone), clock.Midnight(year, month, day+1, zone)
}
