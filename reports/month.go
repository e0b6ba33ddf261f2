package reports

import (
	"fmt"
	"time"
)

// Month is a calendar month in a time zone.
type Month struct {
	year  int
	month time.Month
	zone  *time.Location
}

// ParseMonth reads "2026-11", in the zone of whose accounts are reported.
func ParseMonth(text string, zone *time.Location) (Month, error) {
	t, err := time.ParseInLocation("2006-01", text, zone)
	if err != nil {
		return Month{}, fmt.Errorf("month %q: want one such as 2026-11", text)
	}
	return Month{t.Year(), t.Month(), zone}, nil
}

// MonthOf returns the month that a moment is in.
func MonthOf(at time.Time, zone *time.Location) Month {
	local := at.In(zone)
	return Month{local.Year(), local.Month(), zone}
}

// Bounds returns the first moment of the month and that of the next, in UTC.
func (m Month) Bounds() (from, till time.Time) {
	return midnight(m.year, m.month, 1, m.zone), midnight(m.year, m.month+1, 1, m.zone)
}

// Before returns the month before.
func (m Month) Before() Month {
	t := time.Date(m.year, m.month-1, 1, 0, 0, 0, 0, time.UTC)
	return Month{t.Year(), t.Month(), m.zone}
}

// Period returns the month as a period.
func (m Month) Period() Period { return monthOf(m.year, m.month, m.zone) }

// String returns the month as "2026-11".
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m.year, int(m.month)) }
