package sipproxy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/routing"
	"trunkline/sipproxy"
	"trunkline/sipproxy/agent"
)

// phone registers an agent under a login and lets it behave as told.
func (w *world) phone(login string, b agent.Behaviour) {
	w.t.Helper()
	a := w.agent(login)
	status, err := a.Register(w.t.Context(), w.account(login), 60)
	require.NoError(w.t, err)
	require.Equal(w.t, 200, status)
	a.OnCall(func(agent.Incoming) agent.Behaviour { return b })
}

func ringing(login string, after routing.Trigger, others ...string) routing.Target {
	t := routing.Target{
		Login: login, Extension: login, ToSent: login, FromSent: "+74950000000", RingTime: 300 * time.Millisecond, After: after,
	}
	for _, o := range others {
		t.Others = append(t.Others, routing.Phone{Extension: o, Login: o})
	}
	return t
}

// inbound makes every call one to a number of the house that has these targets.
func (w *world) inbound(targets func() []routing.Target) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.route = func(c routing.Caller, _ string) *routing.Route {
		return &routing.Route{
			Direction: calls.Inbound, Tenant: c.Tenant, Extension: "boris", Number: "74951112233", MaxTries: 20,
			From: e164.MustParse("74950000000"), To: e164.MustParse("74951112233"), Tariff: "retail", Targets: targets(),
		}
	}
}

func (w *world) outside() *routing.Route {
	g := &w.gateways[0]
	return &routing.Route{
		Direction: calls.Forwarded, Tenant: "acme", Branch: "main", Extension: "boris", MaxTries: 1, Tariff: "retail", Quote: &rating.Quote{},
		From: e164.MustParse("74951112233"), To: e164.MustParse("4930123456"), CallerID: "+74951112233",
		Capacities: []routing.Capacity{{Key: "tenant/acme", Max: 1}},
		Targets: []routing.Target{{
			Gateway: g, Carrier: &provision.Carrier{ID: g.Carrier}, Deck: "deck", ToSent: "4930123456", FromSent: "74951112233",
			AssertedID: "74951112233", Diversion: "74951112233",
		}},
	}
}

func TestForwardingOutcomes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		boris *agent.Behaviour // Nil: not registered.
		takes string
	}{
		"busy":        {&agent.Behaviour{Status: 486}, "vera"},
		"declined":    {&agent.Behaviour{Status: 603}, "vera"},
		"no answer":   {&agent.Behaviour{}, "gleb"},
		"unavailable": {nil, "dasha"},
		"answered":    {&agent.Behaviour{Status: 200}, "boris"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, login := range []string{"anna", "boris", "vera", "gleb", "dasha"} {
				w.extension(login)
			}
			w.inbound(func() []routing.Target {
				return []routing.Target{
					ringing("boris", 0), ringing("vera", routing.AfterBusy),
					ringing("gleb", routing.AfterNoAnswer), ringing("dasha", routing.AfterUnavailable),
				}
			})
			w.open()
			if c.boris != nil {
				w.phone("boris", *c.boris)
			}
			for _, login := range []string{"vera", "gleb", "dasha"} {
				w.phone(login, agent.Behaviour{Status: 200})
			}
			out := w.dial(w.agent("anna"), agent.Call{To: "74951112233", Talk: 50 * time.Millisecond})
			require.Equal(t, 200, out.Status)
			legs := w.record()
			require.Equal(t, c.takes, legs[len(legs)-1].Extension)
		})
	}
}

func TestForwardingIsTakenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, login := range []string{"anna", "boris", "vera", "gleb"} {
		w.extension(login)
	}
	w.inbound(func() []routing.Target {
		return []routing.Target{ringing("boris", 0), ringing("vera", routing.AfterBusy), ringing("gleb", routing.AfterNoAnswer)}
	})
	w.open()
	w.phone("boris", agent.Behaviour{Status: 486})
	w.phone("vera", agent.Behaviour{}) // Does not answer; but it was not she who was called.
	w.phone("gleb", agent.Behaviour{Status: 200})
	require.Equal(t, 480, w.dial(w.agent("anna"), agent.Call{To: "74951112233"}).Status)
	require.Len(t, w.record(), 3)
}

