package journal

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"trunkline/internal/disk"
)

// probeEvery is how often a journal that cannot be written is tried again, and room that is missing is taken.
const probeEvery = time.Second

// syncPause is the longest pause between syncs that fail.
const syncPause = time.Minute

// tend does what writers need not wait for: it syncs, begins new segments, removes what is of the past, and tries again what failed.
func (j *Journal) tend(ctx context.Context) {
	tick := make(chan struct{}, 1)
	timer := j.o.Clock.AfterFunc(j.o.SyncEvery, func() { tick <- struct{}{} })
	defer func() { timer.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			timer = j.o.Clock.AfterFunc(j.o.SyncEvery, func() { tick <- struct{}{} })
		case <-j.wake:
		}
		j.round(ctx)
	}
}

// Tend does once for an Untended journal what is otherwise done in the background, several times a second.
func (j *Journal) Tend() { j.round(context.Background()) }

func (j *Journal) round(ctx context.Context) {
	j.tell()
	j.sync()
	j.grow()
	if since := j.o.Clock.Now().Sub(j.probed); since >= probeEvery || since < 0 {
		j.probed = j.o.Clock.Now()
		j.probe()
	}
	j.compact(ctx)
}

// tell says when the journal has become one not to be relied on, or is well again.
func (j *Journal) tell() {
	err := j.Err()
	switch {
	case err != nil && !j.bad:
		j.o.Log.Error("the journal cannot be written or the disk is full: calls that cost money are refused until that is over", "error", err)
	case err == nil && j.bad:
		j.o.Log.Info("the journal is well again: calls are placed")
	}
	j.bad = err != nil
}

// sync makes what was written last, and reports whether it does. Nobody waits for it but the one who tends. While it fails it is tried again with
// growing pauses: each time all that lives is written anew.
func (j *Journal) sync() bool {
	if j.o.Clock.Elapsed() < j.due {
		return false
	}
	files, removed := j.unsynced()
	ok := true
	for _, f := range files {
		if err := f.finish(); err != nil {
			ok = false
			j.o.Log.Error("the journal cannot be made to last", "error", err)
			j.distrust(f, removed)
		}
	}
	if !ok {
		j.pause = min(max(2*j.pause, probeEvery), syncPause)
		j.due = j.o.Clock.Elapsed() + j.pause
		return false
	}
	j.pause, j.due = 0, 0
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lasts = !j.dirty && len(j.retired) == 0
	return true
}

// unsynced returns the files that are to be synced, and the keys whose removal is in them.
func (j *Journal) unsynced() (files []opened, removed []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	files, removed = j.retired, slices.Sorted(maps.Keys(j.removed))
	j.retired, j.removed = nil, make(map[string]struct{})
	if j.file != nil && j.dirty {
		files = append(files, opened{j.file, j.segments[len(j.segments)-1].number, false})
	}
	j.dirty = false
	return files, removed
}

// opened is a file of a segment that is to be synced, and closed when it is retired.
type opened struct {
	disk.File
	segment int64
	retired bool
}

func (f opened) finish() error {
	err := f.Sync()
	if f.retired {
		err = errors.Join(err, f.Close())
	}
	return err
}

// distrust writes all anew that is live in a segment whose sync has failed, and what was removed: what the disk has of it is not known any more.
func (j *Journal) distrust(f opened, removed []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return
	}
	j.owed.add(j.liveIn(f.segment)...)
	j.owed.add(removed...)
	for _, key := range removed {
		j.removed[key] = struct{}{}
	}
	if j.file == f.File {
		j.retire()
	}
	j.failed(j.pay())
}

// retire has the file that is written to closed, and the next write begin another one. It is called with the lock held.
func (j *Journal) retire() {
	j.retired = append(j.retired, opened{j.file, j.segments[len(j.segments)-1].number, true})
	j.file = nil
}

// grow begins a new segment when the last one is long enough.
func (j *Journal) grow() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := len(j.segments); j.file != nil && n > 0 && j.segments[n-1].size >= j.o.SegmentBytes {
		if err := j.rotate(); err != nil {
			j.o.Log.Warn("the journal goes on in a file that is long already", "error", err)
		}
	}
}

// probe tries again what failed, and looks whether somebody has dealt with what is damaged.
func (j *Journal) probe() {
	j.mu.Lock()
	segments := slices.Clone(j.segments)
	j.mu.Unlock()
	for _, s := range segments {
		j.keptAside(s)
	}
	if err := j.countDamage(); err != nil {
		j.o.Log.Warn("the folder of the journal cannot be read", "error", err)
	}
	if room := j.o.Room; room != nil && !room.Whole() {
		if err := room.Fill(); err != nil {
			j.o.Log.Debug("there is no room yet to be kept aside", "error", err)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fault == nil || j.closed {
		return
	}
	if j.owed.len() == 0 {
		j.fault = nil
	}
	j.failed(j.pay())
}

// compact removes the oldest segment, and writes what is still live in it again, while most of what is in files is of the past.
func (j *Journal) compact(ctx context.Context) {
	for ctx.Err() == nil {
		j.mu.Lock()
		if len(j.segments) < 2 || j.fault != nil || j.size() <= 2*j.bytes+2*j.o.SegmentBytes {
			j.mu.Unlock()
			return
		}
		oldest := j.segments[0]
		keys := j.liveIn(oldest.number)
		j.mu.Unlock()
		if !j.keptAside(oldest) || !j.carry(keys, oldest) || !j.drop(oldest) {
			return
		}
	}
}

// liveIn returns the keys that were written last to a segment, in their order. It is called with the lock held.
func (j *Journal) liveIn(segment int64) []string {
	var keys []string
	for key, it := range j.live {
		if it.segment == segment {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// carryChunk is how many entries are written again while writers wait.
const carryChunk = 32

func (j *Journal) carry(keys []string, from *segment) bool {
	for len(keys) > 0 {
		n := min(len(keys), carryChunk)
		j.mu.Lock()
		for _, key := range keys[:n] {
			if it := j.live[key]; it != nil && it.segment == from.number {
				j.owed.add(key)
			}
		}
		err := j.pay()
		j.failed(err)
		j.mu.Unlock()
		if err != nil {
			return false
		}
		keys = keys[n:]
	}
	return true
}

// drop removes the oldest segment, of which nothing is live. That is made to last before the next one is removed: a key that was removed
// must not come back with an older segment than the one that said so.
func (j *Journal) drop(oldest *segment) bool {
	if !j.sync() {
		return false
	}
	err := j.o.FS.Remove(oldest.path)
	if err == nil {
		err = j.o.FS.SyncDir(j.o.Dir)
	}
	if err != nil {
		j.o.Log.Warn("a file of the journal that is of the past cannot be removed", "file", oldest.path, "error", err)
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.segments = j.segments[1:]
	return true
}
