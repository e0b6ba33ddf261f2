package journal_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/internal/faultfs"
	"trunkline/internal/frame"
	"trunkline/sipproxy/journal"
)

const dir = "/data/sip"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens the journal as a process does after the former one was killed: that one is left as it is.
func open(tb testing.TB, d *faultfs.Disk, more ...func(*journal.Options)) *journal.Journal {
	tb.Helper()
	o := journal.Options{Dir: dir, FS: d, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), SyncEvery: time.Millisecond}
	for _, f := range more {
		f(&o)
	}
	j, err := journal.Open(o)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = j.Close() })
	return j
}

func set(j *journal.Journal, key, value string) error {
	return j.Write(journal.Change{Key: key, Value: []byte(value)})
}

func entries(j *journal.Journal) map[string]string {
	out := make(map[string]string)
	for key, value := range j.Entries() {
		out[key] = string(value)
	}
	return out
}

func TestKilled(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	j := open(t, d)
	require.NoError(t, set(j, "a", "1"))
	require.NoError(t, set(j, "b", "1"))
	require.NoError(t, set(j, "a", "2"))
	require.NoError(t, j.Remove("b", "never"))
	want := map[string]string{"a": "2"}
	require.Equal(t, want, entries(j))
	j.Kill()
	after := open(t, d)
	require.Equal(t, want, entries(after))
	require.Zero(t, after.Stats().Damaged)
}

// TestFullForAMoment: what was written while the disk was full, and after it, is there when the process is killed.
func TestFullForAMoment(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	j := open(t, d)
	call := func(n int) error { return set(j, fmt.Sprint("call/", n), strings.Repeat("x", 3000)) }
	for n := range 5 {
		require.NoError(t, call(n))
	}
	d.Bound(1000) // The next write is cut short in its middle.
	for n := 5; n < 7; n++ {
		require.ErrorIs(t, call(n), syscall.ENOSPC)
	}
	require.ErrorIs(t, j.Err(), syscall.ENOSPC)
	d.Bound(-1)
	for n := 7; n < 27; n++ {
		require.NoError(t, call(n))
	}
	require.NoError(t, j.Err())
	j.Kill()
	after := open(t, d)
	require.Len(t, after.Entries(), 27)
	require.Zero(t, after.Stats().Damaged)
}

// TestShortWrite cuts a write short at every length. Nothing is lost, and nothing is found damaged.
func TestShortWrite(t *testing.T) {
	t.Parallel()
	for n := range 40 {
		d := faultfs.New()
		j := open(t, d)
		require.NoError(t, set(j, "a", "1"))
		d.Short(n)
		require.Error(t, set(j, "b", "22222222"))
		require.NoError(t, set(j, "c", "3"))
		j.Kill()
		after := open(t, d)
		require.Equal(t, map[string]string{"a": "1", "b": "22222222", "c": "3"}, entries(after), n)
		require.Zero(t, after.Stats().Damaged)
	}
}

// TestTornAndNotTakenBack: a write is cut short and the disk does not even let its beginning be taken off again. What comes next goes
// into another file.
func TestTornAndNotTakenBack(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	j := open(t, d, func(o *journal.Options) { o.SyncEvery = time.Hour })
	require.NoError(t, set(j, "a", "1"))
	d.Short(9)
	d.KeepTorn(true)
	require.Error(t, set(j, "b", "2"))
	d.KeepTorn(false)
	require.NoError(t, set(j, "c", "3"))
	j.Kill()
	after := open(t, d)
	require.Equal(t, map[string]string{"a": "1", "b": "2", "c": "3"}, entries(after))
	require.Zero(t, after.Stats().Damaged, "a write that was cut short is no damage")
}

