package routing

import (
	"cmp"
	"fmt"

	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/provision"
)

// trunkKey names a trunk beside the gateways.
func trunkKey(tenant, id string) string { return "trunk/" + tenant + "/" + id }

// peer is a trunk as a place that calls are sent to, with its health and its bounds.
func peer(tenant string, t *provision.Trunk) provision.Gateway {
	return provision.Gateway{
		ID: trunkKey(tenant, t.ID), Address: t.Address, Transport: t.Transport, MaxCalls: t.MaxCalls, MaxCPS: t.MaxCPS, RingTime: t.RingTime,
		Silence: t.Silence, Probe: t.Probe, Lock: t.Lock, LockAfter: t.LockAfter, Hunt: t.Hunt, Media: t.Media, Trusted: true, Form: t.Form, Login: t.Login,
	}
}

// toTrunks adds the trunks of a call as targets. called is the number by which a trunk is to know whom it is for.
func (rt *Table) toTrunks(r *Route, t *provision.Tenant, ids []string, called string) bool {
	led := false
	for _, id := range ids {
		trunk := t.Trunk(id)
		if trunk == nil {
			continue
		}
		target := Target{
			Trunk: trunk, ToSent: provision.Rewrite(trunk.ToRules, called), FromSent: cmp.Or(r.From.String(), r.CallerID, "anonymous"),
			RingTime: trunk.RingTime, Anonymous: r.Anonymous && r.Direction != calls.Internal, Login: trunk.Login,
		}
		if r.Direction == calls.Internal {
			target.FromSent = cmp.Or(r.CallerID, target.FromSent)
		}
		if !target.Anonymous {
			target.AssertedID = target.FromSent
		}
		if trunk.Address != "" {
			target.Gateway = rt.peersByID[trunkKey(t.ID, id)]
		}
		r.Targets = append(r.Targets, target)
		led = true
	}
	return led
}

// deliverToTrunks leads a call to the trunks of a number.
func (rt *Table) deliverToTrunks(r *Route, own provision.AssignedNumber, q *Question) *Route {
	n := own.Number
	where := provision.Subscriber{Tenant: own.Tenant, Branch: cmp.Or(rt.branch(own.Tenant.ID, n.Branch), &provision.Branch{}), Extension: &provision.Extension{}}
	if r.Direction == calls.Inbound && r.Branch == "" {
		r.Branch = own.Tenant.Trunk(n.TrunkIDs()[0]).Branch
	}
	if n.Forward == nil || n.Forward.Always == "" {
		rt.toTrunks(r, own.Tenant, n.TrunkIDs(), n.E164.Digits())
	}
	return rt.forward(r, where, cmp.Or(n.Forward, &provision.Forward{}), q)
}

// routeToTrunk leads what somebody of the tenant dials to one of its trunks: a voice menu, or the mailbox of a colleague.
func (rt *Table) routeToTrunk(r *Route, p *party, d Dialled) *Route {
	r.To, r.MaxTries = e164.Number{}, maxRings
	r.Direction, r.CallerID = calls.Internal, cmp.Or(p.extension.ID, r.CallerID)
	if !rt.toTrunks(r, p.tenant, []string{d.Trunk}, d.Called) {
		r.Detail = fmt.Sprintf("the dial plan names the trunk %q, which the client does not have", d.Trunk)
		return refusal(r, RefusedUnknown, statusNotFound)
	}
	return r
}
