package sipproxy_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/sipproxy/agent"
)

func statusOf(t *testing.T, msg sip.Message) int {
	t.Helper()
	res, ok := msg.(*sip.Response)
	require.True(t, ok)
	return res.StatusCode
}

func contactOf(t *testing.T, msg sip.Message) string {
	t.Helper()
	res, ok := msg.(*sip.Response)
	require.True(t, ok)
	return res.Contact().Address.String()
}

// out is a house whose carriers answer whatever they are sent, and that counts what they were.
type out struct {
	*house
	reached atomic.Int32
	legs    []*cdr.Leg
}

func newOut(t *testing.T, words ...string) *out {
	t.Helper()
	o := &out{house: newHouse(t, words...)}
	o.cfg.FollowRefer = true
	for _, gw := range []*agent.Agent{o.gw1, o.gw2} {
		gw.OnCall(func(agent.Incoming) agent.Behaviour {
			o.reached.Add(1)
			return agent.Behaviour{Status: 200}
		})
	}
	o.open()
	return o
}

// over hangs up, and holds the records against what the carriers were sent: all of it is priced, and there is nothing beside.
func (o *out) over(l *line, calls int) {
	o.t.Helper()
	if l.to != "" && strings.Contains(l.to, ";tag=") {
		l.request("BYE", "")
	}
	answered := 0
	for range calls {
		o.legs = append(o.legs, o.record()...)
	}
	for _, leg := range o.legs {
		if leg.Kind == cdr.Egress && leg.Gateway != "" && leg.Answered() {
			answered++
		}
	}
	priced(o.t, o.legs)
	require.EqualValues(o.t, answered, o.reached.Load(), "what carriers carried, and what stands in the records")
}

func (o *out) carrierIs(n int) {
	o.t.Helper()
	require.EqualValues(o.t, n, o.reached.Load())
}

