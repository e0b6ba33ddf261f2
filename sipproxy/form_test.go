package sipproxy_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/routing"
)

// formWorld is a proxy between a trunk without a form and a gateway that wants one.
func formWorld(t *testing.T, f provision.Form) (w *world, caller, carrier *peer) {
	t.Helper()
	w, caller, carrier = rawWorld(t)
	w.changeGateway(func(g *provision.Gateway) { g.Form, g.Login = f, "us" })
	return w, caller, carrier
}

func (p *peer) asks(callID string, headers ...string) *line {
	l := &line{
		peer: p, callID: callID, from: "<sip:anna@pbx.example>;tag=a1", to: "<sip:74951234567@pbx.example>", target: "sip:74951234567@pbx.example",
	}
	l.request("INVITE", sdp("near"), headers...)
	return l
}

// TestFormOfAGateway has the forms in which carriers such as sipgate and Telekom want to be spoken to (livekit/sip 615: user=phone).
func TestFormOfAGateway(t *testing.T) {
	t.Parallel()
	w, caller, carrier := formWorld(t, provision.Form{
		UserPhone: true, FromDomain: "sip.carrier.example", FromUser: "login", ContactUser: "login", Identity: "ppi",
		Headers: []provision.HeaderRule{
			{Name: "X-*", Do: "pass"},
			{Name: "X-Client", Do: "set", Value: "{tenant}"},
			{Name: "User-Agent", Do: "set", Value: "SBC"},
			{Name: "P-Early-Media", Do: "pass", From: true},
		},
	})
	w.routes(func(c routing.Caller, dialled string) *routing.Route {
		r := w.toAll(c, dialled)
		r.Targets[0].AssertedID = "74950000101"
		return r
	})
	l := caller.asks("form", "X-Account: 4711", "Identity: eyJhbGciOiJFUzI1NiJ9..sig;info=<https://cert.example/c.pem>", "User-to-User: 00;encoding=hex")
	invite := carrier.hear("INVITE").(*sip.Request)
	require.Regexp(t, `^sip:74951234567@127\.0\.0\.1:\d+;user=phone$`, invite.Recipient.String())
	require.Regexp(t, `^<sip:74951234567@[^>]*;user=phone>`, invite.To().Value())
	require.Regexp(t, `^<sip:us@sip\.carrier\.example>;tag=`, invite.From().Value())
	require.Equal(t, "us", invite.Contact().Address.User)
	require.Equal(t, "<sip:74950000101@sip.carrier.example;user=phone>", header(t, invite, "P-Preferred-Identity"))
	require.Empty(t, invite.GetHeaders("P-Asserted-Identity"))
	require.Equal(t, "4711", header(t, invite, "X-Account"))
	require.Equal(t, "acme", header(t, invite, "X-Client"))
	require.Equal(t, "SBC", header(t, invite, "User-Agent"))
	require.NotEmpty(t, invite.GetHeaders("Identity"), "a signature passes, unless a rule takes it away")
	require.Empty(t, invite.GetHeaders("User-to-User"))
	carrier.answer(invite, 183, "Session Progress", "c", "P-Early-Media: sendrecv", "X-Inside: 1")
	res := caller.hear("SIP/2.0 183")
	require.Equal(t, "sendrecv", header(t, res, "P-Early-Media"))
	require.Empty(t, res.GetHeaders("X-Inside"))
	carrier.answer(invite, 486, "Busy Here", "c")
	require.Equal(t, 486, l.final())
}

