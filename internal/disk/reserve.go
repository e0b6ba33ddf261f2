package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
)

// reserveStep is by how much a reserve shrinks at least. Others who write to the disk get no more of it than that at a time.
const reserveStep = 256 << 10

// Reserve is room on a disk that is kept aside by a file which takes it. When the disk is full the file shrinks, step by step, for
// whoever it is kept for, and when there is room again it grows to its size. It is safe for concurrent use.
type Reserve struct {
	fs   FS
	path string
	size int64

	mu   sync.Mutex
	file File
	have int64
}

// OpenReserve keeps so many bytes aside in a file, made where there is none. A disk that has no room for them is no error: Whole
// reports it, and Fill tries again.
func OpenReserve(fsys FS, path string, size int64) (*Reserve, error) {
	if err := fsys.MkdirAll(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("room kept aside: %w", err)
	}
	f, err := fsys.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = fsys.Create(path)
	}
	if err != nil && !NoRoom(err) {
		return nil, fmt.Errorf("room kept aside: %w", err)
	}
	r := &Reserve{fs: fsys, path: path, size: size, file: f}
	if f != nil {
		if r.have, err = f.Size(); err != nil {
			return nil, errors.Join(fmt.Errorf("room kept aside: %w", err), f.Close())
		}
		_ = r.shrink(size)
	}
	_ = r.Fill() // Whole tells.
	return r, nil
}

// Whole reports whether all the room is there.
func (r *Reserve) Whole() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.have >= r.size
}

// Left is how much of the room is there, in bytes.
func (r *Reserve) Left() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.have
}

// Give makes room on the disk for so many bytes, and reports false when there is nothing left to give.
func (r *Reserve) Give(bytes int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil || r.have == 0 {
		return false
	}
	return r.shrink(max(0, r.have-max(bytes, reserveStep))) == nil
}

// shrink is called with the lock held.
func (r *Reserve) shrink(to int64) error {
	if r.have <= to {
		return nil
	}
	if err := r.file.Truncate(to); err != nil {
		return err
	}
	r.have = to
	return nil
}

// Fill takes the room that is missing, all of it or nothing. It may be repeated.
func (r *Reserve) Fill() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.have >= r.size {
		return nil
	}
	if r.file == nil {
		f, err := r.fs.Create(r.path)
		if err != nil {
			return fmt.Errorf("room kept aside: %w", err)
		}
		r.file = f
	}
	if err := r.file.Allocate(r.size); err != nil {
		return errors.Join(fmt.Errorf("%d bytes kept aside: %w", r.size, err), r.file.Truncate(r.have))
	}
	r.have = r.size
	return nil
}

// Close leaves the room as it is.
func (r *Reserve) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}
