package sipproxy_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/provision"
	"trunkline/routing"
)

// peer speaks SIP letter by letter, so that it can do what a user agent would not: delay, repeat, lose and misorder.
type peer struct {
	t     *testing.T
	conn  net.PacketConn
	proxy netip.AddrPort
}

func (w *world) peer() *peer {
	w.t.Helper()
	return w.peerAt("127.0.0.1")
}

// peerAt is a peer at an address of its own.
func (w *world) peerAt(address string) *peer {
	w.t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(w.t.Context(), "udp", address+":0")
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close() })
	p := &peer{t: w.t, conn: conn}
	if w.proxy != nil {
		p.proxy = w.addr()
	}
	return p
}

func (p *peer) addr() string { return p.conn.LocalAddr().String() }

// say sends a message; lines are ended as SIP wants them, and {me} is the peer's own address.
func (p *peer) say(text string) {
	p.t.Helper()
	text = strings.ReplaceAll(strings.TrimSpace(text), "{me}", p.addr())
	_, err := p.conn.WriteTo([]byte(strings.ReplaceAll(text, "\n", "\r\n")+"\r\n\r\n"), net.UDPAddrFromAddrPort(p.proxy))
	require.NoError(p.t, err)
}

// send sends bytes as they are.
func (p *peer) send(data []byte) {
	p.t.Helper()
	_, err := p.conn.WriteTo(data, net.UDPAddrFromAddrPort(p.proxy))
	require.NoError(p.t, err)
}

// hear waits for a message whose first line begins with start, passing over others, and returns it.
func (p *peer) hear(start string) sip.Message {
	p.t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case <-deadline:
			p.t.Fatalf("%s was not heard", start)
		default:
		}
		if msg, text := p.next(2 * time.Second); strings.HasPrefix(text, start) {
			return msg
		}
	}
}

// next reads one message, or nothing within the time.
func (p *peer) next(wait time.Duration) (sip.Message, string) {
	p.t.Helper()
	text := p.raw(wait)
	if text == "" {
		return nil, ""
	}
	msg, err := sip.ParseMessage([]byte(text))
	require.NoError(p.t, err)
	return msg, text
}

// raw reads one message as it came, or nothing within the time.
func (p *peer) raw(wait time.Duration) string {
	p.t.Helper()
	buf := make([]byte, 65535)
	require.NoError(p.t, p.conn.SetReadDeadline(time.Now().Add(wait))) //nolint:forbidigo // Deadlines of sockets are wall time.
	n, _, err := p.conn.ReadFrom(buf)
	if err != nil {
		return ""
	}
	return string(buf[:n])
}

// silent makes sure that no message whose first line begins with start comes for a while.
func (p *peer) silent(start string, wait time.Duration) {
	p.t.Helper()
	if _, text := p.next(wait); strings.HasPrefix(text, start) {
		p.t.Fatalf("%s was heard, and should not have been", start)
	}
}

// invite is an INVITE of the peer's.
func (p *peer) invite(callID string) {
	p.t.Helper()
	p.say(fmt.Sprintf(`
INVITE sip:74951234567@pbx.example SIP/2.0
Via: SIP/2.0/UDP {me};branch=z9hG4bK%s;rport
Max-Forwards: 70
From: <sip:anna@pbx.example>;tag=a1
To: <sip:74951234567@pbx.example>
Call-ID: %s
CSeq: 1 INVITE
Contact: <sip:anna@{me}>
Content-Length: 0`, callID, callID))
}

func (p *peer) ack(callID, toTag string) {
	p.t.Helper()
	p.say(fmt.Sprintf(`
ACK sip:74951234567@pbx.example SIP/2.0
Via: SIP/2.0/UDP {me};branch=z9hG4bKack%s;rport
From: <sip:anna@pbx.example>;tag=a1
To: <sip:74951234567@pbx.example>;tag=%s
Call-ID: %s
CSeq: 1 ACK
Content-Length: 0`, callID, toTag, callID))
}

func (p *peer) cancel(callID string) {
	p.t.Helper()
	p.say(fmt.Sprintf(`
CANCEL sip:74951234567@pbx.example SIP/2.0
Via: SIP/2.0/UDP {me};branch=z9hG4bK%s;rport
From: <sip:anna@pbx.example>;tag=a1
To: <sip:74951234567@pbx.example>
Call-ID: %s
CSeq: 1 CANCEL
Content-Length: 0`, callID, callID))
}

