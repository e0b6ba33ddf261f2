package console

import (
	"context"
	"fmt"
	"time"

	"trunkline/access"
	"trunkline/internal/money"
)

// Exchange keeps exchange rates of central banks and of lists.
type Exchange interface {
	// Fetch reads one document, from an address or a file, and keeps its rates, all or none. private lets addresses of this host and of
	// private networks be asked. A document that is not understood is ErrInvalid, a rate that is kept already with another value ErrConflict. It
	// may be repeated.
	Fetch(ctx context.Context, origin string, private bool, by string) (source string, fresh int, err error)
	// Rates returns those since a day, the newest first.
	Rates(ctx context.Context, since time.Time, limit int) ([]KeptRate, error)
	// Fetches returns when rates were fetched, the latest first.
	Fetches(ctx context.Context, limit int) ([]RateFetch, error)
}

// KeptRate is an exchange rate with the bank or list that it is of.
type KeptRate struct {
	Source string
	money.ExchangeRate
}

// RateFetch is when rates were fetched, and what came of it.
type RateFetch struct {
	At      time.Time
	Origin  string // Address or file.
	Source  string // Empty: it failed.
	Fresh   int    // Rates that were not known before.
	By      string
	Failure string
}

// FetchRates reads a document of exchange rates, from an address or a file of the machine, and keeps them.
func (c *Console) FetchRates(ctx context.Context, who *access.Principal, origin string, private bool) (source string, fresh int, err error) {
	if err := c.mayOfAll(who, access.WritePrices); err != nil {
		return "", 0, err
	}
	if who.Command == "" {
		return "", 0, fmt.Errorf("%w: rates are fetched by a command on the machine, or by exchange.sources", ErrForbidden)
	}
	source, fresh, err = c.d.Exchange.Fetch(ctx, origin, private, who.By())
	if err != nil {
		return source, fresh, err
	}
	return source, fresh, c.log(ctx, who, access.AuditEvent{Action: "fetch rates", Object: "exchange rates", After: fmt.Sprintf("%s (%s): %d new", origin, source, fresh)})
}

// ExchangeRates returns the exchange rates that are kept since a day, the newest first.
func (c *Console) ExchangeRates(ctx context.Context, who *access.Principal, since time.Time, limit int) ([]KeptRate, error) {
	if err := c.mayOfAll(who, access.ReadPrices); err != nil {
		return nil, err
	}
	if limit < 1 || limit > MaxLines {
		return nil, invalid("limit: use 1 to %d", MaxLines)
	}
	return c.d.Exchange.Rates(ctx, since, limit)
}

// RateFetches returns when exchange rates were fetched, the latest first.
func (c *Console) RateFetches(ctx context.Context, who *access.Principal, limit int) ([]RateFetch, error) {
	if err := c.mayOfAll(who, access.ReadPrices); err != nil {
		return nil, err
	}
	return c.d.Exchange.Fetches(ctx, limit)
}
