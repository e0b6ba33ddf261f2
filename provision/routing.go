package provision

import (
	"cmp"
	"errors"
	"time"

	"trunkline/internal/e164"
	"trunkline/lcr"
	"trunkline/rating"
)

// The SIP statuses of refusals.
const (
	statusForbidden  = 403
	statusNotFound   = 404
	statusIncomplete = 484
)

// Route decides about one call. callerID is what the caller gave as its number.
func (s *Snapshot) Route(caller Caller, dialled, callerID string, at time.Time) *Route {
	return s.RouteFor(caller, dialled, callerID, at, 0)
}

// RouteFor is Route with the length of call that costs and margins are compared by; 0 takes a minute.
func (s *Snapshot) RouteFor(caller Caller, dialled, callerID string, at time.Time, assumed time.Duration) *Route {
	switch caller.Kind {
	case CallerGateway:
		return s.routeInbound(caller, dialled, callerID, at)
	case CallerExtension, CallerTrunk:
		return s.routeFromTenant(caller, dialled, callerID, at, assumed)
	}
	return refusal(&Route{}, RefusedUnknown, statusForbidden)
}

func refusal(r *Route, reason lcr.Reason, status int) *Route {
	r.Refusal, r.Status = reason, status
	return r
}

// routeFromTenant routes what a phone or trunk of a tenant dials.
func (s *Snapshot) routeFromTenant(caller Caller, dialled, callerID string, at time.Time, assumed time.Duration) *Route {
	t, ok := s.tenants[caller.Tenant]
	if !ok || t.Inactive {
		return refusal(&Route{Direction: rating.Outbound.String(), Tenant: caller.Tenant}, RefusedInactive, statusForbidden)
	}
	branch := cmp.Or(s.branches[branchKey{t.ID, caller.Branch}], &Branch{})
	ext := cmp.Or(s.extensions[extensionKey{t.ID, caller.Extension}].extension, &Extension{})
	r := &Route{
		Direction: rating.Outbound.String(), Tenant: t.ID, Branch: branch.ID, Extension: ext.ID,
		Capacities: capacities(t, branch, ext),
	}
	r.From = callerNumber(t, branch, ext, callerID, &caller)
	r.CallerID = r.From.String()
	plan := s.dials[cmp.Or(ext.DialPlan, branch.DialPlan, t.DialPlan)]
	d := plan.Resolve(dialled, branch.Area)
	if d.Rule < 0 {
		if _, ok := s.extensions[extensionKey{t.ID, dialled}]; !ok {
			return refusal(r, RefusedNumber, statusIncomplete)
		}
		d.Extension = dialled
	}
	switch {
	case d.Blocked:
		return refusal(r, lcr.ReasonBlocked, statusForbidden)
	case d.Extension != "":
		return s.routeInside(r, t, d.Extension, ext)
	}
	r.To, r.Emergency = d.Number, d.Emergency
	if own, ok := s.numbers[d.Number]; ok && own.tenant == t && own.number.Extension != "" {
		r.Number = own.number.E164.Digits()
		return s.routeInside(r, t, own.number.Extension, ext)
	}
	return s.routeOutside(r, t, cmp.Or(ext.Tariff, branch.Tariff, t.Tariff), at, assumed)
}

func capacities(t *Tenant, b *Branch, e *Extension) []Capacity {
	var out []Capacity
	for _, c := range []Capacity{
		{"tenant/" + t.ID, t.MaxCalls},
		{"branch/" + t.ID + "/" + b.ID, b.MaxCalls},
		{"extension/" + t.ID + "/" + e.ID, e.MaxCalls},
	} {
		if c.Max > 0 {
			out = append(out, c)
		}
	}
	return out
}

// callerNumber is the number that the called party is to see. A trunk may show any number of its tenant.
func callerNumber(t *Tenant, b *Branch, e *Extension, given string, caller *Caller) e164.Number {
	if caller.Kind == CallerTrunk || caller.AnyFrom {
		if n, err := e164.Parse(given); err == nil && (caller.AnyFrom || t.owns(n)) {
			return n
		}
	}
	for _, text := range []string{e.CallerID, b.CallerID, t.CallerID} {
		if n, err := e164.Parse(text); text != "" && err == nil {
			return n
		}
	}
	for i := range t.Numbers {
		n := &t.Numbers[i]
		if (n.Extension != "" && n.Extension == e.ID) || (n.Branch != "" && n.Branch == b.ID) {
			return n.E164
		}
	}
	if len(t.Numbers) > 0 {
		return t.Numbers[0].E164
	}
	return e164.Number{}
}

func (t *Tenant) owns(n e164.Number) bool {
	for i := range t.Numbers {
		if t.Numbers[i].E164 == n {
			return true
		}
	}
	return false
}

// routeInside leads a call to an extension of the same tenant: it stays in the house and costs nothing.
func (s *Snapshot) routeInside(r *Route, t *Tenant, extension string, from *Extension) *Route {
	p, ok := s.extensions[extensionKey{t.ID, extension}]
	if !ok {
		return refusal(r, RefusedUnknown, statusNotFound)
	}
	if p.extension.Inactive {
		return refusal(r, RefusedInactive, statusForbidden)
	}
	r.Direction = rating.Internal.String()
	r.CallerID = from.ID
	r.Targets = []Target{{Login: p.extension.Login, Extension: p.extension.ID, ToSent: p.extension.ID, FromSent: cmp.Or(from.ID, r.From.Digits())}}
	return r
}

