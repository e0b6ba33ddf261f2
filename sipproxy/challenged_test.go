package sipproxy_test

import (
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/provision"
)

// challengedWorld is a proxy between a trunk and a gateway that knows us by login and password.
func challengedWorld(t *testing.T) (w *world, caller, carrier *peer) {
	t.Helper()
	w, caller, carrier = rawWorld(t)
	w.changeGateway(func(g *provision.Gateway) { g.Login, g.Password = "us", "secret" })
	return w, caller, carrier
}

const proxyAsks = `Proxy-Authenticate: Digest realm="car", nonce="%n", algorithm=MD5, qop="auth"`

func asks(nonce string) string { return strings.ReplaceAll(proxyAsks, "%n", nonce) }

// proves makes sure that a request carries credentials for a nonce, for the request that it is.
func proves(t *testing.T, msg sip.Message, header, nonce string) {
	t.Helper()
	req := msg.(*sip.Request)
	require.Len(t, req.GetHeaders(header), 1)
	cred, err := digest.ParseCredentials(req.GetHeaders(header)[0].Value())
	require.NoError(t, err)
	require.Equal(t, nonce, cred.Nonce)
	require.Equal(t, req.Recipient.String(), cred.URI)
	want, err := digest.Digest(&digest.Challenge{Realm: cred.Realm, Nonce: nonce, Algorithm: "MD5", QOP: []string{"auth"}},
		digest.Options{Method: string(req.Method), URI: cred.URI, Username: "us", Password: "secret", Cnonce: cred.Cnonce, Count: cred.Nc})
	require.NoError(t, err)
	require.Equal(t, want.Response, cred.Response)
}

// TestChallengeToBYE is what sipsorcery 477 and drachtio-server 190 report of carriers: without an answer theirs goes on, and is billed.
func TestChallengeToBYE(t *testing.T) {
	t.Parallel()
	w, caller, carrier := challengedWorld(t)
	near, _ := caller.calls("bye407", "74951234567", carrier)
	near.request("BYE", "")
	caller.hear("SIP/2.0 200")
	bye := carrier.hear("BYE")
	carrier.answer(bye, 407, "Proxy Authentication Required", "", asks("n2"))
	again := carrier.hear("BYE")
	proves(t, again, "Proxy-Authorization", "n2")
	require.Equal(t, bye.CSeq().SeqNo+1, again.CSeq().SeqNo)
	require.Equal(t, bye.CallID().Value(), again.CallID().Value())
	carrier.answer(again, 200, "OK", "")
	legs := w.record()
	require.True(t, legs[0].Answered())
	require.Equal(t, cdr.SideCaller, legs[1].ReleasedBy)
}

// TestChallengeToHold is what sipsorcery 479 and SIP.js 774 report.
func TestChallengeToHold(t *testing.T) {
	t.Parallel()
	w, caller, carrier := challengedWorld(t)
	near, _ := caller.calls("hold407", "74951234567", carrier)
	near.request("INVITE", sdp("hold"))
	invite := carrier.hear("INVITE")
	carrier.answer(invite, 407, "Proxy Authentication Required", "", asks("n2"))
	carrier.hear("ACK")
	again := carrier.hear("INVITE")
	proves(t, again, "Proxy-Authorization", "n2")
	require.Contains(t, string(again.Body()), "s=hold")
	carrier.reply(again, "", sdp("held"))
	require.Contains(t, string(caller.hear("SIP/2.0 200").Body()), "s=held")
	near.request("ACK", "")
	proves(t, acked(carrier.hear("ACK"), again), "Proxy-Authorization", "n2") // RFC 3261, section 22.1.
	near.request("BYE", "")
	carrier.hears("BYE")
	require.Len(t, w.record(), 2)
}

// acked is an ACK as the request whose credentials it repeats.
func acked(ack, invite sip.Message) sip.Message {
	req := ack.(*sip.Request).Clone()
	req.Method, req.Recipient = sip.INVITE, invite.(*sip.Request).Recipient
	return req
}

