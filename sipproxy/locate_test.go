package sipproxy_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy/resolver"
	"trunkline/sipproxy/wire"
)

// zone is a made-up DNS.
type zone struct {
	naptr map[string][]resolver.NAPTR
	srv   map[string][]*net.SRV // By "_service._proto.name".
	hosts map[string][]netip.Addr
	asked atomic.Int32
}

func (n *zone) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	n.asked.Add(1)
	if service != "" {
		name = "_" + service + "._" + proto + "." + name
	}
	if records := n.srv[name]; records != nil {
		return name, records, nil
	}
	return "", nil, errors.New("no such name")
}

func (n *zone) LookupNAPTR(_ context.Context, name string) ([]resolver.NAPTR, error) {
	return n.naptr[name], nil
}

func (n *zone) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if found := n.hosts[host]; found != nil {
		return found, nil
	}
	return nil, errors.New("no such host")
}

func portOf(t *testing.T, address string) uint16 {
	t.Helper()
	_, text, err := net.SplitHostPort(address)
	require.NoError(t, err)
	n, err := strconv.ParseUint(text, 10, 16)
	require.NoError(t, err)
	return uint16(n)
}

// TestGatewayByItsName: SRV records lead to two hosts; the call that finds the first one dead goes on at the second, and
// later calls begin there.
func TestGatewayByItsName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dead, alive := w.peer(), w.peer()
	loopback := []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	dns := &zone{
		srv: map[string][]*net.SRV{"_sip._udp.carrier.example": {
			{Target: "a.carrier.example.", Port: portOf(t, dead.addr())},
			{Target: "gone.carrier.example."},
			{Target: "b.carrier.example.", Port: portOf(t, alive.addr())},
		}},
		hosts: map[string][]netip.Addr{"a.carrier.example": loopback, "b.carrier.example": loopback},
	}
	w.resolver = dns
	w.gateways = []provision.Gateway{{ID: "named", Carrier: "co", Address: "carrier.example", Silence: 200 * time.Millisecond}}
	w.sources[netip.MustParseAddr("127.0.0.1")] = routing.Caller{Kind: routing.CallerTrunk, Tenant: "acme", Branch: "main"}
	w.open()
	caller := w.peer()
	dead.proxy, alive.proxy = w.addr(), w.addr()
	require.Eventually(t, func() bool {
		return dns.asked.Load() > 0 && len(w.proxy.Gateways()) == 1 && w.proxy.Gateways()[0].Address != ""
	},
		5*time.Second, 10*time.Millisecond)

	caller.invite("named1")
	dead.hear("INVITE") // And says nothing.
	invite := alive.hear("INVITE sip:74951234567@carrier.example")
	alive.answer(invite, 486, "Busy Here", "b")
	caller.hear("SIP/2.0 486")
	require.Len(t, w.record(), 3, "both addresses are attempts of the record")

	caller.invite("named2")
	alive.answer(alive.hear("INVITE"), 486, "Busy Here", "b")
	caller.hear("SIP/2.0 486")
	require.Len(t, w.record(), 2, "the address that works is tried first from now on")
}

// TestCallFromIPv6ToIPv4: each side is told the address that it can reach.
func TestCallFromIPv6ToIPv4(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.Listen = append(w.cfg.Listen, wire.Listen{Transport: "udp", Address: "[::1]:0"})
	w.sources[netip.MustParseAddr("::1")] = routing.Caller{Kind: routing.CallerTrunk, Tenant: "acme", Branch: "main"}
	gateway := w.peer()
	w.gateways = []provision.Gateway{{ID: "alfa", Carrier: "alfa-co", Address: gateway.addr()}}
	w.open()
	gateway.proxy = w.addr()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "[::1]:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	var six netip.AddrPort
	for _, addr := range w.proxy.Addrs("udp") {
		if addr.Addr().Is6() {
			six = addr
		}
	}
	caller := &peer{t: t, conn: conn, proxy: six}
	caller.invite("six")
	invite := gateway.hear("INVITE")
	require.Equal(t, "127.0.0.1", invite.Via().Host)
	gateway.answer(invite, 200, "OK", "g")
	ok := caller.hear("SIP/2.0 200")
	require.Equal(t, "sip:"+six.String(), ok.(*sip.Response).Contact().Address.String())
	caller.ack("six", tagOf(t, ok))
	gateway.hear("ACK")
	caller.within("BYE", "six", tagOf(t, ok), 2)
	caller.hear("SIP/2.0 200")
	gateway.answer(gateway.hear("BYE"), 200, "OK", "")
	require.Len(t, w.record(), 2)
}

// TestLargeRequestGoesOverTCP: once the gateway has taken a connection, what is too large for a datagram goes over it (RFC
// 3261, section 18.1.1); before, it goes over UDP rather than not at all.
func TestLargeRequestGoesOverTCP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var gateway *peer
	var listener net.Listener
	require.Eventually(t, func() bool { // A port that is free for both.
		var err error
		gateway = w.peer()
		listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp", gateway.addr())
		return err == nil
	}, 5*time.Second, time.Millisecond)
	t.Cleanup(func() { _ = listener.Close() })
	w.gateways = []provision.Gateway{{ID: "alfa", Carrier: "alfa-co", Address: gateway.addr()}}
	w.sources[netip.MustParseAddr("127.0.0.1")] = routing.Caller{Kind: routing.CallerTrunk, Tenant: "acme", Branch: "main"}
	w.open()
	gateway.proxy = w.addr()
	caller := w.peer()
	body := "v=0\r\n" + strings.Repeat("a=candidate:1 1 UDP 2130706431 192.0.2.1 40000 typ host\r\n", 30)
	large := func(id string) {
		caller.send(fmt.Appendf(nil, "INVITE sip:74951234567@pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport\r\n"+
			"Max-Forwards: 70\r\nFrom: <sip:anna@pbx.example>;tag=a1\r\nTo: <sip:74951234567@pbx.example>\r\nCall-ID: %s\r\n"+
			"CSeq: 1 INVITE\r\nContact: <sip:anna@%s>\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
			caller.addr(), id, id, caller.addr(), len(body), body))
	}
	large("first")
	if first, text := gateway.next(2 * time.Second); strings.HasPrefix(text, "INVITE") { // On a busy machine the connection may be there at once.
		gateway.answer(first, 486, "Busy Here", "g")
		caller.hear("SIP/2.0 486")
	}
	conn, err := listener.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	buf := make([]byte, 16<<10)
	var text string
	for i := 0; !strings.Contains(text, "SIP/2.0/TCP"); i++ {
		require.Less(t, i, 30)
		large(fmt.Sprint("next", i))                                                   // The proxy may not have noticed yet that it is connected.
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(300*time.Millisecond))) //nolint:forbidigo // Deadlines of sockets are wall time.
		if n, err := conn.Read(buf); err == nil {
			text += string(buf[:n])
		}
	}
	require.Contains(t, text, "INVITE sip:74951234567")
}
