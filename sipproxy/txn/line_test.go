package txn_test

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

// line is a layer of transactions over a real socket, with a clock that is moved by hand. What it sends is noted with its moment.
type line struct {
	*txn.Layer

	t      *testing.T
	clock  *clock.Manual
	begun  time.Time
	flow   wire.Flow
	sent   []string // Such as "0.5 INVITE", the seconds since the beginning and the method or the status.
	asked  []*txn.Server
	acks   int
	strays int
}

func newLine(t *testing.T, transport string) *line {
	t.Helper()
	l := &line{t: t, clock: clock.NewManual(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC))}
	l.begun = l.clock.Now()
	l.Layer = txn.NewLayer(l.clock, func(f func()) { f() }, l)
	w, err := wire.Open(t.Context(), wire.Options{
		Listen: []wire.Listen{{Transport: transport, Address: "127.0.0.1:0"}}, Log: slog.New(slog.DiscardHandler), Clock: clock.System{},
		Handler: func(sip.Message, wire.Flow) {}, Tap: func(sent bool, _ wire.Flow, _ string, data []byte) { l.note(sent, string(data)) },
	})
	require.NoError(t, err)
	t.Cleanup(w.Close)
	l.flow, err = w.To(transport, l.far(transport), "")
	require.NoError(t, err)
	return l
}

// far is an end that takes everything and says nothing.
func (l *line) far(transport string) netip.AddrPort {
	if transport == "udp" {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		require.NoError(l.t, err)
		l.t.Cleanup(func() { _ = c.Close() })
		return netip.MustParseAddrPort(c.LocalAddr().String())
	}
	lc := net.ListenConfig{}
	ln, err := lc.Listen(l.t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(l.t, err)
	l.t.Cleanup(func() { _ = ln.Close() })
	return netip.MustParseAddrPort(ln.Addr().String())
}

func (l *line) note(sent bool, data string) {
	if !sent {
		return
	}
	word, rest, _ := strings.Cut(data, " ")
	if word == "SIP/2.0" {
		word, _, _ = strings.Cut(rest, " ")
	}
	l.sent = append(l.sent, fmt.Sprintf("%g %s", l.clock.Now().Sub(l.begun).Seconds(), word))
}

// Request implements txn.Handler.
func (l *line) Request(req *sip.Request, _ wire.Flow, tx *txn.Server) {
	if req.Method == sip.ACK {
		l.acks++
		return
	}
	l.asked = append(l.asked, tx)
}

// Stray implements txn.Handler.
func (l *line) Stray(*sip.Response, wire.Flow) { l.strays++ }

// pass lets time go by as a proxy does: timers run when they are due, and once a second what is over is forgotten.
func (l *line) pass(d time.Duration) {
	for ; d > 0; d -= min(d, time.Second) {
		l.clock.Advance(min(d, time.Second))
		l.Sweep()
	}
}

// times are the moments at which something was sent.
func (l *line) times(word string) string {
	var out []string
	for _, s := range l.sent {
		if at, what, _ := strings.Cut(s, " "); what == word {
			out = append(out, at)
		}
	}
	return strings.Join(out, " ")
}

// request reads a request as it is sent by the far end, or to be sent by us without a Via.
func (l *line) request(method sip.RequestMethod, via string) *sip.Request {
	l.t.Helper()
	text := string(method) + " sip:bob@example.com SIP/2.0\r\n" + via + "From: <sip:anna@example.com>;tag=a\r\nTo: <sip:bob@example.com>\r\nCall-ID: one\r\nCSeq: 7 " +
		string(method) + "\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
	msg, err := sip.NewParser().ParseSIP([]byte(text))
	require.NoError(l.t, err)
	req, ok := msg.(*sip.Request)
	require.True(l.t, ok)
	return req
}

// theirs is a request of the far end in the transaction of a branch.
func (l *line) theirs(method sip.RequestMethod, branch string) {
	l.t.Helper()
	l.Receive(l.request(method, "Via: SIP/2.0/"+l.flow.Transport()+" 127.0.0.1:5999;branch="+branch+";rport\r\n"), l.flow)
}

// outgoing is a request of ours, and what became of it.
type outgoing struct {
	*txn.Client

	l        *line
	method   sip.RequestMethod
	heard    []int
	silences int
}

func (l *line) send(method sip.RequestMethod) *outgoing {
	l.t.Helper()
	o := &outgoing{l: l, method: method}
	o.Client = l.SendAs("z9hG4bKours", l.request(method, ""), l.flow, txn.ClientEvents{
		Response: func(res *sip.Response) { o.heard = append(o.heard, res.StatusCode) }, Silence: func() { o.silences++ },
	})
	return o
}

// answer is one of the far end to our request.
func (o *outgoing) answer(status int) {
	o.l.t.Helper()
	o.answerTo(o.method, status)
}

func (o *outgoing) answerTo(method sip.RequestMethod, status int) {
	o.l.t.Helper()
	text := fmt.Sprintf("SIP/2.0 %d Word\r\nVia: SIP/2.0/%s 127.0.0.1;branch=z9hG4bKours;rport\r\nFrom: <sip:anna@example.com>;tag=a\r\nTo: <sip:bob@example.com>;tag=b\r\n"+
		"Call-ID: one\r\nCSeq: 7 %s\r\nContent-Length: 0\r\n\r\n", status, o.l.flow.Transport(), method)
	msg, err := sip.NewParser().ParseSIP([]byte(text))
	require.NoError(o.l.t, err)
	o.l.Receive(msg, o.l.flow)
}
