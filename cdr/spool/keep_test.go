package spool_test

import (
	"path/filepath"
	"slices"
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
