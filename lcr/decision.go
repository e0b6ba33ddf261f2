package lcr

import (
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// Request asks where a call is to go. Both numbers are normalised already.
type Request struct {
	Plan      string // Id of the route plan.
	Tenant    string
	Branch    string
	Extension string
	From      e164.Number
	To        e164.Number
	At        time.Time     // The moment of the call; rates, time conditions and locks are taken as of it.
	Emergency bool          // Goes out by the gateways of the rule, whatever they cost.
	Assumed   time.Duration // The length of call by which cost, sale and margin are compared; zero means 60 s.
}

// Decision is the answer to a Request and its explanation. It is stored with the call as its trace.
type Decision struct {
	From       e164.Number `json:"from"`
	To         e164.Number `json:"to"`
	Rule       string      `json:"rule"` // The rule of the route plan that matched, "plan/rule".
	Candidates []Candidate `json:"candidates"`
	Skipped    []Skipped   `json:"skipped"`
	Refusal    Reason      `json:"refusal,omitempty"` // Why there is no candidate at all, as one of the Reason words.
}

// Candidate is one gateway to try. Order in Decision.Candidates is the order of trying.
type Candidate struct {
	Carrier   string       `json:"carrier"`
	Gateway   string       `json:"gateway"`
	Deck      string       `json:"deck,omitempty"`
	Prefix    e164.Prefix  `json:"prefix"`
	Rate      money.Rate   `json:"rate"` // What the carrier charges, per minute.
	Cost      money.Amount `json:"cost"` // What the carrier would charge for the assumed duration.
	Sale      money.Amount `json:"sale"` // What the tenant would pay for the assumed duration.
	Margin    money.Amount `json:"margin"`
	ToSent    string       `json:"to_sent"`   // The called number as the gateway wants it.
	FromSent  string       `json:"from_sent"` // The caller's number as the gateway wants it.
	Version   string       `json:"version,omitempty"`
	RouteRank int          `json:"-"`
}

// Skipped is a gateway that was considered and will not be tried.
type Skipped struct {
	Carrier string `json:"carrier"`
	Gateway string `json:"gateway"`
	Reason  Reason `json:"reason"`
	Detail  string `json:"detail,omitempty"`
}

// Reason is a word for why a gateway was skipped or a call refused. The words are part of the interface.
type Reason string

// The reasons.
const (
	ReasonNoRate      Reason = "no_rate"     // The carrier's deck has no rate for the number at that time.
	ReasonMargin      Reason = "margin"      // The margin would be below what the rule demands.
	ReasonCapacity    Reason = "capacity"    // All channels are in use.
	ReasonCPS         Reason = "cps"         // Calls per second are used up.
	ReasonLocked      Reason = "locked"      // The gateway failed and is locked until its retest.
	ReasonQuality     Reason = "quality"     // ASR, ACD, NER or PDD is below the gate.
	ReasonTime        Reason = "time"        // Not at this time of day.
	ReasonBlocked     Reason = "blocked"     // The destination is blocked.
	ReasonMaxPrice    Reason = "max_price"   // Dearer than the client accepts.
	ReasonInactive    Reason = "inactive"    // Switched off.
	ReasonDebt        Reason = "debt"        // The carrier's debt limit is reached.
	ReasonNotInRule   Reason = "not_in_rule" // The rule names other gateways.
	ReasonNoSale      Reason = "no_sale"     // The tenant's tariff has no rate for the number.
	ReasonNoRule      Reason = "no_rule"     // No rule of the route plan matches.
	ReasonCurrency    Reason = "currency"    // No exchange rate between the deck's and the tariff's currency.
	ReasonLimit       Reason = "rank"        // Enough better candidates were found.
	ReasonUnsupported Reason = "unsupported" // The gateway cannot carry this call (codec, transport).
)