// routeOutside prices the call for the tenant and asks for gateways.
func (s *Snapshot) routeOutside(r *Route, t *Tenant, tariff string, at time.Time, assumed time.Duration) *Route {
	r.Tariff = tariff
	quote, err := s.tariffs[tariff].Quote(rating.Call{
		From: r.From, To: r.To, Direction: rating.Outbound, Connect: at, Extension: r.Extension, Branch: r.Branch,
	}, rating.Exhausted{})
	if err != nil && !r.Emergency {
		return refusal(r, unratableReason(err), statusForbidden)
	}
	if err == nil && !r.Emergency {
		if tooDear(t, &quote) {
			return refusal(r, lcr.ReasonMaxPrice, statusForbidden)
		}
		r.Quote = &quote
	}
	decision := s.world.Decide(lcr.Request{
		Plan: cmp.Or(t.RoutePlan, s.plan), Tenant: t.ID, Branch: r.Branch, Extension: r.Extension,
		From: r.From, To: r.To, At: at, Emergency: r.Emergency, Assumed: assumed,
	}, r.Quote)
	r.Trace = &decision
	if decision.Refusal != "" {
		return refusal(r, decision.Refusal, routingStatus(decision.Refusal))
	}
	for i := range decision.Candidates {
		c := &decision.Candidates[i]
		g := s.gateways[c.Gateway]
		r.Targets = append(r.Targets, Target{
			Gateway: g, Carrier: s.carriers[g.Carrier], Deck: c.Deck, ToSent: c.ToSent, FromSent: c.FromSent, RingTime: g.RingTime,
		})
	}
	r.MaxTries = len(r.Targets)
	return r
}

func unratableReason(err error) lcr.Reason {
	var unratable *rating.UnratableError
	if errors.As(err, &unratable) && unratable.Reason == rating.Blocked {
		return lcr.ReasonBlocked
	}
	return lcr.ReasonNoSale
}

func routingStatus(reason lcr.Reason) int {
	if reason == lcr.ReasonBlocked {
		return statusForbidden
	}
	return statusNotFound
}

// tooDear holds the price against the dearest that the client accepts.
func tooDear(t *Tenant, q *rating.Quote) bool {
	return (t.MaxPrice != nil && q.PerMinute().Cmp(*t.MaxPrice) > 0) ||
		(t.MaxFee != nil && q.ConnectFee().Cmp(*t.MaxFee) > 0)
}

// routeInbound leads a call from a carrier to the extension of the number that was called.
func (s *Snapshot) routeInbound(caller Caller, dialled, callerID string, at time.Time) *Route {
	r := &Route{Direction: rating.Inbound.String()}
	g := s.gateways[caller.Gateway]
	to, ok := s.inboundNumber(g, dialled)
	if !ok {
		return refusal(r, RefusedNumber, statusIncomplete)
	}
	r.To = to
	if from, ok := s.inboundNumber(g, callerID); ok {
		r.From = from
	}
	r.CallerID = cmp.Or(r.From.String(), callerID)
	own, ok := s.numbers[to]
	if !ok {
		return refusal(r, RefusedUnknown, statusNotFound)
	}
	r.Tenant, r.Branch, r.Number = own.tenant.ID, own.number.Branch, to.Digits()
	p, ok := s.extensions[extensionKey{own.tenant.ID, own.number.Extension}]
	if !ok {
		return refusal(r, RefusedUnknown, statusNotFound)
	}
	r.Branch, r.Extension = cmp.Or(r.Branch, p.branch.ID), p.extension.ID
	if own.tenant.Inactive || p.extension.Inactive {
		return refusal(r, RefusedInactive, statusForbidden)
	}
	r.Tariff = cmp.Or(p.extension.Tariff, p.branch.Tariff, own.tenant.Tariff)
	quote, err := s.tariffs[r.Tariff].Quote(rating.Call{
		From: r.From, To: r.To, Direction: rating.Inbound, Connect: at, Extension: r.Extension, Branch: r.Branch,
	}, rating.Exhausted{})
	if err == nil && !quote.Free() {
		r.Quote = &quote
	}
	r.Capacities = capacities(own.tenant, p.branch, p.extension)
	if own.number.MaxCalls > 0 {
		r.Capacities = append(r.Capacities, Capacity{"number/" + r.Number, own.number.MaxCalls})
	}
	r.Targets = []Target{{Login: p.extension.Login, Extension: p.extension.ID, ToSent: p.extension.ID, FromSent: cmp.Or(r.From.String(), "anonymous")}}
	return r
}

// inboundNumber reads a number as a carrier sends it: by the gateway's dial plan, else with its country code.
func (s *Snapshot) inboundNumber(g *Gateway, text string) (e164.Number, bool) {
	if plan, ok := s.dials[g.InDial]; ok {
		if d := plan.Resolve(text, ""); !d.Number.IsZero() {
			return d.Number, true
		}
	}
	n, err := e164.Parse(text)
	return n, err == nil
}
