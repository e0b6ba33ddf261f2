package sipproxy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/calls"
	"trunkline/sipproxy"
	"trunkline/sipproxy/agent"
)

// told waits until the ledger knows of so many ends.
func (w *world) told(n int) []calls.ID {
	w.t.Helper()
	var ended []calls.ID
	require.Eventually(w.t, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		ended = w.ended
		return len(ended) >= n
	}, 20*time.Second, 5*time.Millisecond)
	return ended
}

func TestEndsAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.open()
	phone := w.agent("phone")
	require.Equal(t, 200, w.dial(phone, agent.Call{To: "74951234567", Talk: 10 * time.Millisecond}).Status)
	legs := w.record()
	require.Equal(t, []calls.ID{legs[0].Call}, w.told(1))
}

// TestFullEverywhere: the calls of all proxies are as many as there may be. It is answered, and counted, as by a proxy that
// has so many itself.
func TestFullEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.grants = []sipproxy.Grant{{Refusal: "calls_tenant", Final: true}}
	w.open()
	require.Equal(t, 486, w.dial(w.agent("phone"), agent.Call{To: "74951234567"}).Status)
	legs := w.record()
	require.Len(t, legs, 1)
	require.Equal(t, "capacity", legs[0].Reason)
	require.Equal(t, uint8(17), legs[0].Cause)
	require.Zero(t, w.proxy.InProgress())
}

// TestEndsAreToldBeforeACallIsRefused: the ledger was not told of a call that is over; who calls next has its place.
func TestEndsAreToldBeforeACallIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.grants = []sipproxy.Grant{{Granted: time.Hour}, {Refusal: "calls_extension", Final: true}, {Granted: time.Hour}}
	w.open()
	phone := w.agent("phone")
	w.setAway(true)
	require.Equal(t, 200, w.dial(phone, agent.Call{To: "74951234567", Talk: 10 * time.Millisecond}).Status)
	w.record()
	require.Equal(t, 200, w.dial(phone, agent.Call{To: "74951234567", Talk: 10 * time.Millisecond}).Status)
	w.record()
	w.told(2)
}

// TestEndsOutliveTheProxy: what the ledger could not be told is told by the next life, of calls that were in progress too.
func TestEndsOutliveTheProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.open()
	phone := w.agent("phone")
	w.setAway(true)
	require.Equal(t, 200, w.dial(phone, agent.Call{To: "74951234567", Talk: 10 * time.Millisecond}).Status)
	over := w.record()[0].Call
	w.dial(phone, agent.Call{To: "74951234567", Talk: 400 * time.Millisecond, OnAnswer: func() {
		w.acknowledged()
		w.restart()
		w.setAway(false)
	}})
	require.ElementsMatch(t, []calls.ID{over, w.record()[0].Call}, w.told(2))
	w.restart()
	require.Len(t, w.told(2), 2, "what was heard is not told again")
}

func (w *world) setAway(away bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = away
}
