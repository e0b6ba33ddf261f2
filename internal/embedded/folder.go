package embedded

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// Folder is the data folder of one running instance; its lock keeps every other instance out.
type Folder struct {
	path string
	lock *os.File
}

// Open makes the folder where it is missing and locks it until Close or the end of the process, however it ends.
// It answers ErrLocked, naming the process that has it, or ErrNotWritable.
func Open(path string) (*Folder, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", path, err)
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, notWritable(abs, err)
	}
	lock, err := os.OpenFile(filepath.Join(abs, "lock"), os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator chooses the folder
	if err != nil {
		return nil, notWritable(abs, err)
	}
	if err := takeFolder(lock, abs); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &Folder{path: abs, lock: lock}, nil
}

func takeFolder(lock *os.File, path string) error {
	free, err := tryLock(lock)
	if err != nil {
		return fmt.Errorf("lock data folder %s: %w", path, err)
	}
	if !free {
		return fmt.Errorf("%w: %s is held by process %s; stop that process or choose another folder with --data",
			ErrLocked, path, holder(lock.Name()))
	}
	return writeHolder(lock, os.Getpid())
}

// Path is the absolute path of the folder.
func (f *Folder) Path() string { return f.path }

// Close gives the folder free. The engines in it must have been stopped before.
func (f *Folder) Close() error {
	if err := f.lock.Close(); err != nil {
		return fmt.Errorf("unlock data folder %s: %w", f.path, err)
	}
	return nil
}

// room makes and returns the folder of one engine.
func (f *Folder) room(name string) (string, error) {
	dir := filepath.Join(f.path, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", notWritable(dir, err)
	}
	return dir, nil
}

func notWritable(path string, err error) error {
	if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("data folder %s: %w", path, err)
	}
	return fmt.Errorf("%w: %w; give uid %d the right to write %s or choose another folder with --data",
		ErrNotWritable, err, os.Getuid(), path)
}

// writeHolder notes in a lock file who holds it, for the message that another process will print.
func writeHolder(lock *os.File, pid int) error {
	if err := lock.Truncate(0); err != nil {
		return fmt.Errorf("write %s: %w", lock.Name(), err)
	}
	if _, err := lock.WriteAt([]byte(strconv.Itoa(pid)+"\n"), 0); err != nil {
		return fmt.Errorf("write %s: %w", lock.Name(), err)
	}
	return nil
}

// holder reads what writeHolder wrote.
func holder(path string) string {
	pid, err := os.ReadFile(path) //nolint:gosec // the path is made of the data folder's
	if err != nil || len(bytes.TrimSpace(pid)) == 0 {
		return "of unknown id"
	}
	return string(bytes.TrimSpace(pid))
}
