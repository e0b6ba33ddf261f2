package sipproxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"
)

// trunkHouse is a house whose client has a PBX at an address, a second one that registers, and a media server with mailboxes.
func trunkHouse(t *testing.T) (o *out, pbx, media *peer) {
	t.Helper()
	o = &out{house: newHouse(t)}
	pbx, media = o.peerAt("127.0.0.9"), o.peerAt("127.0.0.10")
	file := strings.Replace(houseFile, "    numbers:\n      - {number: \"+4930111001\"", `    trunks:
      - {id: pbx, branch: hq, sources: ["127.0.0.9"], address: "`+pbx.addr()+`", to_rules: [{add: "+"}], max_calls: 2}
      - {id: spare, branch: hq, password: secret-alpha-spare}
      - {id: media, branch: hq, sources: ["127.0.0.10"], address: "`+media.addr()+`"}
    numbers:
      - {number: "+4930111050", branch: hq, trunks: [pbx, spare], forward: {unavailable: "*98"}}
      - {number: "+4930111051", branch: hq, trunk: media}
      - {number: "+4930111001"`, 1)
	file = strings.Replace(file, `forward: {busy: "004420124", unavailable: "001900124"}`, `forward: {busy: "*98", no_answer: "*98", after: 1s, unavailable: "*98"}`, 1)
	file = strings.Replace(file, `      - {match: "1XX", extension: true}`, `      - {match: "1XX", extension: true}
      - {match: "*98.", strip: 3, trunk: media}
      - {match: "*98", set: "mailbox", trunk: media}`, 1)
	o.live.Swap(o.snapshot(file))
	o.cfg.FollowRefer = true
	o.open()
	pbx.proxy, media.proxy = o.addr(), o.addr()
	return o, pbx, media
}

// inbound is a call of a carrier's to a number.
func (o *out) inbound(number string) *line {
	o.t.Helper()
	carrier := o.peerAt(o.gw1.Addr().Addr().String())
	l := &line{
		peer: carrier, callID: "in" + number + carrier.addr(), from: "<sip:+4420999@carrier.example>;tag=c", to: "<sip:" + number + "@pbx.example>",
		target: "sip:" + number + "@pbx.example",
	}
	l.request("INVITE", sdp("in"))
	return l
}

func header(t *testing.T, msg sip.Message, name string) string {
	t.Helper()
	hs := msg.GetHeaders(name)
	require.NotEmpty(t, hs, name)
	return hs[0].Value()
}

// TestNumberLeadsToAPBX tells the PBX which of its numbers was called, in all the places where one looks for it.
func TestNumberLeadsToAPBX(t *testing.T) {
	t.Parallel()
	o, pbx, _ := trunkHouse(t)
	l := o.inbound("+4930111050;npdi;rn=+4930000")
	invite := pbx.hear("INVITE").(*sip.Request)
	require.Equal(t, "+4930111050", invite.Recipient.User)
	require.Equal(t, "+4930111050", invite.To().Address.User)
	require.Equal(t, "+4420999", invite.From().Address.User)
	require.Contains(t, header(t, invite, "P-Called-Party-ID"), "sip:+4930111050@")
	require.Contains(t, header(t, invite, "P-Asserted-Identity"), "+4420999")
	pbx.reply(invite, "p", sdp("pbx"))
	require.Equal(t, 200, l.final())
	pbx.hear("ACK")
	l.request("BYE", "")
	pbx.hears("BYE")
	legs := o.record()
	require.Len(t, legs, 2)
	require.Empty(t, legs[1].Gateway, "it is no carrier's")
	require.Equal(t, "pbx", legs[1].Trunk)
	require.Equal(t, "gw1", legs[0].CameByGateway())
	require.Empty(t, legs[1].CameByGateway())
	require.Equal(t, "alpha", legs[0].Tenant)
	require.Equal(t, "hq", legs[0].Branch)
	priced(t, legs)
	o.carrierIs(0)
}

