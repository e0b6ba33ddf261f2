package guard_test

import (
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/sipproxy/guard"
)

func addr(text string) netip.Addr { return netip.MustParseAddr(text) }

func TestLoginIsLockedFromItsSourceOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := guard.New(clock.System{}, -1)
		office, elsewhere := addr("192.0.2.7"), addr("192.0.2.8")
		for i := range 20 {
			require.False(t, g.Blocked(office, "anna"))
			_, made := g.Failed(office, "anna", false)
			require.Equal(t, i == 19, made)
		}
		require.True(t, g.Blocked(office, "anna"))
		require.False(t, g.Blocked(office, "boris"), "others behind the same router go on")
		require.False(t, g.Blocked(elsewhere, "anna"), "the phone itself is somewhere else")
		locks := g.Locks()
		require.Len(t, locks, 1)
		require.Equal(t, "anna", locks[0].Login)
		require.Equal(t, 20, locks[0].Failures)
		require.Equal(t, 5*time.Minute, locks[0].Until.Sub(locks[0].Since))
		time.Sleep(5 * time.Minute) //nolint:forbidigo // Virtual time.
		require.False(t, g.Blocked(office, "anna"))
		require.Empty(t, g.Locks())
		require.EqualValues(t, 1, g.Made())
	})
}

func TestFailuresOfLongAgoDoNotCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := guard.New(clock.System{}, -1)
		for range 100 {
			_, made := g.Failed(addr("192.0.2.7"), "anna", false)
			require.False(t, made)
			time.Sleep(4 * time.Second) //nolint:forbidigo // Virtual time.
		}
	})
}

func TestSourceThatTriesManyLogins(t *testing.T) {
	t.Parallel()
	g := guard.New(clock.System{}, -1)
	scanner := addr("192.0.2.66")
	g.Passed(scanner, "anna") // A good phone behind the same router.
	for i := range 100 {
		_, made := g.Failed(scanner, fmt.Sprint("guess", i), false)
		require.Equal(t, i == 99, made)
	}
	require.True(t, g.Blocked(scanner, "guess101"))
	require.False(t, g.Blocked(scanner, "anna"))
	require.Empty(t, g.Locks()[0].Login)
}

func TestProvisionedSourceIsNeverLocked(t *testing.T) {
	t.Parallel()
	g := guard.New(clock.System{}, -1)
	carrier := addr("198.51.100.1")
	for i := range 1000 {
		g.Failed(carrier, fmt.Sprint("guess", i), true)
	}
	require.False(t, g.Blocked(carrier, "anna"))
	require.Empty(t, g.Locks())
}

func TestLift(t *testing.T) {
	t.Parallel()
	g := guard.New(clock.System{}, -1)
	source := addr("192.0.2.7")
	for range 20 {
		g.Failed(source, "anna", false)
		g.Failed(source, "boris", false)
	}
	require.Len(t, g.Locks(), 2)
	require.Equal(t, 1, g.Lift(addr("::ffff:192.0.2.7"), "anna"))
	require.Zero(t, g.Lift(source, "anna"))
	require.False(t, g.Blocked(source, "anna"))
	require.True(t, g.Blocked(source, "boris"))
	require.Equal(t, 1, g.Lift(source, ""))
	require.False(t, g.Blocked(source, "boris"))
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	g := guard.New(clock.System{}, -1)
	for range 20 {
		g.Failed(addr("192.0.2.7"), "anna", false)
	}
	for i := range 250_000 {
		from := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		g.Failed(from, "x", false)
		g.Passed(from, "x")
	}
	require.True(t, g.Blocked(addr("192.0.2.7"), "anna"), "a lock is not washed out by others' failures")
}

func TestNonces(t *testing.T) {
	t.Parallel()
	n, err := guard.NewNonces()
	require.NoError(t, err)
	begin := time.Unix(1_700_000_000, 0)
	source, other := addr("192.0.2.7"), addr("192.0.2.8")
	nonce := n.Mint(source, begin)
	require.Equal(t, guard.NonceStale, n.Use(nonce, 1, other, begin), "it was given to somebody else")
	require.Equal(t, guard.NonceFresh, n.Use(nonce, 1, addr("::ffff:192.0.2.7"), begin))
	require.Equal(t, guard.NonceReplayed, n.Use(nonce, 1, source, begin))
	require.Equal(t, guard.NonceFresh, n.Use(nonce, 3, source, begin))
	require.Equal(t, guard.NonceReplayed, n.Use(nonce, 2, source, begin))
	require.Equal(t, guard.NonceStale, n.Use(nonce, 4, source, begin.Add(5*time.Minute+time.Second)))
	require.Equal(t, guard.NonceForged, n.Use("x"+nonce[1:], 4, source, begin))
	again, err := guard.NewNonces()
	require.NoError(t, err)
	require.Equal(t, guard.NonceForged, again.Use(nonce, 4, source, begin), "of another life of the process")
}
