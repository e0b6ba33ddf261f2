package routing

import (
	"cmp"
	"slices"
	"strings"

	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/provision"
	"trunkline/rating"
)

// routeInbound leads a call from a carrier to where the number that was called leads.
func (rt *Table) routeInbound(q *Question) *Route {
	r := &Route{Direction: calls.Inbound, Anonymous: q.Caller.Private}
	g, _ := rt.setup.Gateway(q.Caller.Gateway)
	to, ok := rt.inboundNumber(g, q.Dialled)
	if !ok {
		return refusal(r, RefusedNumber, statusIncomplete)
	}
	r.To = to
	if from, ok := rt.inboundNumber(g, q.CallerID); ok {
		r.From = from
	}
	r.CallerID = cmp.Or(r.From.String(), q.CallerID)
	own, ok := rt.setup.Number(to)
	if !ok {
		return refusal(r, RefusedUnknown, statusNotFound)
	}
	return rt.arrive(r, own, q)
}

// arrive leads a call from outside of a client to where its number leads, and prices it for the client.
func (rt *Table) arrive(r *Route, own provision.AssignedNumber, q *Question) *Route {
	r.Tenant, r.Branch, r.Number = own.Tenant.ID, own.Number.Branch, own.Number.E164.Digits()
	if own.Tenant.Inactive {
		return refusal(r, RefusedInactive, statusForbidden)
	}
	if n := own.Number; n.MaxCalls > 0 || n.MaxCPS > 0 {
		r.Capacities = append(r.Capacities, Capacity{"number/" + r.Number, n.MaxCalls, n.MaxCPS})
	}
	if rt.deliver(r, own, q); r.Refusal != "" {
		return r
	}
	if !r.From.IsZero() && slices.ContainsFunc(r.Targets, func(t Target) bool { return t.Forward != nil }) {
		r.Loop = "loop/" + r.To.Digits() + "/" + r.From.Digits()
	}
	p, _ := rt.party(r.Tenant, r.Branch, r.Extension)
	r.Capacities = append(r.Capacities, p.capacities()...)
	r.Tariff = p.tariff()
	tariff, err := rt.setup.TariffForCall(r.Tariff, q.At)
	if err != nil {
		return r
	}
	call := r.priced(q.At)
	call.Direction = calls.Inbound
	if quote, err := tariff.Quote(call, rating.Exhausted{}); err == nil && !quote.Free() {
		r.Quote = &quote
	}
	return r
}

// inboundNumber reads a number as a carrier sends it: by the gateway's dial plan, else with its country code.
func (rt *Table) inboundNumber(g *provision.Gateway, text string) (e164.Number, bool) {
	if plan, ok := rt.setup.DialPlanByID(g.InDial); ok {
		if d := Dial(plan, text, ""); !d.Number.IsZero() {
			return d.Number, true
		}
	}
	text, _ = strings.CutPrefix(plain(text), "00") // ITU-T E.123: no number begins so, and many switches write it for "+".
	n, err := e164.Parse(text)
	return n, err == nil
}

// leads reports whether calls to a number go anywhere.
func leads(n *provision.Number) bool {
	return n.Extension != "" || n.Group != "" || len(n.TrunkIDs()) > 0 || (n.Forward != nil && n.Forward.Always != "")
}

// maxRings bounds the phones and gateways that are tried for one call to a number of a tenant.
const maxRings = 64

// deliver leads a call to where a number leads: its forwarding, its group or its extension.
func (rt *Table) deliver(r *Route, own provision.AssignedNumber, q *Question) *Route {
	r.MaxTries = maxRings
	n := own.Number
	if group := own.Tenant.Group(n.Group); group != nil {
		return rt.ringGroup(r, own, group, q)
	}
	if len(n.TrunkIDs()) > 0 {
		return rt.deliverToTrunks(r, own, q)
	}
	called, ok := rt.setup.Subscriber(own.Tenant.ID, n.Extension)
	if !ok {
		if n.Forward == nil || n.Forward.Always == "" {
			return refusal(r, RefusedUnknown, statusNotFound)
		}
		called = provision.Subscriber{Tenant: own.Tenant, Branch: cmp.Or(rt.branch(own.Tenant.ID, n.Branch), &provision.Branch{}), Extension: &provision.Extension{}}
	}
	return rt.ring(r, called, n.Forward, q)
}
