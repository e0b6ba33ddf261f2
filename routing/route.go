package routing

import (
	"time"

	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/lcr"
	"trunkline/provision"
	"trunkline/rating"
)

// Route is what is to be done with one call. It is immutable and may be kept for the length of the call.
type Route struct {
	Direction calls.Direction
	Tenant    string
	Branch    string
	Extension string // The extension that pays for or takes the call.
	Number    string // The tenant's number that was called, digits; inbound only.
	From      e164.Number
	To        e164.Number
	CallerID  string      // What the called party is to see: E.164 with "+", or a short number for internal calls.
	Anonymous bool        // The caller hides its number.
	Diverted  e164.Number // Of a forwarded call: the number that was called first.

	Targets []Target
	// Refusal is not empty when the call is not to be placed: one of lcr's reasons or of the Refused words.
	Refusal lcr.Reason
	Status  int    // The SIP status that goes with Refusal.
	Detail  string // What more there is to say about Refusal.

	Tariff     string             // Empty when nothing is charged.
	Quote      *rating.Quote      // What the tenant pays; nil when nothing is charged and nothing need be reserved.
	Set        *provision.Setting // The call places none: it sets something of its extension; nil: it does not.
	Location   string             // Of an emergency call: where it comes from, as a URI; empty: the caller may say it.
	Gratis     bool               // It is an on-net call between tenants, which the operator does not charge.
	Emergency  bool               // No credit, limit or capacity stands in its way.
	Capacities []Capacity
	Loop       string // Is the same for calls that may be one that goes round: of few of them at a time that were not answered yet; empty: it cannot.
	MaxTries   int
	SetupTime  time.Duration // From the INVITE to the end of hunting; 0: as the proxy is set up.
	Trace      *lcr.Decision // nil for calls that no gateway takes.
}

// The words of Route.Refusal beside lcr's.
const (
	RefusedNumber   lcr.Reason = "number"   // Not a number that the dial plan knows.
	RefusedUnknown  lcr.Reason = "unknown"  // Nobody has that number here.
	RefusedInactive lcr.Reason = "inactive" // The tenant, extension or gateway is switched off.
)

// Target is one destination to try: a gateway, the phones of an extension or of several, or a whole other call that this one
// is forwarded as.
type Target struct {
	Gateway     *provision.Gateway // nil for phones.
	Carrier     *provision.Carrier
	Deck        string
	Base        string // The deck that a cost-plus price of the call is built on if this target takes it; empty: none is.
	ToSent      string
	FromSent    string
	Trunk       *provision.Trunk // That it leads to, at its Gateway or where it is registered; nil: none.
	Divertor    string           // The number or extension that sends the call there, as a mailbox wants to know; empty: it was called itself.
	Login       string           // Extension: whose registered contacts are to ring.
	Extension   string
	Others      []Phone // That ring at the same time.
	LeastRecent bool    // Of the targets beside it that say so too, the one comes first whose phone has waited longest.
	RingTime    time.Duration
	After       Trigger // After which outcome of the target before it is tried; 0: as the rules of hunting say.
	Forward     *Route  // The call that it is forwarded as, which has its own price and limits; nil: none.

	// What a gateway is told of the caller beside FromSent.
	Anonymous  bool   // From is anonymous (RFC 3323); AssertedID comes with "Privacy: id".
	AssertedID string // P-Asserted-Identity (RFC 3325); empty: none.
	Diversion  string // The number that forwarded the call (RFC 5806); empty: none.
}

// Phone is an extension that rings beside another.
type Phone struct {
	Extension string
	Login     string
}

// Trigger says after which outcome of the one before a target is tried. Outcomes are added up.
type Trigger uint8

// The outcomes.
const (
	AfterBusy        Trigger = 1 << iota // 486, 600, or declined with 603.
	AfterNoAnswer                        // It rang for its time.
	AfterUnavailable                     // No phone is registered, or none could be reached.

	AfterAny = AfterBusy | AfterNoAnswer | AfterUnavailable
)

// Capacity is a bound on calls that the call takes a place of. A bound of 0 is none.
type Capacity struct {
	Key       string // "tenant/beauty", "branch/beauty/moscow", "gateway/alfa": unique over all kinds.
	Max       int    // Calls at once.
	PerSecond int    // New calls in a second.
}
