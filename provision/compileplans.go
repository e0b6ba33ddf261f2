package provision

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/lcr"
)

// newWorld translates what routing needs.
func (c *Compiler) newWorld(o *Operator, s *Snapshot) (*lcr.World, error) {
	parts := lcr.Parts{Rotations: &c.rotations, Measures: &c.measures, Previous: c.world}
	for i := range o.Gateways {
		g := &o.Gateways[i]
		carrier := s.carriers[g.Carrier]
		parts.Gateways = append(parts.Gateways, lcr.Gateway{
			ID: g.ID, Carrier: g.Carrier, Deck: carrier.Deck, Costs: s.costs[carrier.Deck],
			Inactive: g.Inactive || carrier.Inactive, Priority: g.Priority, Weight: g.Weight,
			MaxCalls: g.MaxCalls, MaxCPS: g.MaxCPS, DebtLimit: carrier.DebtLimit,
			To: numberRules(g.ToRules), From: numberRules(g.FromRules), Emergency: numberRules(g.EmergencyRules), Permitted: g.Permitted, CallerID: digitsOf(g.CallerID),
		})
	}
	var err error
	if parts.Exchange, err = exchangeRates(s.exchange); err != nil {
		return nil, err
	}
	groups := make(map[string][]string, len(o.Destinations))
	for _, d := range o.Destinations {
		groups[d.ID] = d.Prefixes
	}
	for i := range o.RoutePlans {
		plan, err := routePlan(&o.RoutePlans[i], groups)
		if err != nil {
			return nil, err
		}
		parts.Plans = append(parts.Plans, plan)
	}
	return lcr.NewWorld(parts)
}

// exchangeRates reads the rates of the operator's file.
func exchangeRates(list []ExchangeRate) ([]money.ExchangeRate, error) {
	out := make([]money.ExchangeRate, 0, len(list))
	for _, x := range list {
		rate, err := decimal.NewFromString(x.Rate)
		if err != nil {
			return nil, fmt.Errorf("exchange rate %q from %s to %s: %w", x.Rate, x.From, x.To, err)
		}
		out = append(out, money.ExchangeRate{From: x.From, To: x.To, Rate: rate, Since: x.Day})
	}
	return out, nil
}

// digitsOf returns the digits of a caller id, which was checked before.
func digitsOf(callerID string) string {
	n, err := e164.Parse(callerID)
	if err != nil {
		return ""
	}
	return n.Digits()
}

func numberRules(rules []NumberRule) []lcr.NumberRule {
	out := make([]lcr.NumberRule, 0, len(rules))
	for _, r := range rules {
		out = append(out, lcr.NumberRule(r))
	}
	return out
}

// Rewrite applies the rules of a gateway or trunk to a number that is sent to it.
func Rewrite(rules []NumberRule, number string) string {
	return lcr.Rewrite(numberRules(rules), number)
}

func routePlan(p *RoutePlan, groups map[string][]string) (lcr.Plan, error) {
	plan := lcr.Plan{ID: p.ID, Inherit: p.Inherit}
	for i := range p.Rules {
		rule, err := routeRule(&p.Rules[i], groups)
		if err != nil {
			return plan, fmt.Errorf("route plan %s, rule %s: %w", p.ID, p.Rules[i].ID, err)
		}
		plan.Rules = append(plan.Rules, rule)
	}
	return plan, nil
}

func routeRule(r *RouteRule, groups map[string][]string) (lcr.Rule, error) {
	rule := lcr.Rule{
		ID: r.ID, Tenants: r.Tenants, Branches: r.Branches, Extensions: r.Extensions, Policy: lcr.Policy(r.Policy),
		MinMargin: r.MinMargin, MinPct: r.MinPct, MaxTries: r.MaxTries, SetupTime: r.SetupTime, Continue: r.Continue,
	}
	if r.Quality != nil {
		gate := lcr.QualityGate(*r.Quality)
		rule.Quality = &gate
	}
	to := r.To
	for _, group := range r.Destinations {
		to = append(slices.Clip(to), groups[group]...)
	}
	var err error
	if rule.To, err = prefixes(to); err != nil {
		return rule, err
	}
	if rule.From, err = prefixes(r.From); err != nil {
		return rule, err
	}
	if rule.Hours, err = hours(r.Hours, r.TimeZone); err != nil {
		return rule, err
	}
	for _, g := range r.Gateways {
		target := lcr.Target{Gateway: g.Gateway, Priority: g.Priority, Weight: g.Weight + g.Percent}
		if target.Hours, err = hours(g.Hours, r.TimeZone); err != nil {
			return rule, err
		}
		rule.Targets = append(rule.Targets, target)
	}
	return rule, nil
}

// hours reads hours; nil for none.
func hours(text, zone string) (*lcr.Hours, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // Any time.
	}
	return lcr.ParseHours(text, zone)
}

func prefixes(texts []string) ([]e164.Prefix, error) {
	out := make([]e164.Prefix, 0, len(texts))
	for _, t := range texts {
		p, err := e164.ParsePrefix(t)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
