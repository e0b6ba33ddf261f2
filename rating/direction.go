package rating

import (
	"errors"
	"fmt"
)

// ErrDirection is returned, wrapped, for text that names no direction.
var ErrDirection = errors.New("unknown direction")

// Direction is which way a call goes, seen from the tenant. The zero value is Outbound.
type Direction uint8

// The directions.
const (
	Outbound  Direction = iota // From the tenant to the world.
	Inbound                    // From the world to a number of the tenant.
	Forwarded                  // The leg by which an inbound call goes out again; it is charged as outbound unless a deck says otherwise.
	Internal                   // Between two ends of one tenant.
)

// Directions returns all of them in the order of their values.
func Directions() []Direction { return []Direction{Outbound, Inbound, Forwarded, Internal} }

// ParseDirection reads the text form; empty text is Outbound.
func ParseDirection(s string) (Direction, error) {
	if s == "" {
		return Outbound, nil
	}
	for _, d := range Directions() {
		if d.String() == s {
			return d, nil
		}
	}
	return Outbound, fmt.Errorf("%w: %q: want outbound, inbound, forwarded or internal", ErrDirection, s)
}

// String returns the text form.
func (d Direction) String() string {
	switch d {
	case Outbound:
		return "outbound"
	case Inbound:
		return "inbound"
	case Forwarded:
		return "forwarded"
	case Internal:
		return "internal"
	}
	return "invalid"
}

// MarshalText writes the text form.
func (d Direction) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDirection.
func (d *Direction) UnmarshalText(text []byte) error {
	v, err := ParseDirection(string(text))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// directionSet is a set of directions; the empty set stands for what its owner says.
type directionSet uint8

func (s directionSet) has(d Direction) bool { return s&(1<<d) != 0 }

func (s directionSet) with(d Direction) directionSet { return s | 1<<d }
