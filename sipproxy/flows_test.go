package sipproxy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/provision"
)

// flows is a proxy with a tenant's trunk, two gateways and a phone's login.
type flows struct {
	*world
	a, b, c *peer
}

// TestFlowsOfRFC3665 goes through the call flows of RFC 3665, by their numbers, as far as they concern an element between the
// two users. Where the RFC has several proxies, we are one of them and the peer plays the others.
func TestFlowsOfRFC3665(t *testing.T) {
	t.Parallel()
	for name, flow := range map[string]func(f *flows){
		"2.1 successful new registration":                   newRegistration,
		"2.2 update of contact list":                        updateOfContacts,
		"2.3 request for current contact list":              currentContacts,
		"2.4 cancellation of registration":                  cancellationOfRegistration,
		"2.5 unsuccessful registration":                     unsuccessfulRegistration,
		"3.1 successful session establishment":              sessionEstablishment,
		"3.2 session establishment through two proxies":     throughTwoProxies,
		"3.3 session with multiple proxy authentication":    multipleAuthentication,
		"3.4 successful session with proxy failure":         proxyFailure,
		"3.5 session through a SIP ALG":                     throughAnALG,
		"3.6 session via redirect and proxy servers":        viaRedirect,
		"3.7 session with re-INVITE (IP address change)":    addressChange,
		"3.8 unsuccessful no answer":                        noAnswer,
		"3.9 unsuccessful busy":                             busy,
		"3.10 unsuccessful no response from user agent":     noResponse,
		"3.11 unsuccessful temporarily unavailable":         temporarilyUnavailable,
		"RFC 3261 12.2.1.1 a strict router of the callee's": strictRouter,
		"RFC 3261 12.1.2 several early dialogs":             severalEarlyDialogs,
		"RFC 3261 13.3.1.4 a late ACK":                      lateACK,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, a, b, c := transferWorld(t)
			w.extension("anna")
			w.mu.Lock()
			w.route = nil
			w.mu.Unlock()
			flow(&flows{w, a, b, c})
		})
	}
}

// setGateways changes the gateways as a new snapshot does.
func (f *flows) setGateways(change func(g *provision.Gateway)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gateways = slices.Clone(f.gateways)
	for i := range f.gateways {
		change(&f.gateways[i])
	}
}

// invites sends the INVITE of a call from A that both gateways may take.
func (f *flows) invites() *line {
	f.t.Helper()
	l := &line{
		peer: f.a, callID: sip.GenerateTagN(8), from: "<sip:alice@pbx.example>;tag=9fxced76sl", to: "<sip:" + numberB + "@pbx.example>",
		target: "sip:" + numberB + "@pbx.example",
	}
	l.request("INVITE", sdp("alice"))
	f.a.hear("SIP/2.0 100")
	return l
}

// answered takes a 200 that was heard into the line.
func (l *line) answered(res sip.Message) {
	l.t.Helper()
	l.to, l.target = res.To().Value(), res.(*sip.Response).Contact().Address.String()
	l.request("ACK", "")
}

// refused expects a final answer.
func (f *flows) refused(l *line, start string) {
	f.t.Helper()
	res := f.a.hear(start)
	l.to = res.To().Value()
	f.a.say("ACK sip:" + numberB + "@pbx.example SIP/2.0\nVia: SIP/2.0/UDP {me};branch=z9hG4bKINVITE" + l.callID + "1;rport\nFrom: " + l.from +
		"\nTo: " + l.to + "\nCall-ID: " + l.callID + "\nCSeq: 1 ACK\nContent-Length: 0")
	require.Eventually(f.t, func() bool { return f.proxy.InProgress() == 0 }, 5*time.Second, 5*time.Millisecond)
}

func newRegistration(f *flows) {
	res := f.a.registers("anna", "<sip:anna@{me}>", "SIP/2.0 200")
	require.Len(f.t, res.GetHeaders("Contact"), 1)
	require.Contains(f.t, res.Contact().Value(), "expires=60")
}

func updateOfContacts(f *flows) {
	newRegistration(f)
	res := f.a.registers("anna", "<mailto:anna@pbx.example>, <sip:anna@10.1.1.1>", "SIP/2.0 ")
	require.Equal(f.t, 200, res.StatusCode)
	require.GreaterOrEqual(f.t, len(res.GetHeaders("Contact")), 2)
}

func currentContacts(f *flows) {
	newRegistration(f)
	res := f.b.registers("anna", "", "SIP/2.0 200")
	require.Len(f.t, res.GetHeaders("Contact"), 1)
	require.Contains(f.t, res.Contact().Value(), f.a.addr())
}

func cancellationOfRegistration(f *flows) {
	newRegistration(f)
	res := f.a.registers("anna", "*", "SIP/2.0 200")
	require.Empty(f.t, res.GetHeaders("Contact"))
	require.Empty(f.t, f.proxy.Registrations())
}

