package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/google/uuid"

	"trunkline/internal/disk"
)

const (
	file      = "node.json"
	livesKept = 100 // Of the latest; a ledger that was restored knows one of them.
)

// Identity is who a data folder belongs to.
type Identity struct {
	ID    string   `json:"id"`    // A UUID, made once.
	Lives []string `json:"lives"` // The starts of processes on this folder, each a UUID, the latest last.

	made bool
}

// Open reads the identity of a data folder, or makes one where there is none, and adds a life to it.
func Open(fsys disk.FS, dir string) (*Identity, error) {
	path := filepath.Join(dir, file)
	id := &Identity{}
	data, err := fsys.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		made, err := uuid.NewRandom()
		if err != nil {
			return nil, fmt.Errorf("identity of the data folder: %w", err)
		}
		id.ID, id.made = made.String(), true
	case err != nil:
		return nil, fmt.Errorf("identity of the data folder: %w", err)
	default:
		if err := json.Unmarshal(data, id); err != nil || uuid.Validate(id.ID) != nil {
			return nil, fmt.Errorf("%s cannot be read: put it back from a backup, or give the node up (`trunkline node give-up`) and remove the file", path)
		}
	}
	life, err := uuid.NewRandom()
	if err != nil {
		return nil, fmt.Errorf("identity of the data folder: %w", err)
	}
	id.Lives = append(id.Lives, life.String())
	id.Lives = id.Lives[max(0, len(id.Lives)-livesKept):]
	if data, err = json.MarshalIndent(id, "", "  "); err != nil {
		return nil, fmt.Errorf("identity of the data folder: %w", err)
	}
	if err := fsys.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("identity of the data folder: %w", err)
	}
	if err := disk.Write(fsys, path, append(data, '\n')); err != nil {
		return nil, fmt.Errorf("identity of the data folder: %w", err)
	}
	return id, nil
}

// Read reads the identity of a data folder without beginning a life. It answers fs.ErrNotExist, wrapped, where there is none.
func Read(fsys disk.FS, dir string) (*Identity, error) {
	data, err := fsys.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return nil, fmt.Errorf("identity of the data folder: %w", err)
	}
	id := &Identity{}
	if err := json.Unmarshal(data, id); err != nil {
		return nil, fmt.Errorf("identity of the data folder: %w", err)
	}
	return id, nil
}

// Life is the present one.
func (id *Identity) Life() string { return id.Lives[len(id.Lives)-1] }

// Former are those before it.
func (id *Identity) Former() []string { return id.Lives[:len(id.Lives)-1] }

// New reports whether the identity was just made: nothing was kept in the folder under it.
func (id *Identity) New() bool { return id.made }
