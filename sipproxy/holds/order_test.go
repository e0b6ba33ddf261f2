package holds_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/calls"
	"trunkline/sipproxy/holds"
)

// TestOrder: a proxy is clean up to the hold that was made last when its oldest call began that is not recorded.
func TestOrder(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	first, second, former := calls.IDAt(at, 1), calls.IDAt(at, 2), calls.IDAt(at, 3)
	o := holds.New(holds.Unknown)
	require.Equal(t, holds.Unknown, o.Clean())
	o.Told(7)
	require.Equal(t, int64(7), o.Clean())
	o.Begin(first)
	o.Told(9)
	o.Begin(second)
	o.Begin(first) // A repetition does not make it younger.
	o.Told(12)
	require.Equal(t, int64(7), o.Clean())
	require.False(t, o.Recorded(first, former))
	o.End(first)
	require.True(t, o.Recorded(first, former))
	require.Equal(t, int64(9), o.Clean())
	o.Restore(former)
	require.Equal(t, holds.Unknown, o.Clean(), "when a call of an earlier life began nobody knows")
	o.End(former)
	require.Equal(t, int64(9), o.Clean())
	o.Unsure()
	o.Told(3)
	require.Equal(t, holds.Unknown, o.Clean(), "the ledger went back in time: the second call's hold may have any number")
	o.End(second)
	require.Equal(t, int64(3), o.Clean())
}
