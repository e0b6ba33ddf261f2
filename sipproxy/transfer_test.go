package sipproxy_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy"
)

const (
	numberB = "74951234567" // Leads to the gateway of B.
	numberC = "4930123456"  // Leads to the gateway of C.
)

// transferWorld is a proxy that follows REFER, with a trunk of a tenant and two gateways.
func transferWorld(t *testing.T) (w *world, a, b, c *peer) {
	t.Helper()
	w = newWorld(t)
	w.cfg.FollowRefer = true
	b, c = w.peer(), w.peer()
	w.gateways = []provision.Gateway{
		{ID: "b", Carrier: "b-co", Address: b.addr()}, {ID: "c", Carrier: "c-co", Address: c.addr()},
	}
	w.sources[netip.MustParseAddr("127.0.0.1")] = routing.Caller{Kind: routing.CallerTrunk, Tenant: "acme", Branch: "main"}
	w.route = func(caller routing.Caller, dialled string) *routing.Route {
		r := w.toAll(caller, dialled)
		switch dialled {
		case numberB:
			r.Targets = r.Targets[:1]
		case numberC:
			r.Targets = r.Targets[1:]
		default:
			return &routing.Route{Direction: calls.Outbound, Tenant: "acme", Refusal: "blocked", Status: 403}
		}
		return r
	}
	w.open()
	a = w.peer()
	b.proxy, c.proxy = a.proxy, a.proxy
	return w, a, b, c
}

// refer sends a REFER and hears that it is followed.
func (l *line) refer(to string) {
	l.t.Helper()
	l.request("REFER", "", "Refer-To: <"+to+">")
	l.hear("SIP/2.0 202")
	l.notified("SIP/2.0 100 Trying", "active;expires=180")
}

// notified hears how far the transfer is.
func (l *line) notified(fragment, state string) {
	l.t.Helper()
	msg := l.hears("NOTIFY")
	require.True(l.t, strings.HasPrefix(string(msg.Body()), fragment), "%s", msg.Body())
	require.Equal(l.t, state, msg.GetHeader("Subscription-State").Value())
	require.True(l.t, strings.HasPrefix(msg.GetHeader("Event").Value(), "refer"))
	require.Equal(l.t, "message/sipfrag;version=2.0", msg.ContentType().Value())
}

// both waits for two calls to be recorded, and returns their legs: the call that began first, and the other one.
func (w *world) both() (first, second []*cdr.Leg) {
	w.t.Helper()
	byCall := make(map[calls.ID][]*cdr.Leg)
	for len(byCall) < 2 {
		for _, leg := range w.record() {
			byCall[leg.Call] = append(byCall[leg.Call], leg)
		}
	}
	for _, legs := range byCall {
		if first == nil || legs[0].Setup.Before(first[0].Setup) {
			first, second = legs, first
		} else {
			second = legs
		}
	}
	return first, second
}

const ended = "terminated;reason=noresource"

// reached lets the one who is reached answer, and the other end agree.
func reached(t *testing.T, rest *line, c *peer) *line {
	t.Helper()
	invite := c.hear("INVITE")
	require.Empty(t, invite.Body(), "he is asked for an offer")
	c.reply(invite, "c1", sdp("c"))
	again := rest.hear("INVITE")
	require.Contains(t, string(again.Body()), "s=c")
	rest.reply(again, "", sdp("rest"))
	rest.hear("ACK")
	require.Contains(t, string(c.hear("ACK").Body()), "s=rest", "the answer goes back to him")
	return lineOf(c, invite, "c1")
}

