package sipproxy

import (
	"net/netip"
	"slices"
	"strings"

	"trunkline/routing"
	"trunkline/sipproxy/contact"
	"trunkline/sipproxy/resolver"
)

// contactPolicy knows who stands where beside phones, at the moment that it is asked.
func (p *Proxy) contactPolicy() contact.Policy {
	return contact.Policy{
		Peer: func(at netip.AddrPort) string {
			if p.wire.Own(at) {
				return "a listener of this proxy"
			}
			if id := p.health.at(at); id != "" {
				return "gateway " + id
			}
			return ""
		},
		Range: func(addr netip.Addr) (string, bool) {
			caller, ok := p.router.Source(addr)
			switch {
			case ok && caller.Kind == routing.CallerTrunk:
				return "trunk " + caller.Tenant + "/" + caller.Trunk, true
			case ok:
				return "gateway " + caller.Gateway, false
			}
			return "", false
		},
		Domain: func(host string) string {
			if id := p.health.named(host); id != "" {
				return "gateway " + id
			}
			return ""
		},
	}
}

// mayBeReached judges the contact of a phone, and the proxies on the way to it: nothing of them may lead to a carrier.
func (s *shard) mayBeReached(b *binding, within []netip.Prefix) error {
	source, err := netip.ParseAddrPort(b.Source)
	if err != nil {
		return err
	}
	if err := s.contacts.Judge(&b.uri, source, within); err != nil {
		return err
	}
	if len(b.routes) > 0 {
		return s.contacts.Judge(&b.routes[0], source, within)
	}
	return nil
}

// at names the gateway that stands at an address; empty: none.
func (h *health) at(at netip.AddrPort) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, s := range h.byID {
		if s.hop.Remote == at {
			return id
		}
		for i := range s.targets {
			if s.targets[i].Remote == at {
				return id
			}
		}
	}
	return ""
}

// isOf reports whether an address is that of a gateway.
func (h *health) isOf(addr netip.Addr) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.byID {
		if s.hop.Remote.Addr() == addr || slices.ContainsFunc(s.targets, func(t resolver.Hop) bool { return t.Remote.Addr() == addr }) {
			return true
		}
	}
	return false
}

// named names the gateway whose host has a name; empty: none.
func (h *health) named(host string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, s := range h.byID {
		if own, _ := splitAddress(s.gateway.Address); strings.EqualFold(own, host) {
			return id
		}
	}
	return ""
}

// confine says where the requests to a phone or trunk may go beside where it speaks from. A carrier's may go wherever it says:
// its switches are many.
func (d *dialog) confine(within []netip.Prefix) { d.confined, d.within = true, within }
