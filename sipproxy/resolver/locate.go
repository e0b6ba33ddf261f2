package resolver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// The transports that a domain can be reached over, as they are set up.
const (
	udp = "udp"
	tcp = "tcp"
	tls = "tls"
)

// maxHops bounds the addresses of one domain.
const maxHops = 16

// Hop is one place where a domain is reached.
type Hop struct {
	Transport string // udp, tcp or tls.
	Remote    netip.AddrPort
	Host      string // The domain, whose certificate it is to show (RFC 5922, section 7.3).
}

// Resolver looks names up.
type Resolver interface {
	// LookupNAPTR returns the services that a domain offers, in no order; none is not an error.
	LookupNAPTR(ctx context.Context, name string) ([]NAPTR, error)
	// LookupSRV returns the hosts of a service in the order of trying; with an empty service and protocol the name is whole already.
	LookupSRV(ctx context.Context, service, proto, name string) (cname string, records []*net.SRV, err error)
	// LookupNetIP returns the addresses of a host.
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// NAPTR is a service that a domain offers (RFC 3403, section 4.1).
type NAPTR struct {
	Order, Preference    uint16
	Flags, Service, Goal string // Goal is the replacement: for SIP the name of SRV records.
}

// Locate finds where a host is reached, in the order of trying (RFC 3263, sections 4.1 and 4.2). A transport that is given is kept to;
// else NAPTR records choose it where no port is given, and UDP is spoken where there are none and no SRV records of another one. The port
// is 0 when none is given. It may be asked again at any time.
func Locate(ctx context.Context, r Resolver, host string, port int, transport string) ([]Hop, error) {
	if hop, ok := Literal(host, port, transport); ok {
		return []Hop{hop}, nil
	}
	transport = strings.ToLower(transport)
	if port == 0 {
		if hops := services(ctx, r, host, transport); len(hops) > 0 {
			return of(host, hops), nil
		}
	}
	hops, err := addresses(ctx, r, host, portOf(port, transport), cmp.Or(transport, udp))
	return of(host, hops), err
}

// Literal is the hop of an address that no name server has to be asked for, over UDP where no transport is given.
func Literal(host string, port int, transport string) (Hop, bool) {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return Hop{}, false
	}
	transport = strings.ToLower(transport)
	return Hop{Transport: cmp.Or(transport, udp), Remote: netip.AddrPortFrom(addr.Unmap(), portOf(port, transport)), Host: host}, true
}

// portOf is a port that was given, or that of the transport (RFC 3261, section 19.1.2).
func portOf(port int, transport string) uint16 {
	switch {
	case port > 0 && port <= math.MaxUint16:
		return uint16(port)
	case transport == tls:
		return uint16(sip.DefaultTlsPort)
	}
	return uint16(sip.DefaultUdpPort)
}

// of are the first hops, as those of a domain.
func of(host string, hops []Hop) []Hop {
	hops = hops[:min(len(hops), maxHops)]
	for i := range hops {
		hops[i].Host = host
	}
	return hops
}

// services are the hops that NAPTR and SRV records lead to.
func services(ctx context.Context, r Resolver, host, transport string) []Hop {
	if transport != "" {
		return hosts(ctx, r, host, transport)
	}
	if hops := offered(ctx, r, host); len(hops) > 0 {
		return hops
	}
	for _, transport := range []string{udp, tcp, tls} {
		if hops := hosts(ctx, r, host, transport); len(hops) > 0 {
			return hops
		}
	}
	return nil
}

// offered are the hops of the services that a domain offers and that we speak, the ones it likes best first.
func offered(ctx context.Context, r Resolver, host string) []Hop {
	records, err := r.LookupNAPTR(ctx, host)
	if err != nil {
		return nil // As a domain without them; its SRV records or addresses may be there.
	}
	slices.SortStableFunc(records, func(a, b NAPTR) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Preference, b.Preference))
	})
	var hops []Hop
	for _, n := range records {
		transport := spoken(n.Service)
		if transport == "" || !strings.EqualFold(n.Flags, "s") {
			continue
		}
		_, records, err := r.LookupSRV(ctx, "", "", strings.TrimSuffix(n.Goal, "."))
		if err == nil {
			hops = append(hops, targets(ctx, r, records, transport)...)
		}
	}
	return hops
}

// spoken is the transport of a service (RFC 3263, section 4.1); empty for those that we do not speak.
func spoken(service string) string {
	switch strings.ToUpper(service) {
	case "SIP+D2U":
		return udp
	case "SIP+D2T":
		return tcp
	case "SIPS+D2T":
		return tls
	}
	return ""
}

// hosts are the hops that the SRV records of a transport lead to.
func hosts(ctx context.Context, r Resolver, host, transport string) []Hop {
	service, proto := "sip", transport
	if transport == tls {
		service, proto = "sips", tcp
	}
	_, records, err := r.LookupSRV(ctx, service, proto, host)
	if err != nil {
		return nil
	}
	return targets(ctx, r, records, transport)
}

// targets are the addresses of the hosts of SRV records, in their order. A host without an address is passed over.
func targets(ctx context.Context, r Resolver, records []*net.SRV, transport string) []Hop {
	var hops []Hop
	for _, record := range records {
		if found, err := addresses(ctx, r, strings.TrimSuffix(record.Target, "."), record.Port, transport); err == nil {
			hops = append(hops, found...)
		}
	}
	return hops
}

var errNoAddress = errors.New("the name has no address")

func addresses(ctx context.Context, r Resolver, host string, port uint16, transport string) ([]Hop, error) {
	found, err := r.LookupNetIP(ctx, "ip", host)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%w: %s", errNoAddress, host)
	}
	if err != nil {
		return nil, err
	}
	hops := make([]Hop, len(found))
	for i, a := range found {
		hops[i] = Hop{Transport: transport, Remote: netip.AddrPortFrom(a.Unmap(), port)}
	}
	return hops, nil
}