func TestBlindTransfer(t *testing.T) {
	t.Parallel()
	w, a, b, c := transferWorld(t)
	near, far := a.calls("blind", numberB, b)
	near.refer("sip:" + numberC + "@pbx.example")
	invite := c.hear("INVITE")
	require.Empty(t, invite.Body())
	c.answer(invite, 180, "Ringing", "c1")
	near.notified("SIP/2.0 180", "active;expires=180")
	c.reply(invite, "c1", sdp("c"))
	again := b.hear("INVITE")
	require.Contains(t, string(again.Body()), "s=c")
	b.reply(again, "", sdp("b2"))
	b.hear("ACK")
	require.Contains(t, string(c.hear("ACK").Body()), "s=b2")
	near.notified("SIP/2.0 200 OK", ended)
	a.hears("BYE")
	require.Equal(t, 2, w.proxy.InProgress(), "two calls to the books")

	// B and C are the two ends now: what one says the other hears.
	far.request("INVITE", sdp("hold"))
	hold := c.hear("INVITE")
	require.Contains(t, string(hold.Body()), "s=hold")
	c.reply(hold, "", sdp("held"))
	require.Contains(t, string(b.hear("SIP/2.0 200").Body()), "s=held")
	far.request("ACK", "")
	c.hear("ACK")
	there := lineOf(c, invite, "c1")
	there.request("BYE", "")
	c.hear("SIP/2.0 200")
	b.hears("BYE")

	first, second := w.both()
	for i, legs := range [][]*cdr.Leg{first, second} {
		require.Len(t, legs, 2, "each call has its two legs, once")
		require.Equal(t, []string{numberB, numberC}[i], legs[0].To.Digits())
		require.Equal(t, "acme", legs[0].Tenant)
		require.True(t, legs[0].Answered())
		require.True(t, legs[0].Reserved, "money was held for both")
		require.Equal(t, legs[0].Disconnect, legs[1].Disconnect)
		require.Equal(t, []string{"b", "c"}[i], legs[1].Gateway)
		require.Equal(t, cdr.SideCallee, second[0].ReleasedBy)
	}
	require.Equal(t, cdr.SideCaller, first[0].ReleasedBy, "C sits where A sat")
	require.False(t, second[0].Connect.Before(first[0].Connect))
	require.Zero(t, w.proxy.InProgress())
}

func TestTransferThatFailsLeavesTheCallAsItWas(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(w *world, near *line, b, c *peer){
		"busy": func(_ *world, near *line, _, c *peer) {
			near.refer("sip:" + numberC + "@pbx.example")
			c.answer(c.hear("INVITE"), 486, "Busy Here", "c1")
			near.notified("SIP/2.0 486", ended)
		},
		"no money": func(w *world, near *line, _, _ *peer) {
			w.mu.Lock()
			w.grants = []sipproxy.Grant{{Refusal: "balance"}}
			w.mu.Unlock()
			near.refer("sip:" + numberC + "@pbx.example")
			near.notified("SIP/2.0 402", ended)
		},
		"barred": func(_ *world, near *line, _, _ *peer) {
			near.refer("sip:900@pbx.example")
			near.notified("SIP/2.0 403", ended)
		},
		"the other end does not want": func(_ *world, near *line, b, c *peer) {
			near.refer("sip:" + numberC + "@pbx.example")
			c.reply(c.hear("INVITE"), "c1", sdp("c"))
			b.answer(b.hear("INVITE"), 488, "Not Acceptable Here", "")
			b.hear("ACK")
			near.notified("SIP/2.0 488", ended)
			c.hear("ACK")
			c.hears("BYE")
		},
		"an unknown call": func(_ *world, near *line, _, _ *peer) {
			near.refer("sip:x@pbx.example?Replaces=nowhere%3Bto-tag%3D1%3Bfrom-tag%3D2")
			near.notified("SIP/2.0 481", ended)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, a, b, c := transferWorld(t)
			near, far := a.calls("fails", numberB, b)
			f(w, near, b, c)
			near.request("INVITE", sdp("again"))
			again := b.hear("INVITE")
			require.Contains(t, string(again.Body()), "s=again", "A and B talk as before")
			b.reply(again, "", sdp("b3"))
			a.hear("SIP/2.0 200")
			near.request("ACK", "")
			b.hear("ACK")
			far.request("BYE", "")
			a.hears("BYE")
			require.Eventually(t, func() bool { return w.proxy.InProgress() == 0 }, 5*time.Second, 5*time.Millisecond)
		})
	}
}

func TestReferrerHangsUpAtOnce(t *testing.T) {
	t.Parallel()
	w, a, b, c := transferWorld(t)
	near, far := a.calls("left", numberB, b)
	near.refer("sip:" + numberC + "@pbx.example")
	near.request("BYE", "")
	a.hear("SIP/2.0 200")
	reached(t, far, c)
	require.Equal(t, 2, w.proxy.InProgress())
	far.request("BYE", "")
	c.hears("BYE")
	w.both()

	near, _ = a.calls("left2", numberB, b)
	near.refer("sip:" + numberC + "@pbx.example")
	near.request("BYE", "")
	a.hear("SIP/2.0 200")
	c.answer(c.hear("INVITE"), 486, "Busy Here", "c1")
	b.hears("BYE") // There is nobody left to talk with.
}

