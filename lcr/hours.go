package lcr

import (
	"fmt"
	"strings"
	"time"
)

// Hours is a set of times of the week in a time zone.
type Hours struct {
	zone *time.Location
	days [7]bool // By time.Weekday.
	from int     // Minutes after midnight.
	till int     // Minutes after midnight, not included; below from it runs over midnight.
}

// ParseHours reads "Mo-Fr 08:00-20:00", "Sa,Su 00:00-24:00" or just "22:00-06:00", in an IANA time zone. A span over
// midnight belongs to the day on which it begins.
func ParseHours(text, zone string) (*Hours, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: %w", zone, err)
	}
	h := &Hours{zone: loc}
	fields := strings.Fields(text)
	var clock string
	switch len(fields) {
	case 1:
		clock = fields[0]
		h.days = [7]bool{true, true, true, true, true, true, true}
	case 2:
		clock = fields[1]
		if err := h.parseDays(fields[0]); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("hours %q: want days and a span, such as \"Mo-Fr 08:00-20:00\"", text)
	}
	from, till, ok := strings.Cut(clock, "-")
	if !ok {
		return nil, fmt.Errorf("hours %q: want a span such as 08:00-20:00", text)
	}
	if h.from, err = parseClock(from); err != nil {
		return nil, err
	}
	if h.till, err = parseClock(till); err != nil {
		return nil, err
	}
	return h, nil
}

func (h *Hours) parseDays(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		first, last, span := strings.Cut(part, "-")
		a, err := weekday(first)
		if err != nil {
			return err
		}
		b := a
		if span {
			if b, err = weekday(last); err != nil {
				return err
			}
		}
		for d := a; ; d = (d + 1) % 7 {
			h.days[d] = true
			if d == b {
				break
			}
		}
	}
	return nil
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
	var hour, minute int
	if _, err := fmt.Sscanf(s, "%d:%d", &hour, &minute); err != nil ||
		hour < 0 || minute < 0 || minute > 59 || hour*60+minute > 24*60 {
		return 0, fmt.Errorf("time %q: want hours and minutes from 00:00 to 24:00", s)
	}
	return hour*60 + minute, nil
}

// Contain reports whether the moment is within the hours.
func (h *Hours) Contain(at time.Time) bool {
	local := at.In(h.zone)
	minute := local.Hour()*60 + local.Minute()
	today, yesterday := int(local.Weekday()), (int(local.Weekday())+6)%7
	if h.from < h.till {
		return h.days[today] && minute >= h.from && minute < h.till
	}
	return (h.days[today] && minute >= h.from) || (h.days[yesterday] && minute < h.till)
}
