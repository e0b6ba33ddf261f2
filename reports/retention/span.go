package retention

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrSpan is returned, wrapped, for a time that cannot be read or is out of bounds.
var ErrSpan = errors.New("not a time that something can be kept")

const day = 24 * time.Hour

// Span is how long something is kept, from some hours up; zero: for ever. As text it is "90d", "36h" or "" for zero.
type Span time.Duration

// ParseSpan reads a number of days, such as 90d, or a duration of Go, such as 36h.
func ParseSpan(text string) (Span, error) {
	if text == "" || text == "0" {
		return 0, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		const most = 100 * 366
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > most {
			return 0, fmt.Errorf("%w: %q: want 1d to %dd", ErrSpan, text, most)
		}
		return Span(time.Duration(n) * day), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Hour {
		return 0, fmt.Errorf("%w: %q: want days, such as 90d, or an hour or more, such as 36h", ErrSpan, text)
	}
	return Span(d), nil
}

// String is the reverse of ParseSpan.
func (s Span) String() string {
	switch d := time.Duration(s); {
	case d == 0:
		return ""
	case d%day == 0:
		return strconv.FormatInt(int64(d/day), 10) + "d"
	default:
		return d.String()
	}
}

// MarshalText implements encoding.TextMarshaler.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Span) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSpan(string(text))
	return err
}

// before returns the beginning of the UTC day before which something is old; ok is false where it is kept for ever. Records go by whole days.
func (s Span) before(now time.Time) (at time.Time, ok bool) {
	return now.Add(-time.Duration(s)).UTC().Truncate(day), s > 0
}
