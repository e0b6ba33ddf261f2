package routing

import (
	"cmp"
	"time"

	"trunkline/internal/calls"
	"trunkline/provision"
)

// defaultRing is how long a phone rings before a call goes on to the next, where nothing else is said.
const defaultRing = 20 * time.Second

// ring leads a call to an extension, and on where it is forwarded to: by the number that was called, else by itself.
func (rt *Table) ring(r *Route, called provision.Subscriber, forward *provision.Forward, q *Question) *Route {
	if r.Direction == calls.Inbound {
		r.Branch, r.Extension = cmp.Or(r.Branch, called.Branch.ID), called.Extension.ID
	}
	if called.Extension.Inactive {
		return refusal(r, RefusedInactive, statusForbidden)
	}
	forward = cmp.Or(forward, called.Extension.Forward, &provision.Forward{})
	if forward.Always == "" {
		ring := called.Extension.RingTime
		if forward.NoAnswer != "" {
			ring = cmp.Or(forward.After, ring, defaultRing)
		}
		r.Targets = append(r.Targets, phones(r, ring, called.Extension))
	}
	return rt.forward(r, called, forward, q)
}

// phones is a target that rings extensions at the same time.
func phones(r *Route, ring time.Duration, first *provision.Extension, others ...*provision.Extension) Target {
	t := Target{
		Login: first.Login, Extension: first.ID, ToSent: first.ID, RingTime: ring, FromSent: cmp.Or(r.From.String(), "anonymous"),
	}
	t.Anonymous = r.Anonymous
	if r.Direction == calls.Internal {
		t.Anonymous = false // Colleagues see each other.
		t.FromSent = cmp.Or(r.CallerID, r.From.Digits(), "anonymous")
	}
	for _, e := range others {
		t.Others = append(t.Others, Phone{Extension: e.ID, Login: e.Login})
	}
	return t
}

// ringGroup leads a call to the extensions of a group.
func (rt *Table) ringGroup(r *Route, own provision.AssignedNumber, group *provision.Group, q *Question) *Route {
	var members []*provision.Extension
	where := provision.Subscriber{Tenant: own.Tenant, Branch: rt.branch(own.Tenant.ID, own.Number.Branch), Extension: &provision.Extension{}}
	for _, id := range group.Extensions {
		p, ok := rt.setup.Subscriber(own.Tenant.ID, id)
		if ok && !p.Extension.Inactive {
			members = append(members, p.Extension)
			where.Branch = cmp.Or(where.Branch, p.Branch)
		}
	}
	if len(members) == 0 {
		return refusal(r, RefusedInactive, statusForbidden)
	}
	if r.Direction == calls.Inbound {
		r.Branch = cmp.Or(r.Branch, where.Branch.ID)
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
	return rt.forward(r, where, cmp.Or(own.Number.Forward, &provision.Forward{}), q)
}
