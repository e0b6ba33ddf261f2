package ledger

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"trunkline/internal/money"
)

// ErrHold is returned, wrapped, for a request for a hold that makes no sense.
var ErrHold = errors.New("bad hold")

// MaxGrantOptions is the largest number of options in one request.
const MaxGrantOptions = 1000

// GrantOption is a time that a call may be granted, in seconds from its connection, and what the call costs if it ends then.
type GrantOption struct {
	Seconds int64
	Cost    money.Amount
}

// SlotGrace is how long a slot is kept after the time by which a call must be over: clocks of proxies differ.
const SlotGrace = 2 * time.Minute

// ConcurrencyCaps caps concurrent calls, those being set up included; 0 is no cap.
type ConcurrencyCaps struct {
	Tenant    int64
	Branch    int64
	Extension int64
}

// HoldRequest asks for money for a call that is about to be connected, or goes on. A request that is repeated has the
// same answer; one whose options go further makes the hold grow, as an update does in RFC 8506 section 5.2.2.
type HoldRequest struct {
	Call    uuid.UUID
	Node    string // The proxy that has the call.
	Account Account
	Options []GrantOption  // Rising, counted from the connection. The longest that fits everywhere is granted.
	Limits  []Limit        // All that are provisioned and apply to the call; those set by hand are known to the store.
	Zone    *time.Location // The tenant's calendar; nil is UTC.
	At      time.Time      // Now. A call counts in the periods in which it began.

	// A call takes a slot with its first grant, until it is ended, released or accounted for. One that nobody ends keeps its
	// slot for Setup, the time granted, and SlotGrace. A call that has a slot needs no other, and keeps it when caps are lowered.
	Concurrency ConcurrencyCaps
	Setup       time.Duration // How long the call may take to be connected.

	// What the call is looked up by in what was set by hand.
	Branch    string
	Extension string
	To        string // Digits of the called number.

	// What the call has of a quota, if it has no hold: with a grant that becomes its hold. A Drawn without a Quota is nothing.
	Quota uuid.UUID
	Drawn Use
}

// Validate reports what makes the request unusable.
func (r HoldRequest) Validate() error {
	switch {
	case r.Call == uuid.Nil:
		return fmt.Errorf("%w: it names no call", ErrHold)
	case len(r.Options) == 0 || len(r.Options) > MaxGrantOptions:
		return fmt.Errorf("%w: %d grant options: want 1 to %d", ErrHold, len(r.Options), MaxGrantOptions)
	case r.Concurrency.Tenant < 0 || r.Concurrency.Branch < 0 || r.Concurrency.Extension < 0 || r.Setup < 0:
		return fmt.Errorf("%w: a cap on calls or a time below zero", ErrHold)
	case r.At.IsZero():
		return fmt.Errorf("%w: it has no time", ErrHold)
	}
	last := GrantOption{}
	for i, s := range r.Options {
		if s.Seconds <= last.Seconds || s.Cost.Less(last.Cost) {
			return fmt.Errorf("%w: grant option %d does not rise", ErrHold, i+1)
		}
		last = s
	}
	return r.Account.Validate()
}

// The words of HoldAnswer.Bound and Refusal beside those of limits, which are "limit_day", "limit_week" and "limit_month", and
// of concurrent calls, which are "calls_tenant", "calls_branch" and "calls_extension".
const (
	BoundBalance   = "balance"    // The account has no more money and credit.
	BoundSuspended = "suspended"  // The account is suspended.
	BoundBlocked   = "blocked"    // The branch, the extension or the destination is blocked.
	BoundAccount   = "no_account" // There is no such account.
	BoundClosed    = "closed"     // The call is over: it was ended or accounted for, or its hold was given back.
)

// BoundLimit returns the word for a limit of that period.
func BoundLimit(p Period) string { return "limit_" + string(p) }

// BoundCalls returns the word for the cap on concurrent calls of that scope.
func BoundCalls(s Scope) string { return "calls_" + string(s) }

// HoldAnswer says for how long a call may last.
type HoldAnswer struct {
	Granted  int64  // Seconds from the connection that money is held for; those of an earlier answer are among them.
	Final    bool   // There will not be more, as things stand.
	Bound    string // What stands in the way of more; empty unless Final or refused.
	Refusal  string // Bound again, when nothing at all is granted.
	Recalled bool   // Quotas were called back, as they are in the way of more: the same may be asked again in a moment.
	Stop     string // The call is to end now whatever was granted: BoundSuspended or BoundBlocked.
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