// answer sends an answer to a request that was heard.
func (p *peer) answer(msg sip.Message, status int, reason, tag string, headers ...string) {
	p.t.Helper()
	req, ok := msg.(*sip.Request)
	require.True(p.t, ok)
	res := sip.NewResponse(status, reason)
	sip.CopyHeaders("Via", req, res)
	res.AppendHeader(req.From())
	to := *req.To()
	if tag != "" && !to.Params.Has("tag") {
		to.Params = append(to.Params.Clone(), sip.HeaderKV{K: "tag", V: tag})
	}
	res.AppendHeader(&to)
	res.AppendHeader(req.CallID())
	res.AppendHeader(req.CSeq())
	if !strings.HasPrefix(strings.Join(append(headers, ""), "\n"), "Contact: ") {
		res.AppendHeader(sip.NewHeader("Contact", "<sip:there@"+p.addr()+">"))
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		res.AppendHeader(sip.NewHeader(name, value))
	}
	res.SetBody(nil)
	_, err := p.conn.WriteTo([]byte(res.String()), net.UDPAddrFromAddrPort(p.proxy))
	require.NoError(p.t, err)
}

func tagOf(t *testing.T, msg sip.Message) string {
	t.Helper()
	tag, ok := msg.To().Params.Get("tag")
	require.True(t, ok)
	return tag
}

// rawWorld is a proxy between two peers: a trunk on loopback that needs no password, and a gateway.
func rawWorld(t *testing.T) (w *world, caller, callee *peer) {
	t.Helper()
	w = newWorld(t)
	callee = w.peer()
	w.gateways = []provision.Gateway{{ID: "alfa", Carrier: "alfa-co", Address: callee.addr()}}
	w.sources[netip.MustParseAddr("127.0.0.1")] = routing.Caller{Kind: routing.CallerTrunk, Tenant: "acme", Branch: "main"}
	w.open()
	caller = w.peer()
	callee.proxy = caller.proxy
	return w, caller, callee
}

func TestCancelGoesOnlyToWhoWasHeard(t *testing.T) {
	t.Parallel()
	w, caller, callee := rawWorld(t)
	caller.invite("c1")
	caller.hear("SIP/2.0 100")
	invite := callee.hear("INVITE")
	require.Len(t, invite.GetHeaders("Via"), 1, "our Via alone: the caller's side stays on its side")
	caller.cancel("c1")
	caller.hear("SIP/2.0 200")
	res := caller.hear("SIP/2.0 487")
	caller.hopACK(res, "c1")
	callee.silent("CANCEL", 300*time.Millisecond)
	callee.answer(invite, 180, "Ringing", "b1")
	cancel := callee.hear("CANCEL")
	require.Equal(t, invite.Via().Value(), cancel.Via().Value(), "RFC 3261, section 9.1")
	callee.answer(cancel, 200, "OK", "b1")
	callee.answer(invite, 487, "Request Terminated", "b1")
	ack := callee.hear("ACK")
	require.Len(t, ack.GetHeaders("Via"), 1)
	legs := w.record()
	require.Equal(t, uint16(487), legs[0].SIPStatus)
	require.Equal(t, cdr.SideCaller, legs[0].ReleasedBy)
}

// hopACK acknowledges an answer that is not a 2xx.
func (p *peer) hopACK(res sip.Message, callID string) {
	p.t.Helper()
	p.say(fmt.Sprintf(`
ACK sip:74951234567@pbx.example SIP/2.0
Via: SIP/2.0/UDP {me};branch=z9hG4bK%s;rport
From: <sip:anna@pbx.example>;tag=a1
To: <sip:74951234567@pbx.example>;tag=%s
Call-ID: %s
CSeq: 1 ACK
Content-Length: 0`, callID, tagOf(p.t, res), callID))
}

func TestAnswerThatCrossesACancelIsHungUp(t *testing.T) {
	t.Parallel()
	w, caller, callee := rawWorld(t)
	caller.invite("c2")
	invite := callee.hear("INVITE")
	callee.answer(invite, 180, "Ringing", "b1")
	caller.hear("SIP/2.0 180")
	caller.cancel("c2")
	caller.hear("SIP/2.0 487")
	callee.hear("CANCEL")
	callee.answer(invite, 200, "OK", "b1") // It was on its way already.
	ack := callee.hear("ACK")
	require.Equal(t, uint32(1), ack.CSeq().SeqNo)
	bye := callee.hear("BYE")
	callee.answer(bye, 200, "OK", "")
	legs := w.record()
	require.False(t, legs[0].Answered(), "the caller never had a call")
	require.True(t, legs[1].Answered(), "but the carrier had one, and may charge for it")
}

