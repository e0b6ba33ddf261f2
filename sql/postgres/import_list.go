package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"trunkline/cdr/importer"
)

const selectImports = `SELECT i.id, i.tenant, i.pbx, i.origin, i.stream, i.way, i.done_by, i.settings, coalesce(i.again, 0),
    i.reference, coalesce(i.first_day, '0001-01-01T00:00:00Z'), i.strict, i.begun_at,
    coalesce(i.ended_at, '0001-01-01T00:00:00Z'), i.lines, i.calls, i.unusable,
    coalesce(p.first_setup, '0001-01-01T00:00:00Z'), coalesce(p.last_setup, '0001-01-01T00:00:00Z'),
    coalesce(i.undo, 0), w.ended_at IS NOT NULL, EXISTS (SELECT FROM import_text t WHERE t.import = i.id)
FROM import i
LEFT JOIN withdrawal w ON w.undo = i.undo
LEFT JOIN LATERAL (SELECT min(first_setup) AS first_setup, max(last_setup) AS last_setup FROM import_part p WHERE p.import = i.id) p ON true
WHERE ($1::bigint[] IS NULL OR i.id = ANY ($1)) AND ($2 = '' OR i.tenant = $2) AND ($3 = '' OR i.pbx = $3) AND ($4 = '' OR i.origin = $4)
    AND ($5::timestamptz IS NULL OR p.last_setup >= $5) AND ($6::timestamptz IS NULL OR p.first_setup < $6) AND (NOT $7 OR i.undo IS NULL)
ORDER BY i.id DESC LIMIT $8`

// Imports implements importer.Store.
func (s *Imports) Imports(ctx context.Context, f importer.Filter) ([]importer.Import, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	rows, err := s.db.pool.Query(ctx, selectImports, f.IDs, f.Tenant, f.PBX, f.Origin, orNull(f.From), orNull(f.Till), f.Standing, min(limit, MaxLines))
	if err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[importer.Import])
	if err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	for i := range list {
		m := &list[i]
		m.Begun, m.Ended, m.First, m.Last = m.Begun.UTC(), m.Ended.UTC(), m.First.UTC(), m.Last.UTC()
	}
	return list, nil
}
