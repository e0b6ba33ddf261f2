package provision

import (
	"cmp"
	"fmt"
	"time"

	"trunkline/internal/e164"
	"trunkline/lcr"
	"trunkline/rating"
)

// The SIP statuses of refusals.
const (
	statusForbidden   = 403
	statusNotFound    = 404
	statusIncomplete  = 484
	statusUnavailable = 503
)

// Question is a call that a route is asked for.
type Question struct {
	Caller   Caller
	Dialled  string
	CallerID string // What the caller gave as its number.
	At       time.Time
	Assumed  time.Duration // The length of call that costs and margins are compared by; 0: the operator's.

	Simulated bool                        // Nothing is noted: no gateway loses its turn.
	Live      map[string]lcr.GatewayState // What is known of the gateways, for explanations; a proxy looks when it tries.
}

// Route decides about one call. callerID is what the caller gave as its number.
func (s *Snapshot) Route(caller Caller, dialled, callerID string, at time.Time) *Route {
	return s.Answer(&Question{Caller: caller, Dialled: dialled, CallerID: callerID, At: at})
}

// RouteFor is Route, simulated, with the length of call that costs and margins are compared by; 0 takes the operator's.
func (s *Snapshot) RouteFor(caller Caller, dialled, callerID string, at time.Time, assumed time.Duration) *Route {
	return s.Answer(&Question{Caller: caller, Dialled: dialled, CallerID: callerID, At: at, Assumed: assumed, Simulated: true})
}

// Answer decides about one call.
func (s *Snapshot) Answer(q *Question) *Route {
	switch q.Caller.Kind {
	case CallerGateway:
		return s.routeInbound(q)
	case CallerExtension, CallerTrunk:
		return s.routeFromTenant(q)
	}
	return refusal(&Route{}, RefusedUnknown, statusForbidden)
}

func refusal(r *Route, reason lcr.Reason, status int) *Route {
	r.Refusal, r.Status = reason, status
	return r
}

// party is whoever makes or forwards a call: an extension, or a branch, or a whole tenant.
type party struct {
	tenant    *Tenant
	branch    *Branch    // Never nil.
	extension *Extension // Never nil.
	trunk     *Trunk     // Of a call that the tenant's own switch brings.
}

func (s *Snapshot) party(tenant, branch, extension string) (party, bool) {
	t, ok := s.tenants[tenant]
	if !ok || t.Inactive {
		return party{}, false
	}
	return party{
		tenant: t, branch: cmp.Or(s.branches[branchKey{t.ID, branch}], &Branch{}),
		extension: cmp.Or(s.extensions[extensionKey{t.ID, extension}].extension, &Extension{}),
	}, true
}

// comesBy notes the trunk that the call comes by; an empty id is none.
func (p *party) comesBy(trunk string) {
	for i := range p.tenant.Trunks {
		if t := &p.tenant.Trunks[i]; t.ID == trunk {
			p.trunk = t
		}
	}
}

func (p *party) tariff() string { return cmp.Or(p.extension.Tariff, p.branch.Tariff, p.tenant.Tariff) }

// dial resolves what the party dials.
func (s *Snapshot) dial(p *party, dialled string) Dialled {
	plan := s.dials[cmp.Or(p.extension.DialPlan, p.branch.DialPlan, p.tenant.DialPlan)]
	d := plan.Resolve(dialled, cmp.Or(p.extension.Area, p.branch.Area))
	if d.Rule < 0 && !d.Emergency {
		if _, ok := s.extensions[extensionKey{p.tenant.ID, dialled}]; ok {
			d.Extension = dialled
		}
	}
	return d
}

// routeFromTenant routes what a phone or trunk of a tenant dials.
func (s *Snapshot) routeFromTenant(q *Question) *Route {
	p, ok := s.party(q.Caller.Tenant, q.Caller.Branch, q.Caller.Extension)
	if !ok {
		return refusal(&Route{Direction: rating.Outbound.String(), Tenant: q.Caller.Tenant}, RefusedInactive, statusForbidden)
	}
	p.comesBy(q.Caller.Trunk)
	r := &Route{
		Direction: rating.Outbound.String(), Tenant: p.tenant.ID, Branch: p.branch.ID, Extension: p.extension.ID,
		Capacities: p.capacities(), Anonymous: q.Caller.Private || p.branch.Anonymous || p.extension.Anonymous,
	}
	d := s.dial(&p, q.Dialled)
	r.To, r.Emergency = d.Number, d.Emergency
	if r.Emergency {
		r.Location = cmp.Or(p.extension.Location, p.branch.Location)
	}
	s.showCaller(r, &p, q)
	r.Anonymous = (r.Anonymous || q.Caller.Private || d.Withhold) && !r.Emergency && !d.Show // Whoever helps has to know where.
	switch {
	case d.Blocked:
		return refusal(r, lcr.ReasonBlocked, statusForbidden)
	case d.Forward != "":
		r.Direction, r.To = rating.Internal.String(), e164.Number{}
		if r.Extension == "" {
			r.Detail = "a trunk has no forwarding of its own"
			return refusal(r, RefusedUnknown, statusNotFound)
		}
		r.Set = &Setting{Forward: d.Forward, To: d.Called}
		return r
	case d.Trunk != "":
		return s.routeToTrunk(r, &p, d)
	case d.Extension != "":
		return s.routeInside(r, &p, d.Extension, q)
	case d.Rule < 0 && !d.Emergency:
		r.Detail = fmt.Sprintf("no rule of the dial plan takes %q", q.Dialled)
		return refusal(r, RefusedNumber, statusIncomplete)
	}
	if own, ok := s.numbers[d.Number]; ok && own.tenant == p.tenant && own.number.leads() {
		r.Number = own.number.E164.Digits()
		r.Direction, r.CallerID = rating.Internal.String(), p.extension.ID
		return s.deliver(r, own, q)
	}
	if s.routeBetween(r, &p, q) {
		return r
	}
	return s.routeOutside(r, &p, q)
}

// capacities are the bounds that a call of the party takes a place of.
func (p *party) capacities() []Capacity {
	out := make([]Capacity, 0, 4)
	bound := func(key string, calls, perSecond int) {
		if calls > 0 || perSecond > 0 {
			out = append(out, Capacity{key, calls, perSecond})
		}
	}
	bound("tenant/"+p.tenant.ID, p.tenant.MaxCalls, p.tenant.MaxCPS)
	bound("branch/"+p.tenant.ID+"/"+p.branch.ID, p.branch.MaxCalls, p.branch.MaxCPS)
	bound("extension/"+p.tenant.ID+"/"+p.extension.ID, p.extension.MaxCalls, p.extension.MaxCPS)
	if p.trunk != nil {
		bound("trunk/"+p.tenant.ID+"/"+p.trunk.ID, p.trunk.MaxCalls, p.trunk.MaxCPS)
	}
	return out
}

// routeInside leads a call to an extension of the same tenant: it stays in the house and costs nothing.
func (s *Snapshot) routeInside(r *Route, p *party, extension string, q *Question) *Route {
	called, ok := s.extensions[extensionKey{p.tenant.ID, extension}]
	if !ok {
		return refusal(r, RefusedUnknown, statusNotFound)
	}
	r.To, r.MaxTries = e164.Number{}, maxRings
	r.Direction, r.CallerID = rating.Internal.String(), p.extension.ID
	return s.ring(r, called, nil, q)
}
