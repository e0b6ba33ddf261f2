package routing

import (
	"net/netip"
	"slices"

	"trunkline/provision"
)

// Table is what is provisioned as calls are routed by it: who calls, by login or address, and where a call goes. It is
// immutable and safe for concurrent use.
type Table struct {
	setup     *provision.Snapshot
	logins    map[string]Caller // Of phones and of trunks, those that are switched off left out.
	phones    map[string]provision.Subscriber
	sources   []source            // The narrowest range first.
	peers     []provision.Gateway // The gateways, and the trunks that calls are delivered to.
	peersByID map[string]*provision.Gateway
}

// source is a range of addresses and the caller that sends from it.
type source struct {
	prefix netip.Prefix
	caller Caller
}

// NewTable indexes what is provisioned for routing. It takes time in proportion to the extensions.
func NewTable(s *provision.Snapshot) *Table {
	rt := &Table{
		setup: s, logins: make(map[string]Caller), phones: make(map[string]provision.Subscriber), peersByID: make(map[string]*provision.Gateway),
	}
	o := s.Operator()
	rt.peers = slices.Clone(o.Gateways)
	for i := range o.Tenants {
		rt.addTenant(&o.Tenants[i])
	}
	for i := range rt.peers {
		rt.peersByID[rt.peers[i].ID] = &rt.peers[i]
	}
	for i := range o.Gateways {
		g := &o.Gateways[i]
		rt.addSources(g.Networks(), &Caller{Kind: CallerGateway, Gateway: g.ID, Carrier: g.Carrier, Media: g.Media, Form: &g.Form})
	}
	slices.SortStableFunc(rt.sources, func(a, b source) int { return b.prefix.Bits() - a.prefix.Bits() })
	return rt
}

func (rt *Table) addTenant(t *provision.Tenant) {
	for i := range t.Branches {
		b := &t.Branches[i]
		for j := range b.Extensions {
			rt.addPhone(provision.Subscriber{Tenant: t, Branch: b, Extension: &b.Extensions[j]})
		}
	}
	for i := range t.Trunks {
		rt.addTrunk(t, &t.Trunks[i])
	}
}

func (rt *Table) addPhone(p provision.Subscriber) {
	rt.phones[p.Extension.Login] = p
	if !p.Active() {
		return
	}
	rt.logins[p.Extension.Login] = Caller{
		Kind: CallerExtension, Tenant: p.Tenant.ID, Branch: p.Branch.ID, Extension: p.Extension.ID,
		Login: p.Extension.Login, Media: p.Extension.Media, HA1MD5: p.Extension.HA1MD5, HA1SHA256: p.Extension.HA1SHA256,
		Networks: p.Networks(), Contacts: p.Contacts(),
	}
}

func (rt *Table) addTrunk(t *provision.Tenant, trunk *provision.Trunk) {
	caller := Caller{
		Kind: CallerTrunk, Tenant: t.ID, Branch: trunk.Branch, Trunk: trunk.ID, Media: trunk.Media, Contacts: trunk.Networks(), Form: &trunk.Form,
	}
	rt.addSources(trunk.Networks(), &caller)
	if trunk.Address != "" {
		rt.peers = append(rt.peers, peer(t.ID, trunk))
	}
	if trunk.HA1MD5 != "" && !t.Inactive {
		caller.Login, caller.HA1MD5, caller.HA1SHA256 = trunk.Login, trunk.HA1MD5, trunk.HA1SHA256
		rt.logins[trunk.Login] = caller
	}
}

func (rt *Table) addSources(ranges []netip.Prefix, caller *Caller) {
	for _, prefix := range ranges {
		rt.sources = append(rt.sources, source{prefix, *caller})
	}
}

// Setup returns what the table was made of.
func (rt *Table) Setup() *provision.Snapshot { return rt.setup }

// Login returns the extension or trunk with a SIP user name. False: there is none, or it is switched off.
func (rt *Table) Login(user string) (Caller, bool) {
	caller, ok := rt.logins[user]
	return caller, ok
}

// Source returns the trunk or gateway that sends from an address: the one with the narrowest range.
func (rt *Table) Source(addr netip.Addr) (Caller, bool) {
	for i := range rt.sources {
		if rt.sources[i].prefix.Contains(addr) {
			return rt.sources[i].caller, true
		}
	}
	return Caller{}, false
}

// Peers returns all gateways, and the trunks that calls are delivered to at an address: their ids begin with "trunk/".
func (rt *Table) Peers() []provision.Gateway { return rt.peers }

// branch returns a branch of a tenant; nil: it has none of that id.
func (rt *Table) branch(tenant, id string) *provision.Branch {
	b, _ := rt.setup.Branch(tenant, id)
	return b
}