// TestChallengesInARow answers an old nonce, and the called end after the proxy.
func TestChallengesInARow(t *testing.T) {
	t.Parallel()
	w, caller, carrier := challengedWorld(t)
	near := &line{peer: caller, callID: "row", from: "<sip:anna@pbx.example>;tag=a1", to: "<sip:74951234567@pbx.example>", target: "sip:74951234567@pbx.example"}
	near.request("INVITE", sdp("near"))
	first := carrier.hear("INVITE")
	carrier.answer(first, 407, "Proxy Authentication Required", "t", asks("n1"))
	second := carrier.hear("INVITE")
	proves(t, second, "Proxy-Authorization", "n1")
	carrier.answer(second, 407, "Proxy Authentication Required", "t", asks("n2")+", stale=true")
	third := carrier.hear("INVITE")
	proves(t, third, "Proxy-Authorization", "n2")
	carrier.answer(third, 401, "Unauthorized", "t", `WWW-Authenticate: Digest realm="uas", nonce="z", algorithm=MD5, qop="auth"`)
	fourth := carrier.hear("INVITE")
	proves(t, fourth, "Proxy-Authorization", "n2")
	proves(t, fourth, "Authorization", "z")
	require.Equal(t, first.CallID().Value(), fourth.CallID().Value(), "jambonz/sbc-outbound 8")
	carrier.reply(fourth, "t", sdp("far"))
	require.Equal(t, 200, near.final())
	carrier.hear("ACK")
	near.request("BYE", "")
	carrier.hears("BYE")
	require.Len(t, w.record(), 2, "one attempt")
}

// TestWrongPasswordOfAGateway is given up, and told.
func TestWrongPasswordOfAGateway(t *testing.T) {
	t.Parallel()
	w, caller, carrier := challengedWorld(t)
	caller.invite("wrong")
	carrier.answer(carrier.hear("INVITE"), 407, "Proxy Authentication Required", "t", asks("n1"))
	carrier.hear("ACK")
	carrier.answer(carrier.hear("INVITE"), 407, "Proxy Authentication Required", "t", asks("n2"))
	caller.hear("SIP/2.0 500")
	require.EqualValues(t, 407, w.record()[1].SIPStatus)
}

// TestSessionIntervalTooSmall tells the caller how long a session has to be (ivozprovider 320, siphon-sip 415).
func TestSessionIntervalTooSmall(t *testing.T) {
	t.Parallel()
	w, caller, carrier := challengedWorld(t)
	caller.invite("422")
	carrier.answer(carrier.hear("INVITE"), 422, "Session Interval Too Small", "t", "Min-SE: 1800")
	res := caller.hear("SIP/2.0 422 Session Interval Too Small")
	require.Equal(t, "1800", res.GetHeaders("Min-SE")[0].Value())
	require.False(t, w.record()[0].Answered())
}

// TestRegistrationAtACarrier has what carriers answer to one (opensips 3910, pjproject 4038: 423).
func TestRegistrationAtACarrier(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	carrier, edge := w.peer(), w.peer()
	w.gateways = []provision.Gateway{{ID: "alfa", Carrier: "alfa-co", Address: carrier.addr(), Login: "us", Password: "secret", Register: true}}
	w.extension("anna")
	w.open()
	carrier.proxy, edge.proxy = w.addr(), w.addr()
	first := carrier.hear("REGISTER").(*sip.Request)
	carrier.answer(first, 423, "Interval Too Brief", "r", "Min-Expires: 1800")
	second := carrier.hear("REGISTER").(*sip.Request)
	require.Equal(t, "1800", second.GetHeader("Expires").Value())
	carrier.answer(second, 401, "Unauthorized", "r", `WWW-Authenticate: Digest realm="car", nonce="n", algorithm=MD5, qop="auth"`)
	third := carrier.hear("REGISTER").(*sip.Request)
	proves(t, third, "Authorization", "n")
	require.Equal(t, first.CallID().Value(), third.CallID().Value())
	require.Greater(t, third.CSeq().SeqNo, second.CSeq().SeqNo)
	carrier.answer(third, 200, "OK", "r", "Contact: "+strings.Split(third.Contact().Value(), ";")[0]+";expires=2",
		"Service-Route: <sip:"+edge.addr()+";lr;sr=1>")
	fourth := carrier.hear("REGISTER").(*sip.Request) // After four fifths of what was granted.
	require.Equal(t, third.CallID().Value(), fourth.CallID().Value())
	require.Greater(t, fourth.CSeq().SeqNo, third.CSeq().SeqNo)
	carrier.answer(fourth, 200, "OK", "r", "Contact: <sip:us@192.0.2.9>;expires=3, "+strings.Split(fourth.Contact().Value(), ";")[0]+";expires=60",
		"Service-Route: <sip:"+edge.addr()+";lr;sr=1>")

	caller := w.peer()
	caller.dials("anna", "74951234567")
	invite := edge.hear("INVITE").(*sip.Request)
	require.Equal(t, "<sip:"+edge.addr()+";lr;sr=1>", invite.GetHeader("Route").Value(), "RFC 3608")
}
