package provision

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/lcr"
)

// checker goes through an operator's file and collects what is wrong.
type checker struct {
	b      *Bundle
	faults []error
	word   *regexp.Regexp

	carriers, gateways, decks, tariffs, dials, routes map[string]bool
	logins                                            map[string]string
	numbers                                           map[e164.Number]string
}

// Check reports everything that is wrong with the bundle as a whole, joined; the parts are *Fault.
func (b *Bundle) Check() error {
	c := &checker{
		b: b, word: regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`),
		logins: make(map[string]string), numbers: make(map[e164.Number]string),
	}
	o := &b.Operator
	if o.Realm == "" {
		c.add("realm", "is empty", "give the SIP domain of the extensions, such as pbx.example.com")
	}
	c.decks = ids(c, "decks", o.Decks, func(d *DeckSource) string { return d.ID })
	c.carriers = ids(c, "carriers", o.Carriers, func(d *Carrier) string { return d.ID })
	c.gateways = ids(c, "gateways", o.Gateways, func(d *Gateway) string { return d.ID })
	c.tariffs = ids(c, "tariffs", o.Tariffs, func(d *TariffSource) string { return d.ID })
	c.dials = ids(c, "dial_plans", o.DialPlans, func(d *DialPlan) string { return d.ID })
	c.routes = ids(c, "route_plans", o.RoutePlans, func(d *RoutePlan) string { return d.ID })
	ids(c, "tenants", o.Tenants, func(d *Tenant) string { return d.ID })
	c.supply(o)
	c.plans(o)
	for i := range o.Tenants {
		c.tenant(fmt.Sprintf("tenants[%d]", i), &o.Tenants[i])
	}
	return errors.Join(c.faults...)
}

func (c *checker) add(field, problem, remedy string) {
	c.faults = append(c.faults, c.b.fault(field, problem, remedy))
}

// ids checks that the ids of a list are words and unique, and returns them.
func ids[T any](c *checker, field string, list []T, id func(*T) string) map[string]bool {
	seen := make(map[string]bool, len(list))
	for i := range list {
		name := id(&list[i])
		at := fmt.Sprintf("%s[%d].id", field, i)
		switch {
		case !c.word.MatchString(name):
			c.add(at, fmt.Sprintf("%q is no id", name), "use lower-case letters, digits, '-', '_' and '.'")
		case seen[name]:
			c.add(at, fmt.Sprintf("%q is there twice", name), "rename one of them")
		}
		seen[name] = true
	}
	return seen
}

// refers checks that a field names something that exists.
func (c *checker) refers(field, name, kind string, known map[string]bool) {
	if name != "" && !known[name] {
		c.add(field, fmt.Sprintf("there is no %s %q", kind, name), "declare it, or name one of: "+some(known))
	}
}

func (c *checker) requires(field, name, kind string, known map[string]bool) {
	if name == "" {
		c.add(field, "is empty", "name a "+kind)
		return
	}
	c.refers(field, name, kind, known)
}

// some lists a few of the known ids.
func some(known map[string]bool) string {
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	const most = 8
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}

func (c *checker) currency(field string, cur money.Currency) {
	if cur.IsZero() {
		c.add(field, "is empty", "give an ISO 4217 code, such as EUR")
	}
}

func (c *checker) supply(o *Operator) {
	for i := range o.Exchange {
		rates, err := exchangeRates(o.Exchange[i : i+1])
		if err == nil {
			_, err = money.NewExchangeTable(rates)
		}
		if err != nil {
			c.add(fmt.Sprintf("exchange[%d].rate", i), err.Error(), "give two currencies and a positive decimal such as 92.50")
		}
	}
	if rates, err := exchangeRates(o.Exchange); err == nil {
		if _, err := money.NewExchangeTable(rates); err != nil {
			c.add("exchange", err.Error(), "give each pair of currencies one rate a day")
		}
	}
	for i := range o.Decks {
		c.currency(fmt.Sprintf("decks[%d].currency", i), o.Decks[i].Currency)
	}
	for i := range o.Carriers {
		at := fmt.Sprintf("carriers[%d]", i)
		c.currency(at+".currency", o.Carriers[i].Currency)
		c.refers(at+".deck", o.Carriers[i].Deck, "deck", c.decks)
		c.hunt(at, o.Carriers[i].Hunt)
	}
	for i := range o.Gateways {
		c.gateway(fmt.Sprintf("gateways[%d]", i), &o.Gateways[i])
	}
}

func (c *checker) gateway(at string, g *Gateway) {
	c.requires(at+".carrier", g.Carrier, "carrier", c.carriers)
	c.refers(at+".in_dial_plan", g.InDial, "dial plan", c.dials)
	if g.Address == "" {
		c.add(at+".address", "is empty", "give host or host:port")
	}
	if !slices.Contains([]string{"", "udp", "tcp", "tls"}, g.Transport) {
		c.add(at+".transport", fmt.Sprintf("%q is no transport", g.Transport), "use udp, tcp or tls")
	}
	if g.Register && g.Login == "" {
		c.add(at+".login", "is empty, and register asks for one", "give the login of the carrier's account")
	}
	c.sources(at+".sources", g.Sources)
	c.hunt(at, g.Hunt)
}

func (c *checker) sources(at string, sources []string) {
	for i, s := range sources {
		if _, err := parseSource(s); err != nil {
			c.add(fmt.Sprintf("%s[%d]", at, i), fmt.Sprintf("%q is no address", s), "give an IP address or a range such as 192.0.2.0/24")
		}
	}
}

func parseSource(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	return netip.ParsePrefix(s)
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
				c.add(fmt.Sprintf("dial_plans[%d].rules[%d].match", i, j), err.Error(), "see docs/operator.md for patterns")
			}
		}
	}
	defaults := 0
	for i := range o.RoutePlans {
		if o.RoutePlans[i].Default {
			defaults++
		}
		for j := range o.RoutePlans[i].Rules {
			c.routeRule(fmt.Sprintf("route_plans[%d].rules[%d]", i, j), &o.RoutePlans[i].Rules[j])
		}
	}
	if defaults > 1 {
		c.add("route_plans", "more than one is the default", "leave default: true on one of them")
	}
}

func (c *checker) routeRule(at string, r *RouteRule) {
	for i, g := range r.Gateways {
		c.requires(fmt.Sprintf("%s.gateways[%d].gateway", at, i), g.Gateway, "gateway", c.gateways)
	}
	for field, list := range map[string][]string{"to": r.To, "from": r.From} {
		for i, p := range list {
			if _, err := e164.ParsePrefix(p); err != nil {
				c.add(fmt.Sprintf("%s.%s[%d]", at, field, i), err.Error(), "give digits that begin with a country code")
			}
		}
	}
	if r.Hours != "" {
		if _, err := lcr.ParseHours(r.Hours, r.TimeZone); err != nil {
			c.add(at+".hours", err.Error(), "give hours and time_zone, such as \"Mo-Fr 08:00-20:00\" and Europe/Moscow")
		}
	}
	if !slices.Contains(lcr.Policies(), lcr.Policy(r.Policy)) {
		c.add(at+".policy", fmt.Sprintf("%q is no policy", r.Policy), fmt.Sprintf("use one of %v", lcr.Policies()))
	}
}

func (c *checker) zone(at, name string) {
	if _, err := time.LoadLocation(name); err != nil || name == "" {
		c.add(at, fmt.Sprintf("%q is no time zone", name), "give an IANA name, such as Europe/Moscow")
	}
}