func TestOtherEndHangsUpDuringTheTransfer(t *testing.T) {
	t.Parallel()
	w, a, b, c := transferWorld(t)
	near, far := a.calls("gone", numberB, b)
	near.refer("sip:" + numberC + "@pbx.example")
	invite := c.hear("INVITE")
	c.answer(invite, 180, "Ringing", "c1")
	near.notified("SIP/2.0 180", "active;expires=180")
	far.request("BYE", "")
	near.notified("SIP/2.0 487", ended)
	a.hears("BYE")
	c.answer(c.hear("CANCEL"), 200, "OK", "c1")
	c.answer(invite, 487, "Request Terminated", "c1")
	first, second := w.both()
	require.NotEqual(t, first[0].Answered(), second[0].Answered(), "the second call was never one")
}

// TestTargetHangsUpAtTheLastMoment: the other end was asked to talk with him already, and talks with the referrer again.
func TestTargetHangsUpAtTheLastMoment(t *testing.T) {
	t.Parallel()
	w, a, b, c := transferWorld(t)
	near, far := a.calls("undo", numberB, b)
	near.refer("sip:" + numberC + "@pbx.example")
	near.request("REFER", "", "Refer-To: <sip:"+numberC+"@pbx.example>")
	a.hear("SIP/2.0 491")
	invite := c.hear("INVITE")
	c.reply(invite, "c1", sdp("c"))
	asked := b.hear("INVITE")
	require.Contains(t, string(asked.Body()), "s=c")
	lineOf(c, invite, "c1").request("BYE", "")
	c.hear("SIP/2.0 200")
	near.notified("SIP/2.0 480", ended)
	b.reply(asked, "", sdp("b2"))
	b.hear("ACK")
	again := a.hear("INVITE")
	require.Empty(t, again.Body())
	a.reply(again, "", sdp("a2"))
	back := b.hear("INVITE")
	require.Contains(t, string(back.Body()), "s=a2")
	b.reply(back, "", sdp("b3"))
	b.hear("ACK")
	require.Contains(t, string(a.hear("ACK").Body()), "s=b3")
	far.request("BYE", "")
	a.hears("BYE")
	first, second := w.both()
	require.True(t, first[0].Answered())
	require.True(t, second[0].Answered(), "he had answered")
}

// TestAttendedTransfer joins two calls of A's, whatever shards they are on.
func TestAttendedTransfer(t *testing.T) {
	t.Parallel()
	w, a, b, c := transferWorld(t)
	for i := range 6 {
		near, far := a.calls(fmt.Sprintf("first%d", i), numberB, b)
		consult, there := a.calls(fmt.Sprintf("second%d", i), numberC, c)
		_, ours, _ := strings.Cut(consult.to, "tag=")
		_, theirs, _ := strings.Cut(consult.from, "tag=")
		near.refer(fmt.Sprintf("sip:%s@pbx.example?Replaces=%s%%3Bto-tag%%3D%s%%3Bfrom-tag%%3D%s", numberC, consult.callID, ours, theirs))
		ask := c.hear("INVITE")
		require.Empty(t, ask.Body())
		c.reply(ask, "", sdp("c2"))
		again := b.hear("INVITE")
		require.Contains(t, string(again.Body()), "s=c2")
		b.reply(again, "", sdp("b2"))
		b.hear("ACK")
		require.Contains(t, string(c.hear("ACK").Body()), "s=b2")
		released := map[string]bool{}
		for len(released) < 2 {
			msg, text := a.next(2 * time.Second)
			require.NotEmpty(t, text)
			if strings.HasPrefix(text, "NOTIFY") || strings.HasPrefix(text, "BYE") {
				a.answer(msg, 200, "OK", "")
			}
			if strings.HasPrefix(text, "BYE") {
				released[msg.CallID().Value()] = true
			}
		}
		there.request("INVITE", sdp("c3"))
		relayed := b.hear("INVITE")
		require.Contains(t, string(relayed.Body()), "s=c3")
		b.reply(relayed, "", sdp("b3"))
		require.Contains(t, string(c.hear("SIP/2.0 200").Body()), "s=b3")
		there.request("ACK", "")
		b.hear("ACK")
		far.request("BYE", "")
		b.hear("SIP/2.0 200")
		c.hears("BYE")
		first, second := w.both()
		for _, legs := range [][]*cdr.Leg{first, second} {
			require.Len(t, legs, 2)
			require.True(t, legs[0].Answered())
		}
	}
}

