package provision

import (
	"net/netip"

	"trunkline/internal/e164"
)

// Subscriber is an extension with the branch and tenant that it belongs to. A zero Subscriber is nobody.
type Subscriber struct {
	Tenant    *Tenant
	Branch    *Branch
	Extension *Extension
}

// Active reports whether the extension may call: neither it nor its tenant is switched off.
func (s *Subscriber) Active() bool { return !s.Extension.Inactive && !s.Tenant.Inactive }

// Networks are where the phones of the extension may register and call from: its own, else those of its branch, else those
// of its tenant. Empty: anywhere.
func (s *Subscriber) Networks() []netip.Prefix {
	networks := s.Tenant.Networks
	for _, nearer := range [][]string{s.Branch.Networks, s.Extension.Networks} {
		if len(nearer) > 0 {
			networks = nearer
		}
	}
	return ranges(networks)
}

// Contacts are where the phones of the extension may be reached beside where they speak from.
func (s *Subscriber) Contacts() []netip.Prefix { return ranges(s.Extension.Contacts) }

// AssignedNumber is a number with the tenant that has it.
type AssignedNumber struct {
	Tenant *Tenant
	Number *Number
}

// Subscriber returns an extension of a tenant with where it belongs; false: there is none.
func (s *Snapshot) Subscriber(tenant, extension string) (Subscriber, bool) {
	found, ok := s.extensions[extensionKey{tenant, extension}]
	return found, ok
}

// Number returns whose number it is; false: nobody's here.
func (s *Snapshot) Number(n e164.Number) (AssignedNumber, bool) {
	found, ok := s.numbers[n]
	return found, ok
}

// Networks are where the gateway's calls come from: its sources, else its address, if that is no name. What cannot be read
// was refused when the file was.
func (g *Gateway) Networks() []netip.Prefix { return ranges(gatewaySources(g)) }

// ranges reads addresses and ranges, which were checked before.
func ranges(texts []string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range texts {
		if p, err := parseSource(text); err == nil { // Names of gateways are no ranges.
			out = append(out, p)
		}
	}
	return out
}

func gatewaySources(g *Gateway) []string {
	if len(g.Sources) > 0 {
		return g.Sources
	}
	if ap, err := netip.ParseAddrPort(g.Address); err == nil {
		return []string{ap.Addr().String()}
	}
	return []string{g.Address}
}
