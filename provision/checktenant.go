package provision

import (
	"fmt"
	"net/url"
	"strings"

	"trunkline/internal/e164"
)

func (c *checker) tenant(at string, t *Tenant) {
	c.zone(at+".time_zone", t.TimeZone)
	c.currency(at+".currency", t.Currency)
	c.requires(at+".tariff", t.Tariff, "tariff", c.tariffs)
	c.requires(at+".dial_plan", t.DialPlan, "dial plan", c.dials)
	c.refers(at+".route_plan", t.RoutePlan, "route plan", c.routes)
	if t.RoutePlan == "" && !c.hasDefault {
		c.add(at+".route_plan", "is empty, and no plan is the default", "name a route plan, or set default: true on one")
	}
	c.callerID(at+".caller_id", t.CallerID)
	c.barring(at, &t.Barring)
	c.sources(at+".networks", t.Networks)
	c.prefixes(at+".permitted_caller_ids", t.Permitted)
	c.limits(at, t.Limits)
	c.bounds(at, t.MaxCalls, t.MaxCPS)
	if t.Account.Mode != "prepaid" && t.Account.Mode != "postpaid" {
		c.add(at+".account.mode", fmt.Sprintf("%q is no mode", t.Account.Mode), "use prepaid or postpaid")
	}
	if t.Account.Credit.Sign() < 0 {
		c.add(at+".account.credit", "is negative", "give how far below zero the balance may go, 0 or more")
	}
	branches := ids(c, at+".branches", t.Branches, func(b *Branch) string { return b.ID })
	extensions := make(map[string]bool)
	for i := range t.Branches {
		c.branch(fmt.Sprintf("%s.branches[%d]", at, i), t, &t.Branches[i], branches, extensions)
	}
	c.telephony(at, t, branches, extensions)
	c.pbxs(at, t, branches)
	for i := range t.Numbers {
		c.number(fmt.Sprintf("%s.numbers[%d]", at, i), t, &t.Numbers[i], branches, extensions)
	}
	ids(c, at+".trunks", t.Trunks, func(t *Trunk) string { return t.ID })
	for i := range t.Trunks {
		c.trunk(fmt.Sprintf("%s.trunks[%d]", at, i), t, &t.Trunks[i], branches)
	}
}

func (c *checker) branch(at string, t *Tenant, b *Branch, branches, extensions map[string]bool) {
	c.refers(at+".tariff", b.Tariff, "tariff", c.tariffs)
	c.refers(at+".dial_plan", b.DialPlan, "dial plan", c.dials)
	c.refers(at+".parent", b.Parent, "branch", branches)
	c.callerID(at+".caller_id", b.CallerID)
	c.callerID(at+".emergency_caller_id", b.EmergencyCallerID)
	c.location(at+".location", b.Location)
	c.barring(at, &b.Barring)
	c.sources(at+".networks", b.Networks)
	c.limits(at, b.Limits)
	c.bounds(at, b.MaxCalls, b.MaxCPS)
	for i := range b.Extensions {
		e := &b.Extensions[i]
		ext := fmt.Sprintf("%s.extensions[%d]", at, i)
		if !c.word.MatchString(e.ID) {
			c.add(ext+".id", fmt.Sprintf("%q is no short number", e.ID), "use digits, such as 101")
		}
		if extensions[e.ID] {
			c.add(ext+".id", fmt.Sprintf("%q is there twice in tenant %s", e.ID, t.ID), "short numbers are unique in a tenant")
		}
		extensions[e.ID] = true
		if other, ok := c.logins[e.Login]; ok {
			c.add(ext+".login", fmt.Sprintf("%q is the login of %s too", e.Login, other), "logins are unique in the realm")
		}
		c.logins[e.Login] = t.ID + "/" + e.ID
		if e.HA1MD5 == "" {
			c.add(ext+".password", "is empty", "give the password of the phone")
		}
		c.refers(ext+".tariff", e.Tariff, "tariff", c.tariffs)
		c.refers(ext+".dial_plan", e.DialPlan, "dial plan", c.dials)
		c.callerID(ext+".caller_id", e.CallerID)
		c.callerID(ext+".emergency_caller_id", e.EmergencyCallerID)
		c.location(ext+".location", e.Location)
		c.barring(ext, &e.Barring)
		c.sources(ext+".networks", e.Networks)
		c.sources(ext+".contacts", e.Contacts)
		c.forward(ext+".forward", e.Forward)
		c.limits(ext, e.Limits)
		c.media(ext+".media", e.Media)
		c.bounds(ext, e.MaxCalls, e.MaxCPS)
	}
}