func TestAttendedTransferThatIsRefused(t *testing.T) {
	t.Parallel()
	_, a, b, c := transferWorld(t)
	near, _ := a.calls("one", numberB, b)
	consult, _ := a.calls("two", numberC, c)
	_, ours, _ := strings.Cut(consult.to, "tag=")
	_, theirs, _ := strings.Cut(consult.from, "tag=")
	near.refer(fmt.Sprintf("sip:x@pbx.example?Replaces=%s%%3Bto-tag%%3D%s%%3Bfrom-tag%%3D%s", consult.callID, ours, theirs))
	c.reply(c.hear("INVITE"), "", sdp("c2"))
	b.answer(b.hear("INVITE"), 488, "Not Acceptable Here", "")
	again := a.hear("INVITE") // What C offered is told to A, with whom it talks on.
	require.Equal(t, consult.callID, again.CallID().Value())
	require.Contains(t, string(again.Body()), "s=c2")
	a.reply(again, "", sdp("a2"))
	require.Contains(t, string(c.hear("ACK").Body()), "s=a2")
}

func TestTransferIsRefused(t *testing.T) {
	t.Parallel()
	_, a, b, _ := transferWorld(t)
	near, far := a.calls("carrier", numberB, b)
	far.request("REFER", "", "Refer-To: <sip:"+numberC+"@pbx.example>")
	b.hear("SIP/2.0 403")
	near.request("REFER", "")
	a.hear("SIP/2.0 400")
	near.request("REFER", "", "Refer-To: <sip:"+numberC+"@pbx.example;method=BYE>")
	a.hear("SIP/2.0 400")

	w, a, b := rawWorld(t)
	require.NotNil(t, w)
	near, _ = a.calls("policy", numberB, b)
	near.request("REFER", "", "Refer-To: <sip:"+numberC+"@pbx.example>")
	a.hear("SIP/2.0 603")
}

func TestTransferOutlivesTheProxy(t *testing.T) {
	t.Parallel()
	w, a, b, c := transferWorld(t)
	near, far := a.calls("kill", numberB, b)
	near.refer("sip:" + numberC + "@pbx.example")
	there := reached(t, far, c)
	near.notified("SIP/2.0 200 OK", ended)
	a.hears("BYE")
	w.restart()
	there.request("BYE", "")
	c.hear("SIP/2.0 200")
	b.hears("BYE")
	first, second := w.both()
	for _, legs := range [][]*cdr.Leg{first, second} {
		require.Len(t, legs, 2)
		require.True(t, legs[0].Answered())
		require.Empty(t, legs[0].Reason)
	}
}

func TestMoneyOfATransferredCallEnds(t *testing.T) {
	t.Parallel()
	w, a, b, c := transferWorld(t)
	w.mu.Lock()
	w.grants = []sipproxy.Grant{{Granted: time.Hour}, {Granted: 700 * time.Millisecond, Final: true}}
	w.mu.Unlock()
	near, far := a.calls("money", numberB, b)
	near.refer("sip:" + numberC + "@pbx.example")
	reached(t, far, c)
	c.hears("BYE")
	b.hears("BYE")
	first, second := w.both()
	for _, legs := range [][]*cdr.Leg{first, second} {
		require.Equal(t, cdr.SideLimit, legs[0].ReleasedBy)
		require.Equal(t, "credit", legs[0].Reason)
	}
}

// TestPhoneThatWasCalledTransfers twice: to a colleague, who transfers on to a number outside.
func TestPhoneThatWasCalledTransfers(t *testing.T) {
	t.Parallel()
	w, carrier, _, c := transferWorld(t)
	w.mu.Lock()
	outside := w.route
	w.mu.Unlock()
	for _, login := range []string{"boris", "vera"} {
		w.extension(login)
	}
	w.mu.Lock()
	w.route = func(caller routing.Caller, dialled string) *routing.Route {
		if dialled != "boris" && dialled != "vera" {
			r := outside(caller, dialled)
			r.Extension = caller.Extension
			return r
		}
		return &routing.Route{Direction: calls.Internal, Tenant: "acme", Extension: caller.Extension, Targets: []routing.Target{
			{Login: dialled, Extension: dialled, ToSent: dialled, FromSent: "x"},
		}}
	}
	w.mu.Unlock()
	boris, vera := w.peer(), w.peer()
	boris.register("boris")
	vera.register("vera")
	caller, desk := carrier.calls("chain", "boris", boris)
	desk.refer("sip:vera@pbx.example")
	second := reached(t, caller, vera)
	desk.notified("SIP/2.0 200 OK", ended)
	boris.hears("BYE")
	second.refer("sip:" + numberC + "@pbx.example")
	third := reached(t, caller, c)
	second.notified("SIP/2.0 200 OK", ended)
	vera.hears("BYE")
	legs := w.record()
	require.Equal(t, "transferred", legs[0].Reason, "Vera's call is over")
	third.request("BYE", "")
	carrier.hears("BYE")
	_, outbound := w.both()
	require.Equal(t, "vera", outbound[0].Extension, "who transfers pays")
	require.Equal(t, numberC, outbound[0].To.Digits())
}
