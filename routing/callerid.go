package routing

import (
	"cmp"
	"slices"

	"trunkline/internal/e164"
	"trunkline/provision"
)

// showCaller chooses the number that the called party sees: what the caller asks for, where it may; else the rules of the
// tenant, then the number of the extension, the branch or the tenant, and at last any that leads to the extension.
func (rt *Table) showCaller(r *Route, p *party, q *Question) {
	r.From = p.number(r, q)
	r.CallerID = r.From.String()
}

func (p *party) number(r *Route, q *Question) e164.Number {
	if r.Emergency {
		if n, err := e164.Parse(cmp.Or(p.extension.EmergencyCallerID, p.branch.EmergencyCallerID)); err == nil {
			return n
		}
	}
	if n, err := e164.Parse(q.CallerID); err == nil && (q.Caller.AnyFrom || p.mayShow(n, q.Caller.Kind)) {
		return n
	}
	for i := range p.tenant.CallerIDs {
		rule := &p.tenant.CallerIDs[i]
		if !fits(rule, p, r.To) {
			continue
		}
		r.Anonymous = rule.Anonymous
		if n := nearest(rule.Show, r.To); !n.IsZero() {
			return n
		}
		break
	}
	for _, text := range []string{p.extension.CallerID, p.branch.CallerID, p.tenant.CallerID} {
		if n, err := e164.Parse(text); text != "" && err == nil {
			return n
		}
	}
	return p.ownNumber()
}

// mayShow reports whether the caller may ask for a number: a trunk for those of its tenant, a trunk and a phone for those
// that the tenant permits.
func (p *party) mayShow(n e164.Number, kind CallerKind) bool {
	if kind == CallerTrunk && owns(p.tenant, n) {
		return true
	}
	return longestPrefix(p.tenant.Permitted, n) >= 0
}

func fits(c *provision.CallerIDRule, p *party, to e164.Number) bool {
	return (len(c.To) == 0 || longestPrefix(c.To, to) >= 0) &&
		(len(c.Branches) == 0 || slices.Contains(c.Branches, p.branch.ID)) &&
		(len(c.Extensions) == 0 || slices.Contains(c.Extensions, p.extension.ID))
}

// nearest returns the number of a list that has the most leading digits in common with the called one.
func nearest(list []string, to e164.Number) e164.Number {
	var best e164.Number
	most := -1
	for _, text := range list {
		n, err := e164.Parse(text)
		if err != nil {
			continue // Checked when the file was read.
		}
		if common := commonDigits(n.Digits(), to.Digits()); common > most {
			best, most = n, common
		}
	}
	return best
}

func commonDigits(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// ownNumber returns a number that leads to the extension, or to its branch, or to the tenant.
func (p *party) ownNumber() e164.Number {
	for i := range p.tenant.Numbers {
		n := &p.tenant.Numbers[i]
		if (n.Extension != "" && n.Extension == p.extension.ID) || (n.Branch != "" && n.Branch == p.branch.ID) {
			return n.E164
		}
	}
	if len(p.tenant.Numbers) > 0 {
		return p.tenant.Numbers[0].E164
	}
	return e164.Number{}
}

func owns(t *provision.Tenant, n e164.Number) bool {
	return slices.ContainsFunc(t.Numbers, func(own provision.Number) bool { return own.E164 == n })
}
