package sipproxy_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/sipproxy/agent"
)

// TestCallThatIsNotTakenKeepsNoOther has the recorder refuse one call: those that end with it are recorded, it stays in the journal, and is
// recorded once when the recorder takes it.
func TestCallThatIsNotTakenKeepsNoOther(t *testing.T) {
	t.Parallel()
	const refused, taken = "74951234567", "74957654321"
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 486})
	w.fail, w.failOf = errors.New("too large"), refused //nolint:err113 // Of a test.
	w.open()
	phone := w.agent("phone")
	for range 3 {
		w.dial(phone, agent.Call{To: refused})
		w.dial(phone, agent.Call{To: taken})
	}
	dialled := func(calls int) map[string]int {
		out := make(map[string]int)
		for range calls {
			for _, leg := range w.record() {
				if leg.Seq == 0 {
					out[leg.Dialled]++
				}
			}
		}
		return out
	}
	require.Equal(t, map[string]int{taken: 3}, dialled(3))
	require.Eventually(t, func() bool { return w.proxy.JournalStats().Entries == 6 }, 5*time.Second, 10*time.Millisecond, "the state and the end of each that was refused")
	w.mu.Lock()
	w.fail = nil
	w.mu.Unlock()
	require.Equal(t, map[string]int{refused: 3}, dialled(3))
	require.Eventually(t, func() bool { return w.proxy.JournalStats().Entries == 0 }, 5*time.Second, 10*time.Millisecond)
}
