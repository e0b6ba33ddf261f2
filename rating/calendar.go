package rating

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrCalendar is returned, wrapped, for periods and holidays that make no sense.
var ErrCalendar = errors.New("bad calendar")

const secondsPerDay = 86400

// dayKind is a day of the week, or a holiday, which is a kind of its own.
type dayKind uint8

const (
	holidayKind dayKind = 7
	dayKinds    dayKind = 8
)

// Period is a named part of the week, in the tariff's time zone: "night", "weekend".
type Period struct {
	Name     string
	Days     []time.Weekday // Empty together with Holidays false: every day, holidays too.
	Holidays bool           // It also holds on the tariff's holidays.
	From     int            // Second of the day at which it begins.
	Till     int            // Second of the day at which it ends; not after From: it goes on into the next day.
}

// Holiday is a date; with Year zero it is one of every year.
type Holiday struct {
	Year  int
	Month time.Month
	Day   int
}

// Calendar says which period it is. Where periods overlap, the one that is declared first holds.
// It is immutable and safe for concurrent use.
type Calendar struct {
	zone    zone
	name    string   // Of the zone.
	names   []string // Position 0 is "", no period.
	days    [dayKinds][]stretch
	dated   []int64 // Days since 1970, sorted.
	yearly  [13]uint32
	special bool // There are holidays.
}

// stretch is a part of a day up to a second of it, in one period.
type stretch struct {
	till   int64
	period uint16
}

// NewCalendar makes a calendar of periods and holidays in a time zone. A nil zone is UTC.
// Holidays that no period speaks of are days like any other.
func NewCalendar(loc *time.Location, periods []Period, holidays []Holiday) (*Calendar, error) {
	if loc == nil {
		loc = time.UTC
	}
	c := &Calendar{zone: newZone(loc), name: loc.String(), names: []string{""}}
	for _, p := range periods {
		if p.Name == "" || p.From < 0 || p.From >= secondsPerDay || p.Till < 0 || p.Till > secondsPerDay {
			return nil, fmt.Errorf("%w: period %q: it needs a name and times from 00:00 to 24:00", ErrCalendar, p.Name)
		}
		if !slices.Contains(c.names, p.Name) {
			c.names = append(c.names, p.Name)
		}
		c.special = c.special || p.Holidays
	}
	if len(c.names) > maxPeriods {
		return nil, fmt.Errorf("%w: more than %d periods", ErrCalendar, maxPeriods)
	}
	if err := c.addHolidays(holidays); err != nil {
		return nil, err
	}
	for kind := range dayKinds {
		c.days[kind] = c.layOut(kind, periods)
	}
	return c, nil
}

func (c *Calendar) addHolidays(holidays []Holiday) error {
	for _, h := range holidays {
		year := h.Year
		if year == 0 {
			year = 2000 // A leap year, so that 29 February is a date.
		}
		date := time.Date(year, h.Month, h.Day, 0, 0, 0, 0, time.UTC)
		if date.Month() != h.Month || date.Day() != h.Day {
			return fmt.Errorf("%w: there is no %d-%02d-%02d", ErrCalendar, year, h.Month, h.Day)
		}
		if h.Year == 0 {
			c.yearly[h.Month] |= 1 << h.Day
			continue
		}
		c.dated = append(c.dated, date.Unix()/secondsPerDay)
	}
	slices.Sort(c.dated)
	return nil
}

// layOut cuts a day at every beginning and end of a period and names each piece.
func (c *Calendar) layOut(kind dayKind, periods []Period) []stretch {
	cuts := []int{secondsPerDay}
	for _, p := range periods {
		cuts = append(cuts, p.From, p.Till)
	}
	slices.Sort(cuts)
	var out []stretch
	start := 0
	for _, cut := range slices.Compact(cuts) {
		if cut == start {
			continue
		}
		id := c.periodAt(kind, start, periods)
		if n := len(out); n > 0 && out[n-1].period == id {
			out[n-1].till = int64(cut)
		} else {
			out = append(out, stretch{int64(cut), id})
		}
		start = cut
	}
	return out
}

func (c *Calendar) periodAt(kind dayKind, second int, periods []Period) uint16 {
	for _, p := range periods {
		if p.covers(kind, second) {
			return uint16(slices.Index(c.names, p.Name)) //nolint:gosec // NewCalendar bounds the number of names
		}
	}
	return 0
}

// covers reports whether a second of a day is in the period. The hours of a night belong to the day that they are on:
// a period from 22:00 to 06:00 on Mondays is Monday's first six hours and its last two.
func (p Period) covers(kind dayKind, second int) bool {
	everyDay := len(p.Days) == 0 && !p.Holidays
	today := kind == holidayKind && p.Holidays || kind != holidayKind && slices.Contains(p.Days, time.Weekday(kind))
	if !everyDay && !today {
		return false
	}
	if p.From < p.Till {
		return second >= p.From && second < p.Till
	}
	return second >= p.From || second < p.Till
}

// at returns the period at a moment and the moment until which it surely lasts.
func (c *Calendar) at(unix int64) (period uint16, until int64) {
	offset, change := c.zone.offset(unix)
	local := unix + offset
	day := floorDiv(local, secondsPerDay)
	second := local - day*secondsPerDay
	for _, s := range c.days[c.kind(day)] {
		if second < s.till {
			return s.period, min(change, unix+s.till-second)
		}
	}
	return 0, change
}

// kind returns what kind of day it is; day 0 was Thursday, 1 January 1970.
func (c *Calendar) kind(day int64) dayKind {
	if c.special && c.holiday(day) {
		return holidayKind
	}
	return dayKind(((day+4)%7 + 7) % 7)
}

func (c *Calendar) holiday(day int64) bool {
	if _, found := slices.BinarySearch(c.dated, day); found {
		return true
	}
	_, month, date := time.Unix(day*secondsPerDay, 0).UTC().Date()
	return c.yearly[month]&(1<<date) != 0
}

// plain reports whether there is one and the same period at any time.
func (c *Calendar) plain() bool { return len(c.names) == 1 }

// PeriodAt returns the name of the period at a moment, or "" outside of all periods.
func (c *Calendar) PeriodAt(at time.Time) string {
	period, _ := c.at(at.Unix())
	return c.names[period]
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
