package spool_test

import (
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/cdr/spool"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/internal/faultfs"
)

// TestFlippedPosition flips every bit of the note of what was sent: no leg is passed over for it.
func TestFlippedPosition(t *testing.T) {
	t.Parallel()
	d, ids := filled(t, 2)
	sendAll(t, d)
	s := open(t, spool.Config{Dir: folder, Disk: d}, &stream{away: true})
	leg := newLeg(t)
	require.NoError(t, s.Record(t.Context(), []*cdr.Leg{leg}))
	require.NoError(t, s.Close())
	want := slices.Concat(ids, []calls.ID{leg.Call})
	files := make(map[string][]byte)
	for _, path := range d.Files(folder) {
		data, err := d.ReadFile(path)
		require.NoError(t, err)
		files[path] = data
	}
	note := filepath.Join(folder, "sent")
	for bit := range len(files[note]) * 8 {
		flipped := faultfs.New()
		for path, data := range files {
			require.NoError(t, disk.Write(flipped, path, data))
		}
		require.NoError(t, flipped.Flip(note, int64(bit/8), uint(bit%8)))
		got, _ := sendAll(t, flipped)
		require.Subset(t, want, got)
		require.Contains(t, got, leg.Call, "bit %d", bit)
	}
}

// TestDamageOnFullDisk: a damaged part that cannot be kept aside counts, also when all else of its file was sent; it is kept aside when
// there is room, and the file goes.
func TestDamageOnFullDisk(t *testing.T) {
	t.Parallel()
	d, _ := filled(t, 3)
	path := legsFile(t, d)
	require.NoError(t, d.Flip(path, 30, 1))
	d.Bound(0)
	out := &stream{}
	s, err := spool.Open(spool.Config{Dir: folder, Disk: d, Clock: clock.System{}, Log: quiet(), Untended: true}, out)
	require.NoError(t, err)
	damaged := func() int {
		n, err := s.Damaged()
		require.NoError(t, err)
		return n
	}
	require.Equal(t, 1, damaged())
	for range 3 {
		require.NoError(t, s.SendNext(t.Context()))
	}
	require.Len(t, out.calls(), 2)
	require.Equal(t, 1, damaged(), "the leg is lost as things stand")
	require.Contains(t, d.Files(folder), path)
	d.Bound(-1)
	require.Equal(t, 1, damaged())
	aside, err := spool.Damage(d, folder)
	require.NoError(t, err)
	require.Len(t, aside, 1)
	require.NotContains(t, d.Files(folder), path)
	require.NoError(t, s.Close())
}

// TestDamageBehindThePosition: a bit flips in a file that was sent, whose end the disk could not forget before a restart. What was sent is
// not sent again for it, and what still waits is counted as it is: a proxy whose count said zero would pass for one that owes nothing.
func TestDamageBehindThePosition(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	cfg := spool.Config{Dir: folder, Disk: d, Clock: clock.System{}, Log: quiet(), SegmentBytes: 1, Untended: true}
	out := &stream{}
	s, err := spool.Open(cfg, out)
	require.NoError(t, err)
	record := func() calls.ID {
		leg := newLeg(t)
		require.NoError(t, s.Record(t.Context(), []*cdr.Leg{leg}))
		return leg.Call
	}
	record()
	first := legsFile(t, d)
	data, err := d.ReadFile(first)
	require.NoError(t, err)
	record()
	require.NoError(t, s.SendNext(t.Context()))
	require.NoError(t, s.SendNext(t.Context()))
	waits := record()
	require.NoError(t, s.Close())

	require.NoError(t, disk.Write(d, first, data)) // Its removal did not last.
	require.NoError(t, d.Flip(first, 30, 1))
	d.FailSync(syscall.EIO)
	s, err = spool.Open(cfg, out)
	require.NoError(t, err)
	require.EqualValues(t, 1, s.Stats().Waiting)
	sent := len(out.calls())
	require.NoError(t, s.SendNext(t.Context()))
	require.Equal(t, []calls.ID{waits}, out.calls()[sent:])
	require.Zero(t, s.Stats().Waiting)
	n, err := s.Damaged()
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.NoError(t, s.Close())
}
