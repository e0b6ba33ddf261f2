package sipproxy_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy"
	"trunkline/sipproxy/agent"
)

func TestCallIsAnsweredAndHungUpByTheCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200, Ring: 50 * time.Millisecond})
	w.open()

	out := w.dial(w.agent("phone"), agent.Call{To: "74951234567", Talk: 200 * time.Millisecond, Hold: 50 * time.Millisecond})
	require.Equal(t, 200, out.Status)
	require.True(t, out.Rang)

	legs := w.record()
	require.Len(t, legs, 2)
	in, eg := legs[0], legs[1]
	require.Equal(t, cdr.Ingress, in.Kind)
	require.Equal(t, "acme", in.Tenant)
	require.Equal(t, "alfa", in.Gateway)
	require.Equal(t, cdr.SideCaller, in.ReleasedBy)
	require.Equal(t, uint8(16), in.Cause)
	require.Equal(t, uint16(200), in.SIPStatus)
	require.GreaterOrEqual(t, in.Duration(), 190*time.Millisecond)
	require.True(t, in.Reserved)
	require.Equal(t, time.Hour, in.Granted)
	require.Equal(t, uint16(1), eg.Seq)
	require.Equal(t, "alfa-co", eg.Carrier)
	require.Equal(t, "deck", eg.Deck)
	require.NotEqual(t, in.SIPCallID, eg.SIPCallID)
	require.False(t, eg.Progress.IsZero())
	require.Zero(t, w.proxy.InProgress())
}

func TestCallIsHungUpByTheCallee(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200, Talk: 100 * time.Millisecond})
	w.open()
	out := w.dial(w.agent("phone"), agent.Call{To: "74951234567"})
	require.True(t, out.ByCallee)
	require.Equal(t, cdr.SideCallee, w.record()[0].ReleasedBy)
}

func TestWrongPasswordAndUnknownLoginLookTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.open()
	phone := w.agent("phone")
	for _, login := range []string{"anna", "nobody"} {
		acc := w.account(login)
		acc.Password = "wrong"
		out, err := phone.Dial(t.Context(), acc, agent.Call{To: "74951234567"})
		require.NoError(t, err)
		require.Equal(t, 407, out.Status, login)
	}
}

func TestRegisterAndCallInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.extension("boris")
	w.route = func(c routing.Caller, dialled string) *routing.Route {
		return &routing.Route{
			Direction: calls.Internal, Tenant: c.Tenant, Extension: c.Extension,
			Targets: []routing.Target{{Login: dialled, Extension: dialled, ToSent: dialled, FromSent: c.Extension}},
		}
	}
	w.open()
	one, two, caller := w.agent("boris-desk"), w.agent("boris-mobile"), w.agent("anna")

	require.Equal(t, 480, w.dial(caller, agent.Call{To: "boris"}).Status, "nobody is registered yet")
	w.record()

	for _, phone := range []*agent.Agent{one, two} {
		status, err := phone.Register(t.Context(), w.account("boris"), 60)
		require.NoError(t, err)
		require.Equal(t, 200, status)
	}
	require.Equal(t, map[string]int{"boris": 2}, w.proxy.Registrations())

	one.OnCall(func(agent.Incoming) agent.Behaviour { return agent.Behaviour{} }) // Rings for ever.
	two.OnCall(func(agent.Incoming) agent.Behaviour {
		return agent.Behaviour{Status: 200, Ring: 100 * time.Millisecond}
	})
	out := w.dial(caller, agent.Call{To: "boris", Talk: 100 * time.Millisecond})
	require.Equal(t, 200, out.Status, "both phones ring, the second answers")
	legs := w.record()
	require.Len(t, legs, 3)
	require.False(t, legs[0].Reserved, "a call inside the house needs no money")

	status, err := one.Register(t.Context(), w.account("boris"), 0)
	require.NoError(t, err)
	require.Equal(t, 200, status)
	require.Equal(t, map[string]int{"boris": 1}, w.proxy.Registrations())
}

