package faultfs

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"trunkline/internal/disk"
)

// Disk is a disk in memory. Make it with New. It is safe for concurrent use.
type Disk struct {
	mu    sync.Mutex
	files map[string]*file
	left  int64 // Bytes that may still be written, where bounded is set.

	bounded bool
	short   int   // The next write writes no more than this and fails; negative: none.
	broken  error // What every change answers.
	deaf    bool  // Sync says yes and does nothing.
	torn    bool  // Nothing can be taken off a file.
	unsure  error // What Sync answers.
	syncs   int
	writes  int
}

// file is what a name leads to: what processes see of it, and what would be there after the death of the machine.
type file struct {
	dir        string
	data, last []byte
	linked     bool // Its name lasts.
	lost       bool // A sync of it has failed: what was not synced by then never will be.
}

var _ disk.FS = (*Disk)(nil)

// New returns an empty disk.
func New() *Disk { return &Disk{files: make(map[string]*file), short: -1} }

// Bound says how many more bytes may be written before the disk is full. Negative: any number.
func (d *Disk) Bound(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.bounded = bytes, bytes >= 0
}

// Break has every change of the disk fail with an error; nil mends it.
func (d *Disk) Break(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = err
}

// Short has the next write fail when it has written so many bytes.
func (d *Disk) Short(bytes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.short = bytes
}

// KeepTorn has the disk refuse to take anything off a file.
func (d *Disk) KeepTorn(keep bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.torn = keep
}

// FailSync has Sync fail with an error, and what was not synced be lost for good at the death of the machine whatever is synced later, as
// on Linux; nil mends it.
func (d *Disk) FailSync(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unsure = err
}

// LoseSyncs has Sync answer that all is well and do nothing.
func (d *Disk) LoseSyncs(lose bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.deaf = lose
}

// Syncs is how often a file was synced, and Writes how often one was written to.
func (d *Disk) Syncs() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.syncs
}

// Writes is how many writes there were.
func (d *Disk) Writes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writes
}

// Flip flips one bit of a file.
func (d *Disk) Flip(path string, offset int64, bit uint) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.files[clean(path)]
	if !ok || offset < 0 || offset >= int64(len(f.data)) {
		return fmt.Errorf("flip byte %d of %s: %w", offset, path, fs.ErrNotExist)
	}
	f.data[offset] ^= 1 << (bit % 8)
	if offset < int64(len(f.last)) {
		f.last[offset] ^= 1 << (bit % 8)
	}
	return nil
}

// Crash is the death of the machine: of what was not synced a part of any length from its beginning is there, or nothing. Open files
// are not to be used any more.
func (d *Disk) Crash(random *rand.Rand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(d.files)) {
		f := d.files[name]
		if !f.linked && random.IntN(2) == 0 {
			delete(d.files, name)
			continue
		}
		kept := slices.Clone(f.last)
		if n := len(f.data) - len(f.last); n > 0 {
			kept = append(kept, f.data[len(f.last):len(f.last)+random.IntN(n+1)]...)
		}
		d.files[name] = &file{dir: f.dir, data: kept, last: slices.Clone(kept), linked: true}
	}
}

// Files returns the paths of all files below a folder, in their order.
func (d *Disk) Files(dir string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for name := range d.files {
		if strings.HasPrefix(name, clean(dir)+string(filepath.Separator)) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func clean(path string) string { return filepath.Clean(path) }

// MkdirAll implements disk.FS: folders need not be made.
func (d *Disk) MkdirAll(string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.broken
}

// Create implements disk.FS.
func (d *Disk) Create(path string) (disk.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.broken != nil:
		return nil, fmt.Errorf("create %s: %w", path, d.broken)
	case d.files[clean(path)] != nil:
		return nil, fmt.Errorf("create %s: %w", path, fs.ErrExist)
	}
	f := &file{dir: filepath.Dir(path)}
	d.files[clean(path)] = f
	return &handle{d, f}, nil
}

// Open implements disk.FS.
func (d *Disk) Open(path string) (disk.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.files[clean(path)]
	if !ok {
		return nil, fmt.Errorf("open %s: %w", path, fs.ErrNotExist)
	}
	return &handle{d, f}, nil
}

// ReadFile implements disk.FS.
func (d *Disk) ReadFile(path string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.files[clean(path)]
	if !ok {
		return nil, fmt.Errorf("read %s: %w", path, fs.ErrNotExist)
	}
	return slices.Clone(f.data), nil
}

// Names implements disk.FS.
func (d *Disk) Names(dir string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dir = clean(dir)
	var out []string
	for path, f := range d.files {
		if f.dir == dir {
			out = append(out, filepath.Base(path))
		}
	}
	slices.Sort(out)
	return out, nil
}

// Rename implements disk.FS.
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.files[clean(from)]
	switch {
	case d.broken != nil:
		return fmt.Errorf("rename %s: %w", from, d.broken)
	case !ok:
		return fmt.Errorf("rename %s: %w", from, fs.ErrNotExist)
	}
	d.files[clean(to)], f.dir = f, filepath.Dir(to)
	delete(d.files, clean(from))
	return nil
}

// Remove implements disk.FS.
func (d *Disk) Remove(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.files[clean(path)]
	if !ok {
		return fmt.Errorf("remove %s: %w", path, fs.ErrNotExist)
	}
	d.left += int64(len(f.data))
	delete(d.files, clean(path))
	return nil
}

// SyncDir implements disk.FS.
func (d *Disk) SyncDir(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken != nil || d.deaf {
		return d.broken
	}
	dir = clean(dir)
	for _, f := range d.files {
		if f.dir == dir {
			f.linked = true
		}
	}
	return nil
}

// errShort is a write that was cut short.
var errShort = errors.New("the disk took a part of it only")

// full is what a write answers for which there is no room.
func full() error { return syscall.ENOSPC }
