package sipproxy_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy/resolver"
	"trunkline/sipproxy/wire"
)

// signed is a certificate that is its own authority.
func signed(t *testing.T, template *x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template.SerialNumber, template.NotAfter = big.NewInt(1), time.Now().Add(time.Hour) //nolint:forbidigo // TLS looks at the wall clock.
	template.IsCA, template.BasicConstraintsValid = true, true
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	own, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: own}
}

// secureCarrier is a gateway that is known by the NAPTR records of its domain alone, which say TLS, and whose certificate is of another
// domain or of its own.
func secureCarrier(t *testing.T, domain string) (*peer, net.Listener) {
	t.Helper()
	w := newWorld(t)
	certificate := signed(t, &x509.Certificate{DNSNames: []string{domain}})
	pool := x509.NewCertPool()
	pool.AddCert(certificate.Leaf)
	conf := &tls.Config{Certificates: []tls.Certificate{certificate}, RootCAs: pool, MinVersion: tls.VersionTLS12}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", conf)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	w.cfg.TLS = conf
	w.cfg.Listen = append(w.cfg.Listen, wire.Listen{Transport: "tls", Address: "127.0.0.1:0"})
	w.resolver = &zone{
		naptr: map[string][]resolver.NAPTR{"carrier.example": {{Flags: "s", Service: "SIPS+D2T", Goal: "_sips._tcp.carrier.example."}}},
		srv:   map[string][]*net.SRV{"_sips._tcp.carrier.example": {{Target: "edge.example.", Port: portOf(t, listener.Addr().String())}}},
		hosts: map[string][]netip.Addr{"edge.example": {netip.MustParseAddr("127.0.0.1")}},
	}
	w.gateways = []provision.Gateway{{ID: "named", Carrier: "co", Address: "carrier.example", Silence: time.Minute}}
	w.sources[netip.MustParseAddr("127.0.0.1")] = routing.Caller{Kind: routing.CallerTrunk, Tenant: "acme", Branch: "main"}
	w.open()
	require.Eventually(t, func() bool {
		return len(w.proxy.Gateways()) == 1 && w.proxy.Gateways()[0].Address != ""
	}, 5*time.Second, 10*time.Millisecond)
	return w.peer(), listener
}

// accepted is the next connection, on which something is to be read within five seconds.
func accepted(t *testing.T, listener net.Listener) net.Conn {
	t.Helper()
	conn, err := listener.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(5*time.Second))) //nolint:forbidigo // Deadlines of sockets are wall time.
	return conn
}

// TestGatewayOverTLS: a carrier's domain says that it speaks TLS, and its certificate is that of the domain, not of the host or address
// that the domain leads to (RFC 5922, section 7.3).
func TestGatewayOverTLS(t *testing.T) {
	t.Parallel()
	caller, listener := secureCarrier(t, "carrier.example")
	caller.invite("secure")
	buf := make([]byte, 16<<10)
	n, err := accepted(t, listener).Read(buf)
	require.NoError(t, err)
	invite := string(buf[:n])
	require.True(t, strings.HasPrefix(invite, "INVITE sip:74951234567@carrier.example SIP/2.0\r\n"), invite)
	require.Contains(t, invite, "SIP/2.0/TLS 127.0.0.1")
	require.Contains(t, invite, ";transport=tls>")
}

// TestGatewayWithForeignCertificate: whoever answers at the carrier's address without its certificate hears nothing of the call, and the call does not wait
// for an answer that cannot come.
func TestGatewayWithForeignCertificate(t *testing.T) {
	t.Parallel()
	caller, listener := secureCarrier(t, "other.example")
	caller.invite("secure")
	_, err := accepted(t, listener).Read(make([]byte, 1))
	require.ErrorContains(t, err, "tls: bad certificate")
	caller.hear("SIP/2.0 504")
}

// TestGatewayAtIPv6: a gateway that is set up by such an address.
func TestGatewayAtIPv6(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.Listen = append(w.cfg.Listen, wire.Listen{Transport: "udp", Address: "[::1]:0"})
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "[::1]:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	gateway := &peer{t: t, conn: conn}
	w.gateways = []provision.Gateway{{ID: "six", Carrier: "co", Address: gateway.addr()}}
	w.sources[netip.MustParseAddr("127.0.0.1")] = routing.Caller{Kind: routing.CallerTrunk, Tenant: "acme", Branch: "main"}
	w.open()
	for _, addr := range w.proxy.Addrs("udp") {
		if addr.Addr().Is6() {
			gateway.proxy = addr
		}
	}
	caller := w.peer()
	caller.invite("six")
	invite := gateway.hear("INVITE sip:74951234567@" + gateway.addr() + " SIP/2.0")
	gateway.answer(invite, 486, "Busy Here", "g")
	caller.hear("SIP/2.0 486")
}