func TestHunting(t *testing.T) {
	t.Parallel()
	answer := agent.Behaviour{Status: 200}
	for _, c := range []struct {
		name   string
		first  agent.Behaviour
		set    func(*provision.Gateway)
		status int
		tries  int
		side   cdr.Side
	}{
		{name: "503 goes on", first: agent.Behaviour{Status: 503}, status: 200, tries: 2},
		{name: "404 of a carrier goes on", first: agent.Behaviour{Status: 404}, status: 200, tries: 2},
		{name: "busy stops", first: agent.Behaviour{Status: 486}, status: 486, tries: 1},
		{name: "decline stops", first: agent.Behaviour{Status: 603}, status: 603, tries: 1},
		{name: "no ringing goes on", first: agent.Behaviour{Silent: true}, status: 200, tries: 2},
		{
			name: "ringing for ever stops", first: agent.Behaviour{}, status: 480, tries: 1,
			set: func(g *provision.Gateway) { g.RingTime = 300 * time.Millisecond },
		},
		{
			name: "a rule of the gateway overrides", first: agent.Behaviour{Status: 486}, status: 200, tries: 2,
			set: func(g *provision.Gateway) { g.Hunt = []provision.HuntRule{{Status: "486", Do: "next"}} },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.extension("anna")
			set := c.set
			if set == nil {
				set = func(*provision.Gateway) {}
			}
			w.carrier("alfa", c.first, set)
			w.carrier("beta", answer)
			w.cfg.ProgressTime = 300 * time.Millisecond
			w.open()
			out := w.dial(w.agent("phone"), agent.Call{To: "74951234567", Talk: 50 * time.Millisecond})
			require.Equal(t, c.status, out.Status)
			legs := w.record()
			require.Len(t, legs, 1+c.tries)
			if c.status == 200 {
				require.Equal(t, "beta", legs[0].Gateway)
			}
			for i, leg := range legs {
				require.Equal(t, i, int(leg.Seq))
				require.False(t, leg.Disconnect.IsZero())
			}
		})
	}
}

func TestNobodyTakesTheCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 503})
	w.carrier("beta", agent.Behaviour{Status: 503})
	w.open()
	out := w.dial(w.agent("phone"), agent.Call{To: "74951234567"})
	require.Equal(t, 500, out.Status, "a bare 503 would tell the phone that we are out of service")
	require.Len(t, w.record(), 3)
	require.Eventually(t, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.released) == 1
	}, 2*time.Second, 5*time.Millisecond, "the money is free again")
}

func TestCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{}) // Rings for ever.
	w.open()
	out := w.dial(w.agent("phone"), agent.Call{To: "74951234567", GiveUp: 300 * time.Millisecond})
	require.Equal(t, 487, out.Status)
	legs := w.record()
	require.Len(t, legs, 2)
	require.Equal(t, cdr.SideCaller, legs[0].ReleasedBy)
	require.Equal(t, uint16(487), legs[0].SIPStatus)
	require.Equal(t, uint16(487), legs[1].SIPStatus)
	require.Zero(t, legs[1].Duration())
}

func TestMoneyEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.grants = []sipproxy.Grant{{Granted: 400 * time.Millisecond}, {Granted: 700 * time.Millisecond, Final: true}}
	w.cfg.FirstStretch = 400 * time.Millisecond
	w.open()
	out := w.dial(w.agent("phone"), agent.Call{To: "74951234567"})
	require.True(t, out.ByCallee, "we hung up on the caller")
	legs := w.record()
	require.Equal(t, cdr.SideLimit, legs[0].ReleasedBy)
	require.Equal(t, "credit", legs[0].Reason)
	require.Equal(t, 700*time.Millisecond, legs[0].Granted)
	require.Equal(t, 700*time.Millisecond, legs[0].Chargeable())
	require.Equal(t, cdr.SideLimit, legs[1].ReleasedBy, "and on the carrier")
}

func TestNoMoney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.grants = []sipproxy.Grant{{Refusal: "balance"}}
	w.open()
	out := w.dial(w.agent("phone"), agent.Call{To: "74951234567"})
	require.Equal(t, 402, out.Status)
	legs := w.record()
	require.Len(t, legs, 1)
	require.Equal(t, "balance", legs[0].Reason)
	require.Equal(t, cdr.SideRouting, legs[0].ReleasedBy)
}

func TestCapacityIsTakenAndGivenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200}, func(g *provision.Gateway) { g.MaxCalls = 1 })
	w.open()
	answered, done := make(chan struct{}), make(chan agent.Outcome, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	first := w.agent("first")
	go func() {
		out, _ := first.Dial(ctx, w.account("anna"), agent.Call{
			To: "74951234567", Talk: 500 * time.Millisecond, OnAnswer: func() { close(answered) },
		})
		done <- out
	}()
	<-answered
	require.Equal(t, 503, w.dial(w.agent("second"), agent.Call{To: "74951234567"}).Status)
	live, err := w.proxy.Live(t.Context())
	require.NoError(t, err)
	require.Len(t, live, 1)
	require.Equal(t, "answered", live[0].State)
	require.Equal(t, 200, (<-done).Status)
	w.record()
	w.record()
	require.Equal(t, 200, w.dial(w.agent("third"), agent.Call{To: "74951234567", Talk: 10 * time.Millisecond}).Status)
}

