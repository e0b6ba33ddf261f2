package journal_test

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/internal/faultfs"
	"trunkline/sipproxy/journal"
)

// untended has the test do what is otherwise done in the background.
func untended(c clock.Clock) func(*journal.Options) {
	return func(o *journal.Options) { o.Untended, o.Clock = true, c }
}

func manual() *clock.Manual { return clock.NewManual(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)) }

// TestKilledBeforeItSynced: what a process had written and not synced when it was killed is synced by the next one.
func TestKilledBeforeItSynced(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		d := faultfs.New()
		require.NoError(t, set(open(t, d, untended(manual())), "a", "1"))
		j := open(t, d, untended(manual()))
		require.False(t, j.Stats().Lasts)
		j.Tend()
		require.True(t, j.Stats().Lasts)
		d.Crash(rand.New(rand.NewPCG(seed, 1)))
		require.Equal(t, map[string]string{"a": "1"}, entries(open(t, d, untended(manual()))), "seed %d", seed)
	}
}

// TestRemovedAndNotSynced: what was removed does not come back where the sync behind it has failed.
func TestRemovedAndNotSynced(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		d, c := faultfs.New(), manual()
		require.NoError(t, set(open(t, d, untended(c)), "a", "1"))
		j := open(t, d, untended(c))
		j.Tend()
		require.NoError(t, j.Remove("a"))
		d.FailSync(syscall.EIO)
		j.Tend()
		d.FailSync(nil)
		for range 3 {
			c.Advance(time.Minute)
			j.Tend()
		}
		require.True(t, j.Stats().Lasts)
		d.Crash(rand.New(rand.NewPCG(seed, 1)))
		require.Empty(t, entries(open(t, d, untended(c))), "seed %d", seed)
	}
}

// TestSyncFailsForLong: what is written anew for it does not fill the disk.
func TestSyncFailsForLong(t *testing.T) {
	t.Parallel()
	d, c := faultfs.New(), manual()
	j := open(t, d, untended(c))
	d.FailSync(syscall.EIO)
	require.NoError(t, set(j, "a", "1"))
	for range 4 * 3600 {
		c.Advance(250 * time.Millisecond)
		j.Tend()
	}
	require.Less(t, len(d.Files(dir)), 80, "once a minute, after the first")
}

// TestDamageOnFullDisk: a damaged part that could not be kept aside is, as soon as there is room.
func TestDamageOnFullDisk(t *testing.T) {
	t.Parallel()
	d, c := faultfs.New(), manual()
	j := open(t, d, untended(c))
	require.NoError(t, set(j, "a", "1"))
	require.NoError(t, set(j, "b", "2"))
	require.NoError(t, d.Flip(d.Files(dir)[0], 20, 1))
	d.Bound(0)
	j = open(t, d, untended(c))
	require.Equal(t, 1, j.Stats().Damaged)
	d.Bound(-1)
	c.Advance(time.Second)
	j.Tend()
	require.Equal(t, 1, j.Stats().Damaged)
	aside, err := journal.Damage(d, dir)
	require.NoError(t, err)
	require.Len(t, aside, 1)
}
