package rating

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrIncrement is returned, wrapped, for text that is no increment.
var ErrIncrement = errors.New("not an increment")

// maxIncrement bounds a step to a day: longer ones are mistakes.
const maxIncrement = 86400

// Increment says in which steps, in seconds, a call is billed: Initial at once, then every begun Next.
// The zero value is no increment; decks without one have PerMinuteSteps.
type Increment struct {
	Initial int32
	Next    int32
	// FromZero counts every Next from the start of the call and not from the end of Initial:
	// 31 s at 30/18 are 36 s then, and 48 s otherwise. Sellers differ, so the deck says which.
	FromZero bool
}

// PerMinuteSteps is 60/60, what a deck that says nothing is billed in.
func PerMinuteSteps() Increment { return Increment{Initial: 60, Next: 60} }

// ParseIncrement reads "30/6", "60" for 60/60, or "30/18 from zero".
func ParseIncrement(s string) (Increment, error) {
	text, fromZero := strings.CutSuffix(strings.TrimSpace(s), "from zero")
	first, second, both := strings.Cut(strings.TrimSpace(text), "/")
	if !both {
		second = first
	}
	initial, err1 := strconv.ParseInt(strings.TrimSpace(first), 10, 32)
	next, err2 := strconv.ParseInt(strings.TrimSpace(second), 10, 32)
	if err1 != nil || err2 != nil {
		return Increment{}, fmt.Errorf("%w: %q: want seconds such as 30/6", ErrIncrement, s)
	}
	inc := Increment{Initial: int32(initial), Next: int32(next), FromZero: fromZero}
	return inc, inc.Validate()
}

// Validate reports an increment that cannot be billed by.
func (i Increment) Validate() error {
	if i.Initial < 0 || i.Next < 1 || i.Initial > maxIncrement || i.Next > maxIncrement {
		return fmt.Errorf("%w: %s: the first step is 0 to %d seconds, the next 1 to %d", ErrIncrement, i, maxIncrement, maxIncrement)
	}
	return nil
}

// Billed returns the seconds that are billed for a call of so many whole seconds; 0 for 0.
// It is initial + ceil((seconds - initial) / next) x next, or initial alone where that is enough.
func (i Increment) Billed(seconds int64) int64 {
	initial, next := int64(i.Initial), int64(i.Next)
	switch {
	case seconds <= 0:
		return 0
	case seconds <= initial:
		return initial
	case i.FromZero:
		return max(initial, ceilDiv(seconds, next)*next)
	}
	return initial + ceilDiv(seconds-initial, next)*next
}

// Floor returns the longest billed duration that is not longer than seconds, or 0 where even the first step is.
func (i Increment) Floor(seconds int64) int64 {
	initial, next := int64(i.Initial), int64(i.Next)
	first := initial
	if initial == 0 {
		first = next
	}
	switch {
	case seconds < first:
		return 0
	case i.FromZero:
		return max(initial, seconds/next*next)
	}
	return initial + (seconds-initial)/next*next
}

// IsZero reports whether there is no increment.
func (i Increment) IsZero() bool { return i == Increment{} }

// String returns the form that ParseIncrement reads.
func (i Increment) String() string {
	s := strconv.Itoa(int(i.Initial)) + "/" + strconv.Itoa(int(i.Next))
	if i.FromZero {
		s += " from zero"
	}
	return s
}

// MarshalText writes String.
func (i Increment) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText is ParseIncrement.
func (i *Increment) UnmarshalText(text []byte) error {
	v, err := ParseIncrement(string(text))
	if err != nil {
		return err
	}
	*i = v
	return nil
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }
