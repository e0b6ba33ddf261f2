package contact

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// ErrForbidden is returned, wrapped with the reason, for a place at which no phone may be.
var ErrForbidden = errors.New("no phone may be there")

// Policy knows who stands where, beside phones.
type Policy struct {
	// Peer names who listens at exactly an address and port: a gateway, or a listener of ours; empty: nobody known.
	Peer func(at netip.AddrPort) string
	// Range names whose calls come from an address, and whether that is a client's trunk rather than a gateway; empty: nobody's.
	Range func(addr netip.Addr) (who string, trunk bool)
	// Domain names the gateway whose name a host is; empty: none.
	Domain func(host string) string
}

// Judge tells whether a phone that speaks from source may say that it is reached at uri. within are the networks in which its
// contacts may be beside its source; they open no way to a gateway. Names are never looked up, so that they lead to the source.
// The error wraps ErrForbidden.
func (p *Policy) Judge(uri *sip.Uri, source netip.AddrPort, within []netip.Prefix) error {
	if who := p.Peer(unmapped(source)); who != "" {
		return fmt.Errorf("%w: it speaks from %s, which is %s", ErrForbidden, source, who)
	}
	at, literal := literal(uri)
	if !literal {
		if who := p.Domain(uri.Host); who != "" {
			return fmt.Errorf("%w: %s is %s", ErrForbidden, uri.Host, who)
		}
		return nil
	}
	addr, from := at.Addr(), source.Addr().Unmap()
	switch {
	case addr.IsUnspecified(), addr.IsMulticast(), addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return fmt.Errorf("%w: %s is the address of no host", ErrForbidden, addr)
	case addr.IsLoopback() && !from.IsLoopback():
		return fmt.Errorf("%w: %s is this host", ErrForbidden, addr)
	case behind(addr, from):
		return nil // An address of another network, which means nothing here.
	}
	if who := p.Peer(at); who != "" {
		return fmt.Errorf("%w: %s is %s", ErrForbidden, at, who)
	}
	if who, trunk := p.Range(addr); who != "" && addr != from && (!trunk || !contains(within, addr)) {
		return fmt.Errorf("%w: %s is %s", ErrForbidden, addr, who)
	}
	return nil
}

// Hop is where a request to uri is sent: to the address that stands in it, if the phone speaks from there or it is within the
// networks given; else to where the phone speaks from.
func Hop(uri *sip.Uri, source netip.AddrPort, within []netip.Prefix) netip.AddrPort {
	if at, ok := literal(uri); ok && Allowed(at.Addr(), source.Addr(), within) {
		return at
	}
	return source
}

// Allowed reports whether requests to who speaks from an address may go to another one: to the same host, or within the networks given.
func Allowed(addr, source netip.Addr, within []netip.Prefix) bool {
	addr, source = addr.Unmap(), source.Unmap()
	return addr == source || contains(within, addr) && addr.Is4() == source.Is4()
}

func literal(uri *sip.Uri) (netip.AddrPort, bool) { return Literal(uri, false) }

// Literal reads the address of a URI that has one, with the port of SIP, or of SIP over TLS, where it has none (RFC 3261, section 19.1.2).
func Literal(uri *sip.Uri, secure bool) (netip.AddrPort, bool) {
	addr, err := netip.ParseAddr(strings.Trim(uri.Host, "[]"))
	if err != nil {
		return netip.AddrPort{}, false
	}
	port := uri.Port
	if port <= 0 || port > 65535 {
		port = sip.DefaultUdpPort
		if secure {
			port = sip.DefaultTlsPort
		}
	}
	return netip.AddrPortFrom(addr.Unmap().WithZone(""), uint16(port)), true
}

func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

func contains(within []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(within, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// behind reports whether an address is one behind a router, of a phone that was heard from in front of it.
func behind(addr, source netip.Addr) bool {
	return private(addr) && !private(source) && !source.IsLoopback()
}

func private(a netip.Addr) bool { return a.IsPrivate() || a.IsLinkLocalUnicast() || shared(a) }

// shared reports whether an address is one between a carrier of the internet and its customers (RFC 6598: 100.64.0.0/10).
func shared(a netip.Addr) bool {
	if !a.Is4() {
		return false
	}
	b := a.As4()
	return b[0] == 100 && b[1]&0xC0 == 64
}
