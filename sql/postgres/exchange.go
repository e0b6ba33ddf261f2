package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/provision"
)

// ErrRateChanged says that a rate is there already with another value. It is left as it is: figures and routes were made of it.
var ErrRateChanged = errors.New("an exchange rate is kept with another value")

// Exchange keeps exchange rates that were fetched or imported. It is safe for concurrent use.
type Exchange struct {
	db    *DB
	clock clock.Clock
}

// NewExchange returns the store on a database whose migrations have run.
func NewExchange(db *DB, c clock.Clock) *Exchange { return &Exchange{db, c} }

// RateFetch is one time that rates were asked for.
type RateFetch struct {
	Origin  string    `json:"origin"` // Address or file.
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Source  string    `json:"source,omitempty"` // Empty: it failed.
	Fresh   int       `json:"fresh"`            // Rates that were not known before.
	Failure string    `json:"failure,omitempty"`
}

// PutRates keeps the rates of a source, all or none, and notes the fetch. Those that are known stay; one with another value is
// ErrRateChanged. What is provisioned has another revision by new ones, so that every process uses them. It may be repeated.
func (s *Exchange) PutRates(ctx context.Context, source string, rates []money.ExchangeRate, f RateFetch) (fresh int, err error) {
	var bases, quotes, values []string
	var days []time.Time
	for _, r := range rates {
		bases, quotes, values, days = append(bases, r.From.String()), append(quotes, r.To.String()), append(values, r.Rate.String()), append(days, r.Since.UTC())
	}
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `INSERT INTO exchange_rate (source, base, quote, day, rate, taken_at)
			SELECT $1, base, quote, day, rate::numeric, $6 FROM unnest($2::text[], $3::text[], $4::date[], $5::text[]) AS r (base, quote, day, rate)
			ON CONFLICT DO NOTHING`, source, bases, quotes, days, values, s.clock.Now())
		if err != nil {
			return err
		}
		fresh = int(tag.RowsAffected())
		if err := sameRates(ctx, tx, source, bases, quotes, values, days); err != nil {
			return err
		}
		f.Source, f.Fresh = source, fresh
		if err := s.note(ctx, tx, f); err != nil || fresh == 0 {
			return err
		}
		return touchProvision(ctx, tx)
	})
	if err != nil {
		return 0, fmt.Errorf("keep %d exchange rates: %w", len(rates), err)
	}
	return fresh, nil
}

func sameRates(ctx context.Context, tx pgx.Tx, source string, bases, quotes, values []string, days []time.Time) error {
	var pair, was, is string
	err := tx.QueryRow(ctx, `SELECT k.base || ' to ' || k.quote || ' of ' || k.day, k.rate::text, r.rate FROM exchange_rate k
		JOIN unnest($2::text[], $3::text[], $4::date[], $5::text[]) AS r (base, quote, day, rate) USING (base, quote, day)
		WHERE k.source = $1 AND k.rate <> r.rate::numeric LIMIT 1`, source, bases, quotes, days, values).Scan(&pair, &was, &is)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%w: %s is %s, and %s now", ErrRateChanged, pair, was, is)
}

// NoteFailure notes that rates were asked for in vain.
func (s *Exchange) NoteFailure(ctx context.Context, f RateFetch) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error { return s.note(ctx, tx, f) })
}

func (s *Exchange) note(ctx context.Context, tx pgx.Tx, f RateFetch) error {
	_, err := tx.Exec(ctx, `INSERT INTO exchange_fetch (origin, done_at, done_by, source, fresh, failure) VALUES ($1, $2, $3, $4, $5, $6)`,
		f.Origin, s.clock.Now(), f.By, f.Source, f.Fresh, f.Failure)
	if err != nil {
		return fmt.Errorf("note a fetch of exchange rates: %w", err)
	}
	return nil
}

// Fetches returns the last fetches, the newest first.
func (s *Exchange) Fetches(ctx context.Context, limit int) ([]RateFetch, error) {
	rows, err := s.db.pool.Query(ctx, `SELECT origin, done_at, done_by, source, fresh, failure FROM exchange_fetch ORDER BY id DESC LIMIT $1`, min(limit, MaxLines))
	if err != nil {
		return nil, fmt.Errorf("fetches of exchange rates: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[RateFetch])
	if err != nil {
		return nil, fmt.Errorf("fetches of exchange rates: %w", err)
	}
	return list, nil
}

// LastFetch is when rates of an origin were fetched last with success; zero: never.
func (s *Exchange) LastFetch(ctx context.Context, origin string) (at time.Time, err error) {
	err = s.db.pool.QueryRow(ctx, `SELECT coalesce(max(done_at), '0001-01-01T00:00:00Z') FROM exchange_fetch WHERE origin = $1 AND failure = ''`, origin).Scan(&at)
	if err != nil {
		return at, fmt.Errorf("fetches of exchange rates: %w", err)
	}
	return at.UTC(), nil
}

// Rates returns the rates that are kept since a day, the newest first.
func (s *Exchange) Rates(ctx context.Context, since time.Time, limit int) ([]KeptRate, error) {
	rows, err := s.db.pool.Query(ctx, selectRates+` WHERE day >= $1 ORDER BY day DESC, base, quote, source LIMIT $2`, since, limit)
	if err != nil {
		return nil, fmt.Errorf("exchange rates: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanRate)
	if err != nil {
		return nil, fmt.Errorf("exchange rates: %w", err)
	}
	return list, nil
}

// KeptRate is a rate with where it is from.
type KeptRate struct {
	Source string
	money.ExchangeRate
}

const selectRates = `SELECT source, base, quote, day, rate::text FROM exchange_rate`

func scanRate(row pgx.CollectableRow) (k KeptRate, err error) {
	var base, quote, rate string
	if err := row.Scan(&k.Source, &base, &quote, &k.Since, &rate); err != nil {
		return k, err
	}
	var errs [3]error
	k.From, errs[0] = money.ParseCurrency(base)
	k.To, errs[1] = money.ParseCurrency(quote)
	k.Rate, errs[2] = decimal.NewFromString(rate)
	k.Since = k.Since.UTC()
	return k, errors.Join(errs[:]...)
}

// loadRates reads all rates that are kept. Where several sources have one pair on one day, the first by name counts.
func loadRates(ctx context.Context, tx pgx.Tx) ([]provision.ExchangeRate, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT ON (base, quote, day) source, base, quote, day, rate::text FROM exchange_rate ORDER BY base, quote, day, source`)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scanRate)
	if err != nil {
		return nil, err
	}
	out := make([]provision.ExchangeRate, len(list))
	for i, k := range list {
		out[i] = provision.ExchangeRate{From: k.From, To: k.To, Rate: k.Rate.String(), Day: k.Since}
	}
	return out, nil
}
