package rating

import (
	"slices"

	"trunkline/internal/calls"
	"trunkline/internal/e164"
)

// Match says which calls an allowance, a tier or a fee is about. Empty Destinations and Prefixes mean every destination.
type Match struct {
	Directions   []calls.Direction // Empty: outbound and forwarded.
	Destinations []string          // Names as in the decks.
	Prefixes     []e164.Prefix     // Of the number called.
}

func (m *Match) matches(call *Call, destination string, number uint64) bool {
	if len(m.Directions) == 0 {
		if call.direction() != calls.Outbound && call.direction() != calls.Forwarded {
			return false
		}
	} else if !slices.Contains(m.Directions, call.direction()) {
		return false
	}
	if len(m.Destinations) == 0 && len(m.Prefixes) == 0 || slices.Contains(m.Destinations, destination) {
		return true
	}
	for _, p := range m.Prefixes {
		if begins(number, p.Key()) {
			return true
		}
	}
	return false
}
