package console

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"trunkline/access"
)

// Uploads keeps files that somebody looks at before they are put in force.
type Uploads interface {
	// KeepUpload keeps a file for a day, for who sent it.
	KeepUpload(ctx context.Context, id, by, name string, content []byte) error
	// Upload returns a file that was kept for somebody; access.ErrNotFound.
	Upload(ctx context.Context, id, by string) (name string, content []byte, err error)
	// FileVersions returns what is known of the contents that a provisioned file had, the newest first; one with a revision of 0 is none.
	FileVersions(ctx context.Context, file string) ([]FileVersion, error)
	// FileAt returns what a provisioned file held from a revision on; ErrNotFound.
	FileAt(ctx context.Context, file string, revision int64) ([]byte, error)
}

// MaxDeck bounds the price list that somebody sends, in bytes.
const MaxDeck = 64 << 20

// SendDeck keeps a price list, so that it can be compared and put in force, and returns its id. Of l only what it is for is looked at.
func (c *Console) SendDeck(ctx context.Context, who *access.Principal, l DeckList, name string, in io.Reader) (string, error) {
	if err := may(who, access.WritePrices); err != nil {
		return "", err
	}
	kind, id := l.thing()
	if _, err := c.Thing(ctx, who, kind, id); err != nil {
		return "", err
	}
	content, err := io.ReadAll(io.LimitReader(in, MaxDeck+1))
	if err != nil {
		return "", err
	}
	if len(content) == 0 || len(content) > MaxDeck {
		return "", invalid("file: choose a price list of up to %d MiB", MaxDeck>>20)
	}
	upload, err := newUpload()
	if err != nil {
		return "", err
	}
	return upload, c.d.Uploads.KeepUpload(ctx, upload, who.By(), name, content)
}

// newUpload is a name for a file that nobody can guess.
func newUpload() (string, error) {
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", fmt.Errorf("name a file: %w", err)
	}
	return hex.EncodeToString(random[:]), nil
}

func goneUpload(err error) error {
	if errors.Is(err, access.ErrNotFound) {
		return fmt.Errorf("%w: the file is not here any more: send it again", ErrNotFound)
	}
	return err
}
