package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/provision"
)

// ErrNoContent says that the content of a version is not kept: the database was changed by hand, or restored in part.
var ErrNoContent = errors.New("its content is not in the store")

// Content implements provision.Archive.
func (p *Provision) Content(ctx context.Context, sum [sha256.Size]byte) (content []byte, err error) {
	err = p.pool.QueryRow(ctx, `SELECT content FROM provision_blob WHERE sha256 = $1`, sum[:]).Scan(&content)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("%w: SHA-256 %x", ErrNoContent, sum)
	}
	if err != nil {
		return nil, fmt.Errorf("read a file of prices: %w", err)
	}
	return content, nil
}

// loadPast reads when tariffs and decks were changed.
func (p *Provision) loadPast(ctx context.Context, tx pgx.Tx) (*provision.Past, error) {
	past := &provision.Past{Archive: p}
	rows, err := tx.Query(ctx, `SELECT kind, id, coalesce(after, ''), revision, changed_at, changed_by FROM provision_history
		WHERE kind IN ('deck', 'tariff') ORDER BY revision, kind, id`)
	if err != nil {
		return nil, err
	}
	if past.Objects, err = pgx.CollectRows(rows, pgx.RowToStructByPos[provision.PastObject]); err != nil {
		return nil, err
	}
	if rows, err = tx.Query(ctx, `SELECT name, sha256, revision, changed_at, changed_by FROM provision_file_history ORDER BY revision, name`); err != nil {
		return nil, err
	}
	if past.Files, err = pgx.CollectRows(rows, scanPastFile); err != nil {
		return nil, err
	}
	if rows, err = tx.Query(ctx, `SELECT kind, id, revision FROM provision_withdrawal`); err != nil {
		return nil, err
	}
	if past.Withdrawn, err = pgx.CollectRows(rows, pgx.RowToStructByPos[provision.Withdrawal]); err != nil {
		return nil, err
	}
	if past.Contracts, err = loadContracts(ctx, tx); err != nil {
		return nil, err
	}
	past.Rates, err = loadRates(ctx, tx)
	return past, err
}

// loadContracts reads when tenants were set up first, and since when their contracts are by their billing profiles, or by the operator's.
func loadContracts(ctx context.Context, tx pgx.Tx) (map[string]provision.Contract, error) {
	rows, err := tx.Query(ctx, `SELECT h.id, min(h.changed_at), (SELECT coalesce(own.spec ->> 'since', house.spec ->> 'since')
			FROM (SELECT 1) AS one LEFT JOIN billing_profile own ON own.tenant = h.id LEFT JOIN billing_profile house ON house.tenant = '')
		FROM provision_history h WHERE h.kind = 'tenant' GROUP BY h.id`)
	if err != nil {
		return nil, err
	}
	out := make(map[string]provision.Contract)
	var id string
	var setUp time.Time
	var since *string
	_, err = pgx.ForEachRow(rows, []any{&id, &setUp, &since}, func() error {
		c := provision.Contract{SetUp: setUp.UTC()}
		if since != nil {
			at, err := time.Parse(time.RFC3339, *since)
			if err != nil {
				return fmt.Errorf("since when the contract of %s is: %w", id, err)
			}
			c.Since = at
		}
		out[id] = c
		return nil
	})
	return out, err
}

func scanPastFile(row pgx.CollectableRow) (provision.PastFile, error) {
	var f provision.PastFile
	var sum []byte
	err := row.Scan(&f.Name, &sum, &f.Revision, &f.At, &f.By)
	copy(f.Sum[:], sum)
	return f, err
}

// queueWithdrawals notes versions that are taken back, in the transaction that stores the changes.
func queueWithdrawals(b *pgx.Batch, list []provision.Withdrawal, at time.Time, by string) {
	for _, w := range list {
		b.Queue(`INSERT INTO provision_withdrawal (kind, id, revision, withdrawn_at, withdrawn_by) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT DO NOTHING`, w.Kind, w.ID, w.Revision, at, by)
	}
}

// touchProvision gives what is provisioned another revision, because something beside it has changed that prices depend on.
func touchProvision(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `WITH next AS (UPDATE provision_revision SET revision = revision + 1 RETURNING revision)
		SELECT pg_notify($1, revision::text) FROM next`, provisionChannel)
	return err
}

// queueApplied notes what an operator's file said.
func queueApplied(b *pgx.Batch, applied provision.Applied, at time.Time) {
	for n, sum := range applied {
		b.Queue(`INSERT INTO provision_applied (kind, id, sha256, applied_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (kind, id) DO UPDATE SET sha256 = $3, applied_at = $4`, n.Kind, n.ID, sum[:], at)
	}
}

// MarkApplied notes what an operator's file said where nothing else changes. It may be repeated.
func (p *Provision) MarkApplied(ctx context.Context, applied provision.Applied, at time.Time) error {
	batch := &pgx.Batch{}
	queueApplied(batch, applied, at)
	if err := p.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("note what was applied: %w", err)
	}
	return nil
}

// Applied returns what an operator's file said when it was applied last.
func (p *Provision) Applied(ctx context.Context) (provision.Applied, error) {
	rows, err := p.pool.Query(ctx, `SELECT kind, id, sha256 FROM provision_applied`)
	if err != nil {
		return nil, fmt.Errorf("what was applied: %w", err)
	}
	out := make(provision.Applied)
	var n provision.Name
	var sum []byte
	_, err = pgx.ForEachRow(rows, []any{&n.Kind, &n.ID, &sum}, func() error {
		out[n] = [sha256.Size]byte(sum)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("what was applied: %w", err)
	}
	return out, nil
}

// LastChange tells who changed something last, and when; the zero time: nobody did.
func (p *Provision) LastChange(ctx context.Context, n provision.Name) (at time.Time, by string, err error) {
	query := `SELECT changed_at, changed_by FROM provision_history WHERE kind = $1 AND id = $2 ORDER BY revision DESC LIMIT 1`
	args := []any{n.Kind, n.ID}
	if n.Kind == provision.KindFile {
		query, args = `SELECT changed_at, changed_by FROM provision_file_history WHERE name = $1 ORDER BY revision DESC LIMIT 1`, []any{n.ID}
	}
	err = p.pool.QueryRow(ctx, query, args...).Scan(&at, &by)
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, "", nil
	}
	return at.UTC(), by, err
}

// ObjectVersion is an object as it was set up from a revision on.
type ObjectVersion struct {
	Revision int64
	At       time.Time
	By       string
	Spec     string // Empty: it was taken away.
}

// objectVersionsMost bounds the versions that are listed.
const objectVersionsMost = 1000

// History lists how an object was set up, the newest first.
func (p *Provision) History(ctx context.Context, kind provision.Kind, id string) ([]ObjectVersion, error) {
	rows, err := p.pool.Query(ctx, `SELECT revision, changed_at, changed_by, coalesce(after, '') FROM provision_history
		WHERE kind = $1 AND id = $2 ORDER BY revision DESC LIMIT $3`, kind, id, objectVersionsMost)
	if err != nil {
		return nil, fmt.Errorf("history of %s %s: %w", kind, id, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ObjectVersion])
	if err != nil {
		return nil, fmt.Errorf("history of %s %s: %w", kind, id, err)
	}
	return list, nil
}
