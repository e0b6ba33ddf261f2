package node_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/internal/disk"
	"trunkline/internal/faultfs"
	"trunkline/internal/node"
)

func TestIdentityIsMadeOnce(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	first, err := node.Open(d, "/data")
	require.NoError(t, err)
	require.True(t, first.New())
	require.Empty(t, first.Former())
	second, err := node.Open(d, "/data")
	require.NoError(t, err)
	require.False(t, second.New())
	require.Equal(t, first.ID, second.ID)
	require.NotEqual(t, first.Life(), second.Life())
	require.Equal(t, []string{first.Life()}, second.Former())
	for range 200 {
		second, err = node.Open(d, "/data")
		require.NoError(t, err)
	}
	require.Len(t, second.Lives, 100)
}

func TestDamagedIdentityIsNoNewOne(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	require.NoError(t, disk.Write(d, "/data/node.json", []byte("{")))
	_, err := node.Open(d, "/data")
	require.ErrorContains(t, err, "node.json")
}
