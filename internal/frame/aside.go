package frame

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"trunkline/internal/disk"
)

// Damaged parts of a file are kept beside it, each in a file of its own: NAME@OFFSET.damaged. Nobody removes them but an operator.
const (
	asideSuffix  = ".damaged"
	settledMark  = ".settled" // Behind the suffix, when an operator has dealt with it.
	offsetLetter = "@"
)

// Aside is a damaged part that is kept.
type Aside struct {
	Path  string
	Bytes int64
}

// Save keeps a damaged part of a file aside: its bytes. It may be repeated.
func Save(fsys disk.FS, path string, p Part, damaged []byte) error {
	aside := fmt.Sprintf("%s%s%d%s", path, offsetLetter, p.Offset, asideSuffix)
	for _, there := range []string{aside, aside + settledMark} {
		f, err := fsys.Open(there)
		if err == nil {
			return f.Close()
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("keep a damaged part aside: %w", err)
		}
	}
	return disk.Write(fsys, aside, damaged)
}

// IsAside reports whether a file of that name is a damaged part that nobody has dealt with.
func IsAside(name string) bool { return strings.HasSuffix(name, asideSuffix) }

// Damage returns the damaged parts in a folder that nobody has dealt with yet, in the order of their names. A folder that is not there
// has none.
func Damage(fsys disk.FS, dir string) ([]Aside, error) {
	names, err := fsys.Names(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for damage: %w", err)
	}
	var out []Aside
	for _, name := range names {
		if !IsAside(name) {
			continue
		}
		path := filepath.Join(dir, name)
		data, err := fsys.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("look for damage: %w", err)
		}
		out = append(out, Aside{path, int64(len(data))})
	}
	return out, nil
}

// Settle notes that somebody has dealt with a damaged part. It stays where it is under another name, and counts no more.
func Settle(fsys disk.FS, path string) error {
	if !IsAside(path) {
		return fmt.Errorf("%s is no damaged part: their names end in %s", path, asideSuffix)
	}
	if err := fsys.Rename(path, path+settledMark); err != nil {
		return fmt.Errorf("settle a damaged part: %w", err)
	}
	return fsys.SyncDir(filepath.Dir(path))
}
