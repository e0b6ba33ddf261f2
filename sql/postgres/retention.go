package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/internal/clock"
	"trunkline/reports/retention"
)

// Retention keeps legal holds and what went where, and drops records that are old: it implements retention.Holds, retention.Log,
// retention.Books, retention.RowStore, retention.People and retention.Trail. It is safe for concurrent use.
type Retention struct {
	db    *DB
	clock clock.Clock
	books *Books
}

// NewRetention returns the store on a database whose migrations have run.
func NewRetention(db *DB, books *Books, c clock.Clock) *Retention { return &Retention{db, c, books} }

// retentionTurn is the name that steps of retention and changes of holds take turns by.
const retentionTurn = "retention"

// Alone runs f while no other process drops, erases or adds a hold.
func (r *Retention) Alone(ctx context.Context, f func(context.Context) error) error {
	return r.db.Alone(ctx, retentionTurn, f)
}

// Add puts a hold in force. A step of retention that has begun ends before.
func (r *Retention) Add(ctx context.Context, h retention.Hold) (retention.Hold, error) {
	if err := h.Check(); err != nil {
		return h, err
	}
	h.Made = r.clock.Now()
	err := r.Alone(ctx, func(ctx context.Context) error {
		return r.db.pool.QueryRow(ctx, `INSERT INTO legal_hold (tenant, number, reason, made_at, made_by) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
			h.Tenant, h.Number, h.Reason, h.Made, h.By).Scan(&h.ID)
	})
	if err != nil {
		return h, fmt.Errorf("add a legal hold: %w", err)
	}
	return h, nil
}

// Remove ends a hold; it is kept with the reason. Of one that is not in force it is retention.ErrHold.
func (r *Retention) Remove(ctx context.Context, id int64, by, why string) error {
	if why == "" {
		return fmt.Errorf("%w: give a reason", retention.ErrHold)
	}
	tag, err := r.db.pool.Exec(ctx, `UPDATE legal_hold SET removed_at = $2, removed_by = $3, removed_why = $4 WHERE id = $1 AND removed_at IS NULL`, id, r.clock.Now(), by, why)
	if err != nil {
		return fmt.Errorf("remove legal hold %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("%w: there is none in force with the number %d", retention.ErrHold, id)
	}
	return nil
}

// InForce implements retention.Holds.
func (r *Retention) InForce(ctx context.Context) ([]retention.Hold, error) {
	return r.list(ctx, `WHERE removed_at IS NULL`)
}

// All returns all holds, also those that were removed.
func (r *Retention) All(ctx context.Context) ([]retention.Hold, error) { return r.list(ctx, ``) }

func (r *Retention) list(ctx context.Context, where string) ([]retention.Hold, error) {
	rows, err := r.db.pool.Query(ctx, `SELECT id, tenant, number, reason, made_at, made_by, coalesce(removed_at, '0001-01-01T00:00:00Z'), removed_by, removed_why `+
		`FROM legal_hold `+where+` ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("legal holds: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[retention.Hold])
	if err != nil {
		return nil, fmt.Errorf("legal holds: %w", err)
	}
	for i := range out {
		out[i].Made, out[i].Removed = out[i].Made.UTC(), out[i].Removed.UTC()
	}
	return out, nil
}

// Stable implements retention.Books.
func (r *Retention) Stable(ctx context.Context) (last int64, without []int64, err error) {
	now := r.clock.Now()
	p, err := r.books.Position(ctx, now, now)
	return p.Last, p.Without, err
}

// openPeriods are the first postings of usage of accounts that are not closed.
const openPeriods = `SELECT a.id, f.slot, '0001-01-01T00:00:00Z'::timestamptz FROM account a CROSS JOIN LATERAL (SELECT min(slot) AS slot FROM (
        (SELECT slot FROM posting WHERE debit = a.id AND slot >= a.closed_till AND slot < $1 AND purpose IN ('usage_sale', 'usage_cost') ORDER BY slot LIMIT 1)
        UNION ALL
        (SELECT slot FROM posting WHERE credit = a.id AND slot >= a.closed_till AND slot < $1 AND purpose IN ('usage_sale', 'usage_cost') ORDER BY slot LIMIT 1)) p) f
    WHERE a.kind IN ('tenant', 'carrier') AND f.slot IS NOT NULL ORDER BY f.slot, a.id`

const openLegs = `SELECT count(*)::text, coalesce(date_trunc('day', slot, 'UTC'), '0001-01-01T00:00:00Z') AS day,
        coalesce(date_trunc('day', slot, 'UTC') + interval '1 day', '0001-01-01T00:00:00Z') FROM dead_leg
    WHERE settled_by IS NULL AND (slot IS NULL OR slot < $1) GROUP BY 2, 3 ORDER BY 2`

const openRerates = `SELECT id::text, from_slot, till_slot FROM rerate WHERE done_at IS NULL AND from_slot < $1 ORDER BY id`

// Obstacles implements retention.Books.
func (r *Retention) Obstacles(ctx context.Context, before time.Time) (out []retention.Obstacle, err error) {
	for _, q := range []struct{ query, form string }{
		{openPeriods, "the books of %s are open: see `trunkline period close`"},
		{openLegs, "%s legs could not be rated yet: see `trunkline dead list`"},
		{openRerates, "re-rate or undo %s has not ended: see `trunkline rerate list`"},
	} {
		rows, err := r.db.pool.Query(ctx, q.query, before)
		if err != nil {
			return nil, fmt.Errorf("what keeps calls: %w", err)
		}
		var what string
		var from, till time.Time
		if _, err := pgx.ForEachRow(rows, []any{&what, &from, &till}, func() error {
			out = append(out, retention.Obstacle{From: from.UTC(), Till: till.UTC(), Why: fmt.Sprintf(q.form, what)})
			return nil
		}); err != nil {
			return nil, fmt.Errorf("what keeps calls: %w", err)
		}
	}
	return out, nil
}

// Digest implements retention.Trail: it is keyed with the identity of the ledger, so that it is not that of another one.
func (r *Retention) Digest(ctx context.Context, number string) (string, error) {
	id, err := r.books.Identity(ctx)
	if err != nil {
		return "", err
	}
	h := hmac.New(sha256.New, []byte(id))
	h.Write([]byte(number))
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Erased implements retention.Trail.
func (r *Retention) Erased(ctx context.Context, by, digest, what string) error {
	_, err := r.db.pool.Exec(ctx, `INSERT INTO audit (at, by_whom, source, tenant, action, object, after) VALUES ($1, $2, '', '', 'erase', $3, $4)`,
		r.clock.Now(), by, "number "+digest, what)
	if err != nil {
		return fmt.Errorf("note an erasure: %w", err)
	}
	return nil
}
