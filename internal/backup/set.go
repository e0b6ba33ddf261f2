package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// ErrBroken is returned for a set that is not whole.
var ErrBroken = errors.New("the backup is not whole")

// Format is the version of sets that is written, and the highest that is read.
const Format = 1

// manifestName is the file that makes a folder a set. It is written last: a set without it was not finished.
const manifestName = "backup.json"

// Manifest says what is in a set.
type Manifest struct {
	Format  int               `json:"format"`
	Program string            `json:"program"` // Its version.
	Ledger  string            `json:"ledger"`  // Whose it is: the ledger's identity.
	Begun   time.Time         `json:"begun"`
	Ended   time.Time         `json:"ended"`
	Batch   int64             `json:"batch"` // The last batch that the ledger had posted when it began.
	Facts   map[string]string `json:"facts"` // For whoever restores it: the number of partitions, and so on.
	Files   []File            `json:"files"`
}

// File is one file of a set.
type File struct {
	Name   string `json:"name"` // Below the set's folder, with "/" between.
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Set is one that is being made.
type Set struct {
	dir      string
	Manifest Manifest
}

// Create begins a set in a folder that is missing or empty.
func Create(dir string, m Manifest) (*Set, error) {
	if err := requireEmpty(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	m.Format = Format
	if m.Facts == nil {
		m.Facts = make(map[string]string)
	}
	return &Set{dir, m}, nil
}

// requireEmpty refuses a folder that has something in it.
func requireEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty (it has %s): name a new folder", dir, entries[0].Name())
	}
	return nil
}

// Add writes one file of the set; write gets where to. It returns the size.
func (s *Set) Add(name string, write func(io.Writer) error) (size int64, err error) {
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, fmt.Errorf("backup: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // Below the set's folder.
	if err != nil {
		return 0, fmt.Errorf("backup: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	sum := &summed{sha: sha256.New()}
	if err := write(io.MultiWriter(file, sum)); err != nil {
		return 0, fmt.Errorf("backup: %s: %w", name, err)
	}
	if err := file.Sync(); err != nil {
		return 0, fmt.Errorf("backup: %s: %w", name, err)
	}
	s.Manifest.Files = append(s.Manifest.Files, File{name, sum.size, hex.EncodeToString(sum.sha.Sum(nil))})
	return sum.size, nil
}

// AddTree copies a file, or what is below a folder, into the set, under a name. Files that vanish meanwhile are passed over: a spool is trimmed.
func (s *Set) AddTree(name, from string) (size int64, err error) {
	err = filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		file, err := os.Open(path) //nolint:gosec // Below the folder.
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer file.Close()
		to := name
		if rel != "." {
			to += "/" + filepath.ToSlash(rel)
		}
		n, err := s.Add(to, func(w io.Writer) error {
			_, err := io.Copy(w, file)
			return err
		})
		size += n
		return err
	})
	return size, err
}

// Close writes the manifest, which makes the set whole.
func (s *Set) Close(ended time.Time) error {
	s.Manifest.Ended = ended
	text, err := json.MarshalIndent(&s.Manifest, "", "  ")
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	path := filepath.Join(s.dir, manifestName)
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}
