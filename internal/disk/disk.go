package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// FS is a file system. Paths are as those of package os, and so are errors: fs.ErrNotExist, fs.ErrExist and syscall.ENOSPC can be
// told by errors.Is.
type FS interface {
	// MkdirAll makes a folder, with those above it. It may be repeated.
	MkdirAll(path string) error
	// Create makes a file that there was not, for reading and writing.
	Create(path string) (File, error)
	// Open opens a file that is there, for reading and writing.
	Open(path string) (File, error)
	// ReadFile returns what a file holds.
	ReadFile(path string) ([]byte, error)
	// Names returns the names in a folder, in their order.
	Names(dir string) ([]string, error)
	// Rename puts a file in the place of another one.
	Rename(from, to string) error
	// Remove takes a file away.
	Remove(path string) error
	// SyncDir makes names that came or went in a folder last.
	SyncDir(dir string) error
}

// File is an open file. A write that fails may have written a part.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Truncate makes the file as long as told.
	Truncate(size int64) error
	// Allocate takes room on the disk for the first so many bytes and makes the file as long.
	Allocate(size int64) error
	// Sync returns when what was written lasts over the death of the machine.
	Sync() error
	// Size is how long the file is.
	Size() (int64, error)
}

// NoRoom reports whether an error says that the disk, or the part of it that we may use, is full.
func NoRoom(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// OS is the file system of the machine. What it makes is for its owner alone.
type OS struct{}

// MkdirAll implements FS.
func (OS) MkdirAll(path string) error { return os.MkdirAll(path, 0o700) }

// Create implements FS.
func (OS) Create(path string) (File, error) { return open(path, os.O_CREATE|os.O_EXCL|os.O_RDWR) }

// Open implements FS.
func (OS) Open(path string) (File, error) { return open(path, os.O_RDWR) }

// ReadFile implements FS.
func (OS) ReadFile(path string) ([]byte, error) { return os.ReadFile(path) } //nolint:gosec // The operator chooses the folder.

// Names implements FS.
func (OS) Names(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names, nil
}

// Rename implements FS.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements FS.
func (OS) Remove(path string) error { return os.Remove(path) }

// SyncDir implements FS.
func (OS) SyncDir(dir string) error {
	f, err := os.Open(dir) //nolint:gosec // The operator chooses the folder.
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

type osFile struct{ *os.File }

func open(path string, flag int) (File, error) {
	f, err := os.OpenFile(path, flag, 0o600) //nolint:gosec // The operator chooses the folder.
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Write makes a file of some bytes, or puts them in its place: all of them are there to last, or nothing has changed.
func Write(fsys FS, path string, data []byte) error {
	tmp := path + ".new"
	if err := fsys.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write %s: %w", path, err)
	}
	f, err := fsys.Create(tmp)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.WriteAt(data, 0)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = fsys.Rename(tmp, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), fsys.Remove(tmp))
	}
	return fsys.SyncDir(filepath.Dir(path))
}
