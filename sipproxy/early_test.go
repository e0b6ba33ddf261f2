package sipproxy_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy/agent"
)

// gatewayPeer adds a gateway that speaks letter by letter, and a caller that needs no password.
func (w *world) gatewayPeer() (caller, gateway *peer) {
	w.t.Helper()
	gateway = w.peer()
	w.gateways = append(w.gateways, provision.Gateway{ID: "alfa", Carrier: "alfa-co", Address: gateway.addr()})
	w.sources[netip.MustParseAddr("127.0.0.1")] = routing.Caller{Kind: routing.CallerTrunk, Tenant: "acme", Branch: "main"}
	w.open()
	gateway.proxy = w.addr()
	return w.peer(), gateway
}

// within is a request of the peer's in a dialog with the caller's side of a call.
func (p *peer) within(method, callID, toTag string, seq int, headers ...string) {
	p.t.Helper()
	p.say(fmt.Sprintf(`
%s sip:74951234567@%s SIP/2.0
Via: SIP/2.0/UDP {me};branch=z9hG4bK%s%d%s;rport
Max-Forwards: 70
From: <sip:anna@pbx.example>;tag=a1
To: <sip:74951234567@pbx.example>;tag=%s
Call-ID: %s
CSeq: %d %s
Contact: <sip:anna@{me}>
%sContent-Length: 0`, method, p.proxy, callID, seq, method, toTag, callID, seq, method, lines(headers)))
}

func lines(headers []string) string {
	if len(headers) == 0 {
		return ""
	}
	return strings.Join(headers, "\n") + "\n"
}

func value(t *testing.T, msg sip.Message, header string) string {
	t.Helper()
	h := msg.GetHeaders(header)
	require.Len(t, h, 1, header)
	return h[0].Value()
}

// TestReliableProvisionalAnswers: a caller that demands 100rel gets it from end to end (RFC 3262): the PRACK names the
// answer on each side by its own number, and a repeated answer keeps its number.
func TestReliableProvisionalAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	caller, gateway := w.gatewayPeer()
	caller.say(`
INVITE sip:74951234567@pbx.example SIP/2.0
Via: SIP/2.0/UDP {me};branch=z9hG4bKrel;rport
Max-Forwards: 70
From: <sip:anna@pbx.example>;tag=a1
To: <sip:74951234567@pbx.example>
Call-ID: rel
CSeq: 1 INVITE
Contact: <sip:anna@{me}>
Require: 100rel
Content-Length: 0`)
	invite := gateway.hear("INVITE")
	require.Equal(t, "100rel", value(t, invite, "Require"))
	ring := func(rseq string) {
		gateway.answer(invite, 183, "Session Progress", "g1", "Require: 100rel", "RSeq: "+rseq)
	}
	ring("700")
	first := caller.hear("SIP/2.0 183")
	require.Equal(t, "1", value(t, first, "RSeq"))
	require.Equal(t, "100rel", value(t, first, "Require"))
	ring("700")
	require.Equal(t, "1", value(t, caller.hear("SIP/2.0 183"), "RSeq"), "a repetition keeps its number")

	caller.within("PRACK", "rel", tagOf(t, first), 2, "RAck: 1 1 INVITE")
	prack := gateway.hear("PRACK")
	require.Equal(t, fmt.Sprintf("700 %d INVITE", invite.CSeq().SeqNo), value(t, prack, "RAck"))
	require.Equal(t, "g1", tagOf(t, prack))
	gateway.answer(prack, 200, "OK", "")
	require.Equal(t, sip.PRACK, caller.hear("SIP/2.0 200").CSeq().MethodName)

	caller.within("PRACK", "rel", tagOf(t, first), 3, "RAck: 9 1 INVITE")
	caller.hear("SIP/2.0 481")

	// Within the early dialog the session may be changed from both sides (RFC 3311).
	caller.within("UPDATE", "rel", tagOf(t, first), 4)
	update := gateway.hear("UPDATE")
	require.Greater(t, update.CSeq().SeqNo, prack.CSeq().SeqNo)
	gateway.answer(update, 200, "OK", "")
	require.Equal(t, sip.UPDATE, caller.hear("SIP/2.0 200").CSeq().MethodName)

	ring("701")
	require.Equal(t, "2", value(t, caller.hear("SIP/2.0 183"), "RSeq"))
	gateway.answer(invite, 200, "OK", "g1")
	caller.hear("SIP/2.0 200")
	caller.ack("rel", tagOf(t, first))
	gateway.hear("ACK")
	caller.within("BYE", "rel", tagOf(t, first), 5)
	bye := gateway.hear("BYE")
	require.Greater(t, bye.CSeq().SeqNo, update.CSeq().SeqNo)
	gateway.answer(bye, 200, "OK", "")
	require.Len(t, w.record(), 2)
}

