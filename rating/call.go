package rating

import (
	"strings"
	"time"

	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// MaxDuration is the longest call that is rated: a longer one is a fault of its record.
const MaxDuration = 31 * 24 * time.Hour

// Call is all that a price may depend on beside the tariff and the counters.
type Call struct {
	From      e164.Number     // The caller; may be no number.
	To        e164.Number     // The number called, in the form that the tariff's prefixes have.
	Direction calls.Direction // Zero: outbound.
	Connect   time.Time       // When it was answered, or was begun if it never was. Any zone; the tariff has its own.
	Duration  time.Duration   // From the answer to the end, to the millisecond. Zero: not answered.
	Extension string          // Owner of allowances and tiers per extension.
	Branch    string          // Owner of allowances and tiers per branch.
	Emergency bool            // A call of distress, which costs its tenant nothing, whatever it leads to.
	OnNet     bool            // Both ends belong to the same tenant.
	Since     time.Time       // When the tenant's subscription began; zero: long ago. Allowances are prorated by it.
	Chosen    *Rate           // Cost at the carrier that took the call, in the tariff's currency, for cost-plus prices.
	Cheapest  *Rate           // Cost at the cheapest carrier, likewise.
}

// Charge is the price of one call with its parts. Total is their sum:
// AttemptFee + ConnectFee + Usage + TopUp + Adjustment - Credit.
type Charge struct {
	Prefix      e164.Prefix
	Destination string
	PerMinute   money.Rate // The rate at the start of the call, before tiers.
	Increment   Increment
	Billed      int64 // Seconds.
	Covered     int64 // Seconds of Billed that allowances paid.
	AttemptFee  money.Amount
	ConnectFee  money.Amount
	Usage       money.Amount
	TopUp       money.Amount // What was missing to the minimum charge.
	Adjustment  money.Amount // Correction of earlier calls when a whole-volume tier is reached; may be negative.
	Credit      money.Amount // What allowances of money paid.
	Total       money.Amount
	Currency    money.Currency
	Deck        string // Label of the deck's version.
	Tariff      string // Label of the tariff's version.
	RateFrom    time.Time
	Notes       Notes
	Uses        []Use // What the call took from counters; nil for none. Applied by the caller, once.
}

// Notes are remarks on a price.
type Notes uint16

// The remarks.
const (
	NoteUnanswered Notes = 1 << iota // Not answered, nothing to pay for the time.
	NoteNoRate                       // Not answered, and there would have been no rate.
	NoteGrace                        // Shorter than the grace time.
	NoteOnNet                        // Inside the tenant, free.
	NoteInbound                      // Inbound, and the tariff charges none.
	NoteAllowance                    // Paid by an allowance, in part or whole.
	NoteTier                         // Priced by a volume tier.
	NoteMinimum                      // Lifted to the minimum charge.
	NoteSplit                        // Priced in several periods.
	NoteCostPlus                     // Priced over a carrier's cost.
	NoteRoundedOff                   // Answered, but its duration rounds to nothing.
	NoteEmergency                    // To an emergency service, free (Directive (EU) 2018/1972, article 109; 47 CFR 9.10).
)

// String lists the remarks, separated by "; ".
func (n Notes) String() string {
	words := [...]string{
		"not answered", "no rate", "within grace", "on-net", "inbound free", "allowance",
		"volume tier", "minimum charge", "split by period", "cost-plus", "rounded to no second", "emergency",
	}
	var parts []string
	for i, w := range words {
		if n&(1<<i) != 0 {
			parts = append(parts, w)
		}
	}
	return strings.Join(parts, "; ")
}
