package console

import (
	"context"
	"errors"
	"io"
	"time"

	"trunkline/access"
	"trunkline/rating/deckfile/ratesheet"
)

// SheetOrder says which prices somebody wants in a rate sheet, and in which layout.
type SheetOrder struct {
	At       time.Time // When they hold; zero: now.
	Revision int64     // Version of the prices; 0: that of the moment.
	Whole    bool      // Past and future prices, too.
	Since    time.Time // Only what is other than at this moment; zero: all.
	Layout   ratesheet.Layout
}

// RateSheet writes the prices of a deck, or of a tariff with exactly one file of prices. Errors are ErrNotFound and ErrInvalid.
func (c *Console) RateSheet(ctx context.Context, who *access.Principal, l DeckList, o SheetOrder, w io.Writer) error {
	if o.At.IsZero() {
		o.At = c.d.Clock.Now()
	}
	deck, err := c.PricesAt(ctx, who, l, o.At, o.Revision)
	if err != nil {
		return err
	}
	request := ratesheet.Request{At: o.At, Whole: o.Whole, Since: o.Since}
	if !o.Since.IsZero() {
		request.Before, err = c.PricesAt(ctx, who, l, o.Since, 0)
		if err != nil && !errors.Is(err, ErrNotFound) { // Where there were none, all is new.
			return err
		}
	}
	if err := ratesheet.Write(w, deck, request, o.Layout); err != nil {
		if errors.Is(err, ratesheet.ErrLayout) {
			return invalid("%s", err)
		}
		return err
	}
	return nil
}
