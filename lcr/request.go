package lcr

import (
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
)

// Request asks where a call is to go. Both numbers are normalised already.
type Request struct {
	Plan      string // Id of the route plan.
	Tenant    string
	Branch    string
	Extension string
	From      e164.Number
	To        e164.Number
	At        time.Time     // The moment of the call; rates, hours and locks are taken as of it.
	Emergency bool          // Goes out by the gateways of the rule whatever they cost; rules that block are passed over.
	Assumed   time.Duration // The length of call by which cost, sale and margin are compared; zero means a minute.

	Sale     money.Amount   // What the tenant would pay for a call of the assumed length.
	Currency money.Currency // Of Sale; zero: nothing is paid, and no margin is asked for.

	// Sell is asked for what the tenant would pay for a call of the assumed length that a deck has a rate for, in Currency, where the
	// price is built on the carrier's cost; nil: it is Sale, whoever takes the call. A reason other than "" skips the gateway.
	Sell func(deck string, cost *rating.Rate) (money.Amount, Reason)
	// OverCheapest says that Sell is asked once, for the cheapest of the carriers, whoever takes the call.
	OverCheapest bool

	Revision int64 // Of what is set up, kept with the decision: by it the route and dial plans of then are found again; 0: not known.

	Simulated bool                    // Nothing is noted: the next call has the turn that this one would have had.
	Live      map[string]GatewayState // What the proxies know of the gateways; nil when it is looked at in the moment of trying.
}

// GatewayState is what is known of a gateway at a moment. A gateway without a state is taken to be free.
type GatewayState struct {
	LockedUntil time.Time // Zero: it works.
	Calls       int       // In progress.
	CPS         int       // Calls of the current second.
}

// assumedDefault is the length of call that costs are compared by when the request names none.
const assumedDefault = time.Minute