// TestTrunksInTheirOrder go on at a fault of the switch, not when whom it has called is busy.
func TestTrunksInTheirOrder(t *testing.T) {
	t.Parallel()
	o, pbx, media := trunkHouse(t)
	spare := o.phoneAt("127.0.0.11", "alpha-spare")
	l := o.inbound("+4930111050")
	pbx.answer(pbx.hear("INVITE"), 503, "Service Unavailable", "p")
	second := spare.hear("INVITE").(*sip.Request)
	require.Equal(t, "4930111050", second.Recipient.User, "it registered one contact, and has many numbers")
	spare.answer(second, 486, "Busy Here", "s")
	require.Equal(t, 486, l.final())

	l = o.inbound("+4930111050")
	pbx.answer(pbx.hear("INVITE"), 486, "Busy Here", "p")
	require.Equal(t, 486, l.final())
	spare.silent("INVITE", 100*time.Millisecond)

	l = o.inbound("+4930111050")
	pbx.answer(pbx.hear("INVITE"), 503, "Service Unavailable", "p")
	spare.answer(spare.hear("INVITE"), 500, "Server Internal Error", "s")
	mailbox := media.hear("INVITE").(*sip.Request)
	require.Equal(t, "mailbox", mailbox.Recipient.User)
	require.Contains(t, header(t, mailbox, "Diversion"), "<sip:4930111050@")
	require.Contains(t, header(t, mailbox, "Diversion"), "reason=unavailable")
	media.answer(mailbox, 480, "Temporarily Unavailable", "m")
	require.Equal(t, 480, l.final())
}

// TestMailboxKnowsWhoseItIs has the media server told who was called, and why the call came to it.
func TestMailboxKnowsWhoseItIs(t *testing.T) {
	t.Parallel()
	o, _, media := trunkHouse(t)
	anna := o.phoneAt("127.0.0.3", "anna")
	l := anna.dials("anna", "104") // Nobody is registered there.
	invite := media.hear("INVITE").(*sip.Request)
	require.Contains(t, header(t, invite, "Diversion"), "<sip:104@")
	require.Contains(t, header(t, invite, "Diversion"), "reason=unavailable")
	require.Len(t, invite.GetHeaders("History-Info"), 2)
	require.Contains(t, invite.GetHeaders("History-Info")[1].Value(), "cause=503>;index=1.1")
	media.reply(invite, "m", sdp("media"))
	require.Equal(t, 200, l.final())
	media.hear("ACK")
	l.request("BYE", "")
	media.hears("BYE")
	priced(t, o.record())

	gleb := o.phoneAt("127.0.0.4", "gleb")
	l = anna.dials("anna", "104")
	gleb.answer(gleb.hear("INVITE"), 486, "Busy Here", "g")
	invite = media.hear("INVITE").(*sip.Request)
	require.Contains(t, header(t, invite, "Diversion"), "reason=user-busy")
	require.Contains(t, invite.GetHeaders("History-Info")[1].Value(), "cause=486")
	media.answer(invite, 486, "Busy Here", "m")
	require.Equal(t, 486, l.final())

	l = anna.dials("anna", "*98101")
	invite = media.hear("INVITE").(*sip.Request)
	require.Equal(t, "101", invite.Recipient.User)
	require.Equal(t, "101", invite.From().Address.User)
	media.answer(invite, 404, "Not Found", "m")
	require.Equal(t, 404, l.final())
	o.carrierIs(0)
}

// TestRegisteredTrunkCalls takes calls of a switch by its login, with the numbers of its client.
func TestRegisteredTrunkCalls(t *testing.T) {
	t.Parallel()
	o, _, _ := trunkHouse(t)
	spare := o.phoneAt("127.0.0.11", "alpha-spare")
	for _, identity := range []string{
		"P-Asserted-Identity: <tel:+4930111001>", "P-Preferred-Identity: <sip:+4930111001@pbx.example>",
		"Remote-Party-ID: <sip:1@x>;party=called, <sip:+4930111001@pbx.example;user=phone>;party=calling;screen=yes",
	} {
		l := spare.dials("alpha-spare", "004420111", identity)
		require.Equal(t, 200, l.final())
		l.request("BYE", "")
		spare.hear("SIP/2.0 200")
		legs := o.record()
		require.Equal(t, "+4930111001", legs[0].From.String(), identity)
		require.Equal(t, "hq", legs[0].Branch)
		require.Equal(t, "spare", legs[0].Trunk)
		priced(t, legs)
	}
}

// TestTrunkWithoutAPlace is passed over when its channels are full.
func TestTrunkWithoutAPlace(t *testing.T) {
	t.Parallel()
	o, pbx, media := trunkHouse(t)
	for range 2 {
		l := o.inbound("+4930111050")
		pbx.reply(pbx.hear("INVITE"), "p", sdp("pbx"))
		require.Equal(t, 200, l.final())
		pbx.hear("ACK")
	}
	l := o.inbound("+4930111050")
	media.answer(media.hear("INVITE"), 486, "Busy Here", "m")
	require.Equal(t, 486, l.final())
}
