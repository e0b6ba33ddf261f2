package rating

import (
	"errors"
	"fmt"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// ErrRate is returned, wrapped, for a line that makes no sense.
var ErrRate = errors.New("bad rate")

// Rate is one line of a tariff or of a carrier's deck: what calls to numbers with the prefix cost while it is in force.
type Rate struct {
	Prefix      e164.Prefix
	Origin      e164.Prefix // The caller's number must begin with it; empty: any caller.
	Period      string      // The tariff's period of the week in which it holds; empty: at any other time.
	Destination string      // The name of the group of prefixes.
	PerMinute   money.Rate
	Terms
	From time.Time // In force from this moment on; zero: since ever.
	Till time.Time // No longer in force at this moment; zero: until the next line of the prefix begins.
	Line int       // Where it stood in the file, for reports; a Deck does not keep it.
}

// Terms are what a line says beside its prefix and price. Lines share them, as decks repeat them a million times.
type Terms struct {
	ConnectFee money.Amount // Once for an answered call.
	AttemptFee money.Amount // Once for every call, answered or not.
	MinCharge  money.Amount // What a charged call costs at least.
	Increment  Increment
	Grace      int32 // An answered call shorter than so many seconds costs nothing.
	Blocked    bool  // Calls to the prefix are not allowed, and not rated.
}

// Validate reports what makes the line unusable: a negative price, an increment that is none, an end before the start.
func (r Rate) Validate() error {
	switch {
	case r.PerMinute.Sign() < 0 || r.ConnectFee.Sign() < 0 || r.AttemptFee.Sign() < 0 || r.MinCharge.Sign() < 0:
		return fmt.Errorf("%w: prefix %s: a price is negative", ErrRate, r.Prefix)
	case r.Grace < 0:
		return fmt.Errorf("%w: prefix %s: grace of %d seconds", ErrRate, r.Prefix, r.Grace)
	case !r.Till.IsZero() && !r.From.IsZero() && !r.From.Before(r.Till):
		return fmt.Errorf("%w: prefix %s: it ends at %s, before it begins", ErrRate, r.Prefix, r.Till.Format(time.RFC3339))
	}
	if err := r.Increment.Validate(); err != nil {
		return fmt.Errorf("%w: prefix %s: %w", ErrRate, r.Prefix, err)
	}
	return nil
}

// InForce reports whether the line holds at the moment.
func (r Rate) InForce(at time.Time) bool {
	return (r.From.IsZero() || !at.Before(r.From)) && (r.Till.IsZero() || at.Before(r.Till))
}
