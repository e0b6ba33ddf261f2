package lcr

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// Policy is how a rule puts its gateways in order.
type Policy string

// The policies.
const (
	LeastCost  Policy = "least_cost"  // Cheapest first; equal costs by priority, then by id.
	Priority   Policy = "priority"    // Lowest priority number first; equal ones by cost.
	BestFirst  Policy = "quality"     // Highest ASR first, then the shortest PDD, then the cheapest; those without figures come last.
	Weight     Policy = "weight"      // First places are shared out by weight, exactly over time.
	Percent    Policy = "percent"     // As Weight; the percents have to make 100.
	RoundRobin Policy = "round_robin" // As Weight, with equal weights.
	List       Policy = "list"        // In the order of the rule, whatever they cost.
	Dedicated  Policy = "dedicated"   // One gateway that the client pays for itself: no deck, no margin.
	Block      Policy = "block"       // Not at all.
)

// Policies returns all of them.
func Policies() []Policy {
	return []Policy{LeastCost, Priority, BestFirst, Weight, Percent, RoundRobin, List, Dedicated, Block}
}

// Plan is an ordered list of rules; the first that matches a call decides, and those after it only where it says Continue.
type Plan struct {
	ID      string
	Rules   []Rule
	Inherit string // Id of the plan whose rules follow after its own; empty: none.
}

// Rule is one line of a plan. Empty conditions match every call.
type Rule struct {
	ID         string
	To         []e164.Prefix
	From       []e164.Prefix
	Tenants    []string
	Branches   []string // "branch", or "tenant/branch".
	Extensions []string // "extension", or "tenant/extension".
	Hours      *Hours
	Policy     Policy
	Targets    []Target      // Empty: every gateway with a deck.
	MinMargin  *money.Amount // Least margin of a call of the assumed duration, in the tenant's currency; negative allows a loss.
	MinPct     *int          // Least margin in percent of the cost; negative allows a loss.
	Quality    *QualityGate
	MaxTries   int           // Gateways that may be tried; 0: the default.
	SetupTime  time.Duration // From the INVITE to the end of hunting; 0: what the proxy is set up with.
	Continue   bool          // The gateways of the next rule that matches follow.
}

// Target is a gateway in a rule.
type Target struct {
	Gateway  string
	Priority int    // 0: the gateway's own.
	Weight   int    // Or percent; 0: the gateway's own, else 1.
	Hours    *Hours // Nil: at any time.
}

const (
	defaultTries  = 4
	maxTries      = 16
	maxCandidates = 2 * maxTries
)

// Check reports what is wrong with a rule in itself; whether its gateways exist only a world knows.
func (r *Rule) Check() error {
	percent := 0
	for i := range r.Targets {
		if r.Targets[i].Weight < 0 {
			return fmt.Errorf("gateway %s has a negative weight", r.Targets[i].Gateway)
		}
		percent += r.Targets[i].Weight
	}
	switch {
	case !slices.Contains(Policies(), r.Policy):
		return fmt.Errorf("unknown policy %q: use one of %v", r.Policy, Policies())
	case r.Policy == Percent && percent != 100:
		return fmt.Errorf("the percents make %d, not 100", percent)
	case len(r.Targets) == 0 && (r.Policy == List || r.Policy == Percent):
		return fmt.Errorf("policy %s needs a list of gateways", r.Policy)
	case r.Policy == Dedicated && len(r.Targets) != 1:
		return errors.New("policy dedicated needs exactly one gateway")
	case r.MaxTries < 0 || r.MaxTries > maxTries:
		return fmt.Errorf("%d tries: use 1 to %d", r.MaxTries, maxTries)
	case r.SetupTime < 0:
		return fmt.Errorf("setup time %s is negative", r.SetupTime)
	}
	return nil
}
