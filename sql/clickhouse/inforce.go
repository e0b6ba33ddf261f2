package clickhouse

import (
	"context"
	"errors"
	"fmt"

	"trunkline/cdr"
)

// ErrTooMany is returned where more records are wanted than are worked on at a time.
var ErrTooMany = errors.New("too many records")

const wholeRow = "SELECT * EXCEPT (duration_us, pdd_us) REPLACE (CAST(kind AS Int8) AS kind, CAST(direction AS Int8) AS direction, CAST(released_by AS Int8) AS released_by) "

// InForce returns the records that a filter wants and that no correction has taken back, at most so many, or ErrTooMany.
// The filter's limit and offset are not looked at.
func (s *Store) InForce(ctx context.Context, f Filter, most int) ([]cdr.Record, error) {
	where, err := f.condition()
	if err != nil {
		return nil, err
	}
	args := append(append([]any{}, where.args...), where.args...)
	query := wholeRow + "FROM cdr WHERE sign = 1 AND (" + where.String() + ") AND (call, seq, batch) IN (" +
		"SELECT call, seq, max(batch) FROM cdr WHERE " + where.String() + " GROUP BY call, seq HAVING sum(sign) = 1) LIMIT ?"
	rows, err := s.whole(ctx, query, append(args, most+1)...)
	if err != nil {
		return nil, err
	}
	if len(rows) > most {
		return nil, fmt.Errorf("%w: more than %d", ErrTooMany, most)
	}
	return rows, nil
}

// OfBatch returns all records that a batch wrote.
func (s *Store) OfBatch(ctx context.Context, batch int64) ([]cdr.Record, error) {
	return s.whole(ctx, wholeRow+"FROM cdr WHERE batch = ? ORDER BY call, seq, sign", batch)
}

func (s *Store) whole(ctx context.Context, query string, args ...any) ([]cdr.Record, error) {
	var rows []row
	if err := s.db.conn.Select(ctx, &rows, query, args...); err != nil {
		return nil, fmt.Errorf("read calls: %w", err)
	}
	out := make([]cdr.Record, len(rows))
	for i := range rows {
		if err := rows[i].record(&out[i]); err != nil {
			return nil, fmt.Errorf("call %s: %w", rows[i].Call, err)
		}
	}
	return out, nil
}
