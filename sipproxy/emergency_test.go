package sipproxy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/sipproxy"
	"trunkline/sipproxy/agent"
)

// TestEmergency calls help in all the ways that phones do, with no money and everything full.
func TestEmergency(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dialled, sent string }{
		{"sip:112@pbx.example", "sip:112@"},
		{"sip:911@pbx.example", "sip:911@"}, // No rule of the dial plan.
		{"sip:%31%31%32@pbx.example;user=phone", "sip:112@"},
		{"tel:112;phone-context=+49", "sip:112@"},
		{"urn:service:sos", "sip:112@"}, // RFC 5031.
		{"urn:service:sos.police", "sip:110@"},
		{"urn:service:sos.marine", "sip:112@"},
	} {
		t.Run(c.dialled, func(t *testing.T) {
			t.Parallel()
			o := newOut(t, `{match: "112", emergency: true}`, `{match: "112", emergency: true}
      - {match: "110", emergency: true, service: police}`, "- id: hq\n        extensions:\n          - {id: \"101\", login: anna",
				"- id: hq\n        emergency_caller_id: \"+4930111099\"\n        location: \"https://lis.example/hq\"\n        extensions:\n          - {id: \"101\", login: anna")
			o.mu.Lock()
			o.grants = []sipproxy.Grant{{Refusal: "balance"}}
			o.mu.Unlock()
			seen := make(chan agent.Incoming, 1)
			answer := func(in agent.Incoming) agent.Behaviour {
				seen <- in
				o.reached.Add(1)
				return agent.Behaviour{Status: 200}
			}
			o.gw1.OnCall(answer)
			o.gw2.OnCall(answer)
			anna := o.phoneAt("127.0.0.3", "anna")
			l := &line{peer: anna, callID: "sos", from: "<sip:anna@pbx.example>;tag=s", to: "<" + c.dialled + ">", target: c.dialled}
			l.request("INVITE", sdp("near"))
			challenge := anna.hear("SIP/2.0 407")
			l.request("ACK", "")
			l.request("INVITE", sdp("near"), strings.TrimSpace(credentialsFor(t, challenge, "INVITE", "anna")), "Geolocation-Routing: yes")
			require.Equal(t, 200, l.final())
			in := <-seen
			require.True(t, strings.HasPrefix(in.Request.Recipient.String(), c.sent), in.Request.Recipient.String())
			require.Equal(t, "4930111099", in.From, "the site is seen")
			require.Equal(t, "<https://lis.example/hq>", in.Request.GetHeader("Geolocation").Value())
			require.Equal(t, "yes", in.Request.GetHeader("Geolocation-Routing").Value())
			l.request("BYE", "")
			legs := o.record()
			require.True(t, legs[0].Answered())
			require.False(t, legs[0].Reserved)
			require.Equal(t, cdr.FreeEmergency, legs[0].Tariff, "nobody pays, and it counts in no limit")
			require.Zero(t, o.asked.Load(), "the ledger is not asked")
		})
	}
}

// TestOtherServices are not called here (RFC 5031 has more than emergency services).
func TestOtherServices(t *testing.T) {
	t.Parallel()
	_, caller, _ := rawWorld(t)
	l := &line{peer: caller, callID: "urn", from: "<sip:anna@pbx.example>;tag=u", to: "<urn:service:counseling>", target: "urn:service:counseling"}
	l.request("INVITE", sdp("near"))
	caller.hear("SIP/2.0 416")
}

// TestEmergencyAsTheGatewayWantsIt sends the form that a carrier asks for.
func TestEmergencyAsTheGatewayWantsIt(t *testing.T) {
	t.Parallel()
	o := newOut(t, "<gw1 more>", `emergency_rules: [{match: "112$", set: "urn:service:sos"}]`)
	seen := make(chan agent.Incoming, 1)
	o.gw1.OnCall(func(in agent.Incoming) agent.Behaviour {
		seen <- in
		return agent.Behaviour{Status: 200}
	})
	anna := o.phoneAt("127.0.0.3", "anna")
	l := anna.dials("anna", "112", "Geolocation: <cid:here@phone>")
	require.Equal(t, 200, l.final())
	in := <-seen
	require.Equal(t, "urn:service:sos", in.Request.Recipient.String())
	require.Equal(t, "<cid:here@phone>", in.Request.GetHeader("Geolocation").Value())
	l.request("BYE", "")
	require.Equal(t, "urn:service:sos", o.record()[1].Dialled)
}

// TestEmergencyBeforeOverload passes when as many calls are there as may be.
func TestEmergencyBeforeOverload(t *testing.T) {
	t.Parallel()
	o := newOut(t)
	_ = o.proxy.Close()
	o.cfg.MaxCalls = 1
	o.open()
	anna := o.phoneAt("127.0.0.3", "anna")
	first := anna.dials("anna", "004420111")
	require.Equal(t, 200, first.final())
	over := &line{peer: anna, callID: "over", from: "<sip:anna@pbx.example>;tag=o", to: "<sip:004420112@pbx.example>", target: "sip:004420112@pbx.example"}
	over.request("INVITE", sdp("near"))
	anna.hear("SIP/2.0 503")
	require.Equal(t, 503, anna.dials("anna", "102").final())
	help := anna.dials("anna", "112")
	require.Equal(t, 200, help.final())
	for _, l := range []*line{first, help} {
		l.request("BYE", "")
		anna.hear("SIP/2.0 200")
	}
}
