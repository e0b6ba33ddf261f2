package rating

import (
	"cmp"

	"trunkline/internal/calls"
)

// parseDirection reads the word of a direction in a tariff; an empty one is outbound.
func parseDirection(word string) (calls.Direction, error) {
	d, err := calls.ParseDirection(word)
	return cmp.Or(d, calls.Outbound), err
}

// direction is the way that the call is priced as: outbound where nothing is said.
func (c *Call) direction() calls.Direction { return cmp.Or(c.Direction, calls.Outbound) }

// directionSet is a set of directions; the empty set stands for what its owner says.
type directionSet uint8

func (s directionSet) has(d calls.Direction) bool { return s&(1<<d) != 0 }

func (s directionSet) with(d calls.Direction) directionSet { return s | 1<<d }