func unsuccessfulRegistration(f *flows) {
	f.extension("boris")
	f.mu.Lock()
	f.logins["anna"] = f.logins["boris"] // Another password.
	f.mu.Unlock()
	f.a.registers("anna", "<sip:anna@{me}>", "SIP/2.0 401")
	require.Empty(f.t, f.proxy.Registrations())
}

func sessionEstablishment(f *flows) {
	l := f.invites()
	invite := f.b.hear("INVITE")
	require.Contains(f.t, string(invite.Body()), "s=alice")
	f.b.answer(invite, 180, "Ringing", "8321234356")
	f.a.hear("SIP/2.0 180")
	f.b.reply(invite, "8321234356", sdp("bob"))
	ok := f.a.hear("SIP/2.0 200")
	require.Contains(f.t, string(ok.Body()), "s=bob")
	l.answered(ok)
	f.b.hear("ACK")
	lineOf(f.b, invite, "8321234356").request("BYE", "")
	f.a.hears("BYE")
	f.b.hear("SIP/2.0 200")
}

func throughTwoProxies(f *flows) {
	l := f.invites()
	invite := f.b.hear("INVITE")
	route := []string{"Record-Route: <sip:" + f.b.addr() + ";lr>", "Record-Route: <sip:ss1.atlanta.example;lr>"}
	f.b.answer(invite, 200, "OK", "314159", route...)
	l.answered(f.a.hear("SIP/2.0 200"))
	l.request("BYE", "")
	for _, method := range []string{"ACK", "BYE"} {
		routes := f.b.hear(method).GetHeaders("Route")
		require.Len(f.t, routes, 2, method)
		require.Equal(f.t, "<sip:ss1.atlanta.example;lr>", routes[0].Value(), "the order of the answer is turned round")
	}
}

func multipleAuthentication(f *flows) {
	f.setGateways(func(g *provision.Gateway) { g.Login, g.Password = "us", "secret" })
	f.mu.Lock()
	delete(f.sources, f.addr().Addr()) // A has to say who he is.
	f.mu.Unlock()
	l := &line{peer: f.a, callID: "3665-3.3", from: "<sip:anna@pbx.example>;tag=1", to: "<sip:x@pbx.example>", target: "sip:" + numberB + "@pbx.example"}
	l.request("INVITE", sdp("alice"))
	challenge := f.a.hear("SIP/2.0 407")
	l.request("ACK", "")
	l.request("INVITE", sdp("alice"), strings.TrimSpace(credentialsFor(f.t, challenge, "INVITE", "anna")))
	first := f.b.hear("INVITE")
	require.Empty(f.t, first.GetHeaders("Proxy-Authorization"), "what A proved to us stays with us")
	f.b.answer(first, 407, "Proxy Authentication Required", "p", `Proxy-Authenticate: Digest realm="b", nonce="n", algorithm=MD5`)
	f.b.hear("ACK")
	second := f.b.hear("INVITE")
	require.Contains(f.t, second.GetHeaders("Proxy-Authorization")[0].Value(), `username="us"`)
	require.Equal(f.t, first.CSeq().SeqNo+1, second.CSeq().SeqNo)
	f.b.reply(second, "b1", sdp("bob"))
	l.answered(f.a.hear("SIP/2.0 200"))
	f.b.hear("ACK")
}

func proxyFailure(f *flows) {
	l := f.invites()
	f.b.answer(f.b.hear("INVITE"), 503, "Service Unavailable", "b1")
	f.c.reply(f.c.hear("INVITE"), "c1", sdp("bob"))
	l.answered(f.a.hear("SIP/2.0 200"))
	f.c.hear("ACK")
}

// throughAnALG: the Contact names an address behind the router; what we send goes to where the messages come from.
func throughAnALG(f *flows) {
	l := f.invites()
	invite := f.b.hear("INVITE")
	f.b.reply(invite, "b1", sdp("bob"))
	ok := f.a.hear("SIP/2.0 200")
	require.Contains(f.t, ok.Via().Value(), "received=127.0.0.1")
	require.Contains(f.t, ok.Via().Value(), "rport=")
	l.answered(ok)
	f.b.hear("ACK")
	lineOf(f.b, invite, "b1").request("BYE", "")
	f.a.hears("BYE")
}

func viaRedirect(f *flows) {
	l := f.invites()
	f.b.answer(f.b.hear("INVITE"), 302, "Moved Temporarily", "b1", "Contact: <sip:bob@192.0.2.1>")
	f.b.hear("ACK")
	f.c.reply(f.c.hear("INVITE"), "c1", sdp("bob")) // Carriers do not tell us where to call: the next one is tried.
	l.answered(f.a.hear("SIP/2.0 200"))
	f.c.hear("ACK")
}

