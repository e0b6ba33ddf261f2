package collect

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// state is how far the files of one system were read. It is written in whole, to a new file that takes the place of the old.
type state struct {
	path  string
	Files map[string]fileState `json:"files"` // By identity of the file, not by its name: rotation renames.
}

// fileState is how far one file was read.
type fileState struct {
	Name   string `json:"name"`
	Stream string `json:"stream,omitempty"` // Tells it from others of its name; empty in the states of older versions.
	Read   int64  `json:"read"`
	Done   bool   `json:"done,omitempty"`

	Head     uint64 `json:"head"` // Digest of its first HeadSize bytes.
	HeadSize int64  `json:"head_size"`
}

func loadState(path string) (*state, error) {
	s := &state{path: path, Files: make(map[string]fileState)}
	text, err := os.ReadFile(path) //nolint:gosec // A name of our own in a configured folder.
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("state of the collector: %w", err)
	}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("state of the collector %s: %w: delete it, and everything is read once more without being counted again", path, err)
	}
	return s, nil
}

func (s *state) save() error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("state of the collector: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return fmt.Errorf("state of the collector: %w", err)
	}
	f, err := os.OpenFile(s.path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("state of the collector: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("state of the collector: %w", err)
	}
	if err := os.Rename(s.path+".new", s.path); err != nil {
		return fmt.Errorf("state of the collector: %w", err)
	}
	return nil
}
