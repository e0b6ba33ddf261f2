package reports

import (
	"errors"
	"fmt"

	"trunkline/internal/money"
)

// ErrShare is returned, wrapped, for text that names no rule of sharing.
var ErrShare = errors.New("unknown rule of sharing")

// ShareRule says how a fee of the whole company is shared out over its branches.
type ShareRule string

// The rules.
const (
	Evenly    ShareRule = "evenly"  // To each branch the same.
	ByMinutes ShareRule = "minutes" // By the seconds billed in the period.
	BySeats   ShareRule = "seats"   // By how many extensions each had, and for how long.
)

// ParseShareRule reads the word of a rule; empty text is Evenly.
func ParseShareRule(text string) (ShareRule, error) {
	switch r := ShareRule(text); r {
	case "", Evenly:
		return Evenly, nil
	case ByMinutes, BySeats:
		return r, nil
	}
	return "", fmt.Errorf("%w: %q: want evenly, minutes or seats", ErrShare, text)
}

// BranchWeight is what fees are shared out by.
type BranchWeight struct {
	Branch  string
	Seconds int64 // Billed.
	Seats   int64 // Seconds of all its extensions together.
}

// BranchShare is the part of a charge that one branch bears.
type BranchShare struct {
	Branch  string       `json:"branch"`
	Calls   int64        `json:"calls,omitempty"`
	Seconds int64        `json:"billed_seconds,omitempty"`
	Amount  money.Amount `json:"amount"`
}

// Allocate shares an amount out in units of scale places, so that the parts add up to it exactly. Where nobody has any
// weight by the rule it is shared evenly. The same arguments always give the same parts.
func Allocate(total money.Amount, rule ShareRule, branches []BranchWeight, scale int) ([]BranchShare, error) {
	if len(branches) == 0 {
		return []BranchShare{{Amount: total}}, nil
	}
	weights := make([]int64, len(branches))
	var all int64
	for i, b := range branches {
		switch rule {
		case ByMinutes:
			weights[i] = max(0, b.Seconds)
		case BySeats:
			weights[i] = max(0, b.Seats)
		case Evenly:
			weights[i] = 1
		}
		all += weights[i]
	}
	if all == 0 {
		return Allocate(total, Evenly, branches, scale)
	}
	parts, err := money.AllocateUnits(total, weights, scale)
	if err != nil {
		return nil, fmt.Errorf("share %s out: %w", total, err)
	}
	out := make([]BranchShare, len(parts))
	for i := range parts {
		out[i] = BranchShare{Branch: branches[i].Branch, Amount: parts[i]}
	}
	return out, nil
}
