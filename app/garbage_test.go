package app

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestCollectAt bounds the garbage that lies about.
func TestCollectAt(t *testing.T) {
	for live, want := range map[uint64]int{
		0: collectMost, 1 << 20: collectMost, 80 << 20: collectMost, 160 << 20: 200, 320 << 20: 100, 4 << 30: collectLeast,
	} {
		assert.Equal(t, want, collectAt(live, garbageMost), "%d bytes in use", live)
	}
	assert.Equal(t, uint64(64<<20), garbageBound(256<<20), "a small machine has less room for it")
	assert.Equal(t, uint64(garbageMost), garbageBound(1<<40))
}
