package calls

import (
	"errors"
	"fmt"
)

// ErrDirection is returned, wrapped, for text that names no direction.
var ErrDirection = errors.New("unknown direction")

// Direction tells how a call runs with respect to its tenant. The zero value says that it is not known.
type Direction uint8

// The directions. The numbers are part of the codec of records and of the stored rows.
const (
	Outbound  Direction = 1 // From an extension or trunk of the tenant to the world.
	Inbound   Direction = 2 // From the world to a number of the tenant.
	Forwarded Direction = 3 // From the world to a number of the tenant that sends it on to the world; charged as outbound unless a deck says otherwise.
	Internal  Direction = 4 // Between extensions of one tenant; it costs nothing.
)

// Directions returns all of them in the order of their values.
func Directions() []Direction { return []Direction{Outbound, Inbound, Forwarded, Internal} }

// ParseDirection reads the word that String writes; empty text is the zero Direction. Errors wrap ErrDirection.
func ParseDirection(word string) (Direction, error) {
	if word == "" {
		return 0, nil
	}
	for _, d := range Directions() {
		if d.String() == word {
			return d, nil
		}
	}
	return 0, fmt.Errorf("%w: %q: want outbound, inbound, forwarded or internal", ErrDirection, word)
}

// String returns the word used in reports, tariffs and filters.
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
	return "unknown"
}

// MarshalText writes the word; the zero Direction is empty text.
func (d Direction) MarshalText() ([]byte, error) {
	if d == 0 {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText is ParseDirection.
func (d *Direction) UnmarshalText(text []byte) error {
	v, err := ParseDirection(string(text))
	if err != nil {
		return err
	}
	*d = v
	return nil
}
