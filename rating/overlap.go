package rating

import (
	"errors"
	"fmt"
	"time"

	"trunkline/internal/e164"
)

// ErrOverlap is what every OverlapError is, for errors.Is.
var ErrOverlap = errors.New("two different rates of one prefix are in force at the same time")

// Overlap is a contradiction between two lines of a deck.
type Overlap struct {
	Prefix e164.Prefix
	At     time.Time // From when on both would hold; zero: since ever.
	Lines  [2]int    // Where they stood in the file; 0 if that is not known.
}

// String describes the contradiction and where it is.
func (o Overlap) String() string {
	s := "prefix " + o.Prefix.String()
	if !o.At.IsZero() {
		s += " from " + o.At.Format(time.RFC3339)
	}
	if o.Lines[0] > 0 && o.Lines[1] > 0 {
		s += fmt.Sprintf(" (lines %d and %d)", o.Lines[0], o.Lines[1])
	}
	return s
}

// OverlapError is the error of a deck whose lines contradict each other.
type OverlapError struct {
	First Overlap
	Count int
}

// Error names the first contradiction and the number of all.
func (e *OverlapError) Error() string {
	return fmt.Sprintf("%v: %s; %d in all: give the older line an end, or remove one", ErrOverlap, e.First, e.Count)
}

// Unwrap returns ErrOverlap.
func (e *OverlapError) Unwrap() error { return ErrOverlap }
