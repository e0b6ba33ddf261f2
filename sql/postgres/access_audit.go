package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/access"
)

// Log implements access.AuditLog.
func (a *Access) Log(ctx context.Context, d access.AuditEvent) error {
	_, err := a.db.pool.Exec(ctx, `INSERT INTO audit (at, by_whom, source, tenant, action, object, before, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		d.At, d.By, d.Source, d.Tenant, d.Action, d.Object, d.Before, d.After)
	return found(err, "audit")
}

// Events implements access.AuditLog: what was done to the provisioning and all else, the newest first.
func (a *Access) Events(ctx context.Context, f access.AuditFilter) ([]access.AuditEvent, error) {
	before := f.Before
	if before.IsZero() {
		before = a.clock.Now().Add(time.Hour)
	}
	rows, err := a.db.pool.Query(ctx, `SELECT at, by_whom, source, tenant, action, object, before, after FROM (
			SELECT at, by_whom, source, tenant, action, object, coalesce(before, '') AS before, coalesce(after, '') AS after FROM audit
			UNION ALL
			SELECT changed_at, changed_by, '', CASE kind WHEN 'tenant' THEN id ELSE '' END,
				CASE WHEN before IS NULL THEN 'create' WHEN after IS NULL THEN 'delete' ELSE 'update' END, kind || ' ' || id,
				coalesce(before, ''), coalesce(after, '') FROM provision_history
		) d WHERE at < $1 AND ($2 = '' OR by_whom = $2) AND ($3 = '' OR object = $3 OR starts_with(object, $3 || ' ')) ORDER BY at DESC LIMIT $4`,
		before, f.By, f.Object, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	events, err := pgx.CollectRows(rows, pgx.RowToStructByPos[access.AuditEvent])
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return events, nil
}
