package spool_test

import (
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/cdr/spool"
	"trunkline/internal/calls"
	"trunkline/internal/disk"
	"trunkline/internal/faultfs"
	"trunkline/internal/frame"
)

const folder = "/data/spool"

// filled returns a disk on which some legs wait, and their calls.
func filled(t *testing.T, n int) (*faultfs.Disk, []calls.ID) {
	t.Helper()
	d := faultfs.New()
	s := open(t, spool.Config{Dir: folder, Disk: d}, &stream{away: true})
	var ids []calls.ID
	for range n {
		leg := newLeg(t)
		ids = append(ids, leg.Call)
		require.NoError(t, s.Record(t.Context(), []*cdr.Leg{leg}))
	}
	require.NoError(t, s.Close())
	return d, ids
}

func legsFile(t *testing.T, d *faultfs.Disk) string {
	t.Helper()
	for _, path := range d.Files(folder) {
		if filepath.Ext(path) == ".legs" {
			return path
		}
	}
	require.Fail(t, "there is no file of legs")
	return ""
}

// sendAll returns the calls of the legs that a spool on the disk sends, and how many damaged parts it has.
func sendAll(t *testing.T, d *faultfs.Disk) (ids []calls.ID, damaged int) {
	t.Helper()
	out := &stream{}
	s := open(t, spool.Config{Dir: folder, Disk: d}, out)
	flush(t, s)
	damaged, err := s.Damaged()
	require.NoError(t, err)
	require.NoError(t, s.Close())
	return out.calls(), damaged
}

// TestFlippedBit flips a bit of every byte of a file: no leg but the one that was hit is lost, and that one is kept aside.
func TestFlippedBit(t *testing.T) {
	t.Parallel()
	whole, ids := filled(t, 5)
	path := legsFile(t, whole)
	data, err := whole.ReadFile(path)
	require.NoError(t, err)
	for at := range data {
		d := faultfs.New()
		require.NoError(t, disk.Write(d, path, data))
		require.NoError(t, d.Flip(path, int64(at), uint(at)))
		got, damaged := sendAll(t, d)
		hit := at / (len(data) / len(ids))
		require.Equal(t, append(append([]calls.ID{}, ids[:hit]...), ids[hit+1:]...), got, "byte %d", at)
		require.Equal(t, 1, damaged)
		aside, err := spool.Damage(d, folder)
		require.NoError(t, err)
		require.Len(t, aside, 1)
		require.NoError(t, frame.Settle(d, aside[0].Path))
		_, damaged = sendAll(t, d)
		require.Zero(t, damaged, "somebody has dealt with it")
	}
}

// TestFlippedWhileItWaits: the bit flips after the spool was opened.
func TestFlippedWhileItWaits(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	out := &stream{away: true}
	s := open(t, spool.Config{Dir: folder, Disk: d}, out)
	for range 3 {
		require.NoError(t, s.Record(t.Context(), []*cdr.Leg{newLeg(t)}))
	}
	require.NoError(t, d.Flip(legsFile(t, d), 30, 1))
	require.NoError(t, s.Record(t.Context(), []*cdr.Leg{newLeg(t)}))
	out.back()
	flush(t, s)
	require.Len(t, out.calls(), 3)
	require.Zero(t, s.Stats().Waiting, "what is lost does not wait")
	n, err := s.Damaged()
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// TestFormerVersion reads a file as it was written before frames had marks, with a bit flipped in the first of a hundred legs.
func TestFormerVersion(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	var data []byte
	var ids []calls.ID
	for range 100 {
		leg := newLeg(t)
		ids = append(ids, leg.Call)
		key := leg.Call.Bytes()
		body := append(binary.BigEndian.AppendUint64(nil, 1), key[:]...)
		body = cdr.AppendLeg(body, leg)
		data = binary.BigEndian.AppendUint32(data, uint32(len(body)))
		data = binary.BigEndian.AppendUint32(data, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
		data = append(data, body...)
	}
	path := folder + "/0000000000000007.legs"
	require.NoError(t, disk.Write(d, path, data))
	require.NoError(t, d.Flip(path, 3, 5))
	got, damaged := sendAll(t, d)
	require.Equal(t, ids[1:], got)
	require.Equal(t, 1, damaged)
}

// TestSafeMeansSynced: what Record has answered to outlives the death of the machine.
func TestSafeMeansSynced(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	s := open(t, spool.Config{Dir: folder, Disk: d}, &stream{away: true})
	var ids []calls.ID
	for range 20 {
		leg := newLeg(t)
		before := d.Syncs()
		require.NoError(t, s.Record(t.Context(), []*cdr.Leg{leg}))
		require.Greater(t, d.Syncs(), before)
		ids = append(ids, leg.Call)
	}
	d.Crash(rand.New(rand.NewPCG(1, 2)))
	got, damaged := sendAll(t, d)
	require.Equal(t, ids, got)
	require.Zero(t, damaged)
}

// TestFullDisk: what room is kept aside is for legs, too; without it Record says that there is none, and goes on when there is.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	room, err := disk.OpenReserve(d, "/data/reserve", 300<<10)
	require.NoError(t, err)
	out := &stream{away: true}
	s := open(t, spool.Config{Dir: folder, Disk: d, Room: room}, out)
	d.Bound(0)
	leg := newLeg(t)
	leg.Trace = make([]byte, 100<<10)
	kept := 0
	for err == nil {
		if err = s.Record(t.Context(), []*cdr.Leg{leg}); err == nil {
			kept++
		}
	}
	require.ErrorIs(t, err, spool.ErrFull)
	require.Equal(t, 2, kept)
	require.False(t, room.Whole())
	d.Bound(-1)
	require.NoError(t, s.Record(t.Context(), []*cdr.Leg{leg}))
	out.back()
	flush(t, s)
	require.Len(t, out.calls(), kept+1)
	require.NoError(t, s.Close())
	_, damaged := sendAll(t, d)
	require.Zero(t, damaged)
}

// FuzzOpen opens whatever a file holds, of this version and of the former one.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x19\x00\x00\x00\x00"))
	f.Add(make([]byte, 100))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := faultfs.New()
		require.NoError(t, disk.Write(d, folder+"/0000000000000001.legs", data))
		require.NoError(t, disk.Write(d, folder+"/0000000000000002-0000000000000001.legs", data))
		out := &stream{away: true}
		s := open(t, spool.Config{Dir: folder, Disk: d}, out)
		require.NoError(t, s.Record(t.Context(), []*cdr.Leg{newLeg(t)}))
		require.NoError(t, s.Close())
	})
}