func TestForwardedOutside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.extension("boris")
	heard := make(chan agent.Incoming, 1)
	carrier := w.carrier("alfa", agent.Behaviour{})
	carrier.OnCall(func(in agent.Incoming) agent.Behaviour {
		heard <- in
		return agent.Behaviour{Status: 200}
	})
	w.inbound(func() []routing.Target {
		return []routing.Target{ringing("boris", 0), {After: routing.AfterNoAnswer, Forward: w.outside()}}
	})
	w.grants = []sipproxy.Grant{{Granted: time.Minute}}
	w.open()
	w.phone("boris", agent.Behaviour{})
	out := w.dial(w.agent("anna"), agent.Call{To: "74951112233", Talk: 100 * time.Millisecond})
	require.Equal(t, 200, out.Status)
	legs := w.record()
	require.Len(t, legs, 4)
	inbound, boris, forwarded, egress := legs[0], legs[1], legs[2], legs[3]

	require.Equal(t, calls.Inbound, inbound.Direction)
	require.Equal(t, cdr.Ingress, inbound.Kind)
	require.False(t, inbound.Reserved, "the inbound call itself costs nothing")
	require.Empty(t, inbound.Gateway)
	require.Equal(t, inbound.Call, boris.Call)
	require.False(t, boris.Answered())

	require.NotEqual(t, inbound.Call, forwarded.Call, "it is a call of its own to the books")
	require.Equal(t, cdr.Ingress, forwarded.Kind)
	require.Equal(t, calls.Forwarded, forwarded.Direction)
	require.Empty(t, forwarded.Trunk, "it takes no other line on the side of the caller")
	require.Equal(t, "boris", forwarded.Extension)
	require.Equal(t, "+4930123456", forwarded.To.String())
	require.True(t, forwarded.Reserved)
	require.Equal(t, time.Minute, forwarded.Granted)
	require.Equal(t, "alfa", forwarded.Gateway)
	require.Equal(t, inbound.Connect, forwarded.Connect)
	require.True(t, forwarded.Setup.After(inbound.Setup))
	require.Equal(t, forwarded.Call, egress.Call)
	require.Equal(t, "deck", egress.Deck)
	require.Equal(t, calls.Forwarded, egress.Direction)

	in := <-heard
	require.Contains(t, in.Request.GetHeader("Diversion").Value(), "sip:74951112233@")
	require.Contains(t, in.Request.GetHeader("P-Asserted-Identity").Value(), "sip:74951112233@")
	require.Nil(t, in.Request.GetHeader("Privacy"))
}

func TestForwardingWithoutMoneyOrRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.extension("boris")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	forward := w.outside()
	w.inbound(func() []routing.Target { return []routing.Target{{After: routing.AfterAny, Forward: forward}} })
	w.grants = []sipproxy.Grant{{Refusal: "balance"}}
	w.open()
	caller := w.agent("anna")
	require.Equal(t, 480, w.dial(caller, agent.Call{To: "74951112233"}).Status)
	legs := w.record()
	require.Len(t, legs, 2, "both calls are recorded, and nobody was tried")
	require.Equal(t, "balance", legs[1].Reason)

	full := *forward
	full.Capacities = []routing.Capacity{{Key: "tenant/acme", Max: 1}, {Key: "number/1", Max: 1}}
	w.inbound(func() []routing.Target { return []routing.Target{{After: routing.AfterAny, Forward: &full}} })
	w.mu.Lock()
	w.grants = nil
	w.mu.Unlock()
	talk := make(chan agent.Outcome, 1)
	answered := make(chan struct{})
	other := w.agent("anna-2")
	go func() {
		out, _ := other.Dial(t.Context(), w.account("anna"), agent.Call{To: "74951112233", Talk: time.Second, OnAnswer: func() { close(answered) }})
		talk <- out
	}()
	<-answered
	require.Equal(t, 486, w.dial(caller, agent.Call{To: "74951112233"}).Status, "the tenant has one channel")
	require.Equal(t, 200, (<-talk).Status)

	barred := routing.Route{Refusal: "blocked", Status: 403, Direction: calls.Forwarded}
	w.inbound(func() []routing.Target { return []routing.Target{{After: routing.AfterAny, Forward: &barred}} })
	require.Equal(t, 403, w.dial(caller, agent.Call{To: "74951112233"}).Status)
}

func TestGroupRingsTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, login := range []string{"anna", "boris", "vera", "gleb"} {
		w.extension(login)
	}
	w.inbound(func() []routing.Target { return []routing.Target{ringing("boris", 0, "vera", "gleb")} })
	w.open()
	w.phone("boris", agent.Behaviour{Status: 603}) // Not for him; the others go on ringing.
	w.phone("vera", agent.Behaviour{Status: 200, Ring: 150 * time.Millisecond})
	out := w.dial(w.agent("anna"), agent.Call{To: "74951112233", Talk: 50 * time.Millisecond})
	require.Equal(t, 200, out.Status)
	legs := w.record()
	require.Len(t, legs, 3, "nobody is registered as gleb")
	require.Equal(t, "vera", legs[2].Extension)
	require.True(t, legs[2].Answered())
}

func TestWhoHasWaitedLongestRingsFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, login := range []string{"anna", "boris", "vera", "gleb"} {
		w.extension(login)
	}
	w.inbound(func() []routing.Target {
		var all []routing.Target
		for _, login := range []string{"boris", "vera", "gleb"} {
			one := ringing(login, routing.AfterAny)
			one.LeastRecent = true
			all = append(all, one)
		}
		return all
	})
	w.open()
	for _, login := range []string{"boris", "vera", "gleb"} {
		w.phone(login, agent.Behaviour{Status: 200})
	}
	caller := w.agent("anna")
	var order []string
	for range 5 {
		require.Equal(t, 200, w.dial(caller, agent.Call{To: "74951112233", Talk: 10 * time.Millisecond}).Status)
		order = append(order, w.record()[1].Extension)
	}
	require.Equal(t, []string{"boris", "vera", "gleb", "boris", "vera"}, order)
}

func TestAnonymousCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	heard := make(chan agent.Incoming, 1)
	carrier := w.carrier("alfa", agent.Behaviour{})
	carrier.OnCall(func(in agent.Incoming) agent.Behaviour {
		heard <- in
		return agent.Behaviour{Status: 486}
	})
	w.route = func(c routing.Caller, dialled string) *routing.Route {
		r := w.outside()
		r.Direction, r.Tenant, r.Capacities = calls.Outbound, c.Tenant, nil
		r.Targets[0].Anonymous, r.Targets[0].Diversion, r.Targets[0].ToSent = true, "", dialled
		return r
	}
	w.open()
	require.Equal(t, 486, w.dial(w.agent("anna"), agent.Call{To: "4930123456"}).Status)
	in := <-heard
	require.Equal(t, "anonymous", in.From)
	require.Equal(t, "anonymous.invalid", in.Request.From().Address.Host)
	require.Equal(t, "id", in.Request.GetHeader("Privacy").Value())
	require.Contains(t, in.Request.GetHeader("P-Asserted-Identity").Value(), "sip:74951112233@")
	require.Nil(t, in.Request.GetHeader("Diversion"))
}

func TestForwardedCallOutlivesTheProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.inbound(func() []routing.Target {
		return []routing.Target{{After: routing.AfterAny, Forward: w.outside()}}
	})
	w.grants = []sipproxy.Grant{{Granted: 800 * time.Millisecond, Final: true}}
	w.open()
	out := w.dial(w.agent("phone"), agent.Call{To: "74951112233", OnAnswer: func() {
		w.acknowledged()
		w.restart()
	}})
	require.True(t, out.ByCallee, "the money of the forwarded call is used up")
	legs := w.record()
	require.Len(t, legs, 3)
	require.Equal(t, calls.Inbound, legs[0].Direction)
	require.Equal(t, calls.Forwarded, legs[1].Direction)
	require.True(t, legs[1].Reserved)
	require.Equal(t, 800*time.Millisecond, legs[1].Chargeable())
	require.Equal(t, legs[1].Call, legs[2].Call)
	require.NotEqual(t, legs[0].Call, legs[1].Call)
}
