package console

import (
	"context"
	"fmt"
	"io"

	"trunkline/access"
	"trunkline/provision"
	"trunkline/rating/deckfile"
)

// ListInHand is a price list that was read where it is, beside the prices that it would change. It is good until they change.
type ListInHand struct {
	Report *deckfile.Report
	Open   *deckfile.QuestionError // What the list leaves open; nil: nothing.
	Rates  int                     // That were read.

	read *deckList
	l    DeckList
}

// ReadDeckList reads a price list from a file of the machine, which may be larger than one that is sent. Nothing is stored.
func (c *Console) ReadDeckList(ctx context.Context, who *access.Principal, l DeckList, name string, in io.Reader) (*ListInHand, error) {
	if err := may(who, access.WritePrices); err != nil {
		return nil, err
	}
	read, err := c.readFrom(ctx, &l, name, in)
	if read == nil {
		return nil, err
	}
	h := &ListInHand{Report: read.report, Open: read.open, read: read, l: l}
	if read.list != nil {
		h.Rates = read.list.Len()
	}
	return h, err
}

// PreviewDeckList tells what putting a list in force does.
func (c *Console) PreviewDeckList(_ context.Context, who *access.Principal, h *ListInHand) (*Preview, error) {
	if err := may(who, access.WritePrices); err != nil {
		return nil, err
	}
	return h.read.prices.Preview(h.read.list, h.read.report, &h.l, c.d.Clock.Now())
}

// ApplyDeckList puts a list in force as it was previewed, all or nothing, and returns the revision and what was changed.
// ErrConflict: the prices were changed meanwhile.
func (c *Console) ApplyDeckList(ctx context.Context, who *access.Principal, h *ListInHand, p *Preview) (revision int64, id string, err error) {
	if err := may(who, access.WritePrices); err != nil {
		return 0, "", err
	}
	if p.Refusal != nil {
		return 0, "", p.Refusal
	}
	files, err := h.read.prices.Files(p.Next, h.read.report)
	if err != nil {
		return 0, "", invalid("%s", err)
	}
	revision, err = c.storeDeck(ctx, who, &h.l, h.read, "apply list", files, h.read.name)
	return revision, h.read.prices.ID, err
}

// DeckOf is the deck of a carrier.
func (c *Console) DeckOf(ctx context.Context, who *access.Principal, carrier string) (string, error) {
	if err := may(who, access.ReadPrices); err != nil {
		return "", err
	}
	t, err := c.Thing(ctx, who, provision.KindCarrier, carrier)
	if err != nil {
		return "", err
	}
	deck, ok := t.Document["deck"].(string)
	if !ok || deck == "" {
		return "", fmt.Errorf("%w: carrier %s has no deck: give it one first", ErrInvalid, carrier)
	}
	return deck, nil
}
