package rating

import (
	"fmt"

	"trunkline/internal/e164"
)

// Reason says why a call has no price. It is a code for machines; UnratableError says it in words.
type Reason uint8

// The reasons.
const (
	NoRate     Reason = iota + 1 // No prefix of the number is in any deck that applies.
	Blocked                      // The destination is blocked.
	NotInForce                   // The tariff was not in force when the call was made.
	NoCost                       // The price builds on a carrier's cost, and none was given.
	BadCall                      // The call makes no sense: no number, a negative or endless duration.
	OutOfRange                   // The price does not fit into an amount.
)

// Reasons returns all of them in the order of their values.
func Reasons() []Reason { return []Reason{NoRate, Blocked, NotInForce, NoCost, BadCall, OutOfRange} }

// String returns the code: "no_rate", "blocked", "not_in_force", "no_cost", "bad_call", "out_of_range".
func (r Reason) String() string {
	switch r {
	case NoRate:
		return "no_rate"
	case Blocked:
		return "blocked"
	case NotInForce:
		return "not_in_force"
	case NoCost:
		return "no_cost"
	case BadCall:
		return "bad_call"
	case OutOfRange:
		return "out_of_range"
	}
	return "invalid"
}

// MarshalText writes the code.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnratableError is the error of a call that has no price. It is a verdict on the call under this version of the tariff:
// repeating the call to Price gives it again.
type UnratableError struct {
	Reason Reason
	To     e164.Number
	Detail string // A sentence for people.
}

// Error returns the code and the sentence.
func (e *UnratableError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.Reason, e.To, e.Detail)
}

func unratable(reason Reason, call *Call, detail string) error {
	return &UnratableError{Reason: reason, To: call.To, Detail: detail}
}
