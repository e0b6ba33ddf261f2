package sipproxy_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy/agent"
)

// houseFile is an operator with two carriers and two clients. Words in angle brackets are the addresses of agents.
const houseFile = `
realm: pbx.example
carriers:
  - {id: one, currency: EUR, deck: one}
  - {id: two, currency: EUR, deck: two}
decks:
  - {id: one, file: one.csv, currency: EUR}
  - {id: two, file: two.csv, currency: EUR}
gateways:
  - {id: gw1, carrier: one, address: "<gw1>", to_rules: [{add: "+"}], <gw1 more>}
  - {id: gw2, carrier: two, address: "<gw2>", to_rules: [{add: "00"}], <gw2 more>}
tariffs:
  - {id: retail, file: retail.yaml}
dial_plans:
  - id: de
    country: "49"
    area: "30"
    rules:
      - {match: "112", emergency: true}
      - {match: "1XX", extension: true}
      - {match: "00.", strip: 2}
      - {match: "+.", strip: 1}
      - {match: "0.", strip: 1, add: "{country}"}
route_plans:
  - id: standard
    default: true
    rules:
      - {id: world, policy: least_cost, gateways: [{gateway: gw1}, {gateway: gw2}]}
tenants:
  - id: alpha
    time_zone: Europe/Berlin
    currency: EUR
    tariff: retail
    dial_plan: de
    account: {mode: prepaid, opening: "100"}
    blocked: ["1900"]
    caller_id: "+4930111000"
    groups:
      - {id: sales, mode: all, extensions: ["101", "102"], ring_time: 1s}
    branches:
      - id: hq
        extensions:
          - {id: "101", login: anna, password: secret-anna}
          - {id: "102", login: boris, password: secret-boris}
          - {id: "103", login: vera, password: secret-vera, forward: {always: "004420123"}}
          - {id: "104", login: gleb, password: secret-gleb, forward: {busy: "004420124", unavailable: "001900124"}}
    numbers:
      - {number: "+4930111001", branch: hq, extension: "101"}
      - {number: "+4930111004", branch: hq, group: sales, forward: {no_answer: "004420125"}}
  - id: bravo
    time_zone: Europe/Berlin
    currency: EUR
    tariff: retail
    dial_plan: de
    account: {mode: prepaid, opening: "100"}
    caller_id: "+4930222000"
    branches:
      - id: hq
        extensions:
          - {id: "101", login: nina, password: secret-nina}
    numbers:
      - {number: "+4930222001", branch: hq, extension: "101"}
`

const (
	houseDeckOne = "prefix,destination,rate,connect_fee,initial,next\n49,Germany,0.01,0,1,1\n44,UK,0.02,0,1,1\n1,USA,0.005,0,6,6\n112,Emergency,0,0,1,1\n"
	houseDeckTwo = "prefix,destination,rate,connect_fee,initial,next\n49,Germany,0.012,0,1,1\n44,UK,0.025,0,1,1\n1,USA,0.006,0,6,6\n112,Emergency,0,0,1,1\n"
	houseTariff  = `
name: retail
version: "1"
currency: EUR
time_zone: Europe/Berlin
rounding: {scale: 4, money: half_up}
decks:
  - name: world
    directions: [outbound, forwarded]
    rates:
      - {prefix: "49", destination: Germany, rate: 0.06, increment: 60/60}
      - {prefix: "44", destination: UK, rate: 0.10, increment: 1/1}
      - {prefix: "1", destination: USA, rate: 0.03, increment: 6/6}
`
)

// house is a proxy that routes by an operator's file, as the real one does.
type house struct {
	*world
	gw1, gw2 *agent.Agent
	live     *routing.Live
	words    []string
}

// newHouse reads the file with words replaced: "<name>" by what follows it.
func newHouse(t *testing.T, words ...string) *house {
	t.Helper()
	h := &house{world: newWorld(t)}
	h.gw1, h.gw2 = h.agentAt("gw1", "127.0.1.1"), h.agentAt("gw2", "127.0.1.2")
	t.Cleanup(func() { time.Sleep(50 * time.Millisecond) }) //nolint:forbidigo // The carriers hear the last ACK and BYE before they close.
	for _, gw := range []*agent.Agent{h.gw1, h.gw2} {
		gw.OnCall(func(agent.Incoming) agent.Behaviour { return agent.Behaviour{Status: 200} })
	}
	h.words = append(slices.Clone(words), "<gw1>", h.gw1.Addr().String(), "<gw2>", h.gw2.Addr().String(), "<gw1 more>", "", "<gw2 more>", "")
	h.live = routing.NewLive(h.snapshot(houseFile))
	h.router = h.live
	return h
}

func (h *house) snapshot(file string) *provision.Snapshot {
	h.t.Helper()
	text := strings.NewReplacer(h.words...).Replace(file)
	b, err := provision.ReadBundle(fstest.MapFS{
		"op.yaml": {Data: []byte(text)}, "one.csv": {Data: []byte(houseDeckOne)}, "two.csv": {Data: []byte(houseDeckTwo)},
		"retail.yaml": {Data: []byte(houseTariff)},
	}, "op.yaml")
	require.NoError(h.t, err)
	s, err := provision.NewCompiler().Compile(h.t.Context(), b)
	require.NoError(h.t, err)
	return s
}

// phoneAt registers a phone that speaks letter by letter.
func (h *house) phoneAt(address, login string) *peer {
	h.t.Helper()
	p := h.peerAt(address)
	p.register(login)
	return p
}

// dials makes a call as a login, and passes over the challenge.
func (p *peer) dials(login, number string, headers ...string) *line {
	p.t.Helper()
	l := &line{
		peer: p, callID: sip.GenerateTagN(12), from: "<sip:" + login + "@pbx.example>;tag=d" + number, to: "<sip:" + number + "@pbx.example>",
		target: "sip:" + number + "@pbx.example",
	}
	l.request("INVITE", sdp("near"), headers...)
	challenge := p.hear("SIP/2.0 407")
	l.request("ACK", "")
	l.request("INVITE", sdp("near"), append(headers, strings.TrimSpace(credentialsFor(p.t, challenge, "INVITE", login)))...)
	return l
}

// final waits for the final answer of a call, and acknowledges it.
func (l *line) final() int {
	l.t.Helper()
	for {
		msg := l.hear("SIP/2.0 ")
		res, ok := msg.(interface{ IsProvisional() bool })
		if !ok || res.IsProvisional() || msg.CSeq().MethodName != "INVITE" || msg.CSeq().SeqNo != uint32(l.seq) {
			continue
		}
		status := statusOf(l.t, msg)
		if status == 200 {
			l.to = msg.To().Value()
			l.target = contactOf(l.t, msg)
		}
		l.request("ACK", "")
		return status
	}
}

// priced makes sure that whatever a carrier was asked to carry has a price for somebody: it is one gateway's leg, of a call with a tariff
// whose money was held.
func priced(t *testing.T, legs []*cdr.Leg) {
	t.Helper()
	ingress := make(map[calls.ID]*cdr.Leg)
	for _, l := range legs {
		if l.Kind == cdr.Ingress {
			ingress[l.Call] = l
		}
	}
	for _, l := range legs {
		if l.Kind != cdr.Egress || !l.Answered() || l.Gateway == "" {
			continue
		}
		in := ingress[l.Call]
		require.NotNil(t, in)
		require.True(t, in.Reserved, "money was held for a call to %s", l.Dialled)
		require.NotEmpty(t, in.Tariff)
		require.NotEmpty(t, l.Deck)
	}
}
