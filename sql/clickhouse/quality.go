package clickhouse

import (
	"context"
	"fmt"
	"time"

	"trunkline/internal/e164"
	"trunkline/lcr"
)

// maxQualityRows bounds the table that routing looks at.
const maxQualityRows = 200_000

// qualitySQL counts attempts at gateways, by the prefix of the carrier's rate and in all (an empty prefix). Effective are
// those of the hourly sums: answered, or ended by a user (ITU-T E.425). An attempt that was only challenged is none.
const qualitySQL = `SELECT gateway, if(grouping(prefix) = 1, '', prefix) AS digits,
    sum(toInt64(sign)) AS calls,
    sum(toInt64(sign) * (connect > 0)) AS answered,
    sum(toInt64(sign) * (connect > 0 OR cause IN (16, 17, 18, 19, 21))) AS effective,
    sum(toInt64(sign) * (connect > 0 AND cdr.duration_us < ?)) AS short,
    sum(sign * if(connect > 0, cdr.duration_us, 0)) AS talk,
    sum(toInt64(sign) * (cdr.pdd_us > 0)) AS ringing,
    sum(sign * cdr.pdd_us) AS pdd
FROM cdr
WHERE slot >= toDateTime(?, 'UTC') AND kind = 'egress' AND gateway <> '' AND sip_status NOT IN (401, 407)
GROUP BY GROUPING SETS ((gateway), (gateway, prefix))
HAVING calls > 0 AND (digits <> '' OR grouping(prefix) = 1)
ORDER BY calls DESC LIMIT ?`

// Quality returns what is known of the gateways from the attempts that count in slots since a moment: of each as a whole,
// and by the prefixes of its carrier's rates. Answered attempts shorter than short are short calls.
func (s *Store) Quality(ctx context.Context, since time.Time, short time.Duration) ([]lcr.QualityRow, error) {
	rows, err := s.db.conn.Query(ctx, qualitySQL, short.Microseconds(), since.Unix(), maxQualityRows)
	if err != nil {
		return nil, fmt.Errorf("quality of gateways: %w", err)
	}
	defer rows.Close()
	var out []lcr.QualityRow
	for rows.Next() {
		var q lcr.QualityRow
		var digits string
		var talk, pdd int64
		if err := rows.Scan(&q.Gateway, &digits, &q.Calls, &q.Answered, &q.Effective, &q.Short, &talk, &q.Ringing, &pdd); err != nil {
			return nil, fmt.Errorf("quality of gateways: %w", err)
		}
		if digits != "" {
			if q.Prefix, err = e164.ParsePrefix(digits); err != nil {
				return nil, fmt.Errorf("quality of gateway %s: %w", q.Gateway, err)
			}
		}
		q.Talk, q.PDD = time.Duration(talk)*time.Microsecond, time.Duration(pdd)*time.Microsecond
		out = append(out, q)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("quality of gateways: %w", err)
	}
	return out, nil
}
