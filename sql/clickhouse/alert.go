package clickhouse

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"trunkline/internal/money"
)

// Traffic says which calls are measured for alerts: those that cost something and ended in [From, Till).
type Traffic struct {
	Tenant     string   // Empty: all, each by itself.
	By         string   // branch, extension, or empty for the tenant.
	Prefixes   []string // Called numbers begin with one of these; empty: all.
	From, Till time.Time
}

// Volume is what the calls of one owner came to.
type Volume struct {
	Tenant  string
	Owner   string // Empty where it is by tenant.
	Spend   money.Amount
	Seconds int64
	Calls   int64
	Numbers []string // Those that were called, each once, up to MaxRows; only where they were asked for.
}

// longestCall bounds how long before its end a call began, so that old partitions are not read.
const longestCall = 25 * time.Hour

// Volumes returns what calls came to, by owner.
func (s *Store) Volumes(ctx context.Context, t Traffic, numbers bool) ([]Volume, error) {
	owner, list := "''", "CAST([] AS Array(String))"
	switch t.By {
	case "branch", "extension":
		owner = "toString(" + t.By + ")"
	}
	if numbers {
		list = fmt.Sprintf("groupUniqArray(%d)(to_number)", MaxRows)
	}
	where := condition{}
	where.terms = append(where.terms, "kind = 'ingress'", "cdr.direction IN ('outbound', 'forwarded')")
	where.add("slot >= toDateTime(?, 'UTC')", t.From.Add(-longestCall).Unix())
	where.add("disconnect >= fromUnixTimestamp64Micro(?, 'UTC')", t.From.UnixMicro())
	where.add("disconnect < fromUnixTimestamp64Micro(?, 'UTC')", t.Till.UnixMicro())
	where.text("tenant = ?", t.Tenant)
	if len(t.Prefixes) > 0 {
		terms := make([]string, 0, len(t.Prefixes))
		for _, p := range t.Prefixes {
			terms = append(terms, "startsWith(to_number, ?)")
			where.args = append(where.args, p)
		}
		where.terms = append(where.terms, "("+strings.Join(terms, " OR ")+")")
	}
	query := "SELECT toString(tenant) AS t, " + owner + " AS o, sum(sale * sign), sum(toInt64(sign) * billed), sum(toInt64(sign) * (connect > 0)), " + list +
		" FROM cdr WHERE " + where.String() + " GROUP BY t, o ORDER BY t, o LIMIT " + strconv.Itoa(MaxRows)
	rows, err := s.db.conn.Query(ctx, query, where.args...)
	if err != nil {
		return nil, fmt.Errorf("measure calls: %w", err)
	}
	defer rows.Close()
	var out []Volume
	for rows.Next() {
		var v Volume
		var spend decimal.Decimal
		if err := rows.Scan(&v.Tenant, &v.Owner, &spend, &v.Seconds, &v.Calls, &v.Numbers); err != nil {
			return nil, fmt.Errorf("measure calls: %w", err)
		}
		if v.Spend, err = money.FromDecimal(spend, money.HalfUp); err != nil {
			return nil, fmt.Errorf("measure calls: %w", err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("measure calls: %w", err)
	}
	return out, nil
}
