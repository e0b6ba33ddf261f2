package clickhouse

import (
	"context"
	"fmt"

	"trunkline/reports/invoice"
)

// CountCalls implements invoice.CallCounter.
func (s *Store) CountCalls(ctx context.Context, q invoice.CallQuery) (invoice.CallCount, error) {
	c := &condition{}
	c.add("slot >= toDateTime(?, 'UTC')", q.From.Unix())
	c.add("slot < toDateTime(?, 'UTC')", q.Till.Unix())
	c.add("tenant = ?", q.Tenant)
	c.text("cdr.direction = ?", q.Direction)
	c.text("cdr.number = ?", q.Number)
	var out invoice.CallCount
	err := s.db.conn.QueryRow(ctx, "SELECT sum(toInt64(sign)), intDiv(sum(sign * duration_us), 1000000) FROM cdr WHERE kind = 'ingress' AND connect > 0 AND "+c.String(), c.args...).
		Scan(&out.Calls, &out.Seconds)
	if err != nil {
		return out, fmt.Errorf("calls of tenant %s: %w", q.Tenant, err)
	}
	return out, nil
}
