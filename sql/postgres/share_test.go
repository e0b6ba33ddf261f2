package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/ledger"
)

// TestShares: whatever proxies come and go, and whatever answers are lost, what they believe to have is never more than the whole; when all have
// been heard it is the same for each.
func TestShares(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	const whole = 1_000_000
	random := rand.New(rand.NewPCG(1, 2))
	known := make(map[string]int64)
	sum := func() (n int64) {
		for _, share := range known {
			n += share
		}
		return n
	}
	ask := func(name string, lost bool) {
		s, err := l.Share(t.Context(), name+"-id", known[name])
		require.NoError(t, err)
		if !lost {
			known[name] = s.Millionths
		}
		require.LessOrEqual(t, sum(), int64(whole))
	}
	for step := range 120 {
		name := fmt.Sprint("proxy-", random.IntN(min(6, 1+step/10)))
		if _, ok := known[name]; !ok {
			register(t, l, name)
			known[name] = 0
		}
		ask(name, random.IntN(3) == 0)
		if step == 80 {
			require.NoError(t, l.GiveUp(t.Context(), "proxy-0", "gone"))
			delete(known, "proxy-0")
		}
		if step > 80 && name == "proxy-0" {
			require.NoError(t, l.GiveUp(t.Context(), "proxy-0", "gone again"))
			delete(known, "proxy-0")
		}
	}
	for range 2 {
		for name := range known {
			ask(name, false)
		}
	}
	for name := range known {
		require.Equal(t, int64(whole/len(known)), known[name])
	}
	_, err := l.Share(t.Context(), "nobody", 0)
	require.ErrorIs(t, err, ledger.ErrNoNode)
}
