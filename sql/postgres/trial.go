package postgres

import (
	"context"
	"fmt"

	"trunkline/reports/invoice"
)

// TrialEnded reports whether it was noted that a trial has ended, and was acted on.
func (s *Invoices) TrialEnded(ctx context.Context, e *invoice.Ended) (known bool, err error) {
	err = s.db.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM trial_end WHERE tenant = $1 AND tariff = $2 AND began_at = $3)`,
		e.Tenant, e.Tariff, e.Start).Scan(&known)
	if err != nil {
		return false, fmt.Errorf("trial of %s: %w", e.Tenant, err)
	}
	return known, nil
}

// EndTrial notes that a trial has ended and was acted on. It may be repeated; true: it was noted now.
func (s *Invoices) EndTrial(ctx context.Context, e *invoice.Ended) (bool, error) {
	tag, err := s.db.pool.Exec(ctx, `INSERT INTO trial_end (tenant, tariff, began_at, ended_at, action) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		e.Tenant, e.Tariff, e.Start, s.clock.Now(), string(e.Trial.Then))
	if err != nil {
		return false, fmt.Errorf("trial of %s: %w", e.Tenant, err)
	}
	return tag.RowsAffected() == 1, nil
}
