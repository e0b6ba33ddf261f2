package lcr

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Hours is a set of times of the week in a time zone. It is immutable and safe for concurrent use.
type Hours struct {
	zone  *time.Location
	spans []weekSpan
}

// weekSpan is a time of the day on some days of the week. A till that is not after from is on the next day.
type weekSpan struct {
	days [7]bool // By time.Weekday; of a span over midnight, the days on which it begins.
	from int     // Minutes after midnight.
	till int     // Minutes after midnight, not included.
}

// ParseHours reads "Mo-Fr 08:00-20:00", "Sa,Su 00:00-24:00", just "22:00-06:00", or several of them with ";" between, in
// an IANA time zone; an empty zone is UTC. A span over midnight belongs to the day on which it begins.
func ParseHours(text, zone string) (*Hours, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: %w", zone, err)
	}
	h := &Hours{zone: loc}
	for part := range strings.SplitSeq(text, ";") {
		span, err := parseSpan(part)
		if err != nil {
			return nil, err
		}
		h.spans = append(h.spans, span)
	}
	return h, nil
}

func parseSpan(text string) (weekSpan, error) {
	fields := strings.Fields(text)
	s := weekSpan{days: [7]bool{true, true, true, true, true, true, true}}
	switch len(fields) {
	case 1:
	case 2:
		days, err := parseDays(fields[0])
		if err != nil {
			return s, err
		}
		s.days = days
	default:
		return s, fmt.Errorf("hours %q: want days and a span, such as \"Mo-Fr 08:00-20:00\"", text)
	}
	from, till, _ := strings.Cut(fields[len(fields)-1], "-")
	var err error
	if s.from, err = parseClock(from); err != nil {
		return s, err
	}
	if s.till, err = parseClock(till); err != nil {
		return s, err
	}
	if s.from == s.till || s.from == 24*60 {
		return s, fmt.Errorf("hours %q: the span is empty; the whole day is 00:00-24:00", text)
	}
	return s, nil
}

func parseDays(text string) (days [7]bool, err error) {
	for part := range strings.SplitSeq(text, ",") {
		first, last, span := strings.Cut(part, "-")
		a, err := weekday(first)
		if err != nil {
			return days, err
		}
		b := a
		if span {
			if b, err = weekday(last); err != nil {
				return days, err
			}
		}
		for d := a; ; d = (d + 1) % 7 {
			days[d] = true
			if d == b {
				break
			}
		}
	}
	return days, nil
}

func weekday(s string) (int, error) {
	for i, name := range [...]string{"Su", "Mo", "Tu", "We", "Th", "Fr", "Sa"} {
		if strings.EqualFold(s, name) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("day %q: use Mo, Tu, We, Th, Fr, Sa or Su", s)
}

func parseClock(s string) (int, error) {
	h, m, _ := strings.Cut(s, ":")
	hour, err1 := strconv.ParseUint(h, 10, 8)
	minute, err2 := strconv.ParseUint(m, 10, 8)
	if err1 != nil || err2 != nil || len(m) != 2 || minute > 59 || hour*60+minute > 24*60 {
		return 0, fmt.Errorf("time %q: want hours and minutes from 00:00 to 24:00", s)
	}
	return int(hour*60 + minute), nil
}

// Contain reports whether the moment is within the hours, by the wall clock of their zone.
func (h *Hours) Contain(at time.Time) bool {
	local := at.In(h.zone)
	minute, day := local.Hour()*60+local.Minute(), int(local.Weekday())
	for i := range h.spans {
		if h.spans[i].contains(day, minute) {
			return true
		}
	}
	return false
}

func (s *weekSpan) contains(day, minute int) bool {
	if s.from < s.till {
		return s.days[day] && minute >= s.from && minute < s.till
	}
	return (s.days[day] && minute >= s.from) || (s.days[(day+6)%7] && minute < s.till)
}
