package invoice

import (
	"errors"
	"fmt"
	"time"

	"trunkline/ledger"
)

// ErrPeriod is returned, wrapped, for text that names no billing period.
var ErrPeriod = errors.New("unknown billing period")

// Period is one billing period: from a day of a month up to the same day of the next, in the tenant's time zone.
type Period struct {
	Label string    `json:"label"` // The month that it begins in: 2026-10.
	From  time.Time `json:"from"`
	Till  time.Time `json:"till"` // The first moment that is not in it.
	Zone  string    `json:"time_zone"`
}

// ParsePeriod returns the period that begins in a month such as 2026-10, on a day from 1 to 28.
func ParsePeriod(label string, startDay int, zone *time.Location) (Period, error) {
	t, err := time.Parse("2006-01", label)
	if err != nil || startDay < 1 || startDay > 28 {
		return Period{}, fmt.Errorf("%w: %q from day %d: want a month such as 2026-10, from a day up to 28", ErrPeriod, label, startDay)
	}
	return Period{label, day(t.Year(), t.Month(), startDay, zone), day(t.Year(), t.Month()+1, startDay, zone), zone.String()}, nil
}

// PeriodAt returns the period around a moment.
func PeriodAt(at time.Time, startDay int, zone *time.Location) (Period, error) {
	local := at.In(zone)
	p, err := ParsePeriod(local.Format("2006-01"), startDay, zone)
	if err == nil && at.Before(p.From) {
		return p.Before()
	}
	return p, err
}

// Before returns the period before.
func (p Period) Before() (Period, error) {
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		return p, fmt.Errorf("%w: %w", ErrPeriod, err)
	}
	label, err := monthBefore(p.Label)
	if err != nil {
		return p, err
	}
	return ParsePeriod(label, p.From.In(zone).Day(), zone)
}

// monthBefore returns the label of the period before.
func monthBefore(label string) (string, error) {
	t, err := time.Parse("2006-01", label)
	if err != nil {
		return "", fmt.Errorf("%w: %q: want a month such as 2026-10", ErrPeriod, label)
	}
	return t.AddDate(0, -1, 0).Format("2006-01"), nil
}

// day returns the first moment of a day as the ledger's calendar has it.
func day(year int, month time.Month, d int, zone *time.Location) time.Time {
	return ledger.Day.Start(time.Date(year, month, d, 12, 0, 0, 0, zone), zone)
}
