package sipproxy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAttemptStates: an attempt is under way, settled, or has an outcome that its record waits for.
func TestAttemptStates(t *testing.T) {
	t.Parallel()
	for state, want := range map[attemptState]struct{ underway, settled bool }{
		attemptPreparing:   {underway: true},
		attemptInviting:    {underway: true},
		attemptAnswered:    {},
		attemptAbandoned:   {},
		attemptInterrupted: {settled: true},
		attemptSettled:     {settled: true},
	} {
		require.Equal(t, want.underway, state.underway(), state)
		require.Equal(t, want.settled, state.settled(), state)
		a := &attempt{state: state, status: 1}
		if !want.underway {
			a.drop(487, 0, 16, "late")
			require.Equal(t, state, a.state, "an outcome is not changed any more")
			require.Equal(t, 1, a.status)
		}
	}
}
