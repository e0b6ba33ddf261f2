package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"trunkline/cdr"
	"trunkline/cdr/importer"
	"trunkline/internal/calls"
)

// Imported returns the imported legs of a PBX that are in force, in the order of their slots: those with a setup in [from, till), or
// for a zero till those whose slots are not before from.
func (s *Store) Imported(ctx context.Context, tenant, pbx string, from, till time.Time) ([]importer.Leg, error) {
	where := &condition{}
	where.add("tenant = ?", tenant)
	where.add("node = ?", pbx)
	where.terms = append(where.terms, "raw <> ''")
	if till.IsZero() {
		where.add("slot >= toDateTime(?, 'UTC')", from.Unix())
	} else {
		where.add("setup >= fromUnixTimestamp64Micro(?, 'UTC')", from.UnixMicro())
		where.add("setup < fromUnixTimestamp64Micro(?, 'UTC')", till.UnixMicro())
	}
	rows, err := s.db.conn.Query(ctx, "SELECT call, seq, max(slot) AS at FROM cdr WHERE "+where.String()+
		" GROUP BY call, seq HAVING sum(sign) = 1 ORDER BY at, call, seq", where.args...)
	if err != nil {
		return nil, fmt.Errorf("read imported calls: %w", err)
	}
	defer rows.Close()
	var out []importer.Leg
	for rows.Next() {
		var l importer.Leg
		var call uuid.UUID
		if err := rows.Scan(&call, &l.Seq, &l.Slot); err != nil {
			return nil, fmt.Errorf("read imported calls: %w", err)
		}
		if l.Call, err = calls.IDFromBytes(call[:]); err != nil {
			return nil, fmt.Errorf("read imported calls: %w", err)
		}
		out = append(out, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read imported calls: %w", err)
	}
	return out, nil
}

// Whole returns the records in force of legs of one tenant, which are in the order of their slots. There may be 5,000: a query has
// 256 KiB at most (max_query_size).
func (s *Store) Whole(ctx context.Context, tenant string, legs []importer.Leg) ([]cdr.Record, error) {
	if len(legs) == 0 {
		return nil, nil
	}
	calls := make([]uuid.UUID, len(legs))
	wanted := make(map[importer.Identity]bool, len(legs))
	for i := range legs {
		calls[i] = uuid.UUID(legs[i].Call.Bytes())
		wanted[importer.Identity{Call: legs[i].Call, Seq: legs[i].Seq}] = true
	}
	where := &condition{}
	where.add("tenant = ?", tenant)
	where.add("slot >= toDateTime(?, 'UTC')", legs[0].Slot.Unix())
	where.add("slot <= toDateTime(?, 'UTC')", legs[len(legs)-1].Slot.Unix())
	args := append(append([]any{}, where.args...), where.args...)
	rows, err := s.whole(ctx, wholeRow+"FROM cdr WHERE sign = 1 AND ("+where.String()+") AND (call, seq, batch) IN ("+
		"SELECT call, seq, max(batch) FROM cdr WHERE "+where.String()+" AND call IN (?) GROUP BY call, seq HAVING sum(sign) = 1)", append(args, calls)...)
	if err != nil {
		return nil, err
	}
	out := rows[:0]
	for i := range rows {
		if wanted[importer.Identity{Call: rows[i].Call, Seq: rows[i].Seq}] {
			out = append(out, rows[i])
		}
	}
	if len(out) != len(legs) {
		return nil, fmt.Errorf("read imported calls: %d of %d legs were found", len(out), len(legs))
	}
	return out, nil
}
