package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/internal/frame"
)

// Errors of a journal.
var (
	ErrTooLarge = errors.New("the entry is too large for the journal")
	ErrNoRoom   = errors.New("the disk is full: the room kept aside for calls in progress is in use")
	ErrClosed   = errors.New("the journal is closed")
)

const (
	// MaxEntry is the largest entry, key and value together, in bytes.
	MaxEntry       = 1 << 20
	defaultSegment = 16 << 20
	keyMost        = 1<<16 - 1
)

// Options say where a journal is.
type Options struct {
	Dir   string // The files of a journal may share it with others.
	FS    disk.FS
	Clock clock.Clock
	Log   *slog.Logger
	// Room is drawn on when the disk is full, and filled again when there is room. Nil: none is kept.
	Room         *disk.Reserve
	SegmentBytes int64         // A file is followed by the next when it has grown to that; 0: 16 MiB.
	SyncEvery    time.Duration // How often what was written is made to last over the death of the machine; 0: 250 ms.
	Untended     bool          // Nothing goes on in the background: whoever has the journal calls Tend.
}

// Change is a key and the value that it is to have; none removes it.
type Change struct {
	Key   string
	Value []byte
}

// Journal is an open journal. It is safe for concurrent use.
type Journal struct {
	o    Options
	stop context.CancelFunc
	wake chan struct{}
	done sync.WaitGroup

	mu       sync.Mutex
	live     map[string]*item
	owed     debts
	segments []*segment // In their order; the last is written to.
	file     disk.File  // Of the last one; nil: it could not be made, or the journal is closed.
	retired  []opened   // Former files that are to be synced and closed.
	bytes    int64      // Of what is live, as it is written.
	buf      []byte
	dirty    bool                // There is something to sync.
	lasts    bool                // There is nothing to sync, and the last sync has succeeded.
	removed  map[string]struct{} // Keys whose removal does not last yet.
	fault    error               // Why the last write failed; nil: it did not.
	closed   bool
	damaged  int

	// Only who tends touches these.
	bad    bool          // It was said that the journal is not to be relied on.
	probed time.Time     // When it was last looked whether what failed succeeds now.
	pause  time.Duration // Between syncs, while they fail.
	due    time.Duration // When the next sync is to be tried, by the clock that never steps.
}

// item is what a key has.
type item struct {
	value   []byte
	segment int64 // Where it was written last.
	size    int64 // What it takes there.
}

// Open reads the journal of a folder and goes on in a new file. Damaged parts are kept aside, see frame.Damage. It fails only where the
// folder cannot be read; a disk that cannot be written to is told by Err.
func Open(o Options) (*Journal, error) {
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = defaultSegment
	}
	if o.SyncEvery <= 0 {
		o.SyncEvery = 250 * time.Millisecond
	}
	j := &Journal{o: o, wake: make(chan struct{}, 1), live: make(map[string]*item), owed: newDebts(), removed: make(map[string]struct{}), probed: o.Clock.Now()}
	if err := j.load(); err != nil {
		return nil, err
	}
	j.mu.Lock()
	j.failed(j.pay())
	j.mu.Unlock()
	j.dropOld()
	ctx, stop := context.WithCancel(context.Background())
	j.stop = stop
	if !o.Untended {
		j.done.Go(func() { j.tend(ctx) })
	}
	return j, nil
}

// Write makes changes. Where it returns an error other than ErrTooLarge they are made in memory, and are written as soon as that is
// possible; after ErrTooLarge none is made. It may be repeated.
func (j *Journal) Write(changes ...Change) error {
	for _, c := range changes {
		if len(c.Key) > keyMost || entryHead+len(c.Key)+len(c.Value) > MaxEntry {
			return fmt.Errorf("%w: %s takes %d bytes, and %d may be", ErrTooLarge, c.Key, len(c.Value), MaxEntry)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	made := slices.DeleteFunc(slices.Clone(changes), func(c Change) bool { return !j.set(c) })
	err := j.save(made)
	if !errors.Is(err, ErrClosed) {
		j.failed(err)
	}
	return err
}

// set makes a change in memory, and reports whether it is one.
func (j *Journal) set(c Change) bool {
	old, there := j.live[c.Key]
	switch {
	case len(c.Value) > 0 && there:
		old.value = c.Value
	case len(c.Value) > 0:
		j.live[c.Key] = &item{value: c.Value}
	case there:
		j.bytes -= old.size
		delete(j.live, c.Key)
		j.removed[c.Key] = struct{}{}
	default:
		return false
	}
	return true
}

// Remove removes keys. It may be repeated.
func (j *Journal) Remove(keys ...string) error {
	changes := make([]Change, 0, len(keys))
	for _, key := range keys {
		changes = append(changes, Change{Key: key})
	}
	return j.Write(changes...)
}

// Has reports whether a key has a value.
func (j *Journal) Has(key string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, ok := j.live[key]
	return ok
}

// Entries returns all keys and their values, which must not be changed.
func (j *Journal) Entries() map[string][]byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make(map[string][]byte, len(j.live))
	for key, it := range j.live {
		out[key] = it.value
	}
	return out
}

// Err tells why the journal is not to be relied on for more than what is in it: it cannot be written, or the disk is so full that the room
// that is kept aside is in use. Nil: all is well.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fault == nil && j.o.Room != nil && !j.o.Room.Whole() {
		return ErrNoRoom
	}
	return j.fault
}

// Stats is how a journal stands.
type Stats struct {
	Entries int
	Bytes   int64 // In all files.
	Owed    int   // Entries that wait to be written.
	Damaged int   // Damaged parts that were found when it was opened, or before, and that nobody has dealt with.
	Lasts   bool  // All that is written lasts over the death of the machine.
}

// Stats returns how the journal stands.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	return Stats{Entries: len(j.live), Bytes: j.size(), Owed: j.owed.len(), Damaged: j.damaged, Lasts: j.lasts}
}

func (j *Journal) size() (n int64) {
	for _, s := range j.segments {
		n += s.size
	}
	return n
}

// Close writes what is owed and leaves all for the next Open. It may be repeated.
func (j *Journal) Close() error {
	j.stop()
	j.done.Wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil
	}
	j.closed = true
	err := j.pay()
	if j.file != nil {
		j.retire()
	}
	for _, f := range j.retired {
		err = errors.Join(err, f.finish())
	}
	j.retired = nil
	return err
}

// Damage returns the damaged parts that are kept in the folder of a journal.
func Damage(fsys disk.FS, dir string) ([]frame.Aside, error) { return frame.Damage(fsys, dir) }
