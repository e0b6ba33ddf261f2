package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/ledger"
	"trunkline/reports/invoice"
)

// Obstacles implements invoice.Readiness.
func (s *Invoices) Obstacles(ctx context.Context, from, till time.Time) (map[string]invoice.Obstacle, error) {
	rows, err := s.db.pool.Query(ctx, `SELECT tenant, sum(unrated)::bigint, sum(open)::bigint FROM (
    SELECT tenant, count(*) AS unrated, 0 AS open FROM dead_leg
    WHERE settled_by IS NULL AND (slot IS NULL OR (slot >= $1 AND slot < $2)) GROUP BY tenant
    UNION ALL
    SELECT a.owner, 0, count(*) FROM hold h JOIN account a ON a.id = h.account WHERE h.closed_at IS NULL AND h.made_at < $2 GROUP BY a.owner
    UNION ALL
    SELECT a.owner, 0, count(*) FROM quota q JOIN account a ON a.id = q.account WHERE q.closed_at IS NULL AND q.calls > 0 AND q.made_at < $2 GROUP BY a.owner
) o GROUP BY tenant`, from, till)
	if err != nil {
		return nil, fmt.Errorf("what keeps the period open: %w", err)
	}
	out := make(map[string]invoice.Obstacle)
	var tenant string
	var o invoice.Obstacle
	if _, err := pgx.ForEachRow(rows, []any{&tenant, &o.Unrated, &o.Open}, func() error { out[tenant] = o; return nil }); err != nil {
		return nil, fmt.Errorf("what keeps the period open: %w", err)
	}
	return out, nil
}

// BatchesWaiting implements invoice.Readiness.
func (s *Invoices) BatchesWaiting(ctx context.Context) (n int64, err error) {
	if err := s.db.pool.QueryRow(ctx, `SELECT count(*) FROM batch WHERE stored_at IS NULL`).Scan(&n); err != nil {
		return 0, fmt.Errorf("batches that wait: %w", err)
	}
	return n, nil
}

// PutReadings stores what counters of others stood at, or grew by. The same reading may be stored again.
func (s *Invoices) PutReadings(ctx context.Context, list []invoice.Reading) error {
	b := &pgx.Batch{}
	for _, r := range list {
		b.Queue(`INSERT INTO counter_reading (tenant, counter, branch, at, value) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (tenant, counter, branch, at) DO UPDATE SET value = excluded.value`, r.Tenant, r.Counter, r.Branch, r.At, r.Value)
	}
	if err := s.db.pool.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("store %d readings: %w", len(list), err)
	}
	return nil
}

// ReadingsOf implements invoice.Readings.
func (s *Invoices) ReadingsOf(ctx context.Context, tenant, counter string, till time.Time) ([]invoice.Reading, error) {
	rows, err := s.db.pool.Query(ctx, `SELECT tenant, counter, branch, at, value FROM counter_reading
		WHERE tenant = $1 AND counter = $2 AND at < $3 ORDER BY at, branch`, tenant, counter, till)
	if err != nil {
		return nil, fmt.Errorf("readings of %s: %w", counter, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[invoice.Reading])
	if err != nil {
		return nil, fmt.Errorf("readings of %s: %w", counter, err)
	}
	return list, nil
}

// TopUps implements invoice.Readings.
func (s *Invoices) TopUps(ctx context.Context, account ledger.Account, from, till time.Time) (times, micros int64, err error) {
	err = s.db.pool.QueryRow(ctx, `SELECT count(*), coalesce(sum(amount), 0)::bigint FROM posting
		WHERE purpose = 'top_up' AND credit = $1 AND slot >= $2 AND slot < $3`, account.String(), from, till).Scan(&times, &micros)
	if err != nil {
		return 0, 0, fmt.Errorf("top-ups of %s: %w", account, err)
	}
	return times, micros, nil
}
