package lcr

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
)

// Policy is how a rule puts its gateways in order.
type Policy string

// The policies.
const (
	LeastCost  Policy = "least_cost"  // Cheapest first; equal costs by priority, then by id.
	Priority   Policy = "priority"    // Lowest priority number first; equal ones by cost.
	Weight     Policy = "weight"      // First places are shared out by weight, exactly over time.
	Percent    Policy = "percent"     // As Weight; the percents have to make 100.
	RoundRobin Policy = "round_robin" // As Weight, with equal weights.
	List       Policy = "list"        // In the order of the rule.
	Block      Policy = "block"       // Not at all.
)

// Policies returns all of them.
func Policies() []Policy {
	return []Policy{LeastCost, Priority, Weight, Percent, RoundRobin, List, Block}
}

// ErrWorld is returned, wrapped, for a world that makes no sense.
var ErrWorld = errors.New("routing")

// Gateway is what routing knows of a gateway.
type Gateway struct {
	ID       string
	Carrier  string
	Deck     string         // Id of the carrier's deck.
	Cost     *rating.Tariff // The deck as a price; nil when the carrier only brings calls.
	Inactive bool
	Priority int
	Weight   int
	To       []NumberRule
	From     []NumberRule
}

// Target is a gateway in a rule.
type Target struct {
	Gateway  string
	Priority int // 0: the gateway's own.
	Weight   int // Or percent; 0: the gateway's own.
}

// Rule is one line of a plan. Empty conditions match every call.
type Rule struct {
	ID        string
	To        []e164.Prefix
	From      []e164.Prefix
	Tenants   []string
	Branches  []string
	Hours     *Hours
	Policy    Policy
	Targets   []Target // Empty: every gateway with a deck.
	MinMargin *money.Amount
	MinPct    *int
	MaxTries  int  // 0: the default.
	Continue  bool // The gateways of the next rule that matches follow.
}

// Plan is an ordered list of rules.
type Plan struct {
	ID    string
	Rules []Rule
}

// Rotations remember whose turn it is under the policies that share calls out. One set serves all snapshots of a
// process, so that a change of the plans does not start the sharing anew. It is safe for concurrent use.
type Rotations struct {
	turns sync.Map // Plan and rule -> *atomic.Uint64.
}

func (r *Rotations) next(key string) uint64 {
	v, ok := r.turns.Load(key)
	if !ok {
		v, _ = r.turns.LoadOrStore(key, new(atomic.Uint64))
	}
	counter, _ := v.(*atomic.Uint64)
	return counter.Add(1) - 1
}

// World is everything that routing looks at: immutable, and safe for concurrent use.
type World struct {
	gateways  []Gateway
	byID      map[string]int
	plans     map[string]*Plan
	exchange  *Exchange
	rotations *Rotations
}

// NewWorld checks its parts and puts them together; none of them may be changed afterwards.
func NewWorld(gateways []Gateway, plans []Plan, exchange *Exchange, rotations *Rotations) (*World, error) {
	w := &World{gateways: gateways, byID: map[string]int{}, plans: map[string]*Plan{}, exchange: exchange, rotations: rotations}
	for i := range gateways {
		w.byID[gateways[i].ID] = i
	}
	for i := range plans {
		p := &plans[i]
		w.plans[p.ID] = p
		for j := range p.Rules {
			if err := w.check(&p.Rules[j]); err != nil {
				return nil, fmt.Errorf("%w: plan %s, rule %s: %w", ErrWorld, p.ID, p.Rules[j].ID, err)
			}
		}
	}
	return w, nil
}

func (w *World) check(r *Rule) error {
	if !slices.Contains(Policies(), r.Policy) {
		return fmt.Errorf("unknown policy %q: use one of %v", r.Policy, Policies())
	}
	percent := 0
	for _, t := range r.Targets {
		if _, ok := w.byID[t.Gateway]; !ok {
			return fmt.Errorf("there is no gateway %q", t.Gateway)
		}
		if t.Weight < 0 {
			return fmt.Errorf("gateway %s has a negative weight", t.Gateway)
		}
		percent += t.Weight
	}
	if r.Policy == Percent && percent != 100 {
		return fmt.Errorf("the percents make %d, not 100", percent)
	}
	if len(r.Targets) == 0 && (r.Policy == List || r.Policy == Percent) {
		return fmt.Errorf("policy %s needs a list of gateways", r.Policy)
	}
	return nil
}

// matches reports whether the rule is for the call.
func (r *Rule) matches(q *Request) bool {
	return (len(r.Tenants) == 0 || slices.Contains(r.Tenants, q.Tenant)) &&
		(len(r.Branches) == 0 || slices.Contains(r.Branches, q.Branch)) &&
		anyPrefix(r.To, q.To) && anyPrefix(r.From, q.From) &&
		(r.Hours == nil || r.Hours.Contain(q.At))
}

func anyPrefix(prefixes []e164.Prefix, n e164.Number) bool {
	return len(prefixes) == 0 || slices.ContainsFunc(prefixes, n.HasPrefix)
}

// assumedDefault is the length of call that costs are compared by when the request names none.
const assumedDefault = time.Minute