// TestEarlyMediaOfTwoGateways gives the caller an early dialog for each: he takes one description for each only.
func TestEarlyMediaOfTwoGateways(t *testing.T) {
	t.Parallel()
	w, caller, first := rawWorld(t)
	second := w.peer()
	w.mu.Lock()
	w.gateways = append(slices.Clone(w.gateways), provision.Gateway{ID: "beta", Carrier: "beta-co", Address: second.addr()})
	w.mu.Unlock()
	l := caller.asks("media")
	invite := first.hear("INVITE")
	first.early(invite, "f", "first")
	one := caller.hear("SIP/2.0 183")
	require.Contains(t, string(one.Body()), "s=first")
	first.answer(invite, 503, "Service Unavailable", "f")
	invite = second.hear("INVITE")
	second.early(invite, "s", "second")
	two := caller.hear("SIP/2.0 183")
	require.Contains(t, string(two.Body()), "s=second")
	require.NotEqual(t, tagOf(t, one), tagOf(t, two))
	second.reply(invite, "s", sdp("second"))
	ok := caller.hear("SIP/2.0 200")
	require.Equal(t, tagOf(t, two), tagOf(t, ok))
	l.to, l.target = ok.To().Value(), contactOf(t, ok)
	l.request("ACK", "")
	second.hear("ACK")
	l.request("BYE", "")
	caller.hear("SIP/2.0 200")
	second.hears("BYE")
	require.Len(t, w.record(), 3)
}

// early answers with a description before the answer.
func (p *peer) early(msg sip.Message, tag, name string) {
	p.t.Helper()
	p.describes(msg, 183, "Session Progress", tag, sdp(name))
}

// describes answers with a status and a description.
func (p *peer) describes(msg sip.Message, status int, reason, tag, body string, headers ...string) {
	p.t.Helper()
	req, ok := msg.(*sip.Request)
	require.True(p.t, ok)
	res := sip.NewResponseFromRequest(req, status, reason, []byte(body))
	if !req.To().Params.Has("tag") {
		res.To().Params = sip.HeaderParams{{K: "tag", V: tag}}
	}
	res.AppendHeader(sip.NewHeader("Contact", "<sip:there@"+p.addr()+">"))
	for i := 0; i < len(headers); i += 2 {
		res.AppendHeader(sip.NewHeader(headers[i], headers[i+1]))
	}
	if body != "" {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	}
	p.send([]byte(res.String()))
}

// TestSessionTimerOfOurOwn refreshes with a carrier that wants that, and not with the caller.
func TestSessionTimerOfOurOwn(t *testing.T) {
	t.Parallel()
	w, caller, carrier := formWorld(t, provision.Form{SessionTimer: 90 * time.Second})
	l := caller.asks("timer", "Session-Expires: 3600", "Supported: timer")
	invite := carrier.hear("INVITE")
	require.Equal(t, "90;refresher=uac", header(t, invite, "Session-Expires"))
	carrier.describes(invite, 422, "Session Interval Too Small", "c", "", "Min-SE", "1800")
	carrier.hear("ACK")
	invite = carrier.hear("INVITE")
	require.Equal(t, "1800;refresher=uac", header(t, invite, "Session-Expires"))
	carrier.describes(invite, 200, "OK", "c", sdp("far"), "Session-Expires", "1800;refresher=uas", "Require", "timer", "Allow", "INVITE, UPDATE")
	ok := caller.hear("SIP/2.0 200")
	require.Empty(t, ok.GetHeaders("Session-Expires"), "it is between us and the carrier")
	l.to, l.target = ok.To().Value(), contactOf(t, ok)
	l.request("ACK", "")
	carrier.hear("ACK")
	far := lineOf(carrier, invite, "c")
	far.request("UPDATE", "", "Session-Expires: 1800;refresher=uac", "Supported: timer") // Its refresh is ours to answer.
	res := carrier.hear("SIP/2.0 200")
	require.Equal(t, "1800;refresher=uac", header(t, res, "Session-Expires"))
	caller.silent("UPDATE", 100*time.Millisecond)
	far.request("UPDATE", "", "Session-Expires: 60", "Supported: timer")
	require.Equal(t, "90", header(t, carrier.hear("SIP/2.0 422"), "Min-SE"))
	l.request("INVITE", sdp("hold"))
	again := carrier.hear("INVITE")
	require.Equal(t, "1800;refresher=uas", header(t, again, "Session-Expires"))
	carrier.describes(again, 200, "OK", "c", sdp("held"), "Session-Expires", "1800;refresher=uas")
	require.Empty(t, caller.hear("SIP/2.0 200").GetHeaders("Session-Expires"))
	l.request("ACK", "")
	carrier.hear("ACK")
	l.request("BYE", "")
	carrier.hears("BYE")
	require.Len(t, w.record(), 2)
}

