package routing

import (
	"cmp"
	"fmt"

	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/lcr"
	"trunkline/provision"
)

// routeOriginating routes what a phone or trunk of a tenant dials.
func (rt *Table) routeOriginating(q *Question) *Route {
	p, ok := rt.party(q.Caller.Tenant, q.Caller.Branch, q.Caller.Extension)
	if !ok {
		return refusal(&Route{Direction: calls.Outbound, Tenant: q.Caller.Tenant}, RefusedInactive, statusForbidden)
	}
	p.useTrunk(q.Caller.Trunk)
	r := &Route{
		Direction: calls.Outbound, Tenant: p.tenant.ID, Branch: p.branch.ID, Extension: p.extension.ID,
		Capacities: p.capacities(), Anonymous: q.Caller.Private || p.branch.Anonymous || p.extension.Anonymous,
	}
	d := rt.dial(&p, q.Dialled)
	r.To, r.Emergency = d.Number, d.Emergency
	if r.Emergency {
		r.Location = cmp.Or(p.extension.Location, p.branch.Location)
	}
	rt.showCaller(r, &p, q)
	r.Anonymous = (r.Anonymous || q.Caller.Private || d.Withhold) && !r.Emergency && !d.Show // Whoever helps has to know where.
	switch {
	case d.Blocked:
		return refusal(r, lcr.ReasonBlocked, statusForbidden)
	case d.Forward != "":
		r.Direction, r.To = calls.Internal, e164.Number{}
		if r.Extension == "" {
			r.Detail = "a trunk has no forwarding of its own"
			return refusal(r, RefusedUnknown, statusNotFound)
		}
		r.Set = &provision.Setting{Forward: d.Forward, To: d.Called}
		return r
	case d.Trunk != "":
		return rt.routeToTrunk(r, &p, d)
	case d.Extension != "":
		return rt.routeInternal(r, &p, d.Extension, q)
	case d.Rule < 0 && !d.Emergency:
		r.Detail = fmt.Sprintf("no rule of the dial plan takes %q", q.Dialled)
		return refusal(r, RefusedNumber, statusIncomplete)
	}
	if own, ok := rt.setup.Number(d.Number); ok && own.Tenant == p.tenant && leads(own.Number) {
		r.Number = own.Number.E164.Digits()
		r.Direction, r.CallerID = calls.Internal, p.extension.ID
		return rt.deliver(r, own, q)
	}
	if rt.routeOnNet(r, &p, q) {
		return r
	}
	return rt.routeOffNet(r, &p, q)
}

// routeInternal leads a call to an extension of the same tenant, which costs nothing.
func (rt *Table) routeInternal(r *Route, p *party, extension string, q *Question) *Route {
	called, ok := rt.setup.Subscriber(p.tenant.ID, extension)
	if !ok {
		return refusal(r, RefusedUnknown, statusNotFound)
	}
	r.To, r.MaxTries = e164.Number{}, maxRings
	r.Direction, r.CallerID = calls.Internal, p.extension.ID
	return rt.ring(r, called, nil, q)
}