func TestRepeatedAnswerIsAcknowledgedAgain(t *testing.T) {
	t.Parallel()
	w, caller, callee := rawWorld(t)
	caller.invite("c3")
	invite := callee.hear("INVITE")
	callee.answer(invite, 200, "OK", "b1")
	ok := caller.hear("SIP/2.0 200")
	callee.silent("ACK", 200*time.Millisecond) // The caller may put its session description into the ACK, so we wait.
	caller.ack("c3", tagOf(t, ok))
	callee.hear("ACK")
	callee.answer(invite, 200, "OK", "b1") // Our ACK was lost.
	callee.hear("ACK")
	callee.answer(invite, 200, "OK", "fork") // A second phone behind the carrier answered too.
	callee.hear("ACK")
	bye := callee.hear("BYE")
	require.Equal(t, "fork", tagOf(t, bye))
	require.Equal(t, 1, w.proxy.InProgress())
}

func TestOrderOfAnswersIsKept(t *testing.T) {
	t.Parallel()
	_, caller, callee := rawWorld(t)
	for i := range 50 {
		id := fmt.Sprintf("order%d", i)
		caller.invite(id)
		invite := callee.hear("INVITE")
		callee.answer(invite, 180, "Ringing", "b1")
		callee.answer(invite, 200, "OK", "b1")
		caller.hear("SIP/2.0 100")
		_, first := caller.next(2 * time.Second)
		require.True(t, strings.HasPrefix(first, "SIP/2.0 180"), first)
		ok := caller.hear("SIP/2.0 200")
		caller.ack(id, tagOf(t, ok))
		callee.hear("ACK")
	}
}

func TestUnacknowledgedAnswerIsRepeated(t *testing.T) {
	t.Parallel()
	_, caller, callee := rawWorld(t)
	caller.invite("c4")
	invite := callee.hear("INVITE")
	callee.answer(invite, 200, "OK", "b1")
	caller.hear("SIP/2.0 200")
	caller.hear("SIP/2.0 200") // After T1.
	caller.invite("c4")        // The INVITE comes again: no second call.
	caller.hear("SIP/2.0 200")
	callee.silent("INVITE", 200*time.Millisecond)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	_, caller, _ := rawWorld(t)
	request := func(method, extra string) {
		caller.say(fmt.Sprintf(`
%s sip:74951234567@pbx.example SIP/2.0
Via: SIP/2.0/UDP {me};branch=z9hG4bK%s%d;rport
From: <sip:anna@pbx.example>;tag=a1
To: <sip:74951234567@pbx.example>
Call-ID: refusal-%s%d
CSeq: 1 %s
%s
Content-Length: 0`, method, method, len(extra), method, len(extra), method, extra))
	}
	request("INVITE", "Max-Forwards: 0")
	caller.hear("SIP/2.0 483")
	request("INVITE", "Max-Forwards: 70\nRequire: 100rel, teleport")
	res := caller.hear("SIP/2.0 420")
	require.Len(t, res.GetHeaders("Unsupported"), 1)
	request("SUBSCRIBE", "Max-Forwards: 70")
	res = caller.hear("SIP/2.0 405")
	require.NotEmpty(t, res.GetHeaders("Allow"))
	request("OPTIONS", "Max-Forwards: 70")
	caller.hear("SIP/2.0 200")
	caller.say(`
BYE sip:74951234567@pbx.example SIP/2.0
Via: SIP/2.0/UDP {me};branch=z9hG4bKlost;rport
Max-Forwards: 70
From: <sip:anna@pbx.example>;tag=a1
To: <sip:74951234567@pbx.example>;tag=nowhere
Call-ID: lost
CSeq: 2 BYE
Content-Length: 0`)
	caller.hear("SIP/2.0 481")
}

func TestGlare(t *testing.T) {
	t.Parallel()
	_, caller, callee := rawWorld(t)
	caller.invite("c5")
	invite := callee.hear("INVITE")
	callee.answer(invite, 200, "OK", "b1")
	ok := caller.hear("SIP/2.0 200")
	caller.ack("c5", tagOf(t, ok))
	callee.hear("ACK")
	reinvite := func(p *peer, from, to, callID, branch string) {
		p.say(fmt.Sprintf(`
INVITE sip:x@pbx.example SIP/2.0
Via: SIP/2.0/UDP {me};branch=z9hG4bK%s;rport
Max-Forwards: 70
From: %s
To: %s
Call-ID: %s
CSeq: 7 INVITE
Contact: <sip:x@{me}>
Content-Length: 0`, branch, from, to, callID))
	}
	reinvite(caller, "<sip:anna@pbx.example>;tag=a1", "<sip:74951234567@pbx.example>;tag="+tagOf(t, ok), "c5", "re1")
	inner := callee.hear("INVITE")
	ourTag, _ := inner.From().Params.Get("tag")
	reinvite(callee, "<sip:x@y>;tag=b1", "<sip:x@y>;tag="+ourTag, invite.CallID().Value(), "re2")
	callee.hear("SIP/2.0 491")
	callee.answer(inner, 200, "OK", "b1")
	caller.hear("SIP/2.0 200")
}