func (c *checker) number(at string, t *Tenant, n *Number, branches, extensions map[string]bool) {
	if n.E164.IsZero() {
		c.add(at+".number", "is empty", "give a number with its country code")
		return
	}
	if other, ok := c.numbers[n.E164]; ok {
		c.add(at+".number", fmt.Sprintf("%s belongs to tenant %s too", n.E164, other), "give it to one tenant")
	}
	c.numbers[n.E164] = t.ID
	c.refers(at+".branch", n.Branch, "branch", branches)
	c.refers(at+".extension", n.Extension, "extension", extensions)
	if n.Group != "" && t.Group(n.Group) == nil {
		c.add(at+".group", fmt.Sprintf("there is no group %q", n.Group), "declare it under groups of the tenant")
	}
	for _, id := range n.TrunkIDs() {
		if t.Trunk(id) == nil {
			c.add(at+".trunks", fmt.Sprintf("there is no trunk %q", id), "declare it under trunks of the tenant")
		}
	}
	if len(n.TrunkIDs()) > 0 && (n.Group != "" || n.Extension != "") {
		c.add(at+".trunks", "stand beside extension or group", "lead the number to one of them")
	}
	if n.Group != "" && n.Extension != "" {
		c.add(at+".group", "stands beside extension", "lead the number to one of both")
	}
	c.forward(at+".forward", n.Forward)
	c.bounds(at, n.MaxCalls, n.MaxCPS)
}

// telephony checks the groups and the rules for caller ids.
func (c *checker) telephony(at string, t *Tenant, branches, extensions map[string]bool) {
	ids(c, at+".groups", t.Groups, func(g *Group) string { return g.ID })
	for i := range t.Groups {
		g, field := &t.Groups[i], fmt.Sprintf("%s.groups[%d]", at, i)
		if g.Mode != "all" && g.Mode != "in_turn" && g.Mode != "least_recent" {
			c.add(field+".mode", fmt.Sprintf("%q is no mode", g.Mode), "use all, in_turn or least_recent")
		}
		if len(g.Extensions) == 0 || len(g.Extensions) > maxMembers {
			c.add(field+".extensions", fmt.Sprintf("are %d", len(g.Extensions)), fmt.Sprintf("name 1 to %d extensions", maxMembers))
		}
		for j, e := range g.Extensions {
			c.requires(fmt.Sprintf("%s.extensions[%d]", field, j), e, "extension", extensions)
		}
	}
	for i := range t.CallerIDs {
		r, field := &t.CallerIDs[i], fmt.Sprintf("%s.caller_id_rules[%d]", at, i)
		c.prefixes(field+".to", r.To)
		for j, b := range r.Branches {
			c.refers(fmt.Sprintf("%s.branches[%d]", field, j), b, "branch", branches)
		}
		for j, e := range r.Extensions {
			c.refers(fmt.Sprintf("%s.extensions[%d]", field, j), e, "extension", extensions)
		}
		for j, n := range r.Show {
			c.callerID(fmt.Sprintf("%s.show[%d]", field, j), n)
		}
	}
}

// maxMembers bounds a group, whose phones may all ring at once.
const maxMembers = 50

func (c *checker) forward(at string, f *Forward) {
	if f == nil {
		return
	}
	if f.Always == "" && f.Busy == "" && f.NoAnswer == "" && f.Unavailable == "" {
		c.add(at, "forwards nothing", "give always, busy, no_answer or unavailable")
	}
	if f.After < 0 {
		c.add(at+".after", "is negative", "give how long it rings, such as 20s")
	}
}

func (c *checker) callerID(at, text string) {
	if text == "" {
		return
	}
	if _, err := e164.Parse(text); err != nil {
		c.add(at, err.Error(), "give a number with its country code")
	}
}

// location checks a URI of a place: it stands in a header, between angle brackets.
func (c *checker) location(at, text string) {
	if text == "" {
		return
	}
	if u, err := url.Parse(text); err != nil || u.Scheme == "" || strings.ContainsAny(text, "<>\" \r\n") {
		c.add(at, fmt.Sprintf("%q is no URI", text), "give one such as https://lis.example/hq or geo:52.52,13.40")
	}
}

func (c *checker) limits(at string, limits []Limit) {
	for i, l := range limits {
		field := fmt.Sprintf("%s.limits[%d]", at, i)
		if l.Period != "day" && l.Period != "week" && l.Period != "month" {
			c.add(field+".period", fmt.Sprintf("%q is no period", l.Period), "use day, week or month")
		}
		if l.Money == nil && l.Seconds == nil && l.Calls == nil {
			c.add(field, "limits nothing", "give money, seconds or calls")
		}
		if l.Money != nil && l.Money.Sign() < 0 {
			c.add(field+".money", "is negative", "give 0 or more")
		}
	}
}
