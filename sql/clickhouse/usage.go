package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"trunkline/internal/money"
	"trunkline/reports"
)

// usageDigits is how much of the called number the report of expenses is grouped by: country and area codes.
const usageDigits = 7

const usageSQL = `SELECT branch, direction IN ('outbound', 'forwarded') AS out, substring(to_number, 1, ?) AS area,
    destination, sale_currency, sum(toInt64(sign) * (connect > 0)) AS calls, sum(toInt64(sign)) AS attempts,
    sum(sign * cdr.billed) AS seconds, sum(cdr.sale * sign) AS total
FROM cdr
WHERE tenant = ? AND slot >= toDateTime(?, 'UTC') AND slot < toDateTime(?, 'UTC') AND kind = 'ingress' AND direction <> 'internal'
GROUP BY branch, out, area, destination, sale_currency`

// Usage implements reports.UsageStore.
func (s *Store) Usage(ctx context.Context, tenant string, from, till time.Time) ([]reports.Usage, error) {
	rows, err := s.db.conn.Query(ctx, usageSQL, usageDigits, tenant, from.Unix(), till.Unix())
	if err != nil {
		return nil, fmt.Errorf("use of tenant %s: %w", tenant, err)
	}
	defer rows.Close()
	var out []reports.Usage
	for rows.Next() {
		var u reports.Usage
		var outbound uint8
		var currency string
		var sale decimal.Decimal
		if err := rows.Scan(&u.Branch, &outbound, &u.To, &u.Destination, &currency, &u.Calls, &u.Attempts, &u.Seconds, &sale); err != nil {
			return nil, fmt.Errorf("use of tenant %s: %w", tenant, err)
		}
		u.Outbound = outbound == 1
		if u.Sale, err = money.FromDecimal(sale, money.HalfEven); err != nil {
			return nil, fmt.Errorf("use of tenant %s: %w", tenant, err)
		}
		if currency != "" {
			if u.Currency, err = money.ParseCurrency(currency); err != nil {
				return nil, fmt.Errorf("use of tenant %s: %w", tenant, err)
			}
		}
		out = append(out, u)
	}
	return out, rows.Err()
}
