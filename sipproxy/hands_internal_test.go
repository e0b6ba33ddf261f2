package sipproxy

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHands: all work is done, however much comes at once; who waits is sent home, and what comes later is done all the same.
func TestHands(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	stop := make(chan struct{})
	h := newHands(&group, stop)
	for range 3 {
		var done sync.WaitGroup
		gate := make(chan struct{})
		for range 3 * restMost {
			done.Add(1)
			h.do(func() {
				defer done.Done()
				<-gate // All at once.
			})
		}
		close(gate)
		done.Wait()
	}
	close(stop)
	group.Wait()
	ran := false
	h.do(func() { ran = true })
	group.Wait()
	require.True(t, ran)
	require.Zero(t, h.rest.Load())
}
