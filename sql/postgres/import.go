package postgres

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/internal/clock"
	"trunkline/reports/invoice"
)

// ImportFault is a record of a foreign system that could not be read or rated.
type ImportFault struct {
	ID     int64
	Tenant string
	PBX    string
	Origin string // Name of the file, or of the day's capture.
	Line   int64  // Of the origin, from 1.
	Reason string
	Raw    string
	Found  time.Time
}

// ImportFaultFilter says which faults are wanted. Empty conditions are none.
type ImportFaultFilter struct {
	Tenant string
	PBX    string
	After  int64 // Ids above this one.
	Limit  int   // 1 to MaxLines; 0: 100.
}

// Imports keeps what the importers could not use.
type Imports struct {
	db    *DB
	clock clock.Clock
}

// NewImports returns the store on a database whose migrations have run.
func NewImports(db *DB, c clock.Clock) *Imports { return &Imports{db, c} }

// Add keeps faults. One that is there already, from the same line of the same origin, is not kept again: a call may be
// repeated.
func (s *Imports) Add(ctx context.Context, faults []ImportFault) error {
	if len(faults) == 0 {
		return nil
	}
	now := s.clock.Now()
	batch := &pgx.Batch{}
	for i := range faults {
		f := &faults[i]
		digest := sha256.Sum256([]byte(f.Raw))
		batch.Queue(`INSERT INTO import_fault (tenant, pbx, origin, line, reason, raw, digest, found_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) `+
			`ON CONFLICT (tenant, pbx, origin, line, digest) DO UPDATE SET reason = excluded.reason WHERE import_fault.reason <> excluded.reason`,
			f.Tenant, f.PBX, f.Origin, f.Line, f.Reason, f.Raw, digest[:16], now)
	}
	if err := s.db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("keep what could not be imported: %w", err)
	}
	return nil
}

// List returns faults, the oldest first.
func (s *Imports) List(ctx context.Context, f ImportFaultFilter) ([]ImportFault, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	rows, err := s.db.pool.Query(ctx, `SELECT id, tenant, pbx, origin, line, reason, raw, found_at FROM import_fault `+
		`WHERE ($1 = '' OR tenant = $1) AND ($2 = '' OR pbx = $2) AND id > $3 ORDER BY id LIMIT $4`, f.Tenant, f.PBX, f.After, min(limit, MaxLines))
	if err != nil {
		return nil, fmt.Errorf("list what could not be imported: %w", err)
	}
	faults, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ImportFault])
	if err != nil {
		return nil, fmt.Errorf("list what could not be imported: %w", err)
	}
	return faults, nil
}

// Remove takes faults off the list, by their ids, and returns how many were there.
func (s *Imports) Remove(ctx context.Context, ids []int64) (int64, error) {
	tag, err := s.db.pool.Exec(ctx, `DELETE FROM import_fault WHERE id = ANY ($1)`, ids)
	if err != nil {
		return 0, fmt.Errorf("take off the list of what could not be imported: %w", err)
	}
	return tag.RowsAffected(), nil
}

// TenantHistory returns how a tenant was set up since when, the oldest first.
func (s *Imports) TenantHistory(ctx context.Context, tenant string) ([]invoice.Version, error) {
	all, err := NewInvoices(s.db, s.clock).Histories(ctx, []string{tenant})
	return all[tenant], err
}
