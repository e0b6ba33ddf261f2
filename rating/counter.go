package rating

import (
	"errors"
	"fmt"
	"maps"
	"math"
)

// ErrScope is returned, wrapped, for text that names no scope.
var ErrScope = errors.New("unknown scope")

// Scope says whose counter it is.
type Scope uint8

// The scopes.
const (
	PerTenant Scope = iota
	PerBranch
	PerExtension
)

// ParseScope reads the text form; empty text is PerTenant.
func ParseScope(s string) (Scope, error) {
	switch s {
	case "", "tenant":
		return PerTenant, nil
	case "branch":
		return PerBranch, nil
	case "extension":
		return PerExtension, nil
	}
	return PerTenant, fmt.Errorf("%w: %q: want tenant, branch or extension", ErrScope, s)
}

// String returns the text form.
func (s Scope) String() string {
	switch s {
	case PerTenant:
		return "tenant"
	case PerBranch:
		return "branch"
	case PerExtension:
		return "extension"
	}
	return "invalid"
}

// owner returns who of the scope made the call.
func (s Scope) owner(call *Call) string {
	switch s {
	case PerTenant:
		return ""
	case PerBranch:
		return call.Branch
	case PerExtension:
		return call.Extension
	}
	return ""
}

// Measure says what a counter counts.
type Measure uint8

// The measures.
const (
	Seconds     Measure = iota // Billed seconds that an allowance paid.
	Calls                      // Calls that an allowance paid.
	Money                      // Millionths of the currency that an allowance paid.
	TierSeconds                // Billed seconds under a volume tier.
	TierCalls                  // Calls under a volume tier.
	TierListed                 // Millionths at list price under a volume tier.
	TierBooked                 // Millionths booked under a volume tier.
)

// String returns the text form.
func (m Measure) String() string {
	switch m {
	case Seconds:
		return "seconds"
	case Calls:
		return "calls"
	case Money:
		return "money"
	case TierSeconds:
		return "tier_seconds"
	case TierCalls:
		return "tier_calls"
	case TierListed:
		return "tier_listed"
	case TierBooked:
		return "tier_booked"
	}
	return "invalid"
}

// Counter names one counter: of an allowance or a tier, of one owner, for one cycle. The state behind it belongs to the
// caller, who keeps it with the ledger. Counters are comparable with ==.
type Counter struct {
	Name    string
	Measure Measure
	Scope   Scope
	Owner   string // Empty for the tenant itself.
	Start   int64  // Unix time at which the cycle began.
}

// Counters tells how much was used. Price only reads it; the same answers give the same price.
type Counters interface {
	// Used returns the amount used so far, in the counter's measure; 0 for a counter that was never touched.
	Used(counter Counter) int64
}

// Use is what one call adds to a counter; a negative amount takes back.
type Use struct {
	Counter Counter
	Amount  int64
}

// Tally is Counters in memory. It is not safe for concurrent use.
type Tally map[Counter]int64

// Used returns the amount used so far.
func (t Tally) Used(c Counter) int64 { return t[c] }

// Apply adds what a call used.
func (t Tally) Apply(uses []Use) {
	for _, u := range uses {
		t[u.Counter] += u.Amount
	}
}

// Clone returns an independent copy.
func (t Tally) Clone() Tally { return maps.Clone(t) }

// Exhausted is Counters of a tenant whose allowances are used up: a reservation made with it never counts on an allowance
// that a simultaneous call may take. Volume tiers are read from Tiers, if that is given.
type Exhausted struct {
	Tiers Counters
}

// Used returns the most that can be used of an allowance, and what Tiers says of a tier.
func (e Exhausted) Used(c Counter) int64 {
	switch {
	case c.Measure == Seconds || c.Measure == Calls || c.Measure == Money:
		return math.MaxInt64 / 4
	case e.Tiers == nil:
		return 0
	}
	return e.Tiers.Used(c)
}
