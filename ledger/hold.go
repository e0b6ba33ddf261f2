package ledger

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"trunkline/internal/money"
)

// ErrHold is returned, wrapped, for a request for a hold that makes no sense.
var ErrHold = errors.New("bad reservation")

// MaxLadder is the largest number of stretches in one request.
const MaxLadder = 1000

// Stretch is a time from the connection of a call and what the call costs if it ends then.
type Stretch struct {
	Seconds int64
	Cost    money.Amount
}

// PlaceGrace is for how long a place is kept after the time by which a call must be over: clocks of proxies differ.
const PlaceGrace = 2 * time.Minute

// AtOnce caps how many calls there may be at a time, those being set up included; 0 is no cap.
type AtOnce struct {
	Tenant    int64
	Branch    int64
	Extension int64
}

// HoldRequest asks for money for a call that is about to be connected, or goes on. A request that is repeated has the
// same answer; one whose ladder goes further makes the hold grow.
type HoldRequest struct {
	Call    uuid.UUID
	Node    string // The proxy that has the call.
	Account Account
	Ladder  []Stretch      // Rising, counted from the connection. The longest that fits everywhere is granted.
	Limits  []Limit        // All that are provisioned and apply to the call; those set by hand are known to the store.
	Zone    *time.Location // The tenant's calendar; nil is UTC.
	At      time.Time      // Now. A call counts in the periods in which it began.

	// A call takes a place with its first grant, until it is ended, released or accounted for. One that nobody ends keeps its
	// place for Setup, the time granted, and PlaceGrace. A call that has a place needs no other, and keeps it when caps are lowered.
	AtOnce AtOnce
	Setup  time.Duration // How long the call may take to be connected.

	// What the call is looked up by in what was set by hand.
	Branch    string
	Extension string
	To        string // Digits of the called number.
}

// Validate reports what makes the request unusable.
func (r HoldRequest) Validate() error {
	switch {
	case r.Call == uuid.Nil:
		return fmt.Errorf("%w: it names no call", ErrHold)
	case len(r.Ladder) == 0 || len(r.Ladder) > MaxLadder:
		return fmt.Errorf("%w: a ladder of %d steps: want 1 to %d", ErrHold, len(r.Ladder), MaxLadder)
	case r.AtOnce.Tenant < 0 || r.AtOnce.Branch < 0 || r.AtOnce.Extension < 0 || r.Setup < 0:
		return fmt.Errorf("%w: a cap on calls or a time below zero", ErrHold)
	case r.At.IsZero():
		return fmt.Errorf("%w: it has no time", ErrHold)
	}
	last := Stretch{}
	for i, s := range r.Ladder {
		if s.Seconds <= last.Seconds || s.Cost.Less(last.Cost) {
			return fmt.Errorf("%w: step %d of the ladder does not rise", ErrHold, i+1)
		}
		last = s
	}
	return r.Account.Validate()
}

// The words of HoldAnswer.Bound and Refusal beside those of limits, which are "limit_day", "limit_week" and "limit_month", and
// of calls at a time, which are "calls_tenant", "calls_branch" and "calls_extension".
const (
	BoundBalance   = "balance"    // The account has no more money and credit.
	BoundSuspended = "suspended"  // The account is suspended.
	BoundBlocked   = "blocked"    // The branch, the extension or the destination is blocked.
	BoundAccount   = "no_account" // There is no such account.
	BoundClosed    = "closed"     // The call is over: it was ended or accounted for, or its hold was given back.
)

// BoundLimit returns the word for a limit of that period.
func BoundLimit(p Period) string { return "limit_" + string(p) }

// BoundCalls returns the word for the cap on the calls at a time of that scope.
func BoundCalls(s Scope) string { return "calls_" + string(s) }

// HoldAnswer says for how long a call may last.
type HoldAnswer struct {
	Granted int64  // Seconds from the connection that money is held for; those of an earlier answer are among them.
	Final   bool   // There will not be more, as things stand.
	Bound   string // What stands in the way of more; empty unless Final or refused.
	Refusal string // Bound again, when nothing at all is granted.
	Stop    string // The call is to end now whatever was granted: BoundSuspended or BoundBlocked.
}

// Hold is the money held for one call.
type Hold struct {
	Call    uuid.UUID
	Account Account
	Node    string
	Amount  money.Amount
	Seconds int64
	Made    time.Time
	Touched time.Time // When it was made or last prolonged.
}
