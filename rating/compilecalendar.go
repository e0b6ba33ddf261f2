package rating

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

func (c *compiler) calendar(doc *document) *Calendar {
	periods := make([]Period, 0, len(doc.Periods))
	for i := range doc.Periods {
		periods = append(periods, c.period(&doc.Periods[i], "periods["+strconv.Itoa(i)+"]"))
	}
	holidays := parseAll(c, doc.Holidays, "holidays", parseHoliday)
	calendar, err := NewCalendar(c.loc, periods, holidays)
	if err != nil {
		c.fail(scalar{line: 1}, "periods", err)
	}
	return calendar
}

func (c *compiler) period(doc *periodDoc, key string) Period {
	p := Period{
		Name: doc.Name.value,
		From: parse(c, doc.From, key+".from", parseClock),
		Till: parse(c, doc.Till, key+".till", parseClock),
	}
	if !doc.Till.given() {
		p.Till = secondsPerDay
	}
	if !doc.Name.given() {
		c.fail(doc.From, key+".name", errRequired)
	}
	for _, d := range doc.Days {
		if d.value == "holiday" {
			p.Holidays = true
			continue
		}
		p.Days = append(p.Days, parse(c, d, key+".days", parseDays)...)
	}
	return p
}

// parseClock reads "22:00" or "22:00:30" into seconds of the day; "24:00" is its end.
func parseClock(s string) (int, error) {
	total := 0
	parts := strings.Split(s, ":")
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || i > 0 && n > 59 || i > 2 {
			return 0, fmt.Errorf("%q: want a time such as 22:00", s)
		}
		total = total*60 + n
	}
	if len(parts) == 2 {
		total *= 60
	}
	if len(parts) == 1 || total > secondsPerDay {
		return 0, fmt.Errorf("%q: want a time from 00:00 to 24:00", s)
	}
	return total, nil
}

// parseDays reads "mon", "mon-fri", "weekday" or "weekend".
func parseDays(s string) ([]time.Weekday, error) {
	switch s {
	case "weekday":
		s = "mon-fri"
	case "weekend":
		s = "sat-sun"
	}
	first, last, isRange := strings.Cut(s, "-")
	if !isRange {
		last = first
	}
	from, to := weekday(first), weekday(last)
	if from < 0 || to < 0 {
		return nil, fmt.Errorf("%q: want mon to sun, a range such as mon-fri, weekday, weekend or holiday", s)
	}
	days := []time.Weekday{time.Weekday(from)}
	for d := from; d != to; {
		d = (d + 1) % 7
		days = append(days, time.Weekday(d))
	}
	return days, nil
}

func weekday(s string) int {
	for i := range 7 {
		if strings.EqualFold(time.Weekday(i).String()[:3], s) {
			return i
		}
	}
	return -1
}

// parseHoliday reads "2026-01-01", or "01-01" for every year.
func parseHoliday(s string) (Holiday, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return Holiday{t.Year(), t.Month(), t.Day()}, nil
	}
	t, err := time.Parse(time.DateOnly, "2000-"+s)
	if err != nil {
		return Holiday{}, fmt.Errorf("%q: want a date such as 2026-01-01, or 01-01 for every year", s)
	}
	return Holiday{0, t.Month(), t.Day()}, nil
}
