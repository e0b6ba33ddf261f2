package sipproxy

import (
	"net/netip"

	"trunkline/routing"
	"trunkline/sipproxy/contact"
)

// contactPolicy knows who stands where beside phones, at the moment that it is asked.
func (p *Proxy) contactPolicy() *contact.Policy {
	return &contact.Policy{
		Peer: func(at netip.AddrPort) string {
			if p.wire.Own(at) {
				return "a listener of this proxy"
			}
			if id := p.health.At(at); id != "" {
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
			if id := p.health.Named(host); id != "" {
				return "gateway " + id
			}
			return ""
		},
	}
}

// confine says where the requests to a phone or trunk may go beside where it speaks from. A carrier's may go wherever it says:
// its switches are many.
func (d *dialog) confine(within []netip.Prefix) { d.confined, d.within = true, within }