// TestNoWayOutIsUnpriced goes every way by which a call leaves the house.
func TestNoWayOutIsUnpriced(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]func(t *testing.T, o *out, anna *peer){
		"dialled": func(_ *testing.T, o *out, anna *peer) {
			l := anna.dials("anna", "004420111")
			require.Equal(o.t, 200, l.final())
			o.over(l, 1)
			o.carrierIs(1)
		},
		"barred": func(_ *testing.T, o *out, anna *peer) {
			l := anna.dials("anna", "001900123")
			require.Equal(o.t, 403, l.final())
			o.over(l, 1)
			o.carrierIs(0)
		},
		"contact at a carrier": func(_ *testing.T, o *out, anna *peer) {
			boris := o.peerAt("127.0.0.4")
			boris.registers("boris", "<sip:+19001234567@"+o.gw1.Addr().String()+">", "SIP/2.0 403")
			l := anna.dials("anna", "102")
			require.Equal(o.t, 480, l.final())
			o.over(l, 1)
			o.carrierIs(0)
		},
		"contact at ourselves, and at no host": func(_ *testing.T, o *out, anna *peer) {
			boris := o.peerAt("127.0.0.4")
			boris.registers("boris", "<sip:boris@"+o.addr().String()+">", "SIP/2.0 403")
			boris.registers("boris", "<sip:boris@0.0.0.0:5060>", "SIP/2.0 403")
			l := anna.dials("anna", "102")
			require.Equal(o.t, 480, l.final())
			o.over(l, 1)
			o.carrierIs(0)
		},
		"path by a carrier": func(_ *testing.T, o *out, anna *peer) {
			boris := o.peerAt("127.0.0.4")
			boris.registers("boris", "<sip:+19001234567@{me}>", "SIP/2.0 403", "Supported: path", "Path: <sip:"+o.gw1.Addr().String()+";lr>")
			l := anna.dials("anna", "102")
			require.Equal(o.t, 480, l.final())
			o.over(l, 1)
			o.carrierIs(0)
		},
		"contact at a third host": func(_ *testing.T, o *out, anna *peer) {
			boris, third := o.peerAt("127.0.0.4"), o.peerAt("127.0.0.66")
			boris.registers("boris", "<sip:+19001234567@"+third.addr()+">", "SIP/2.0 200")
			l := anna.dials("anna", "102")
			boris.answer(boris.hear("INVITE"), 486, "Busy Here", "b")
			require.Equal(o.t, 486, l.final())
			third.silent("INVITE", 100*time.Millisecond)
			o.over(l, 1)
			o.carrierIs(0)
		},
		"contact in the answer": func(_ *testing.T, o *out, anna *peer) {
			boris := o.phoneAt("127.0.0.4", "boris")
			l := anna.dials("anna", "102")
			invite := boris.hear("INVITE").(*sip.Request)
			boris.answer(invite, 200, "OK", "b", "Contact: <sip:+19001234567@"+o.gw1.Addr().String()+">",
				"Record-Route: <sip:"+o.gw1.Addr().String()+";lr>")
			require.Equal(o.t, 200, l.final())
			boris.hear("ACK") // Where he is, not where he says that he is.
			l.request("BYE", "")
			boris.hears("BYE")
			o.over(&line{}, 1)
			o.carrierIs(0)
		},
		"forwarded always": func(_ *testing.T, o *out, anna *peer) {
			l := anna.dials("anna", "103")
			require.Equal(o.t, 200, l.final())
			o.over(l, 1)
			o.carrierIs(1)
		},
		"forwarded when busy": func(_ *testing.T, o *out, anna *peer) {
			gleb := o.phoneAt("127.0.0.4", "gleb")
			l := anna.dials("anna", "104")
			gleb.answer(gleb.hear("INVITE"), 486, "Busy Here", "g")
			require.Equal(o.t, 200, l.final())
			o.over(l, 1)
			o.carrierIs(1)
		},
		"forwarded to what is barred": func(_ *testing.T, o *out, anna *peer) {
			l := anna.dials("anna", "104")
			require.Equal(o.t, 480, l.final())
			o.over(l, 1)
			o.carrierIs(0)
		},
		"group that nobody takes": func(_ *testing.T, o *out, anna *peer) {
			boris := o.phoneAt("127.0.0.4", "boris")
			anna.registers("anna", "*", "SIP/2.0 200") // She calls her own group.
			l := anna.dials("anna", "030111004")
			invite := boris.hear("INVITE")
			boris.answer(invite, 180, "Ringing", "b")
			boris.hears("CANCEL")
			boris.answer(invite, 487, "Request Terminated", "b")
			require.Equal(o.t, 200, l.final())
			o.over(l, 1)
			o.carrierIs(1)
		},
		"transferred": func(_ *testing.T, o *out, anna *peer) {
			l := anna.dials("anna", "004420111")
			require.Equal(o.t, 200, l.final())
			l.request("REFER", "", "Refer-To: <sip:004420112@pbx.example>")
			l.hear("SIP/2.0 202")
			for n := l.hears("NOTIFY"); !strings.HasPrefix(string(n.Body()), "SIP/2.0 200"); n = l.hears("NOTIFY") {
				require.True(o.t, strings.HasPrefix(string(n.Body()), "SIP/2.0 1"), string(n.Body()))
			}
			l.hears("BYE")
			calls, err := o.proxy.Live(o.t.Context())
			require.NoError(o.t, err)
			require.Len(o.t, calls, 2)
			_, err = o.proxy.Drop(o.t.Context(), calls[0].ID, "test")
			require.NoError(o.t, err)
			o.over(&line{}, 2)
			o.carrierIs(2)
		},
		"transferred to what is barred": func(_ *testing.T, o *out, anna *peer) {
			l := anna.dials("anna", "004420111")
			require.Equal(o.t, 200, l.final())
			l.request("REFER", "", "Refer-To: <sip:001900111@"+o.gw2.Addr().String()+">")
			l.hear("SIP/2.0 202")
			for n := l.hears("NOTIFY"); !strings.HasPrefix(string(n.Body()), "SIP/2.0 403"); n = l.hears("NOTIFY") {
				require.True(o.t, strings.HasPrefix(string(n.Body()), "SIP/2.0 1"), string(n.Body()))
			}
			o.over(l, 2)
			o.carrierIs(1)
		},
		"a carrier redirects": func(_ *testing.T, o *out, anna *peer) {
			third := o.peerAt("127.0.0.66")
			var first atomic.Bool
			redirect := func(agent.Incoming) agent.Behaviour {
				if first.CompareAndSwap(false, true) {
					return agent.Behaviour{Status: 302, Headers: []sip.Header{sip.NewHeader("Contact", "<sip:+19001234567@"+third.addr()+">")}}
				}
				o.reached.Add(1)
				return agent.Behaviour{Status: 200}
			}
			o.gw1.OnCall(redirect)
			o.gw2.OnCall(redirect)
			l := anna.dials("anna", "004420111")
			require.Equal(o.t, 200, l.final())
			third.silent("INVITE", 100*time.Millisecond)
			o.over(l, 1)
			o.carrierIs(1)
		},
		"hunting": func(_ *testing.T, o *out, anna *peer) {
			o.gw1.OnCall(func(agent.Incoming) agent.Behaviour { return agent.Behaviour{Status: 503} })
			l := anna.dials("anna", "004420111")
			require.Equal(o.t, 200, l.final())
			o.over(l, 1)
			o.carrierIs(1)
		},
		"a route of the phone's own": func(_ *testing.T, o *out, anna *peer) {
			l := anna.dials("anna", "001900123", "Route: <sip:"+o.gw1.Addr().String()+";lr>")
			require.Equal(o.t, 403, l.final())
			o.over(l, 1)
			o.carrierIs(0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOut(t)
			way(t, o, o.phoneAt("127.0.0.3", "anna"))
		})
	}
}

