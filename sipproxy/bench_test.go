package sipproxy_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy"
	"trunkline/sipproxy/wire"
)

// BenchmarkCall places calls one after the other, from the INVITE to the answer to the BYE: what is allocated for each is nearly all the
// proxy's, as both ends write what they have written before.
func BenchmarkCall(b *testing.B) {
	l := newCircuit(b)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		l.setUp(n)
		l.hangUp(n)
		n++
	}
}

// BenchmarkHeld sets calls up, waits until their transactions are forgotten, and reports the bytes in use for each: 5,000 calls, or as
// many as TRUNKLINE_BENCH_CALLS says.
func BenchmarkHeld(b *testing.B) {
	held := 5000
	if n, err := strconv.Atoi(os.Getenv("TRUNKLINE_BENCH_CALLS")); err == nil {
		held = n
	}
	l := newCircuit(b)
	for b.Loop() {
		before := inUse()
		for n := range held {
			l.setUp(n)
		}
		require.NoError(b, clock.Sleep(b.Context(), clock.System{}, 34*time.Second)) // 64*T1 of RFC 3261, and a sweep.
		b.ReportMetric(float64(inUse()-before)/float64(held), "B-held/call")
		runtime.KeepAlive(l)
	}
}

func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// circuit is a phone and a carrier with the proxy between them.
type circuit struct {
	b              *testing.B
	phone, carrier *net.UDPConn
	proxy          netip.AddrPort
	room, out      []byte
	answer         []byte // The 2xx of the call that was set up last.
}

func newCircuit(b *testing.B) *circuit {
	b.Helper()
	l := &circuit{b: b, phone: bound(b), carrier: bound(b), room: make([]byte, 65535)}
	w := &world{
		logins: map[string]routing.Caller{}, quota: true, recorded: make(chan struct{}, 1<<20),
		sources: map[netip.Addr]routing.Caller{netip.MustParseAddr("127.0.0.1"): {Kind: routing.CallerTrunk, Tenant: "acme", Branch: "main", Trunk: "pbx"}},
	}
	w.gateways = []provision.Gateway{{ID: "alfa", Carrier: "alfa-co", Address: l.carrier.LocalAddr().String()}}
	p, err := sipproxy.Open(b.Context(), sipproxy.Config{
		Node: "test", Realm: func() string { return realm }, StateDir: b.TempDir(), SourceRate: -1, MaxCalls: 1 << 20, TraceMemory: 4 << 20,
		Listen: []wire.Listen{{Transport: "udp", Address: "127.0.0.1:0"}},
	}, sipproxy.Deps{
		Router: w, Credit: w, Recorder: w, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
	})
	require.NoError(b, err)
	b.Cleanup(func() { _ = p.Close() })
	l.proxy, _ = p.Addr("udp")
	return l
}

func bound(b *testing.B) *net.UDPConn {
	b.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(b, err)
	b.Cleanup(func() { _ = c.Close() })
	return c
}

const described = "v=0\r\no=phone 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n"

// setUp places a call and has it answered.
func (l *circuit) setUp(n int) {
	l.request(n, 1, "INVITE", "sip:+4930"+strconv.Itoa(1000000+n)+"@"+l.proxy.String(), nil, described)
	invite := l.await(l.carrier, "INVITE ")
	l.reply(invite, "180 Ringing", "")
	l.reply(invite, "200 OK", described)
	l.answer = append(l.answer[:0], l.await(l.phone, "SIP/2.0 200")...)
	l.request(n, 1, "ACK", "sip:"+l.proxy.String(), l.answer, "")
	l.await(l.carrier, "ACK ")
}

// hangUp ends the call that was set up last.
func (l *circuit) hangUp(n int) {
	l.request(n, 2, "BYE", "sip:"+l.proxy.String(), l.answer, "")
	l.await(l.phone, "SIP/2.0 200")
	l.reply(l.await(l.carrier, "BYE "), "200 OK", "")
}

// request sends one of the phone's, to the To of an answer if there is one.
func (l *circuit) request(n, seq int, method, uri string, answer []byte, body string) {
	at := l.phone.LocalAddr().String()
	to := []byte("To: <sip:callee@pbx.test>")
	if answer != nil {
		to = headerLine(answer, "To")
	}
	l.out = fmt.Appendf(l.out[:0], "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-%d-%d-%s;rport\r\nMax-Forwards: 70\r\nFrom: <sip:100@pbx.test>;tag=phone%d\r\n%s\r\n"+
		"Call-ID: %d-phone@%s\r\nCSeq: %d %s\r\nContact: <sip:100@%s>\r\n", method, uri, at, n, seq, method, n, to, n, at, seq, method, at)
	if body != "" {
		l.out = append(l.out, "Content-Type: application/sdp\r\n"...)
	}
	l.out = fmt.Appendf(l.out, "Content-Length: %d\r\n\r\n%s", len(body), body)
	_, err := l.phone.WriteToUDPAddrPort(l.out, l.proxy)
	require.NoError(l.b, err)
}

// reply answers a request as the carrier.
func (l *circuit) reply(request []byte, status, body string) {
	l.out = append(append(append(l.out[:0], "SIP/2.0 "...), status...), "\r\n"...)
	for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		l.out = append(l.out, headerLine(request, name)...)
		if name == "To" && !bytes.Contains(headerLine(request, name), []byte(";tag=")) {
			l.out = append(l.out, ";tag=carrier"...)
		}
		l.out = append(l.out, "\r\n"...)
	}
	if body != "" {
		l.out = append(l.out, "Content-Type: application/sdp\r\n"...)
	}
	l.out = fmt.Appendf(l.out, "Contact: <sip:%s>\r\nContent-Length: %d\r\n\r\n%s", l.carrier.LocalAddr(), len(body), body)
	_, err := l.carrier.WriteToUDPAddrPort(l.out, l.proxy)
	require.NoError(l.b, err)
}

// headerLine is the line of a header, without its end.
func headerLine(msg []byte, name string) []byte {
	at := bytes.Index(msg, []byte("\r\n"+name+": "))
	line, _, _ := bytes.Cut(msg[at+2:], []byte("\r\n"))
	return line
}

// await reads until a message begins so; it is there until the next one is read.
func (l *circuit) await(c *net.UDPConn, begin string) []byte {
	for {
		require.NoError(l.b, c.SetReadDeadline(clock.System{}.Now().Add(10*time.Second)))
		n, _, err := c.ReadFromUDPAddrPort(l.room)
		require.NoError(l.b, err, begin)
		if bytes.HasPrefix(l.room[:n], []byte(begin)) {
			return l.room[:n]
		}
	}
}