// TestFlippedBit flips each bit of a file: no other entry is lost than the one that was hit, and what was hit is kept aside.
func TestFlippedBit(t *testing.T) {
	t.Parallel()
	whole := faultfs.New()
	j := open(t, whole)
	want := make(map[string]string)
	for n := range 5 {
		key := fmt.Sprint("call/", n)
		want[key] = strings.Repeat("v", n*3+1)
		require.NoError(t, set(j, key, want[key]))
	}
	require.NoError(t, j.Close())
	path := whole.Files(dir)[0]
	data, err := whole.ReadFile(path)
	require.NoError(t, err)
	for bit := range len(data) * 8 {
		d := faultfs.New()
		require.NoError(t, disk.Write(d, path, data))
		require.NoError(t, d.Flip(path, int64(bit/8), uint(bit%8)))
		j.Kill()
		after := open(t, d)
		got := entries(after)
		require.Len(t, got, len(want)-1, "bit %d", bit)
		for key, value := range got {
			require.Equal(t, want[key], value)
		}
		require.NoError(t, set(after, "more", "x"))
		require.Equal(t, 1, after.Stats().Damaged)
		aside, err := journal.Damage(d, dir)
		require.NoError(t, err)
		require.Len(t, aside, 1)
		require.NoError(t, frame.Settle(d, aside[0].Path))
		after.Kill()
		again := open(t, d)
		require.Zero(t, again.Stats().Damaged, "somebody has dealt with it")
		again.Kill()
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	j := open(t, d)
	require.NoError(t, set(j, "a", "1"))
	err := j.Write(journal.Change{Key: "a", Value: []byte("2")}, journal.Change{Key: "b", Value: make([]byte, journal.MaxEntry)})
	require.ErrorIs(t, err, journal.ErrTooLarge)
	require.NoError(t, set(j, "c", "3"))
	require.NoError(t, set(j, "d", strings.Repeat("x", journal.MaxEntry-8)))
	j.Kill()
	after := open(t, d)
	require.Equal(t, []string{"a", "c", "d"}, slices.Sorted(maps.Keys(after.Entries())))
	require.Equal(t, "1", entries(after)["a"], "none of the changes was made")
}

// TestWhatIsOfThePastGoes: many changes of few keys take little room, and nothing that is live goes with them.
func TestWhatIsOfThePastGoes(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	small := func(o *journal.Options) { o.SegmentBytes = 2000 }
	j := open(t, d, small)
	require.NoError(t, set(j, "old", "as it was"))
	for n := range 20_000 {
		require.NoError(t, set(j, fmt.Sprint("call/", n), "in progress"))
		if n >= 10 {
			require.NoError(t, j.Remove(fmt.Sprint("call/", n-10)))
		}
	}
	require.Eventually(t, func() bool { return j.Stats().Bytes < 10_000 }, 10*time.Second, time.Millisecond)
	want := entries(j)
	require.Len(t, want, 11)
	j.Kill()
	require.Equal(t, want, entries(open(t, d, small)))
}

// TestFailedSync: a disk that could not sync may have lost what it was given before (as Linux does), so it is written again.
func TestFailedSync(t *testing.T) {
	t.Parallel()
	d, c := faultfs.New(), manual()
	j := open(t, d, untended(c))
	d.FailSync(syscall.EIO)
	require.NoError(t, set(j, "a", "1"))
	j.Tend()
	require.Greater(t, len(d.Files(dir)), 1)
	require.False(t, j.Stats().Lasts)
	d.FailSync(nil)
	c.Advance(time.Minute)
	j.Tend()
	require.True(t, j.Stats().Lasts)
	d.Crash(rand.New(rand.NewPCG(1, 1)))
	require.Equal(t, map[string]string{"a": "1"}, entries(open(t, d, untended(c))))
}

// TestRoomKeptAside: when the disk is full, what is in progress is still written; it is told that there is no room for more, and when
// there is room again all is as it was.
func TestRoomKeptAside(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	room, err := disk.OpenReserve(d, dir+"/reserve", 1<<20)
	require.NoError(t, err)
	j := open(t, d, func(o *journal.Options) { o.Room = room })
	require.NoError(t, j.Err())
	d.Bound(100)
	for n := range 20 {
		require.NoError(t, set(j, fmt.Sprint("call/", n), strings.Repeat("x", 10_000)))
	}
	require.ErrorIs(t, j.Err(), journal.ErrNoRoom)
	j.Kill()
	j = open(t, d, func(o *journal.Options) { o.Room = room })
	require.Len(t, j.Entries(), 20)
	require.ErrorIs(t, j.Err(), journal.ErrNoRoom)
	d.Bound(-1)
	require.Eventually(t, func() bool { return j.Err() == nil }, 10*time.Second, 10*time.Millisecond)
	require.True(t, room.Whole())
}

// TestBrokenDisk: a disk that fails takes nothing away from what is in memory, and is tried again until it works.
func TestBrokenDisk(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	j := open(t, d)
	require.NoError(t, set(j, "a", "1"))
	d.Break(syscall.EIO)
	require.ErrorIs(t, set(j, "b", "1"), syscall.EIO)
	require.ErrorIs(t, j.Remove("a"), syscall.EIO)
	d.Break(nil)
	require.Eventually(t, func() bool { return j.Err() == nil }, 10*time.Second, 10*time.Millisecond)
	j.Kill()
	require.Equal(t, map[string]string{"b": "1"}, entries(open(t, d)))
}

// TestFormerVersion reads the one file that the journal was before, with a bit flipped in its middle.
func TestFormerVersion(t *testing.T) {
	t.Parallel()
	d := faultfs.New()
	var data []byte
	for n := range 5 {
		data = append(data, oldEntry(fmt.Sprint("call/", n), "in progress")...)
	}
	data = append(data, oldEntry("call/0", "")...)
	require.NoError(t, disk.Write(d, dir+"/journal", data))
	require.NoError(t, d.Flip(dir+"/journal", int64(len(oldEntry("call/0", "in progress"))*2+12), 3))
	j := open(t, d)
	require.Equal(t, []string{"call/1", "call/3", "call/4"}, slices.Sorted(maps.Keys(j.Entries())))
	require.Equal(t, 1, j.Stats().Damaged)
	require.Equal(t, entries(j), entries(open(t, d)))
	_, err := d.ReadFile(dir + "/journal")
	require.Error(t, err, "it was written anew")
}

func oldEntry(key, value string) []byte {
	body := append(binary.BigEndian.AppendUint16(nil, uint16(len(key))), key+value...)
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	return append(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(body)), body...)
}

