package routing

import (
	"cmp"
	"time"

	"trunkline/internal/calls"
	"trunkline/lcr"
	"trunkline/provision"
)

// forward adds what a call is forwarded to, and when.
func (rt *Table) forward(r *Route, from provision.Subscriber, f *provision.Forward, q *Question) *Route {
	for _, way := range []struct {
		to    string
		after Trigger
	}{{f.Always, AfterAny}, {f.Busy, AfterBusy}, {f.NoAnswer, AfterNoAnswer}, {f.Unavailable, AfterUnavailable}} {
		if way.to == "" {
			continue
		}
		if t, ok := rt.forwardTarget(r, from, way.to, q); ok {
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
func (rt *Table) forwardTarget(r *Route, from provision.Subscriber, to string, q *Question) (Target, bool) {
	p := party{tenant: from.Tenant, branch: from.Branch, extension: from.Extension}
	d := rt.dial(&p, to)
	if d.Trunk != "" && !d.Blocked {
		to := &Route{Direction: r.Direction, From: r.From, CallerID: r.CallerID, Anonymous: r.Anonymous}
		if !rt.toTrunks(to, from.Tenant, []string{d.Trunk}, d.Called) {
			return Target{}, false
		}
		to.Targets[0].Divertor = cmp.Or(from.Extension.ID, r.To.Digits())
		return to.Targets[0], true
	}
	if d.Extension != "" {
		called, ok := rt.setup.Subscriber(from.Tenant.ID, d.Extension)
		if !ok || called.Extension.Inactive {
			return Target{}, false
		}
		return phones(r, cmp.Or(called.Extension.RingTime, defaultRing), called.Extension), true
	}
	out := &Route{
		Direction: calls.Forwarded, Tenant: p.tenant.ID, Branch: p.branch.ID, Extension: p.extension.ID,
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
		rt.routeOffNet(out, &p, q)
	}
	if own, ok := rt.setup.Number(out.To); ok && own.Tenant == from.Tenant && len(own.Number.TrunkIDs()) > 0 && out.Refusal == "" { // The call stays here.
		to := &Route{Direction: r.Direction, From: r.From, CallerID: r.CallerID, Anonymous: r.Anonymous}
		rt.toTrunks(to, from.Tenant, own.Number.TrunkIDs()[:1], own.Number.E164.Digits())
		to.Targets[0].Divertor = cmp.Or(from.Extension.ID, r.To.Digits())
		return to.Targets[0], true
	}
	return Target{Forward: out, FromSent: out.CallerID, ToSent: out.To.Digits()}, true
}

// Redirect is what a phone forwards a call to, as if its extension had it set up: the phones of another extension, a trunk, or a call
// to a number outside that it pays for. False: it is no extension's, or leads nowhere. What may not be dialled is a target with a Refusal.
func (rt *Table) Redirect(r *Route, login, to string, at time.Time) (Target, bool) {
	p, ok := rt.phones[login]
	if !ok || p.Extension.Inactive {
		return Target{}, false
	}
	q := &Question{Caller: Caller{Kind: CallerExtension, Tenant: p.Tenant.ID, Branch: p.Branch.ID, Extension: p.Extension.ID, Login: login}, At: at}
	from := *r
	if from.To.IsZero() && from.Number == "" {
		from.To = (&party{tenant: p.Tenant, branch: p.Branch, extension: p.Extension}).ownNumber()
	}
	return rt.forwardTarget(&from, p, to, q)
}