func TestDrop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.open()
	out := w.dial(w.agent("phone"), agent.Call{To: "74951234567", OnAnswer: func() {
		live, err := w.proxy.Live(t.Context())
		require.NoError(t, err)
		found, err := w.proxy.Drop(t.Context(), live[0].ID, "fraud")
		require.NoError(t, err)
		require.True(t, found)
	}})
	require.True(t, out.ByCallee)
	legs := w.record()
	require.Equal(t, cdr.SideAdmin, legs[0].ReleasedBy)
	require.Equal(t, "fraud", legs[0].Reason)
}

func TestGatewayIsLockedAndReopened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 503}, func(g *provision.Gateway) { g.LockAfter, g.Lock = 1, time.Hour })
	w.carrier("beta", agent.Behaviour{Status: 200})
	w.open()
	phone := w.agent("phone")
	call := agent.Call{To: "74951234567", Talk: 10 * time.Millisecond}
	require.Equal(t, 200, w.dial(phone, call).Status)
	require.Len(t, w.record(), 3)
	require.Equal(t, 200, w.dial(phone, call).Status)
	require.Len(t, w.record(), 2, "the locked gateway is not tried")
	states := w.proxy.Gateways()
	require.True(t, states[0].Locked)
	require.Equal(t, "Service Unavailable", states[0].Why)
}

func TestCarrierChallenges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	a := w.carrier("alfa", agent.Behaviour{}, func(g *provision.Gateway) { g.Login, g.Password = "us", "them" })
	a.OnCall(func(in agent.Incoming) agent.Behaviour {
		if in.Request.GetHeader("Proxy-Authorization") != nil {
			return agent.Behaviour{Status: 200}
		}
		return agent.Behaviour{Status: 407, NoRing: true, Headers: []sip.Header{
			sip.NewHeader("Proxy-Authenticate", `Digest realm="alfa", nonce="abc", algorithm=MD5, qop="auth"`),
		}}
	})
	w.open()
	out := w.dial(w.agent("phone"), agent.Call{To: "74951234567", Talk: 10 * time.Millisecond})
	require.Equal(t, 200, out.Status)
	require.Len(t, w.record(), 2, "both INVITEs are one attempt")
}

func TestSilentGatewayIsPassedOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	deaf, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer deaf.Close()
	w.gateways = []provision.Gateway{{ID: "deaf", Carrier: "deaf-co", Address: deaf.LocalAddr().String(), Silence: 200 * time.Millisecond}}
	w.carrier("beta", agent.Behaviour{Status: 200})
	w.open()
	out := w.dial(w.agent("phone"), agent.Call{To: "74951234567", Talk: 50 * time.Millisecond})
	require.Equal(t, 200, out.Status)
	legs := w.record()
	require.Len(t, legs, 3)
	require.Equal(t, "silent", legs[1].Reason)
	require.Equal(t, uint16(408), legs[1].SIPStatus)
}

func TestDigestAlgorithms(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []string{"MD5", "SHA-256"} {
		w := newWorld(t)
		w.cfg.Digest = []string{algorithm}
		w.extension("anna")
		w.open()
		status, err := w.agent("phone").Register(t.Context(), w.account("anna"), 60)
		require.NoError(t, err)
		require.Equal(t, 200, status, algorithm)
	}
}

func TestGatewayIsPassedOverThatCannotCarryTheCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200}, func(g *provision.Gateway) { g.SRTP = true })
	w.carrier("beta", agent.Behaviour{Status: 200}, func(g *provision.Gateway) { g.Codecs = []string{"opus"} })
	w.carrier("gamma", agent.Behaviour{Status: 200}, func(g *provision.Gateway) { g.Codecs = []string{"G729", "PCMA"} })
	w.open()
	require.Equal(t, 200, w.dial(w.agent("phone"), agent.Call{To: "74951234567", Talk: 10 * time.Millisecond}).Status)
	legs := w.record()
	require.Len(t, legs, 2)
	require.Equal(t, "gamma", legs[1].Gateway)
}
