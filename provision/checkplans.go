package provision

import (
	"fmt"
	"strings"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/lcr"
)

// settings checks what the operator says of itself.
func (c *checker) settings(o *Operator) {
	c.exchange(o)
	c.between(o)
	if o.Assumed < 0 {
		c.add("assumed_duration", "is negative", "give a length of call such as 1m")
	}
	if w := o.Statistics.Window; w < 0 || w > maxWindow {
		c.add("statistics.window", fmt.Sprintf("%s is out of range", w), "give a time such as 1h, up to 31 days (744h)")
	}
	if o.Statistics.ShortCall < 0 {
		c.add("statistics.short_call", "is negative", "give a length of call such as 6s")
	}
	c.prefixes("blocked", o.Blocked)
	c.prefixes("risky", o.Risky)
	for i := range o.Destinations {
		at := fmt.Sprintf("destinations[%d].prefixes", i)
		c.prefixes(at, o.Destinations[i].Prefixes)
		if len(o.Destinations[i].Prefixes) == 0 {
			c.add(at, "is empty", "give prefixes that begin with a country code")
		}
	}
}

func (c *checker) exchange(o *Operator) {
	for i := range o.Exchange {
		rates, err := exchangeRates(o.Exchange[i : i+1])
		if err == nil {
			_, err = money.NewExchangeTable(rates)
		}
		if err != nil {
			c.add(fmt.Sprintf("exchange[%d].rate", i), err.Error(), "give two currencies and a positive decimal such as 92.50")
			return
		}
	}
	if rates, err := exchangeRates(o.Exchange); err == nil {
		if _, err := money.NewExchangeTable(rates); err != nil {
			c.add("exchange", err.Error(), "give each pair of currencies one rate a day")
		}
	}
}

func (c *checker) prefixes(at string, list []string) {
	for i, p := range list {
		if prefix, err := e164.ParsePrefix(p); err != nil || prefix.IsZero() {
			c.add(fmt.Sprintf("%s[%d]", at, i), fmt.Sprintf("%q is no prefix", p), "give digits that begin with a country code")
		}
	}
}

func (c *checker) barring(at string, b *Barring) {
	c.prefixes(at+".blocked", b.Blocked)
	c.prefixes(at+".allowed", b.Allowed)
}

func (c *checker) numberRules(at string, rules []NumberRule) {
	for i, r := range rules {
		field := fmt.Sprintf("%s[%d]", at, i)
		c.numberPattern(field+".match", r.Match)
		switch {
		case r.Strip < 0 || r.Strip > e164.MaxDigits:
			c.add(field+".strip", fmt.Sprintf("is %d", r.Strip), fmt.Sprintf("use 0 to %d digits", e164.MaxDigits))
		case r.Set != "" && (r.Add != "" || r.Strip > 0):
			c.add(field+".set", "stands beside add or strip", "use either set, or strip and add")
		}
	}
}

func (c *checker) numberPattern(at, pattern string) {
	if strings.Trim(strings.TrimSuffix(pattern, "$"), "0123456789X") != "" {
		c.add(at, fmt.Sprintf("%q is no pattern", pattern), "use digits, X for any digit, and $ at the end for a whole number")
	}
}

func (c *checker) hunt(at string, rules []HuntRule) {
	for i, r := range rules {
		if err := lcr.HuntRule(r).Check(); err != nil {
			c.add(fmt.Sprintf("%s.hunt[%d]", at, i), err.Error(), "see Hunting in docs/operator.md")
		}
	}
}

func (c *checker) plans(o *Operator) {
	for i := range o.DialPlans {
		for j, r := range o.DialPlans[i].Rules {
			if err := checkDialRule(r); err != nil {
				c.add(fmt.Sprintf("dial_plans[%d].rules[%d].match", i, j), err.Error(), "see Dial plans in docs/operator.md")
			}
		}
	}
	groups := make(map[string][]string, len(o.Destinations))
	for _, d := range o.Destinations {
		groups[d.ID] = d.Prefixes
	}
	for i := range o.RoutePlans {
		c.routePlan(fmt.Sprintf("route_plans[%d]", i), &o.RoutePlans[i], groups)
	}
}

func (c *checker) routePlan(at string, p *RoutePlan, groups map[string][]string) {
	if p.Default && c.hasDefault {
		c.add(at+".default", "is true of more than one plan", "leave default: true on one of them")
	}
	c.hasDefault = c.hasDefault || p.Default
	c.refers(at+".inherit", p.Inherit, "route plan", c.routes)
	ids(c, at+".rules", p.Rules, func(r *RouteRule) string { return r.ID })
	for i := range p.Rules {
		c.routeRule(fmt.Sprintf("%s.rules[%d]", at, i), &p.Rules[i], groups)
	}
}

func (c *checker) routeRule(at string, r *RouteRule, groups map[string][]string) {
	before := len(c.faults)
	for i, g := range r.Gateways {
		c.requires(fmt.Sprintf("%s.gateways[%d].gateway", at, i), g.Gateway, "gateway", c.gateways)
	}
	for i, t := range r.Tenants {
		c.refers(fmt.Sprintf("%s.tenants[%d]", at, i), t, "tenant", c.tenants)
	}
	for i, g := range r.Destinations {
		c.refers(fmt.Sprintf("%s.destinations[%d]", at, i), g, "destination", c.groups)
	}
	for field, list := range map[string][]string{"to": r.To, "from": r.From} {
		for i, p := range list {
			if _, err := e164.ParsePrefix(p); err != nil {
				c.add(fmt.Sprintf("%s.%s[%d]", at, field, i), err.Error(), "give digits that begin with a country code")
			}
		}
	}
	if _, err := hours(r.Hours, r.TimeZone); err != nil {
		c.add(at+".hours", err.Error(), "give hours and time_zone, such as \"Mo-Fr 08:00-20:00\" and Europe/Moscow")
	}
	if len(c.faults) > before {
		return
	}
	rule, err := routeRule(r, groups)
	if err == nil {
		err = rule.Check()
	}
	if err != nil {
		c.add(at+".policy", err.Error(), "see Route plans in docs/operator.md")
	}
}