// TestSessionTooShort is refused (RFC 4028, section 8.1).
func TestSessionTooShort(t *testing.T) {
	t.Parallel()
	_, caller, _ := rawWorld(t)
	caller.asks("short", "Session-Expires: 30", "Supported: timer")
	require.Equal(t, "90", header(t, caller.hear("SIP/2.0 422"), "Min-SE"))
}

// timedWorld is one whose clock is moved by hand, with a gateway that has a session timer of 90 seconds with us.
func timedWorld(t *testing.T, refresher string) (w *world, c *clock.Manual, caller, carrier *peer) {
	t.Helper()
	w = newWorld(t)
	c = w.manual()
	carrier = w.peer()
	w.gateways = []provision.Gateway{{
		ID: "alfa", Carrier: "alfa-co", Address: carrier.addr(), Form: provision.Form{SessionTimer: 90 * time.Second, Refresher: refresher},
	}}
	w.sources[netip.MustParseAddr("127.0.0.1")] = routing.Caller{Kind: routing.CallerTrunk, Tenant: "acme", Branch: "main"}
	w.open()
	caller = w.peer()
	carrier.proxy = caller.proxy
	return w, c, caller, carrier
}

// established makes a call that the carrier answers with these headers.
func established(t *testing.T, caller, carrier *peer, headers ...string) *line {
	t.Helper()
	l := caller.asks("session")
	invite := carrier.hear("INVITE")
	carrier.describes(invite, 200, "OK", "c", sdp("far"), headers...)
	require.Equal(t, 200, l.final())
	carrier.hear("ACK")
	return l
}

// TestWeRefreshTheSession with UPDATE where the carrier takes it, else with INVITE and what it was offered before.
func TestWeRefreshTheSession(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"UPDATE", "INVITE"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w, c, caller, carrier := timedWorld(t, "ours")
			l := established(t, caller, carrier, "Session-Expires", "90;refresher=uac", "Allow", "INVITE, ACK, BYE, "+method)
			for range 2 {
				c.Advance(46 * time.Second)
				refresh := carrier.hear(method)
				require.Equal(t, "90;refresher=uac", header(t, refresh, "Session-Expires"))
				if method == "INVITE" {
					require.Contains(t, string(refresh.Body()), "s=near")
					carrier.describes(refresh, 200, "OK", "c", sdp("far"), "Session-Expires", "90;refresher=uac")
					carrier.hear("ACK")
					continue
				}
				carrier.describes(refresh, 200, "OK", "c", "", "Session-Expires", "90;refresher=uac")
				time.Sleep(20 * time.Millisecond) //nolint:forbidigo // Until it was taken.
			}
			l.request("BYE", "")
			carrier.hears("BYE")
			require.True(t, w.record()[0].Answered())
		})
	}
}

// TestTheyDoNotRefresh ends a call whose carrier has promised to refresh and does not.
func TestTheyDoNotRefresh(t *testing.T) {
	t.Parallel()
	w, c, caller, carrier := timedWorld(t, "theirs")
	established(t, caller, carrier, "Session-Expires", "90;refresher=uas", "Require", "timer")
	c.Advance(59 * time.Second)
	carrier.silent("BYE", 50*time.Millisecond)
	c.Advance(2 * time.Second)
	carrier.hears("BYE")
	caller.hears("BYE")
	require.Equal(t, "session", w.record()[0].Reason)
}
