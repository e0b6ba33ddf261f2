package sipproxy

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestQueueKeepsTheOrder has events added before it is open, by many at once, and by events themselves.
func TestQueueKeepsTheOrder(t *testing.T) {
	const adders, each = 8, 500
	q := newQueue(func(e event) { e.run() })
	var early []int
	for i := range 3 {
		require.True(t, q.add(event{run: func() { early = append(early, i) }}))
	}
	assert.Empty(t, early, "it is not open yet")
	q.open()
	assert.Equal(t, []int{0, 1, 2}, early)

	seen := make([][]int, adders) // Unlocked: only one event is handled at a time.
	followed := 0
	var group sync.WaitGroup
	for a := range adders {
		group.Go(func() {
			for i := range each {
				q.add(event{run: func() {
					seen[a] = append(seen[a], i)
					q.add(event{run: func() { followed++ }})
				}})
			}
		})
	}
	group.Wait()
	q.close()
	for a := range adders {
		require.Len(t, seen[a], each)
		assert.IsIncreasing(t, seen[a])
	}
	assert.Equal(t, adders*each, followed)
	assert.False(t, q.add(event{run: func() { t.Error("it is closed") }}))
}

// TestQueueWaitsItsTurn has an event added while another one is handled.
func TestQueueWaitsItsTurn(t *testing.T) {
	var order []string
	q := newQueue(func(e event) { e.run() })
	q.open()
	q.add(event{run: func() {
		q.add(event{run: func() { order = append(order, "second") }})
		order = append(order, "first")
	}})
	assert.Equal(t, []string{"first", "second"}, order)
}

// TestQueueIsBounded throws away messages, and nothing else, when too many wait.
func TestQueueIsBounded(t *testing.T) {
	q := newQueue(func(event) {})
	for range queueMost {
		require.True(t, q.add(event{}))
	}
	assert.False(t, q.add(event{}))
	assert.True(t, q.add(event{run: func() {}}))
}
