package deckfile

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"trunkline/internal/money"
)

// errDate is a cell that holds no date.
var errDate = errors.New("not a date")

// Days of a spreadsheet's calendar, counted from 30 December 1899, that are taken for dates: 1954 to 2119.
const (
	firstSerial = 20_000
	lastSerial  = 80_000
)

// parseDate reads a moment in one of the forms that carriers write. A date without a time is its midnight in loc.
// Empty text, and words for "at once", are no date and the zero time.
func parseDate(cell string, order DateOrder, loc *time.Location) (time.Time, error) {
	s := strings.TrimFunc(cell, isSpace)
	switch strings.ToLower(s) {
	case "", "-", "now", "immediately", "immediate", "asap", "сразу", "немедленно", "sofort":
		return time.Time{}, nil
	}
	if t, ok := serialDate(s, loc); ok {
		return t, nil
	}
	for _, layout := range layouts(order) {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil && plausible(t) {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errDate
}

func plausible(t time.Time) bool { return t.Year() >= 1970 && t.Year() < 2200 }

func layouts(order DateOrder) []string {
	out := []string{
		time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04",
		"2006-01-02", "2006/01/02", "2006.01.02", "20060102",
		"2-Jan-2006", "2-Jan-06", "2 Jan 2006", "2 January 2006", "Jan 2, 2006", "January 2, 2006",
	}
	days := []string{"2.1.2006", "2/1/2006", "2-1-2006", "2.1.06", "2/1/06"}
	if order == MonthFirst {
		days = []string{"1/2/2006", "2.1.2006", "1-2-2006", "1/2/06", "2.1.06"}
	}
	for _, day := range days {
		out = append(out, day, day+" 15:04", day+" 15:04:05")
	}
	return out
}

// serialDate reads a spreadsheet's day number, with a fraction for the time of day.
func serialDate(s string, loc *time.Location) (time.Time, bool) {
	if len(s) < 5 || s[0] < '0' || s[0] > '9' {
		return time.Time{}, false
	}
	whole, frac, _ := strings.Cut(s, ".")
	days, err := strconv.Atoi(whole)
	if err != nil || days < firstSerial || days > lastSerial {
		return time.Time{}, false
	}
	if len(frac) > money.AmountScale {
		frac = frac[:money.AmountScale]
	}
	part, err := money.ParseAmount("0.0" + frac)
	if err != nil {
		return time.Time{}, false
	}
	seconds := (part.Micros()*10*86400 + 500_000) / 1_000_000
	return time.Date(1899, 12, 30+days, 0, 0, int(seconds), 0, loc).UTC(), true
}

// guessOrder looks for a date that can only be read one way.
func guessOrder(cells []string) DateOrder {
	for _, c := range cells {
		first, rest, ok := strings.Cut(strings.TrimSpace(c), "/")
		if !ok {
			continue
		}
		second, _, _ := strings.Cut(rest, "/")
		a, err1 := strconv.Atoi(first)
		b, err2 := strconv.Atoi(second)
		if err1 != nil || err2 != nil {
			continue
		}
		if a > 12 && a <= 31 {
			return DayFirst
		}
		if b > 12 && b <= 31 {
			return MonthFirst
		}
	}
	return DayFirst
}
