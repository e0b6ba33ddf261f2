package reports

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"trunkline/internal/clock"
)

// ErrPeriod is returned, wrapped, for text that names no period.
var ErrPeriod = errors.New("unknown period")

// maxPeriod bounds a period: more is a mistake.
const maxPeriod = 20 * 366 * 24 * time.Hour

// Period is a time that is reported on: [From, Till) in the calendar of a zone. From and Till are UTC.
type Period struct {
	From  time.Time      `json:"from"`
	Until time.Time      `json:"until"`
	Zone  *time.Location `json:"-"`
	unit  unit           // What the period is made of, for the one before it.
}

// unit is a part of the calendar.
type unit uint8

const (
	spans unit = iota // Of any length.
	days
	months
)

// ParsePeriod reads a period in the calendar of a zone: "2026-10" (a month), "2026-10-05" (a day),
// "2026-10-05..2026-10-12" (days, the last one not in it), "2026-10-05T10:00:00Z..2026-10-05T12:00:00Z" (moments), "today",
// "yesterday", "this-month", "last-month", and "15m", "24h" or "30d" up to now.
func ParsePeriod(text string, zone *time.Location, now time.Time) (Period, error) {
	year, month, day := now.In(zone).Date()
	switch text {
	case "today":
		return daysOf(year, month, day, 1, zone), nil
	case "yesterday":
		return daysOf(year, month, day-1, 1, zone), nil
	case "this-month":
		return monthOf(year, month, zone), nil
	case "last-month":
		return monthOf(year, month-1, zone), nil
	}
	if first, last, ok := strings.Cut(text, ".."); ok {
		return parseRange(first, last, zone)
	}
	if t, err := time.Parse("2006-01", text); err == nil {
		return monthOf(t.Year(), t.Month(), zone), nil
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return daysOf(t.Year(), t.Month(), t.Day(), 1, zone), nil
	}
	return parseBack(text, zone, now)
}

// parseBack reads how far a period goes back from now.
func parseBack(text string, zone *time.Location, now time.Time) (Period, error) {
	length := text
	if number, ok := strings.CutSuffix(text, "d"); ok {
		length = number + "h"
	}
	d, err := time.ParseDuration(length)
	if length != text {
		d *= 24
	}
	if err != nil || d <= 0 || d > maxPeriod {
		return Period{}, fmt.Errorf("%w: %q: want for example 2026-10, 2026-10-05, 2026-10-05..2026-10-12, today, last-month or 24h", ErrPeriod, text)
	}
	return Period{From: now.Add(-d).UTC(), Until: now.UTC(), Zone: zone}, nil
}

func parseRange(first, last string, zone *time.Location) (Period, error) {
	p := Period{Zone: zone, unit: days}
	for _, end := range []struct {
		text string
		to   *time.Time
	}{{first, &p.From}, {last, &p.Until}} {
		if t, err := time.Parse(time.DateOnly, end.text); err == nil {
			*end.to = clock.Midnight(t.Year(), t.Month(), t.Day(), zone)
			continue
		}
		t, err := time.Parse(time.RFC3339, end.text)
		if err != nil {
			return p, fmt.Errorf("%w: %q: want a day such as 2026-10-05 or a moment such as 2026-10-05T10:00:00Z", ErrPeriod, end.text)
		}
		*end.to, p.unit = t.UTC(), spans
	}
	if d := p.Until.Sub(p.From); d <= 0 || d > maxPeriod {
		return p, fmt.Errorf("%w: from %s to %s: it must end after it begins, within 20 years", ErrPeriod, first, last)
	}
	return p, nil
}

func daysOf(year int, month time.Month, day, n int, zone *time.Location) Period {
	return Period{clock.Midnight(year, month, day, zone), clock.Midnight(year, month, day+n, zone), zone, days}
}

func monthOf(year int, month time.Month, zone *time.Location) Period {
	return Period{clock.Midnight(year, month, 1, zone), clock.Midnight(year, month+1, 1, zone), zone, months}
}

// Span returns a period between two moments.
func Span(from, till time.Time, zone *time.Location) Period {
	return Period{From: from.UTC(), Until: till.UTC(), Zone: zone}
}

// Before returns the period that the period is compared with: the month before a month, as many days before days, else
// the same length of time.
func (p Period) Before() Period {
	year, month, day := p.From.In(p.Zone).Date()
	switch p.unit {
	case months:
		return monthOf(year, month-1, p.Zone)
	case days:
		n := p.days()
		return daysOf(year, month, day-n, n, p.Zone)
	case spans:
	}
	return Span(p.From.Add(-p.Until.Sub(p.From)), p.From, p.Zone)
}

// days is how many days of the calendar the period has, however long they are.
func (p Period) days() int {
	return DayNumber(p.Until, p.Zone) - DayNumber(p.From, p.Zone)
}

// DayNumber counts the days of a zone's calendar, from 1970 on.
func DayNumber(at time.Time, zone *time.Location) int {
	year, month, day := at.In(zone).Date()
	return int(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

// String returns the period in its zone.
func (p Period) String() string {
	const layout = "2006-01-02 15:04"
	return p.From.In(p.Zone).Format(layout) + " to " + p.Until.In(p.Zone).Format(layout) + " " + p.Zone.String()
}

// Days returns the days of the calendar that the period touches, each as far as it is in it.
func (p Period) Days() []Period {
	var out []Period
	year, month, day := p.From.In(p.Zone).Date()
	for n := range p.days() + 1 {
		d := daysOf(year, month, day+n, 1, p.Zone)
		d.From, d.Until = clock.Later(p.From, d.From), clock.Earlier(p.Until, d.Until)
		if d.From.Before(d.Until) {
			out = append(out, d)
		}
	}
	return out
}
