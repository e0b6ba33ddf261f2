package reports

import (
	"strconv"
	"strings"
	"time"

	"trunkline/internal/money"
)

// Locale is how numbers and dates are written for people of a language.
type Locale struct {
	Language string // ru, en or de; anything else is written as en.
}

// separators are what stands between thousands, and before the places.
func (l Locale) separators() (group, point string) {
	switch l.Language {
	case "ru":
		return "\u00a0", ","
	case "de":
		return ".", ","
	}
	return ",", "."
}

// Amount writes an amount with at least scale places; places beyond it are written only where they are not zero.
func (l Locale) Amount(a money.Amount, scale int) string {
	group, point := l.separators()
	whole, places, _ := strings.Cut(strings.TrimPrefix(a.Format(scale), "-"), ".")
	text := grouped(whole, group)
	if places != "" {
		text += point + places
	}
	if a.Sign() < 0 {
		return "\u2212" + text
	}
	return text
}

// Whole writes a whole number.
func (l Locale) Whole(n int64) string {
	group, _ := l.separators()
	if n < 0 {
		return "\u2212" + grouped(strconv.FormatInt(-n, 10), group)
	}
	return grouped(strconv.FormatInt(n, 10), group)
}

// Minutes writes seconds as minutes with two places, cut off.
func (l Locale) Minutes(seconds int64) string {
	_, point := l.separators()
	whole, places, _ := strings.Cut(Minutes(seconds), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return whole + point + places
	}
	return l.Whole(n) + point + places
}

// Day writes a day of the calendar.
func (l Locale) Day(at time.Time) string {
	if l.Language == "ru" || l.Language == "de" {
		return at.Format("02.01.2006")
	}
	return at.Format("2 Jan 2006")
}

// Moment writes a day with the time of day.
func (l Locale) Moment(at time.Time) string { return l.Day(at) + at.Format(" 15:04:05") }

func grouped(digits, by string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + by + digits[i:]
	}
	return digits
}
