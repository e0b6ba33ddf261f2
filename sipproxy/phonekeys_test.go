package sipproxy_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy/agent"
)

// TestForwardKeyOfAPhone follows the 302 of a phone (SIP.js 1005, ccnq3 28): it dials, and pays.
func TestForwardKeyOfAPhone(t *testing.T) {
	t.Parallel()
	o := newOut(t)
	anna, boris := o.phoneAt("127.0.0.3", "anna"), o.phoneAt("127.0.0.4", "boris")
	l := anna.dials("anna", "102")
	boris.answer(boris.hear("INVITE"), 302, "Moved Temporarily", "b", "Contact: <sip:00%344%32%30155@"+o.gw2.Addr().String()+">")
	require.Equal(t, 200, l.final())
	l.request("BYE", "")
	legs := o.record()
	priced(t, legs)
	var forwarded *cdr.Leg
	for _, leg := range legs {
		if leg.Kind == cdr.Ingress && leg.Direction == calls.Forwarded {
			forwarded = leg
		}
	}
	require.NotNil(t, forwarded)
	require.Equal(t, "102", forwarded.Extension, "charged to who forwards")
	require.Equal(t, "+4420155", forwarded.To.String())
	o.carrierIs(1)

	// What he may not dial he may not forward to; a colleague rings.
	l = anna.dials("anna", "102")
	boris.answer(boris.hear("INVITE"), 302, "Moved Temporarily", "b", "Contact: <sip:001900155@"+o.gw2.Addr().String()+">")
	require.Equal(t, 403, l.final())
	l = anna.dials("anna", "102")
	gleb := o.phoneAt("127.0.0.6", "gleb")
	boris.answer(boris.hear("INVITE"), 302, "Moved Temporarily", "b", "Contact: <sip:104@192.0.2.1>")
	gleb.answer(gleb.hear("INVITE"), 480, "Temporarily Unavailable", "g")
	require.Equal(t, 480, l.final())
	o.carrierIs(1)
}

// TestCompletedElsewhere keeps a call that a colleague has taken out of the missed calls (asterisk 116, ivozprovider 393).
func TestCompletedElsewhere(t *testing.T) {
	t.Parallel()
	o := newOut(t)
	anna, boris := o.phoneAt("127.0.0.3", "anna"), o.phoneAt("127.0.0.4", "boris")
	l := o.inboundCall("+4930111004")
	first, second := anna.hear("INVITE"), boris.hear("INVITE")
	anna.answer(first, 180, "Ringing", "a")
	boris.reply(second, "b", sdp("boris"))
	cancel := anna.hears("CANCEL")
	reasons := cancel.GetHeaders("Reason")
	require.Len(t, reasons, 2)
	require.Equal(t, `SIP;cause=200;text="Call completed elsewhere"`, reasons[0].Value())
	require.Contains(t, reasons[1].Value(), "Q.850;cause=26")
	anna.answer(first, 487, "Request Terminated", "a")
	require.Equal(t, 200, l.final())
	l.request("BYE", "")
	boris.hears("BYE")
	o.record()
}

// inboundCall is a call of a carrier's to a number.
func (o *out) inboundCall(number string) *line {
	o.t.Helper()
	return o.inbound(number)
}

// TestCancelFromBehindARouter has another sent-by than its INVITE (drachtio-server 480).
func TestCancelFromBehindARouter(t *testing.T) {
	t.Parallel()
	w, caller, callee := rawWorld(t)
	caller.invite("via")
	invite := callee.hear("INVITE")
	callee.answer(invite, 180, "Ringing", "b1")
	caller.hear("SIP/2.0 180")
	caller.say(strings.ReplaceAll(`
CANCEL sip:74951234567@pbx.example SIP/2.0
Via: SIP/2.0/UDP 192.168.1.20:5060;branch=z9hG4bKvia;rport
Max-Forwards: 70
From: <sip:anna@pbx.example>;tag=a1
To: <sip:74951234567@pbx.example>
Call-ID: via
CSeq: 1 CANCEL
Content-Length: 0`, "\r", ""))
	caller.hear("SIP/2.0 200")
	caller.hear("SIP/2.0 487")
	callee.hears("CANCEL")
	callee.answer(invite, 487, "Request Terminated", "b1")
	require.False(t, w.record()[0].Answered())
}

