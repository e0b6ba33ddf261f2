package cell

import (
	_ "embed"
	"errors"
	"strings"
	"time"
)

// ErrDate is a cell that holds no date.
var ErrDate = errors.New("not a date")

// Order says what 01/02/2026 means.
type Order string

// The orders. Unsaid is neither: a date that could be either is read day first and said to be so.
const (
	Unsaid     Order = ""
	DayFirst   Order = "dmy"
	MonthFirst Order = "mdy"
)

// Moment is what a cell says of a time.
type Moment struct {
	Time    time.Time // Zero: at once, or never.
	DayOnly bool      // It names a day and no time.
	Either  bool      // Day and month could be the other way round.
	Decides Order     // The only order in which it can be read; Unsaid: it says nothing of the order.
}

// atOnce are words for no date at all.
func atOnce(text string) bool {
	switch strings.ToLower(text) {
	case "", "-", "—", "now", "immediately", "immediate", "asap", "at once", "сразу", "немедленно", "sofort", "inmediato", "immediat", "immediato", "imediato",
		"n/a", "na", "none", "null", "never", "unlimited", "open", "0000-00-00", "0000-00-00 00:00:00", "tbd", "until further notice", "ufn", "\\n":
		return true
	}
	return false
}

// ParseMoment reads a moment in one of the forms that people and spreadsheets write. A date without a time is its midnight in loc.
// Empty text, and words for "at once" or "never", are the zero time.
func ParseMoment(text string, order Order, loc *time.Location) (Moment, error) {
	s := Trim(text)
	if atOnce(s) {
		return Moment{}, nil
	}
	if len(s) > 64 {
		return Moment{}, ErrDate
	}
	if m, ok := serial(s, loc); ok {
		return m, nil
	}
	p := dateParser{order: order, loc: loc}
	if err := p.scan(s); err != nil {
		return Moment{}, err
	}
	return p.moment()
}

func plausible(t time.Time) bool { return t.Year() >= 1970 && t.Year() < 2200 }
