package sipproxy

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Resolver looks names up; *net.Resolver is one.
type Resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (cname string, records []*net.SRV, err error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// maxTargets bounds the addresses of one gateway.
const maxTargets = 16

// locate finds where a gateway is, in the order of trying (RFC 3263, section 4.2): SRV records where no port is given, by
// priority and drawn by weight, else the addresses of the name. NAPTR is not asked: the transport of a gateway is set up.
func locate(ctx context.Context, r Resolver, host string, port int, transport string) ([]netip.AddrPort, error) {
	if port == 0 {
		if out := services(ctx, r, host, transport); len(out) > 0 {
			return out[:min(len(out), maxTargets)], nil
		}
		port = sip.DefaultUdpPort
		if strings.EqualFold(transport, "tls") {
			port = sip.DefaultTlsPort
		}
	}
	out, err := addresses(ctx, r, host, uint16(port))
	return out[:min(len(out), maxTargets)], err
}

// services are the addresses that SRV records lead to, in the order of the records.
func services(ctx context.Context, r Resolver, host, transport string) []netip.AddrPort {
	service, proto := srvOf(transport)
	_, records, err := r.LookupSRV(ctx, service, proto, host)
	if err != nil {
		return nil
	}
	var out []netip.AddrPort
	for _, record := range records {
		found, err := addresses(ctx, r, strings.TrimSuffix(record.Target, "."), record.Port)
		if err == nil {
			out = append(out, found...)
		}
	}
	return out
}

func srvOf(transport string) (service, proto string) {
	switch strings.ToLower(transport) {
	case "tcp":
		return "sip", "tcp"
	case "tls":
		return "sips", "tcp"
	}
	return "sip", "udp"
}

func addresses(ctx context.Context, r Resolver, host string, port uint16) ([]netip.AddrPort, error) {
	found, err := r.LookupNetIP(ctx, "ip", host)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s has no address", host)
	}
	if err != nil {
		return nil, err
	}
	out := make([]netip.AddrPort, len(found))
	for i, a := range found {
		out[i] = netip.AddrPortFrom(a.Unmap(), port)
	}
	return out, nil
}