// TestNumbersAsTheyCome dials and is called by numbers in all the forms that phones and carriers write (pjproject 2458, sprout 1557: npdi and rn;
// livekit/sip 329: without +).
func TestNumbersAsTheyCome(t *testing.T) {
	t.Parallel()
	o := newOut(t)
	anna := o.phoneAt("127.0.0.3", "anna")
	for _, uri := range []string{
		"sip:004420111@pbx.example", "sip:%2B4420111@pbx.example;user=phone", "sip:00%34420111@pbx.example", "tel:+44-20-111",
		"tel:20111222;phone-context=+44", "sip:+4420111;npdi@pbx.example;user=phone",
	} {
		l := &line{peer: anna, callID: sip.GenerateTagN(8), from: "<sip:anna@pbx.example>;tag=n", to: "<" + uri + ">", target: uri}
		l.request("INVITE", sdp("near"))
		challenge := anna.hear("SIP/2.0 407")
		l.request("ACK", "")
		l.request("INVITE", sdp("near"), strings.TrimSpace(credentialsFor(t, challenge, "INVITE", "anna")))
		require.Equal(t, 200, l.final(), uri)
		l.request("BYE", "")
		anna.hear("SIP/2.0 200")
		legs := o.record()
		require.True(t, strings.HasPrefix(legs[0].To.String(), "+4420111"), "%s: %s", uri, legs[0].To)
	}
	for _, number := range []string{"+4930111001", "4930111001", "004930111001", "+4930111001;npdi;rn=+4930000", "+49-30-111001"} {
		l := o.inbound(number)
		anna.answer(anna.hear("INVITE"), 486, "Busy Here", "a")
		require.Equal(t, 486, l.final(), number)
		o.record()
	}
}

// TestCodesOfPhones hides the number for one call, and shows it for one.
func TestCodesOfPhones(t *testing.T) {
	t.Parallel()
	o := newOut(t, `{match: "112", emergency: true}`, `{match: "112", emergency: true}
      - {match: "#31#.", strip: 4, do: withhold}
      - {match: "*31#.", strip: 4, do: show}`)
	seen := make(chan agent.Incoming, 1)
	answer := func(in agent.Incoming) agent.Behaviour {
		seen <- in
		return agent.Behaviour{Status: 486}
	}
	o.gw1.OnCall(answer)
	o.gw2.OnCall(answer)
	anna := o.phoneAt("127.0.0.3", "anna")
	for dialled, from := range map[string]string{"%2331%23004420111": "anonymous", "*31%23004420111": "+4930111000", "004420111": "+4930111000"} {
		l := anna.dials("anna", dialled)
		require.Equal(t, 486, l.final())
		in := <-seen
		require.Equal(t, strings.TrimPrefix(from, "+"), strings.TrimPrefix(in.From, "+"), dialled)
	}
	time.Sleep(time.Millisecond) //nolint:forbidigo // The agents' answers are acknowledged.
}

// kept is what phones have set.
type kept struct{ set chan provision.Setting }

// Set implements sipproxy.Settings.
func (k kept) Set(_ context.Context, c routing.Caller, set provision.Setting) error {
	if c.Extension != "101" {
		return errors.New("whose is it?") //nolint:err113 // Of a test.
	}
	k.set <- set
	return nil
}

// TestForwardingByCode sets and ends forwarding at the phone.
func TestForwardingByCode(t *testing.T) {
	t.Parallel()
	o := newOut(t, `{match: "112", emergency: true}`, `{match: "112", emergency: true}
      - {match: "*21*.", strip: 4, do: forward_always}
      - {match: "#21#", strip: 4, do: forward_always}`)
	k := kept{make(chan provision.Setting, 1)}
	_ = o.proxy.Close()
	o.settings = k
	o.open()
	anna := o.phoneAt("127.0.0.3", "anna")
	for dialled, want := range map[string]provision.Setting{
		"*21*004420199%23": {Forward: "forward_always", To: "004420199"}, "%2321%23": {Forward: "forward_always"},
	} {
		l := anna.dials("anna", dialled)
		require.Equal(t, 200, l.final(), dialled)
		require.Equal(t, want, <-k.set)
		anna.hears("BYE")
		legs := o.record()
		require.Len(t, legs, 1)
		require.False(t, legs[0].Answered(), "nobody was called")
		require.Equal(t, "setting", legs[0].Reason)
	}
	boris := o.phoneAt("127.0.0.4", "boris")
	require.Equal(t, 500, boris.dials("boris", "*21*004420199%23").final())
}
