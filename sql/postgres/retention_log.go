package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/reports/retention"
)

// Times implements retention.Log.
func (r *Retention) Times(ctx context.Context, k retention.Kind, day time.Time) (n int, err error) {
	if err := r.db.pool.QueryRow(ctx, `SELECT count(*) FROM retention_entry WHERE kind = $1 AND day = $2`, string(k), day).Scan(&n); err != nil {
		return 0, fmt.Errorf("what was dropped: %w", err)
	}
	return n, nil
}

const insertEntry = `INSERT INTO retention_entry (kind, day, file, part, figures, made_at, dropped_at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`

// Begin implements retention.Log.
func (r *Retention) Begin(ctx context.Context, e retention.Entry) (id int64, err error) {
	if err := r.db.pool.QueryRow(ctx, insertEntry, string(e.Kind), e.Day, e.File, e.Part, e.Figures, e.Made, nil).Scan(&id); err != nil {
		return 0, fmt.Errorf("note what is dropped: %w", err)
	}
	return id, nil
}

// Unfinished implements retention.Log.
func (r *Retention) Unfinished(ctx context.Context) ([]retention.Entry, error) {
	rows, err := r.db.pool.Query(ctx, `SELECT id, kind, day, file, part, figures, made_at FROM retention_entry WHERE dropped_at IS NULL ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("what is being dropped: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e retention.Entry, err error) {
		err = row.Scan(&e.ID, &e.Kind, &e.Day, &e.File, &e.Part, &e.Figures, &e.Made)
		e.Day, e.Made, e.Part.Day = e.Day.UTC(), e.Made.UTC(), e.Part.Day.UTC()
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("what is being dropped: %w", err)
	}
	return out, nil
}

// End implements retention.Log.
func (r *Retention) End(ctx context.Context, id int64) error {
	if _, err := r.db.pool.Exec(ctx, `UPDATE retention_entry SET dropped_at = coalesce(dropped_at, $2) WHERE id = $1`, id, r.clock.Now()); err != nil {
		return fmt.Errorf("note what was dropped: %w", err)
	}
	return nil
}

// Discard implements retention.Log.
func (r *Retention) Discard(ctx context.Context, id int64) error {
	if _, err := r.db.pool.Exec(ctx, `DELETE FROM retention_entry WHERE id = $1 AND dropped_at IS NULL`, id); err != nil {
		return fmt.Errorf("note what was not dropped: %w", err)
	}
	return nil
}

// Archives implements retention.Log.
func (r *Retention) Archives(ctx context.Context) ([]string, error) {
	rows, err := r.db.pool.Query(ctx, `SELECT file FROM retention_entry WHERE file <> '' ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("archives: %w", err)
	}
	return collectText(rows)
}