// TestAnyFault: whatever the disk does, a process that is killed finds each key as it was left, and after the death of the machine each
// has a value that it had since the last time that all was synced.
func TestAnyFault(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := faultfs.New()
		o := journal.Options{
			Dir: dir, FS: d, Clock: clock.NewManual(time.Unix(0, 0)), Log: slog.New(slog.DiscardHandler), SegmentBytes: 300,
		}
		reopen := func() *journal.Journal {
			j, err := journal.Open(o)
			require.NoError(t, err)
			return j
		}
		j := reopen()
		defer func() { _ = j.Close() }()
		model := make(map[string]string)
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				key, value := rapid.StringN(1, 1, 1).Draw(t, "key"), rapid.StringN(1, 9, -1).Draw(t, "value")
				_ = set(j, key, value)
				model[key] = value
			},
			"remove": func(t *rapid.T) {
				key := rapid.StringN(1, 1, 1).Draw(t, "key")
				_ = j.Remove(key)
				delete(model, key)
			},
			"short":  func(t *rapid.T) { d.Short(rapid.IntRange(0, 60).Draw(t, "bytes")) },
			"full":   func(t *rapid.T) { d.Bound(int64(rapid.IntRange(0, 100).Draw(t, "bytes"))) },
			"room":   func(*rapid.T) { d.Bound(-1) },
			"broken": func(*rapid.T) { d.Break(syscall.EIO) },
			"mended": func(*rapid.T) { d.Break(nil) },
			"torn":   func(t *rapid.T) { d.KeepTorn(rapid.Bool().Draw(t, "keep")) },
			"closed": func(*rapid.T) {
				d.Break(nil)
				d.Bound(-1)
				d.Short(-1)
				require.NoError(t, j.Close())
				j = reopen()
			},
			"killed": func(*rapid.T) {
				if j.Err() != nil {
					return // What is owed dies with the process; that is what Err says.
				}
				d.Break(nil)
				j.Kill()
				j = reopen()
			},
			"": func(t *rapid.T) {
				require.Equal(t, model, entries(j))
				require.Zero(t, j.Stats().Damaged)
			},
		})
	})
}

// FuzzOpen opens whatever a file holds.
func FuzzOpen(f *testing.F) {
	d := faultfs.New()
	j := open(f, d)
	require.NoError(f, set(j, "a", "1"))
	require.NoError(f, set(j, "b", "2"))
	path := d.Files(dir)[0]
	data, err := d.ReadFile(path)
	require.NoError(f, err)
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Add(oldEntry("a", "1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := faultfs.New()
		require.NoError(t, disk.Write(d, path, data))
		require.NoError(t, disk.Write(d, filepath.Join(dir, "journal"), data))
		j := open(t, d)
		_ = set(j, "c", "3")
		want := entries(j)
		require.NoError(t, j.Close())
		require.Equal(t, want, entries(open(t, d)))
	})
}
