package app

import (
	"context"
	"errors"
	"fmt"

	"trunkline/internal/centralbank"
	"trunkline/internal/clock"
	"trunkline/sql/postgres"
)

// rateKeeper fetches exchange rates and keeps them.
type rateKeeper struct {
	store   *postgres.Exchange
	fetcher *centralbank.Fetcher
	by      string
}

func NewRateKeeper(db *postgres.DB, allowPrivate bool, by string) *rateKeeper {
	return &rateKeeper{postgres.NewExchange(db, clock.System{}), &centralbank.Fetcher{Clock: clock.System{}, AllowPrivate: allowPrivate}, by}
}

// Take fetches one source and keeps its rates, and notes what came of it.
func (k *rateKeeper) Take(ctx context.Context, origin string) (source string, fresh int, err error) {
	note := postgres.RateFetch{Origin: origin, By: k.by}
	data, err := k.fetcher.Fetch(ctx, origin)
	var sheet centralbank.Sheet
	if err == nil {
		if sheet, err = centralbank.Read(data); err != nil {
			err = fmt.Errorf("%s: %w", origin, err)
		}
	}
	if err == nil {
		fresh, err = k.store.PutRates(ctx, sheet.Source, sheet.Rates, note)
	}
	if err != nil && ctx.Err() == nil {
		note.Failure = err.Error()
		err = errors.Join(err, k.store.NoteFailure(ctx, note))
	}
	return sheet.Source, fresh, err
}
