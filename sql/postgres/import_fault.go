package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"trunkline/cdr/importer"
)

// Add implements importer.Store.
func (s *Imports) Add(ctx context.Context, faults []importer.Fault) error {
	if len(faults) == 0 {
		return nil
	}
	now := s.clock.Now()
	batch := &pgx.Batch{}
	for i := range faults {
		f := &faults[i]
		batch.Queue(`INSERT INTO import_fault (tenant, pbx, origin, line, reason, raw, digest, found_at, import) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) `+
			`ON CONFLICT (tenant, pbx, origin, line, digest) DO UPDATE SET reason = excluded.reason, import = excluded.import`,
			f.Tenant, f.PBX, f.Origin, f.Line, f.Reason, f.Raw, importer.Digest(f.Raw), now, f.Import)
	}
	if err := s.db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("keep what could not be imported: %w", err)
	}
	return nil
}

// Faults returns faults, the oldest first.
func (s *Imports) Faults(ctx context.Context, f importer.FaultFilter) ([]importer.Fault, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	rows, err := s.db.pool.Query(ctx, `SELECT id, coalesce(import, 0), tenant, pbx, origin, line, reason, raw, found_at FROM import_fault `+
		`WHERE ($1 = '' OR tenant = $1) AND ($2 = '' OR pbx = $2) AND id > $3 ORDER BY id LIMIT $4`, f.Tenant, f.PBX, f.After, min(limit, MaxLines))
	if err != nil {
		return nil, fmt.Errorf("list what could not be imported: %w", err)
	}
	faults, err := pgx.CollectRows(rows, pgx.RowToStructByPos[importer.Fault])
	if err != nil {
		return nil, fmt.Errorf("list what could not be imported: %w", err)
	}
	return faults, nil
}

// Settle takes faults off the list, by their ids, and returns how many were there.
func (s *Imports) Settle(ctx context.Context, ids []int64) (int64, error) {
	tag, err := s.db.pool.Exec(ctx, `DELETE FROM import_fault WHERE id = ANY ($1)`, ids)
	if err != nil {
		return 0, fmt.Errorf("take off the list of what could not be imported: %w", err)
	}
	return tag.RowsAffected(), nil
}
