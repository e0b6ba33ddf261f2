package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// summed counts and sums what is written.
type summed struct {
	sha  hash.Hash
	size int64
}

// Write implements io.Writer.
func (s *summed) Write(b []byte) (int, error) {
	s.size += int64(len(b))
	return s.sha.Write(b)
}

// Opened is a set that is whole.
type Opened struct {
	dir      string
	Manifest Manifest
}

// Open reads the manifest of a set and compares every file with it: one that is missing, cut off or changed is ErrBroken, and named.
func Open(dir string) (*Opened, error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestName)) //nolint:gosec // The operator names the folder.
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s has no %s: it is no backup, or one that was not finished", ErrBroken, dir, manifestName)
	}
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	o := &Opened{dir: dir}
	if err := json.Unmarshal(text, &o.Manifest); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrBroken, manifestName, err)
	}
	if o.Manifest.Format < 1 || o.Manifest.Format > Format {
		return nil, fmt.Errorf("%w: it has format %d, and this program reads up to %d: update it", ErrBroken, o.Manifest.Format, Format)
	}
	for _, f := range o.Manifest.Files {
		if err := o.verify(f); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (o *Opened) verify(f File) error {
	sum := &summed{sha: sha256.New()}
	err := o.Read(f.Name, func(r io.Reader) error {
		_, err := io.Copy(sum, r)
		return err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s is missing", ErrBroken, f.Name)
	case err != nil:
		return err
	case sum.size != f.Size:
		return fmt.Errorf("%w: %s has %d bytes instead of %d", ErrBroken, f.Name, sum.size, f.Size)
	case hex.EncodeToString(sum.sha.Sum(nil)) != f.SHA256:
		return fmt.Errorf("%w: %s was changed: its SHA-256 is not the one of the manifest", ErrBroken, f.Name)
	}
	return nil
}

// Read hands a file of the set to read.
func (o *Opened) Read(name string, read func(io.Reader) error) (err error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("%w: %q leads out of the folder", ErrBroken, name)
	}
	file, err := os.Open(filepath.Join(o.dir, filepath.FromSlash(name)))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return read(file)
}

// Has reports whether there is a file of that name.
func (o *Opened) Has(name string) bool {
	for _, f := range o.Manifest.Files {
		if f.Name == name {
			return true
		}
	}
	return false
}

// Size is that of all files.
func (o *Opened) Size() (n int64) {
	for _, f := range o.Manifest.Files {
		n += f.Size
	}
	return n
}

// CopyTree copies the files below a name to a folder.
func (o *Opened) CopyTree(name, to string) error {
	for _, f := range o.Manifest.Files {
		rel, ok := strings.CutPrefix(f.Name, name+"/")
		if !ok {
			continue
		}
		if err := o.CopyFile(f.Name, filepath.Join(to, filepath.FromSlash(rel))); err != nil {
			return err
		}
	}
	return nil
}

// CopyFile copies a file of the set to a path, which must not exist.
func (o *Opened) CopyFile(name, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return o.Read(name, func(r io.Reader) (err error) {
		file, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // The operator names the folder.
		if err != nil {
			return fmt.Errorf("restore: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		_, err = io.Copy(file, r)
		return err
	})
}

// Empty refuses a folder to restore into that has something in it.
func Empty(dir string) error { return requireEmpty(dir) }
