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
)

// checker goes through an operator's file and collects what is wrong.
type checker struct {
	b      *Bundle
	faults []error
	word   *regexp.Regexp

	carriers, gateways, decks, tariffs, dials, routes map[string]bool
	tenants, groups                                   map[string]bool
	hasDefault                                        bool // There is a route plan for tenants that name none.
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
	c.tenants = ids(c, "tenants", o.Tenants, func(d *Tenant) string { return d.ID })
	c.groups = ids(c, "destinations", o.Destinations, func(d *Destination) string { return d.ID })
	c.settings(o)
	c.supply(o)
	c.plans(o)
	c.brands(o)
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
	for i := range o.Decks {
		c.currency(fmt.Sprintf("decks[%d].currency", i), o.Decks[i].Currency)
	}
	for i := range o.Carriers {
		at := fmt.Sprintf("carriers[%d]", i)
		c.currency(at+".currency", o.Carriers[i].Currency)
		c.refers(at+".deck", o.Carriers[i].Deck, "deck", c.decks)
		c.hunt(at, o.Carriers[i].Hunt)
		if limit := o.Carriers[i].DebtLimit; limit != nil && limit.Sign() < 0 {
			c.add(at+".debt_limit", "is negative", "give what may be owed, 0 or more")
		}
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
	c.media(at+".media", g.Media)
	if g.Register && g.Login == "" {
		c.add(at+".login", "is empty, and register asks for one", "give the login of the carrier's account")
	}
	if g.Weight < 0 {
		c.add(at+".weight", "is negative", "give 0 for none")
	}
	c.bounds(at, g.MaxCalls, g.MaxCPS)
	c.callerID(at+".caller_id", g.CallerID)
	c.sources(at+".sources", g.Sources)
	c.hunt(at, g.Hunt)
	c.numberRules(at+".to_rules", g.ToRules)
	c.numberRules(at+".from_rules", g.FromRules)
	c.numberRules(at+".emergency_rules", g.EmergencyRules)
	c.form(at, &g.Form)
	for i, pattern := range g.Permitted {
		c.numberPattern(fmt.Sprintf("%s.permitted_caller_ids[%d]", at, i), pattern)
	}
}

func (c *checker) media(at, way string) {
	if way != "" && way != MediaDirect && way != MediaRelay {
		c.add(at, fmt.Sprintf("%q is no way of voice", way), "use direct or relay")
	}
}

func (c *checker) bounds(at string, calls, perSecond int) {
	if calls < 0 {
		c.add(at+".max_calls", "is negative", "give how many calls there may be at once, 0 for no bound")
	}
	if perSecond < 0 {
		c.add(at+".max_cps", "is negative", "give how many new calls there may be in a second, 0 for no bound")
	}
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

func (c *checker) zone(at, name string) {
	if _, err := time.LoadLocation(name); err != nil || name == "" {
		c.add(at, fmt.Sprintf("%q is no time zone", name), "give an IANA name, such as Europe/Moscow")
	}
}
