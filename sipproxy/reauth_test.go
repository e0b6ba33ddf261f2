package sipproxy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/sipproxy"
	"trunkline/sipproxy/agent"
)

// TestMoneyComesBack lets a call that was told that its money ends go on when it is asked about again, and ends it when its
// client is stopped.
func TestMoneyComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.grants = []sipproxy.Grant{{Granted: 20 * time.Second, Final: true}, {Granted: time.Hour}}
	w.open()
	answered, done := make(chan struct{}), make(chan agent.Outcome, 1)
	phone := w.agent("phone")
	go func() {
		out, _ := phone.Dial(t.Context(), w.account("anna"), agent.Call{To: "74951234567", OnAnswer: func() { close(answered) }})
		done <- out
	}()
	<-answered
	w.proxy.Told(7)
	w.proxy.Reauthorize("other")
	w.proxy.Reauthorize("")
	granted := func() time.Duration {
		live, err := w.proxy.Live(t.Context())
		require.NoError(t, err)
		require.Len(t, live, 1)
		return live[0].Granted
	}
	require.Eventually(t, func() bool { return granted() == time.Hour }, 10*time.Second, time.Millisecond)
	require.Equal(t, int64(-1), w.proxy.Clean(), "the call began before the ledger was heard, and is not over")
	w.mu.Lock()
	w.grants = []sipproxy.Grant{{Granted: time.Hour, Stop: "suspended"}}
	w.mu.Unlock()
	w.proxy.Reauthorize("acme")
	require.True(t, (<-done).ByCallee, "we hung up on the caller")
	legs := w.record()
	require.Equal(t, "suspended", legs[0].Reason)
	require.Equal(t, cdr.SideAdmin, legs[0].ReleasedBy)
	require.Eventually(t, func() bool { return w.proxy.Clean() == 7 }, 10*time.Second, time.Millisecond)
}
