package lcr

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"trunkline/internal/e164"
	"trunkline/rating"
)

// rule is a Rule with its conditions and gateways looked up.
type rule struct {
	Rule
	name       string              // "plan/rule".
	to, from   *rating.PrefixIndex // Nil: any number.
	branches   []member
	extensions []member
	targets    []target
	decks      []int     // Of the targets, each once; positions in the book.
	rotation   *rotation // Of the policies that share calls out.
	byPriority bool      // Priority comes before cost.
	byQuality  bool
	dedicated  bool
}

// target is a Target with its gateway.
type target struct {
	gateway  *gateway
	hours    *Hours
	priority int64
	weight   int64
	deck     int32 // Position in rule.decks; -1: none.
	turn     int32 // Position in the rotation.
}

// member is a branch or extension; an empty tenant stands for all.
type member struct{ tenant, id string }

// chain returns the rules of a plan and of those that it inherits from.
func (w *World) chain(plans map[string]*Plan, id string, rotations *Rotations) ([]*rule, error) {
	var out []*rule
	seen := make(map[string]bool)
	for next := id; next != ""; {
		p, ok := plans[next]
		switch {
		case !ok:
			return nil, fmt.Errorf("plan %s: there is no plan %q to inherit", id, next)
		case seen[next]:
			return nil, fmt.Errorf("plan %s inherits itself by way of %s", id, next)
		}
		seen[next] = true
		for i := range p.Rules {
			r, err := w.compile(p, &p.Rules[i], rotations)
			if err != nil {
				return nil, fmt.Errorf("plan %s, rule %s: %w", p.ID, p.Rules[i].ID, err)
			}
			out = append(out, r)
		}
		next = p.Inherit
	}
	return out, nil
}

func (w *World) compile(p *Plan, spec *Rule, rotations *Rotations) (*rule, error) {
	if err := spec.Check(); err != nil {
		return nil, err
	}
	r := &rule{Rule: *spec, name: p.ID + "/" + spec.ID, branches: members(spec.Branches), extensions: members(spec.Extensions)}
	r.MaxTries = cmp.Or(r.MaxTries, defaultTries)
	r.byPriority, r.byQuality, r.dedicated = spec.Policy == Priority, spec.Policy == BestFirst, spec.Policy == Dedicated
	var err error
	if r.to, err = prefixIndex(spec.To); err != nil {
		return nil, err
	}
	if r.from, err = prefixIndex(spec.From); err != nil {
		return nil, err
	}
	if spec.Policy == Weight || spec.Policy == Percent || spec.Policy == RoundRobin {
		r.rotation = rotations.of(r.name)
	}
	for _, t := range w.targetsOf(spec) {
		number, ok := w.byID[t.Gateway]
		if !ok {
			return nil, fmt.Errorf("there is no gateway %q", t.Gateway)
		}
		r.add(&w.gateways[number], t)
	}
	return r, nil
}

// targetsOf returns the gateways of a rule, which are all that have a deck where it names none.
func (w *World) targetsOf(spec *Rule) []Target {
	if len(spec.Targets) > 0 || spec.Policy == Block {
		return spec.Targets
	}
	var out []Target
	for i := range w.gateways {
		if w.gateways[i].priced {
			out = append(out, Target{Gateway: w.gateways[i].ID})
		}
	}
	return out
}

func (r *rule) add(g *gateway, t Target) {
	out := target{
		gateway: g, hours: t.Hours, deck: -1,
		priority: int64(cmp.Or(t.Priority, g.Priority)), weight: int64(cmp.Or(t.Weight, g.Weight, 1)),
	}
	if r.Policy == RoundRobin {
		out.weight = 1
	}
	if r.rotation != nil {
		out.turn = r.rotation.slots.slot(g.ID)
	}
	if g.priced {
		at := slices.Index(r.decks, g.deck)
		if at < 0 {
			at = len(r.decks)
			r.decks = append(r.decks, g.deck)
		}
		out.deck = int32(at) //nolint:gosec // No more than gateways.
	}
	r.targets = append(r.targets, out)
}

func members(names []string) []member {
	out := make([]member, 0, len(names))
	for _, name := range names {
		tenant, id, scoped := strings.Cut(name, "/")
		if !scoped {
			tenant, id = "", name
		}
		out = append(out, member{tenant, id})
	}
	return out
}

func prefixIndex(prefixes []e164.Prefix) (*rating.PrefixIndex, error) {
	if len(prefixes) == 0 {
		return nil, nil //nolint:nilnil // No condition.
	}
	keys := make([]uint64, 0, len(prefixes))
	for _, p := range prefixes {
		keys = append(keys, p.Key())
	}
	slices.Sort(keys)
	return rating.NewPrefixIndex(slices.Compact(keys))
}

// matches reports whether the rule is for the call.
func (r *rule) matches(q *Request, to, from uint64) bool {
	return (r.to == nil || r.to.Find(to) >= 0) && (r.from == nil || r.from.Find(from) >= 0) &&
		(len(r.Tenants) == 0 || slices.Contains(r.Tenants, q.Tenant)) &&
		among(r.branches, q.Tenant, q.Branch) && among(r.extensions, q.Tenant, q.Extension) &&
		(r.Hours == nil || r.Hours.Contain(q.At))
}

func among(list []member, tenant, id string) bool {
	if len(list) == 0 {
		return true
	}
	for i := range list {
		if list[i].id == id && (list[i].tenant == "" || list[i].tenant == tenant) {
			return true
		}
	}
	return false
}
