package money

import (
	"errors"
	"fmt"
)

// ErrRounding is returned, wrapped, for text that names no rounding mode.
var ErrRounding = errors.New("unknown rounding")

// Rounding says what becomes of the digits that a scale has no room for. The zero value is HalfUp.
type Rounding uint8

// The rounding modes. Up and Down, and ties of HalfUp and HalfDown, look at the magnitude; Ceiling and Floor at the sign.
const (
	HalfUp   Rounding = iota // To the nearest; a tie goes away from zero (commercial rounding).
	HalfEven                 // To the nearest; a tie goes to the even neighbour (banker's rounding).
	HalfDown                 // To the nearest; a tie goes toward zero.
	Up                       // Away from zero.
	Down                     // Toward zero.
	Ceiling                  // Toward plus infinity.
	Floor                    // Toward minus infinity.
)

// Roundings returns all modes in the order of their values.
func Roundings() []Rounding {
	return []Rounding{HalfUp, HalfEven, HalfDown, Up, Down, Ceiling, Floor}
}

// ParseRounding reads the text form of a mode, for example "half_up".
func ParseRounding(s string) (Rounding, error) {
	for _, r := range Roundings() {
		if r.String() == s {
			return r, nil
		}
	}
	return HalfUp, fmt.Errorf("%w: %q: want half_up, half_even, half_down, up, down, ceiling or floor", ErrRounding, s)
}

// String returns the text form of the mode.
func (r Rounding) String() string {
	switch r {
	case HalfUp:
		return "half_up"
	case HalfEven:
		return "half_even"
	case HalfDown:
		return "half_down"
	case Up:
		return "up"
	case Down:
		return "down"
	case Ceiling:
		return "ceiling"
	case Floor:
		return "floor"
	}
	return "invalid"
}

// MarshalText writes the text form.
func (r Rounding) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText is ParseRounding.
func (r *Rounding) UnmarshalText(text []byte) error {
	v, err := ParseRounding(string(text))
	if err != nil {
		return err
	}
	*r = v
	return nil
}

// away reports whether a quotient with the remainder rem of den, not zero, moves away from zero.
func (r Rounding) away(negative, odd bool, rem, den uint64) bool {
	tie := compareHalf(rem, den)
	switch r {
	case HalfUp:
		return tie >= 0
	case HalfEven:
		return tie > 0 || tie == 0 && odd
	case HalfDown:
		return tie > 0
	case Up:
		return true
	case Down:
		return false
	case Ceiling:
		return !negative
	case Floor:
		return negative
	}
	return false
}

// compareHalf compares rem with den/2 without overflow: -1 below, 0 a tie, +1 above.
func compareHalf(rem, den uint64) int {
	rest := den - rem
	switch {
	case rem < rest:
		return -1
	case rem > rest:
		return 1
	}
	return 0
}
