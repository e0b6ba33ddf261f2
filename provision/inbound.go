package provision

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"trunkline/internal/e164"
	"trunkline/lcr"
	"trunkline/rating"
)

// defaultRing is how long a phone rings before a call goes on to the next, where nothing else is said.
const defaultRing = 20 * time.Second

// routeInbound leads a call from a carrier to where the number that was called leads.
func (s *Snapshot) routeInbound(q *Question) *Route {
	r := &Route{Direction: rating.Inbound.String(), Anonymous: q.Caller.Private}
	g := s.gateways[q.Caller.Gateway]
	to, ok := s.inboundNumber(g, q.Dialled)
	if !ok {
		return refusal(r, RefusedNumber, statusIncomplete)
	}
	r.To = to
	if from, ok := s.inboundNumber(g, q.CallerID); ok {
		r.From = from
	}
	r.CallerID = cmp.Or(r.From.String(), q.CallerID)
	own, ok := s.numbers[to]
	if !ok {
		return refusal(r, RefusedUnknown, statusNotFound)
	}
	return s.arrive(r, own, q)
}

// arrive leads a call from outside of a client to where its number leads, and prices it for the client.
func (s *Snapshot) arrive(r *Route, own owner, q *Question) *Route {
	r.Tenant, r.Branch, r.Number = own.tenant.ID, own.number.Branch, own.number.E164.Digits()
	if own.tenant.Inactive {
		return refusal(r, RefusedInactive, statusForbidden)
	}
	if n := own.number; n.MaxCalls > 0 || n.MaxCPS > 0 {
		r.Capacities = append(r.Capacities, Capacity{"number/" + r.Number, n.MaxCalls, n.MaxCPS})
	}
	if s.deliver(r, own, q); r.Refusal != "" {
		return r
	}
	if !r.From.IsZero() && slices.ContainsFunc(r.Targets, func(t Target) bool { return t.Forward != nil }) {
		r.Loop = "loop/" + r.To.Digits() + "/" + r.From.Digits()
	}
	p, _ := s.party(r.Tenant, r.Branch, r.Extension)
	r.Capacities = append(r.Capacities, p.capacities()...)
	r.Tariff = p.tariff()
	tariff, err := s.tariffFor(r.Tariff, q.At)
	if err != nil {
		return r
	}
	call := r.priced(q.At)
	call.Direction = rating.Inbound
	if quote, err := tariff.Quote(call, rating.Exhausted{}); err == nil && !quote.Free() {
		r.Quote = &quote
	}
	return r
}

// inboundNumber reads a number as a carrier sends it: by the gateway's dial plan, else with its country code.
func (s *Snapshot) inboundNumber(g *Gateway, text string) (e164.Number, bool) {
	if plan, ok := s.dials[g.InDial]; ok {
		if d := plan.Resolve(text, ""); !d.Number.IsZero() {
			return d.Number, true
		}
	}
	text, _ = strings.CutPrefix(plain(text), "00") // ITU-T E.123: no number begins so, and many switches write it for "+".
	n, err := e164.Parse(text)
	return n, err == nil
}

// leads reports whether calls to the number go anywhere.
func (n *Number) leads() bool {
	return n.Extension != "" || n.Group != "" || len(n.trunks()) > 0 || (n.Forward != nil && n.Forward.Always != "")
}

// maxRings bounds the phones and gateways that are tried for one call to a number of the house.
const maxRings = 64

// deliver leads a call to where a number leads: its forwarding, its group or its extension.
func (s *Snapshot) deliver(r *Route, own owner, q *Question) *Route {
	r.MaxTries = maxRings
	n := own.number
	if group := own.tenant.group(n.Group); group != nil {
		return s.ringGroup(r, own, group, q)
	}
	if len(n.trunks()) > 0 {
		return s.deliverToTrunks(r, own, q)
	}
	called, ok := s.extensions[extensionKey{own.tenant.ID, n.Extension}]
	if !ok {
		if n.Forward == nil || n.Forward.Always == "" {
			return refusal(r, RefusedUnknown, statusNotFound)
		}
		called = place{tenant: own.tenant, branch: cmp.Or(s.branches[branchKey{own.tenant.ID, n.Branch}], &Branch{}), extension: &Extension{}}
	}
	return s.ring(r, called, n.Forward, q)
}

func (t *Tenant) group(id string) *Group {
	for i := range t.Groups {
		if t.Groups[i].ID == id && id != "" {
			return &t.Groups[i]
		}
	}
	return nil
}

// ring leads a call to an extension, and on where it is forwarded to: by the number that was called, else by itself.
func (s *Snapshot) ring(r *Route, called place, forward *Forward, q *Question) *Route {
	if r.Direction == rating.Inbound.String() {
		r.Branch, r.Extension = cmp.Or(r.Branch, called.branch.ID), called.extension.ID
	}
	if called.extension.Inactive {
		return refusal(r, RefusedInactive, statusForbidden)
	}
	forward = cmp.Or(forward, called.extension.Forward, &Forward{})
	if forward.Always == "" {
		ring := called.extension.RingTime
		if forward.NoAnswer != "" {
			ring = cmp.Or(forward.After, ring, defaultRing)
		}
		r.Targets = append(r.Targets, phones(r, ring, called.extension))
	}
	return s.forward(r, called, forward, q)
}

