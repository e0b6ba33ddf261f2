package console

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"trunkline/access"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

// FileVersion is what a provisioned file held from a revision on.
type FileVersion struct {
	Revision int64     `json:"revision"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`
	SHA256   string    `json:"sha256"` // SHA-256 of the contents, in hex: equal ones are the same prices.
}

// Undone returns the version that undoing leads back to: the one before the last change that has not been undone yet. Undoing again
// goes one step further back, and never forth. False: there is none.
func Undone(versions []FileVersion) (FileVersion, bool) {
	var steps []FileVersion // From the first one on; an undone change is taken off again.
	for _, v := range slices.Backward(versions) {
		if n := len(steps); n > 1 && steps[n-2].SHA256 == v.SHA256 {
			steps = steps[:n-1]
			continue
		}
		if n := len(steps); n > 0 && steps[n-1].SHA256 == v.SHA256 {
			continue // It was stored again as it was.
		}
		steps = append(steps, v)
	}
	if len(steps) < 2 {
		return FileVersion{}, false
	}
	return steps[len(steps)-2], true
}

// PriceVersions lists what the prices of a deck, or of a tariff, were, the newest first.
func (c *Console) PriceVersions(ctx context.Context, who *access.Principal, l DeckList) ([]FileVersion, error) {
	read, err := c.pricesOf(ctx, who, &l)
	if err != nil {
		return nil, err
	}
	return c.d.Uploads.FileVersions(ctx, read.prices.Name)
}

func (c *Console) pricesOf(ctx context.Context, who *access.Principal, l *DeckList) (*deckList, error) {
	if err := may(who, access.ReadPrices); err != nil {
		return nil, err
	}
	return c.pricesNow(ctx, l)
}

// UndoDeck puts in force what a deck, or the prices of a tariff, held before the last change that has not been undone yet, or what it
// held from a revision on. It is a change in its turn, whose revision is returned.
func (c *Console) UndoDeck(ctx context.Context, who *access.Principal, l DeckList, revision int64) (int64, error) {
	if err := may(who, access.WritePrices); err != nil {
		return 0, err
	}
	read, err := c.pricesNow(ctx, &l)
	if err != nil {
		return 0, err
	}
	if revision == 0 {
		versions, err := c.d.Uploads.FileVersions(ctx, read.prices.Name)
		if err != nil {
			return 0, err
		}
		before, ok := Undone(versions)
		if !ok {
			return 0, fmt.Errorf("%w: there is no change that could be undone", ErrConflict)
		}
		revision = before.Revision
	}
	content, err := c.d.Uploads.FileAt(ctx, read.prices.Name, revision)
	if err != nil {
		return 0, err
	}
	return c.storeDeck(ctx, who, &l, read, "undo list", map[string][]byte{read.prices.Name: content}, fmt.Sprintf("revision %d", revision))
}

// PricesAt returns the prices of a deck, or of a tariff, as they were provisioned at a moment; a revision, if it is not 0, goes before
// the moment. Of a moment before the first version it is ErrNotFound.
func (c *Console) PricesAt(ctx context.Context, who *access.Principal, l DeckList, at time.Time, revision int64) (*rating.Deck, error) {
	read, err := c.pricesOf(ctx, who, &l)
	if err != nil {
		return nil, err
	}
	versions, err := c.d.Uploads.FileVersions(ctx, read.prices.Name)
	if err != nil {
		return nil, err
	}
	if revision, err = VersionAt(versions, at, revision); err != nil {
		return nil, err
	}
	content, err := c.d.Uploads.FileAt(ctx, read.prices.Name, revision)
	if err != nil {
		return nil, err
	}
	return read.prices.parse(ctx, content)
}

// VersionAt returns the revision of the version that was provisioned at a moment, or of the one that a revision names.
func VersionAt(versions []FileVersion, at time.Time, revision int64) (int64, error) {
	for _, v := range versions {
		if revision == 0 && !v.At.After(at) || revision != 0 && v.Revision <= revision {
			return v.Revision, nil
		}
	}
	return 0, fmt.Errorf("%w: there were no prices yet", ErrNotFound)
}

// parse reads prices as they are provisioned.
func (p *PriceFile) parse(ctx context.Context, content []byte) (*rating.Deck, error) {
	deck, _, err := deckfile.Load(ctx, bytes.NewReader(content), nil, deckfile.Options{Label: p.ID, Currency: p.Currency})
	if err != nil {
		return nil, invalid("%s: %s", p.ID, err)
	}
	return deck, nil
}
