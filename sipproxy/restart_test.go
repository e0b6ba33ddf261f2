package sipproxy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/lcr"
	"trunkline/routing"
	"trunkline/sipproxy"
	"trunkline/sipproxy/agent"
)

// restart ends the proxy without a word to anybody, as a kill would, and opens it again on the same address.
func (w *world) restart() {
	w.t.Helper()
	for i := range w.cfg.Listen {
		addr, ok := w.proxy.Addr(w.cfg.Listen[i].Transport)
		require.True(w.t, ok)
		w.cfg.Listen[i].Address = addr.String()
	}
	require.NoError(w.t, w.proxy.Close())
	w.open()
}

// acknowledged waits until the caller's ACK has reached the proxy.
func (w *world) acknowledged() {
	w.t.Helper()
	require.NoError(w.t, clock.Sleep(w.t.Context(), clock.System{}, 100*time.Millisecond))
}

func TestCallOutlivesTheProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.open()
	out := w.dial(w.agent("phone"), agent.Call{To: "74951234567", Talk: 600 * time.Millisecond, OnAnswer: func() {
		w.acknowledged()
		w.restart()
		live, err := w.proxy.Live(t.Context())
		require.NoError(t, err)
		require.Len(t, live, 1)
		require.Equal(t, "answered", live[0].State)
	}})
	require.Equal(t, 200, out.Status)
	require.False(t, out.ByCallee)
	legs := w.record()
	require.Len(t, legs, 2, "recorded once")
	require.Equal(t, cdr.SideCaller, legs[0].ReleasedBy)
	require.GreaterOrEqual(t, legs[0].Duration(), 600*time.Millisecond, "the time before the restart counts")
	require.Equal(t, "alfa", legs[1].Gateway)
	require.Zero(t, w.proxy.InProgress())
}

// TestDecisionOutlivesTheProxy: the stored decision is the one by which the call was placed, not one made of what is in
// force after the restart.
func TestDecisionOutlivesTheProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	asked := 0
	w.route = func(c routing.Caller, dialled string) *routing.Route {
		r := w.toAll(c, dialled)
		if asked++; asked == 1 {
			r.Trace = new(lcr.Decision)
		}
		return r
	}
	w.open()
	w.dial(w.agent("phone"), agent.Call{To: "74951234567", Talk: 300 * time.Millisecond, OnAnswer: func() {
		w.acknowledged()
		w.restart()
	}})
	legs := w.record()
	require.Contains(t, string(legs[0].Trace), `"candidates"`)
}

func TestCallIsCutInTimeAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.grants = []sipproxy.Grant{{Granted: 800 * time.Millisecond, Final: true}}
	w.open()
	out := w.dial(w.agent("phone"), agent.Call{To: "74951234567", OnAnswer: func() {
		w.acknowledged()
		w.restart()
	}})
	require.True(t, out.ByCallee)
	legs := w.record()
	require.Equal(t, cdr.SideLimit, legs[0].ReleasedBy)
	require.Equal(t, 800*time.Millisecond, legs[0].Chargeable())
}

func TestRegistrationsOutliveTheProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.open()
	status, err := w.agent("phone").Register(t.Context(), w.account("anna"), 60)
	require.NoError(t, err)
	require.Equal(t, 200, status)
	w.restart()
	require.Equal(t, map[string]int{"anna": 1}, w.proxy.Registrations())
}

func TestCallBeingSetUpIsRecordedAfterTheRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{}) // Rings for ever.
	w.open()
	phone, account := w.agent("phone"), w.account("anna")
	go func() {
		_, _ = phone.Dial(t.Context(), account, agent.Call{To: "74951234567", GiveUp: 2 * time.Second})
	}()
	require.Eventually(t, func() bool {
		live, err := w.proxy.Live(t.Context())
		return err == nil && len(live) == 1 && live[0].Gateway == "alfa"
	}, 5*time.Second, 10*time.Millisecond)
	w.restart()
	legs := w.record()
	require.Equal(t, cdr.SideFault, legs[0].ReleasedBy)
	require.Equal(t, "restart", legs[0].Reason)
	require.True(t, legs[0].Reserved, "the worker gives the money back")
}
