package smdr

import "time"

// stamper turns times as they were written into moments. It remembers the last one: a record without a year or a day
// belongs to the year or day that brings it nearest to the record before it.
type stamper struct {
	zone      *time.Location
	reference time.Time // Records without a year are not later than a day after it.
	last      time.Time // The last moment; zero at the beginning.
}

// Why a time is no moment.
const (
	faultNoDay  = "a time without a day: no header or date record told the day before it"
	faultNoDate = "there is no such day"
)

// resolve returns the moment, and the reading of the clock that it was recorded with, taken for UTC.
func (s *stamper) resolve(m *moment) (at, wall time.Time, fault string) {
	if !m.absolute.IsZero() {
		return m.absolute.In(s.zone), m.absolute, ""
	}
	switch {
	case m.zone != "":
		return s.named(m)
	case !m.hasDay && s.last.IsZero():
		return at, wall, faultNoDay
	case !m.hasDay:
		wall = s.nearestDay(m)
	case !m.hasYear:
		wall = s.nearestYear(m)
	default:
		wall = m.in(m.year)
	}
	if wall.IsZero() {
		return at, wall, faultNoDate
	}
	return s.local(wall), wall, ""
}

// named resolves a time with the abbreviation of its zone.
func (s *stamper) named(m *moment) (at, wall time.Time, fault string) {
	if wall = m.in(m.year); wall.IsZero() || !m.hasYear || !m.hasDay {
		return at, wall, faultNoDate
	}
	at, ok := s.abbreviated(wall, m.zone)
	if !ok {
		return at, wall, "the zone " + quote(m.zone) + " is not known: give the system's time zone (time_zone, --time-zone)"
	}
	return at, wall, ""
}

// in returns the moment in a year, as a clock reading; zero when there is no such day in it.
func (m *moment) in(year int) time.Time {
	t := time.Date(year, time.Month(m.month), m.day, m.hour, m.min, m.sec, m.micros*1000, time.UTC)
	if t.Day() != m.day {
		return time.Time{}
	}
	return t
}

func wallOf(t time.Time) time.Time {
	y, mo, d := t.Date()
	h, mi, sec := t.Clock()
	return time.Date(y, mo, d, h, mi, sec, t.Nanosecond(), time.UTC)
}

func (s *stamper) nearestDay(m *moment) time.Time {
	last := wallOf(s.last)
	y, mo, d := last.Date()
	var best time.Time
	for shift := -1; shift <= 1; shift++ {
		t := time.Date(y, mo, d+shift, m.hour, m.min, m.sec, m.micros*1000, time.UTC)
		if best.IsZero() || t.Sub(last).Abs() < best.Sub(last).Abs() {
			best = t
		}
	}
	return best
}

func (s *stamper) nearestYear(m *moment) time.Time {
	var best time.Time
	if s.last.IsZero() {
		limit := wallOf(s.reference.In(s.zone)).Add(24 * time.Hour)
		for year := limit.Year(); year > limit.Year()-9; year-- { // There is a 29 February in any nine years.
			if t := m.in(year); !t.IsZero() && !t.After(limit) {
				return t
			}
		}
		return best
	}
	last := wallOf(s.last)
	for year := last.Year() - 1; year <= last.Year()+1; year++ {
		t := m.in(year)
		if !t.IsZero() && (best.IsZero() || t.Sub(last).Abs() < best.Sub(last).Abs()) {
			best = t
		}
	}
	return best
}

// local returns the moment at which a clock in the zone shows wall. In the hour that comes twice in autumn it is the
// first of the two that is not before the record before it. A reading that is passed over in spring is that of a clock
// that was not put forward yet.
func (s *stamper) local(wall time.Time) time.Time {
	if s.zone == time.UTC {
		return wall
	}
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), s.zone)
	if _, before := t.Add(-3 * time.Hour).Zone(); !wallOf(t).Equal(wall) {
		return wall.Add(-time.Duration(before) * time.Second).In(s.zone)
	}
	_, here := t.Zone()
	for _, near := range [2]time.Duration{-3 * time.Hour, 3 * time.Hour} {
		_, there := t.Add(near).Zone()
		if there == here {
			continue
		}
		other := wall.Add(-time.Duration(there) * time.Second).In(s.zone)
		if _, o := other.Zone(); o != there {
			continue // The hour does not come twice.
		}
		first, second := t, other
		if second.Before(first) {
			first, second = second, first
		}
		if !s.last.IsZero() && first.Before(s.last.Add(-time.Minute)) && second.Sub(s.last) < 2*time.Hour {
			return second
		}
		return first
	}
	return t
}
