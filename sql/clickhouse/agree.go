package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"trunkline/internal/clock"
)

// How often the sums of a month are compared before they are taken to be wrong: what is on its way to them has got there by then.
const (
	lookTries = 5
	lookPause = 300 * time.Millisecond
)

// markSides are the marks of a month, and what they have to be: the rows of each batch that are there or were dropped by retention. Every
// row of a batch weighs as much as the others of it, and otherwise than those of other batches.
const markSides = `
    SELECT 7::Int8 AS g, legs AS n, sale AS s, cost AS c, legs * toInt64(cityHash64(batch, key) % 1000000007) AS w
    FROM cdr_sum WHERE toYYYYMM(time) = {month} AND grain = 'batch'
    UNION ALL
    SELECT 7::Int8, -1, -(cdr.sale * sign), -(cdr.cost * sign), -toInt64(cityHash64(batch, batch_key) % 1000000007)
    FROM cdr WHERE toYYYYMM(slot) = {month}
    UNION ALL
    SELECT 7::Int8, -rows, -cdr_retired.sale, -cdr_retired.cost, -rows * toInt64(cityHash64(batch, key) % 1000000007)
    FROM cdr_retired FINAL WHERE toYYYYMM(day) = {month}`

// sumSides are the other grains of a month, and the records that they have to add up to. Of days of which calls were dropped nothing can be said.
const sumSides = `
    UNION ALL
    SELECT toInt8(grain), legs, cdr_sum.sale, cdr_sum.cost, 0 FROM cdr_sum WHERE toYYYYMM(time) = {month} AND grain <> 'batch' AND toDate(time) NOT IN ({retired})
    UNION ALL
    SELECT arrayJoin([1, 2, 3, 4, 5])::Int8, -toInt64(sign), -(cdr.sale * sign), -(cdr.cost * sign), 0
    FROM cdr WHERE toYYYYMM(slot) = {month} AND toDate(slot) NOT IN ({retired})
    UNION ALL
    SELECT 6::Int8, -toInt64(sign), -(cdr.sale * sign), 0, 0
    FROM cdr WHERE toYYYYMM(slot) = {month} AND toDate(slot) NOT IN ({retired}) AND {charged}`

// agrees reports whether the sums of a month are those of its records: by marks only which batches are in them, and else all of them.
func (s *Store) agrees(ctx context.Context, month string, marksOnly bool) (bool, error) {
	sides := markSides
	if !marksOnly {
		sides += sumSides
	}
	query := strings.NewReplacer("{month}", month, "{retired}", retiredDays, "{charged}", chargedFor).Replace(
		"SELECT g FROM (" + sides + "\n) GROUP BY g HAVING sum(n) <> 0 OR sum(s) <> 0 OR sum(c) <> 0 OR sum(w) <> 0")
	for try := range lookTries {
		if try > 0 {
			if err := clock.Sleep(ctx, clock.System{}, lookPause); err != nil {
				return false, err
			}
		}
		differing, err := s.countRows(ctx, query)
		if err != nil || differing == 0 {
			return err == nil, err
		}
	}
	return false, nil
}

func (s *Store) countRows(ctx context.Context, query string) (n int, err error) {
	rows, err := s.db.conn.Query(ctx, query)
	if err != nil {
		return 0, fmt.Errorf("compare sums and records: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		n++
	}
	return n, rows.Err()
}

// unmarked returns the months whose marks are not those of their records.
func (s *Store) unmarked(ctx context.Context) (out []string, err error) {
	months, err := s.months(ctx)
	if err != nil {
		return nil, err
	}
	for _, month := range months {
		ok, err := s.agrees(ctx, month, true)
		if err != nil {
			return nil, err
		}
		if !ok {
			out = append(out, month)
		}
	}
	return out, nil
}
