package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"trunkline/app/store"
	"trunkline/console"
	"trunkline/internal/centralbank"
	"trunkline/provision"
	"trunkline/sql/postgres"
)

// exchange fetches exchange rates and keeps them.
type exchange struct{ stores *store.Stores }

func (x exchange) rates() *postgres.Exchange {
	return postgres.NewExchange(x.stores.DB, x.stores.Clock)
}

// Fetch implements console.Exchange. What came of it is noted, failures too.
func (x exchange) Fetch(ctx context.Context, origin string, private bool, by string) (source string, fresh int, err error) {
	note := postgres.RateFetch{Origin: origin, By: by}
	fetcher := &centralbank.Fetcher{Clock: x.stores.Clock, AllowPrivate: private}
	data, err := fetcher.Fetch(ctx, origin)
	var sheet centralbank.Sheet
	if err == nil {
		if sheet, err = centralbank.Read(data); err != nil {
			err = fmt.Errorf("%s: %w", origin, err)
		}
	}
	if err == nil {
		fresh, err = x.rates().PutRates(ctx, sheet.Source, sheet.Rates, note)
	}
	switch {
	case errors.Is(err, postgres.ErrRateChanged):
		err = fmt.Errorf("%w: %w", console.ErrConflict, err)
	case errors.Is(err, centralbank.ErrFormat):
		err = fmt.Errorf("%w: %w", console.ErrInvalid, err)
	}
	if err != nil && ctx.Err() == nil {
		note.Failure = err.Error()
		err = errors.Join(err, x.rates().NoteFailure(ctx, note))
	}
	return sheet.Source, fresh, err
}

// Rates implements console.Exchange.
func (x exchange) Rates(ctx context.Context, since time.Time, limit int) ([]console.KeptRate, error) {
	list, err := x.rates().Rates(ctx, since, limit)
	out := make([]console.KeptRate, len(list))
	for i := range list {
		out[i] = console.KeptRate{Source: list[i].Source, ExchangeRate: list[i].ExchangeRate}
	}
	return out, err
}

// Fetches implements console.Exchange.
func (x exchange) Fetches(ctx context.Context, limit int) ([]console.RateFetch, error) {
	list, err := x.rates().Fetches(ctx, limit)
	out := make([]console.RateFetch, len(list))
	for i := range list {
		f := &list[i]
		out[i] = console.RateFetch{At: f.At, Origin: f.Origin, Source: f.Source, Fresh: f.Fresh, By: f.By, Failure: f.Failure}
	}
	return out, err
}

// history reads how objects were set up before.
type history struct{ provision *postgres.Provision }

// Versions implements console.History.
func (h history) Versions(ctx context.Context, kind provision.Kind, id string) ([]console.ObjectVersion, error) {
	list, err := h.provision.History(ctx, kind, id)
	out := make([]console.ObjectVersion, len(list))
	for i := range list {
		out[i] = console.ObjectVersion{Revision: list[i].Revision, At: list[i].At, By: list[i].By, Spec: list[i].Spec}
	}
	return out, err
}