func addressChange(f *flows) {
	l := f.invites()
	invite := f.b.hear("INVITE")
	f.b.reply(invite, "b1", sdp("bob"))
	l.answered(f.a.hear("SIP/2.0 200"))
	f.b.hear("ACK")
	moved := lineOf(f.c, invite, "b1") // Bob has another address now.
	moved.request("INVITE", sdp("moved"))
	again := f.a.hear("INVITE")
	require.Contains(f.t, string(again.Body()), "s=moved")
	f.a.reply(again, "", sdp("alice2"))
	require.Contains(f.t, string(f.c.hear("SIP/2.0 200").Body()), "s=alice2")
	moved.request("ACK", "")
	f.a.hear("ACK")
	l.request("BYE", "")
	f.c.hears("BYE")
}

func noAnswer(f *flows) {
	l := f.invites()
	invite := f.b.hear("INVITE")
	f.b.answer(invite, 180, "Ringing", "b1")
	f.a.hear("SIP/2.0 180")
	f.a.say("CANCEL sip:" + numberB + "@pbx.example SIP/2.0\nVia: SIP/2.0/UDP {me};branch=z9hG4bKINVITE" + l.callID + "1;rport\nMax-Forwards: 70\nFrom: " +
		l.from + "\nTo: " + l.to + "\nCall-ID: " + l.callID + "\nCSeq: 1 CANCEL\nContent-Length: 0")
	f.a.hear("SIP/2.0 200")
	f.b.answer(f.b.hear("CANCEL"), 200, "OK", "b1")
	f.b.answer(invite, 487, "Request Terminated", "b1")
	f.b.hear("ACK")
	f.refused(l, "SIP/2.0 487")
}

func busy(f *flows) {
	l := f.invites()
	f.b.answer(f.b.hear("INVITE"), 486, "Busy Here", "b1")
	f.b.hear("ACK")
	f.refused(l, "SIP/2.0 486")
}

// noResponse: nothing comes back from the first gateway, and nothing from the second.
func noResponse(f *flows) {
	f.setGateways(func(g *provision.Gateway) { g.Silence = 700 * time.Millisecond })
	l := f.invites()
	f.b.hear("INVITE")
	f.b.hear("INVITE") // After T1.
	f.c.hear("INVITE")
	f.refused(l, "SIP/2.0 504")
}

func temporarilyUnavailable(f *flows) {
	l := f.invites()
	f.b.answer(f.b.hear("INVITE"), 480, "Temporarily Unavailable", "b1")
	f.refused(l, "SIP/2.0 480")
}

// strictRouter: a proxy of the callee's that knows nothing of loose routing gets the requests for its own address, and the
// callee's address last in the route (RFC 3261, sections 12.2.1.1 and 16.12).
func strictRouter(f *flows) {
	l := f.invites()
	f.b.answer(f.b.hear("INVITE"), 200, "OK", "b1", "Record-Route: <sip:loose.example;lr>", "Record-Route: <sip:"+f.c.addr()+">")
	l.answered(f.a.hear("SIP/2.0 200"))
	l.request("BYE", "")
	for _, method := range []string{"ACK", "BYE"} {
		req := f.c.hear(method).(*sip.Request)
		require.Equal(f.t, "sip:"+f.c.addr(), req.Recipient.String(), method)
		routes := req.GetHeaders("Route")
		require.Len(f.t, routes, 2)
		require.Equal(f.t, "<sip:loose.example;lr>", routes[0].Value())
		require.Equal(f.t, "<sip:there@"+f.b.addr()+">", routes[1].Value())
	}
}

// severalEarlyDialogs: phones behind the gateway ring one after the other; the caller sees one early dialog, and the ACK goes
// to the one that has answered.
func severalEarlyDialogs(f *flows) {
	l := f.invites()
	invite := f.b.hear("INVITE")
	tags := map[string]bool{}
	for _, tag := range []string{"desk", "mobile", "desk"} {
		f.b.answer(invite, 180, "Ringing", tag)
		tags[tagOf(f.t, f.a.hear("SIP/2.0 180"))] = true
	}
	f.b.reply(invite, "mobile", sdp("bob"))
	ok := f.a.hear("SIP/2.0 200")
	tags[tagOf(f.t, ok)] = true
	require.Len(f.t, tags, 1)
	l.answered(ok)
	require.Equal(f.t, "mobile", tagOf(f.t, f.b.hear("ACK")))
}

// lateACK: our 200 is repeated until the ACK comes, and the call goes on when it does.
func lateACK(f *flows) {
	l := f.invites()
	invite := f.b.hear("INVITE")
	f.b.reply(invite, "b1", sdp("bob"))
	f.a.hear("SIP/2.0 200")
	f.a.hear("SIP/2.0 200")
	ok := f.a.hear("SIP/2.0 200") // After 0.5 and 1.5 seconds.
	f.b.reply(invite, "b1", sdp("bob"))
	f.b.silent("ACK", 50*time.Millisecond)
	l.answered(ok)
	f.b.hear("ACK")
	require.Equal(f.t, 1, f.proxy.InProgress())
	l.request("BYE", "")
	f.b.hears("BYE")
}