// TestGatewayThatCameLater rings no phone that registered where a gateway stands by now.
func TestGatewayThatCameLater(t *testing.T) {
	t.Parallel()
	o := newOut(t)
	anna, boris := o.phoneAt("127.0.0.3", "anna"), o.phoneAt("127.0.0.4", "boris")
	o.live.Swap(o.snapshot(strings.Replace(houseFile, "<gw2>", boris.addr(), 1)))
	require.Eventually(t, func() bool {
		for _, g := range o.proxy.Gateways() {
			if g.Address == boris.addr() {
				return true
			}
		}
		return false
	}, 5*time.Second, 10*time.Millisecond)
	l := anna.dials("anna", "102")
	require.Equal(t, 480, l.final())
	boris.silent("INVITE", 100*time.Millisecond)
}

// TestNetworksOfAnExtension refuses who has the password and is somewhere else.
func TestNetworksOfAnExtension(t *testing.T) {
	t.Parallel()
	o := newOut(t, "password: secret-anna", `password: secret-anna, networks: ["127.0.0.16/28"]`)
	away, home := o.peerAt("127.0.0.3"), o.peerAt("127.0.0.17")
	away.registers("anna", "<sip:anna@{me}>", "SIP/2.0 403")
	require.Equal(t, 403, away.dials("anna", "004420111").final())
	home.register("anna")
	l := home.dials("anna", "004420111")
	require.Equal(t, 200, l.final())
	o.over(l, 1)
	o.carrierIs(1)
}

// TestContactsOfAnExtension reaches a phone behind a proxy that adds no Path at the address that it gives, where it may.
func TestContactsOfAnExtension(t *testing.T) {
	t.Parallel()
	o := newOut(t, "password: secret-boris", `password: secret-boris, contacts: ["127.0.0.32/28"]`)
	anna, edge, boris := o.phoneAt("127.0.0.3", "anna"), o.peerAt("127.0.0.5"), o.peerAt("127.0.0.33")
	edge.registers("boris", "<sip:boris@"+boris.addr()+">", "SIP/2.0 200")
	l := anna.dials("anna", "102")
	boris.answer(boris.hear("INVITE"), 486, "Busy Here", "b")
	require.Equal(t, 486, l.final())
}

// TestPhoneOnTheHostOfAGateway is asked for its password, and not taken for the carrier.
func TestPhoneOnTheHostOfAGateway(t *testing.T) {
	t.Parallel()
	o := newOut(t)
	anna := o.phoneAt(o.gw1.Addr().Addr().String(), "anna")
	l := anna.dials("anna", "004420111")
	require.Equal(t, 200, l.final())
	o.over(l, 1)
	o.carrierIs(1)
	carrier := o.peerAt(o.gw1.Addr().Addr().String()) // Another port: the carrier's.
	require.NoError(t, anna.conn.Close())
	in := &line{peer: carrier, callID: "in", from: "<sip:+4420999@carrier.example>;tag=c", to: "<sip:+4930111001@pbx.example>", target: "sip:+4930111001@pbx.example"}
	in.request("INVITE", sdp("in"))
	require.Equal(t, 504, in.final(), "a call to Anna, whose phone is away")
}
