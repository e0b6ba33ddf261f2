package sipproxy

import (
	"slices"

	"github.com/emiago/sipgo/sip"

	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy/headers"
)

// formOf is how a gateway, or a trunk at an address, wants to be spoken to; nil: there is none of the id.
func (s *shard) formOf(id string) *provision.Form {
	gateways := s.router.Gateways()
	for i := range gateways {
		if gateways[i].ID == id && id != "" {
			return &gateways[i].Form
		}
	}
	return nil
}

// form is how the target of an attempt wants to be spoken to; nil: it is a phone.
func formFor(t *routing.Target) *provision.Form {
	switch {
	case t.Gateway != nil:
		return &t.Gateway.Form
	case t.Trunk != nil:
		return &t.Trunk.Form
	}
	return nil
}

// loginFor is our login at a gateway, or that of a trunk at us.
func loginFor(t *routing.Target) string {
	switch {
	case t.Trunk != nil:
		return t.Trunk.Login
	case t.Gateway != nil:
		return t.Gateway.Login
	}
	return ""
}

// userAs is a user that a form asks for: the number, the login, or the very text.
func userAs(wanted, number, login string) string {
	switch wanted {
	case "", "number":
		return number
	case "login":
		return login
	}
	return wanted
}

// dressFor gives the URIs of an attempt the form that its gateway or trunk wants.
func (a *attempt) dress() {
	d, f := a.dialog, a.dialog.form
	if f == nil {
		return
	}
	login := loginFor(&a.target)
	if f.ContactUser != "" {
		d.contactUser = userAs(f.ContactUser, a.target.FromSent, login)
	}
	if !a.target.Anonymous {
		d.local.Address.User = userAs(f.FromUser, a.target.FromSent, login)
	}
	if f.FromDomain != "" && !a.target.Anonymous {
		d.local.Address.Host = f.FromDomain
	}
	if f.UserPhone {
		for _, uri := range []*sip.Uri{&d.target, &d.remote.Address, &d.local.Address} {
			phoneUser(uri)
		}
	}
}

// phoneUser marks a URI that names a number as one (RFC 3261, section 19.1.1).
func phoneUser(uri *sip.Uri) {
	for i, c := range uri.User {
		if (c < '0' || c > '9') && c != '*' && c != '#' && (c != '+' || i > 0) {
			return
		}
	}
	if uri.User != "" && uri.Host != "" && !uri.UriParams.Has("user") {
		uri.UriParams = append(uri.UriParams.Clone(), sip.HeaderKV{K: "user", V: "phone"})
	}
}

// assertIdentity tells a gateway or trunk the caller's number beside From, in the header that it looks for.
func (a *attempt) assertIdentity(req *sip.Request, host string) {
	id, f := a.target.AssertedID, a.dialog.form
	if f == nil {
		f = new(provision.Form)
	}
	if f.FromDomain != "" {
		host = f.FromDomain
	}
	uri := "<sip:" + id + "@" + host
	if f.UserPhone {
		uri += ";user=phone"
	}
	privacy := "off"
	if a.target.Anonymous {
		privacy = "full"
	}
	switch {
	case id == "" || f.Identity == "none":
	case f.Identity == "ppi":
		req.AppendHeader(sip.NewHeader("P-Preferred-Identity", uri+">"))
	case f.Identity == "rpid":
		req.AppendHeader(sip.NewHeader("Remote-Party-ID", uri+">;party=calling;screen=yes;privacy="+privacy))
	default:
		req.AppendHeader(sip.NewHeader("P-Asserted-Identity", uri+">"))
	}
}

// rulesOf are the rules for the headers of an end; those of a phone are none.
func (d *dialog) rulesOf() []provision.HeaderRule {
	if d == nil || d.form == nil {
		return nil
	}
	return d.form.Headers
}

// identityPasses lets the signature of the caller's number (RFC 8224) go on to gateways and trunks, unless a rule of theirs takes it away.
func identityPasses(d *dialog) []provision.HeaderRule {
	rules := d.rulesOf()
	if d.form == nil {
		return rules
	}
	return append(slices.Clip(rules), provision.HeaderRule{Name: "Identity", Do: provision.HeaderPass})
}

// carryHeaders brings the headers of a message over to the other side, as the rules of both have it.
func (s *shard) carryHeaders(from, to sip.Message, theirs, ours *dialog) {
	s.headers.Pass(from, to, theirs.rulesOf(), ours.rulesOf())
}

// dress gives a message that is ready to be sent to an end the headers that are set up for that.
func (c *call) dressFor(d *dialog, msg sip.Message, r *routing.Route) {
	if rules := d.rulesOf(); len(rules) > 0 {
		c.sh.headers.Apply(msg, rules, c.values(r))
	}
}

// values are what the rules of headers may name.
func (c *call) values(r *routing.Route) headers.Values {
	return headers.Values{
		"tenant": r.Tenant, "branch": r.Branch, "extension": r.Extension, "from": r.From.Digits(), "to": r.To.Digits(), "call": c.id.String(),
		"node": c.sh.cfg.Node,
	}
}