// TestReliableAnswersAreOfferedToTheLastGatewayOnly, as those of the next would contradict what was agreed with this one.
func TestReliableAnswersAreOfferedToTheLastGatewayOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.peer()
	w.gateways = append(w.gateways, provision.Gateway{ID: "first", Carrier: "first-co", Address: first.addr()})
	caller, last := w.gatewayPeer()
	first.proxy = w.addr()
	caller.say(`
INVITE sip:74951234567@pbx.example SIP/2.0
Via: SIP/2.0/UDP {me};branch=z9hG4bKoffer;rport
Max-Forwards: 70
From: <sip:anna@pbx.example>;tag=a1
To: <sip:74951234567@pbx.example>
Call-ID: offer
CSeq: 1 INVITE
Contact: <sip:anna@{me}>
Supported: timer, 100rel
Content-Length: 0`)
	invite := first.hear("INVITE")
	require.False(t, supports(invite))
	first.answer(invite, 503, "Service Unavailable", "f")
	invite = last.hear("INVITE")
	require.True(t, supports(invite))
	last.answer(invite, 486, "Busy Here", "l")
	caller.hear("SIP/2.0 486")
}

func supports(msg sip.Message) bool {
	for _, h := range msg.GetHeaders("Supported") {
		if strings.Contains(h.Value(), "100rel") {
			return true
		}
	}
	return false
}

// TestDeadEndIsNoticed: an end that has gone without a word is asked, and the call lasted until its last sign of life.
func TestDeadEndIsNoticed(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]int{"gone": 481, "there": 405} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.cfg.SessionCheck = 300 * time.Millisecond
			caller, gateway := w.gatewayPeer()
			caller.invite("dead" + name)
			invite := gateway.hear("INVITE")
			gateway.answer(invite, 200, "OK", "g1")
			ok := caller.hear("SIP/2.0 200")
			caller.ack("dead"+name, tagOf(t, ok))
			gateway.hear("ACK")
			caller.answer(caller.hear("OPTIONS"), 200, "OK", "")
			gateway.answer(gateway.hear("OPTIONS"), answer, "Answer", "")
			if answer == 405 {
				gateway.hear("OPTIONS")
				require.Equal(t, 1, w.proxy.InProgress(), "any other answer is a sign of life")
				caller.within("BYE", "dead"+name, tagOf(t, ok), 2)
				w.record()
				return
			}
			caller.hear("BYE")
			legs := w.record()
			require.Equal(t, cdr.SideTimer, legs[0].ReleasedBy)
			require.Equal(t, "gone", legs[0].Reason)
			require.Less(t, legs[0].Duration(), w.cfg.SessionCheck, "the time in which nobody was there is not charged")
		})
	}
}

// TestCallerHidesItsNumber with a Privacy header of its own (RFC 3323, RFC 3325).
func TestCallerHidesItsNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 486})
	asked := make(chan routing.Caller, 4)
	w.route = func(c routing.Caller, dialled string) *routing.Route {
		asked <- c
		return w.toAll(c, dialled)
	}
	w.open()
	for header, private := range map[string]bool{"id": true, "header;user": true, "none": false} {
		out := w.dial(w.agent("phone"), agent.Call{To: "74951234567", Headers: []sip.Header{sip.NewHeader("Privacy", header)}})
		require.Equal(t, 486, out.Status)
		require.Equal(t, private, (<-asked).Private, header)
		w.record()
	}
}