// phones is a target that rings extensions at the same time.
func phones(r *Route, ring time.Duration, first *Extension, others ...*Extension) Target {
	t := Target{
		Login: first.Login, Extension: first.ID, ToSent: first.ID, RingTime: ring, FromSent: cmp.Or(r.From.String(), "anonymous"),
	}
	t.Anonymous = r.Anonymous
	if r.Direction == rating.Internal.String() {
		t.Anonymous = false // Colleagues see each other.
		t.FromSent = cmp.Or(r.CallerID, r.From.Digits(), "anonymous")
	}
	for _, e := range others {
		t.Others = append(t.Others, Phone{Extension: e.ID, Login: e.Login})
	}
	return t
}

// ringGroup leads a call to the extensions of a group.
func (s *Snapshot) ringGroup(r *Route, own owner, group *Group, q *Question) *Route {
	var members []*Extension
	where := place{tenant: own.tenant, branch: s.branches[branchKey{own.tenant.ID, own.number.Branch}], extension: &Extension{}}
	for _, id := range group.Extensions {
		p, ok := s.extensions[extensionKey{own.tenant.ID, id}]
		if ok && !p.extension.Inactive {
			members = append(members, p.extension)
			where.branch = cmp.Or(where.branch, p.branch)
		}
	}
	if len(members) == 0 {
		return refusal(r, RefusedInactive, statusForbidden)
	}
	if r.Direction == rating.Inbound.String() {
		r.Branch = cmp.Or(r.Branch, where.branch.ID)
	}
	ring := cmp.Or(group.RingTime, defaultRing)
	if group.Mode == "all" {
		r.Targets = append(r.Targets, phones(r, ring, members[0], members[1:]...))
	} else {
		for _, e := range members {
			t := phones(r, ring, e)
			t.After, t.LeastRecent = AfterAny, group.Mode == "least_recent"
			r.Targets = append(r.Targets, t)
		}
	}
	return s.forward(r, where, cmp.Or(own.number.Forward, &Forward{}), q)
}

// forward adds what a call is forwarded to, and when.
func (s *Snapshot) forward(r *Route, from place, f *Forward, q *Question) *Route {
	for _, way := range []struct {
		to    string
		after Trigger
	}{{f.Always, AfterAny}, {f.Busy, AfterBusy}, {f.NoAnswer, AfterNoAnswer}, {f.Unavailable, AfterUnavailable}} {
		if way.to == "" {
			continue
		}
		if t, ok := s.forwardTarget(r, from, way.to, q); ok {
			t.After = way.after
			r.Targets = append(r.Targets, t)
		}
	}
	if len(r.Targets) == 0 {
		return refusal(r, RefusedUnknown, statusNotFound)
	}
	return r
}

// forwardTarget is the phones of another extension, or a call to a number outside that the forwarding party pays for.
func (s *Snapshot) forwardTarget(r *Route, from place, to string, q *Question) (Target, bool) {
	p := party{tenant: from.tenant, branch: from.branch, extension: from.extension}
	d := s.dial(&p, to)
	if d.Trunk != "" && !d.Blocked {
		to := &Route{Direction: r.Direction, From: r.From, CallerID: r.CallerID, Anonymous: r.Anonymous}
		if !s.toTrunks(to, from.tenant, []string{d.Trunk}, d.Called) {
			return Target{}, false
		}
		to.Targets[0].Divertor = cmp.Or(from.extension.ID, r.To.Digits())
		return to.Targets[0], true
	}
	if d.Extension != "" {
		called, ok := s.extensions[extensionKey{from.tenant.ID, d.Extension}]
		if !ok || called.extension.Inactive {
			return Target{}, false
		}
		return phones(r, cmp.Or(called.extension.RingTime, defaultRing), called.extension), true
	}
	out := &Route{
		Direction: rating.Forwarded.String(), Tenant: p.tenant.ID, Branch: p.branch.ID, Extension: p.extension.ID,
		From: r.From, To: d.Number, Diverted: r.To, Capacities: p.capacities(), Anonymous: r.Anonymous, Emergency: d.Emergency,
	}
	switch {
	case d.Blocked:
		refusal(out, lcr.ReasonBlocked, statusForbidden)
	case d.Number.IsZero():
		refusal(out, RefusedNumber, statusIncomplete)
	default:
		if out.From.IsZero() || !p.tenant.ShowForwarded {
			out.From = p.number(out, q)
		}
		out.CallerID = out.From.String()
		s.routeOutside(out, &p, q)
	}
	if own, ok := s.numbers[out.To]; ok && own.tenant == from.tenant && len(own.number.trunks()) > 0 && out.Refusal == "" { // It stays in the house.
		to := &Route{Direction: r.Direction, From: r.From, CallerID: r.CallerID, Anonymous: r.Anonymous}
		s.toTrunks(to, from.tenant, own.number.trunks()[:1], own.number.E164.Digits())
		to.Targets[0].Divertor = cmp.Or(from.extension.ID, r.To.Digits())
		return to.Targets[0], true
	}
	return Target{Forward: out, FromSent: out.CallerID, ToSent: out.To.Digits()}, true
}

// Redirect is what a phone forwards a call to, as if its extension had it set up: the phones of another extension, a trunk, or a call
// to a number outside that it pays for. False: it is no extension's, or leads nowhere. What may not be dialled is a target with a Refusal.
func (s *Snapshot) Redirect(r *Route, login, to string, at time.Time) (Target, bool) {
	p, ok := s.logins[login]
	if !ok || p.extension.Inactive {
		return Target{}, false
	}
	q := &Question{Caller: Caller{Kind: CallerExtension, Tenant: p.tenant.ID, Branch: p.branch.ID, Extension: p.extension.ID, Login: login}, At: at}
	from := *r
	if from.To.IsZero() && from.Number == "" {
		from.To = (&party{tenant: p.tenant, branch: p.branch, extension: p.extension}).ownNumber()
	}
	return s.forwardTarget(&from, p, to, q)
}
