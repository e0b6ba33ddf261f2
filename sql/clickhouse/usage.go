package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"trunkline/internal/money"
	"trunkline/reports"
)

// UsageDigits is how much of the called number usage is told apart by: country and area codes.
const UsageDigits = 7

const usageOfHours = `SELECT tenant, branch, outbound, area, destination, sale_currency, sum(usage_hour.calls), sum(usage_hour.attempts),
    sum(usage_hour.billed), sum(usage_hour.covered), sum(usage_hour.sale)
FROM usage_hour WHERE `

const usageOfRecords = `SELECT tenant, branch, CAST(direction IN ('outbound', 'forwarded') AS Bool) AS outbound, substring(to_number, 1, 7) AS area, destination,
    sale_currency, sum(toInt64(sign) * (connect > 0)), sum(toInt64(sign)), sum(sign * cdr.billed), sum(sign * cdr.covered), sum(cdr.sale * sign)
FROM cdr WHERE kind = 'ingress' AND direction <> 'internal' AND `

const usageGroup = ` GROUP BY tenant, branch, outbound, area, destination, sale_currency`

// Usage implements reports.UsageStore.
func (s *Store) Usage(ctx context.Context, tenant string, from, till time.Time) ([]reports.Usage, error) {
	all, err := s.UsageOf(ctx, []string{tenant}, from, till)
	return all[tenant], err
}

// UsageOf returns the use of several tenants at once, by tenant; no names mean all tenants.
func (s *Store) UsageOf(ctx context.Context, tenants []string, from, till time.Time) (map[string][]reports.Usage, error) {
	query, args := usageSQL(tenants, from, till)
	rows, err := s.db.conn.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("use of %d tenants: %w", len(tenants), err)
	}
	defer rows.Close()
	out := make(map[string][]reports.Usage)
	for rows.Next() {
		var u reports.Usage
		var tenant, currency string
		var sale decimal.Decimal
		if err := rows.Scan(&tenant, &u.Branch, &u.Outbound, &u.To, &u.Destination, &currency, &u.Calls, &u.Attempts, &u.Seconds, &u.Covered, &sale); err != nil {
			return nil, fmt.Errorf("use of %d tenants: %w", len(tenants), err)
		}
		if u.Sale, err = money.FromDecimal(sale, money.HalfEven); err != nil {
			return nil, fmt.Errorf("use of tenant %s: %w", tenant, err)
		}
		if err := u.Currency.UnmarshalText([]byte(currency)); err != nil {
			return nil, fmt.Errorf("use of tenant %s: %w", tenant, err)
		}
		out[tenant] = append(out[tenant], u)
	}
	return out, rows.Err()
}

// usageSQL takes whole hours from the sums, and the records at the edges of zones that are off by parts of an hour.
func usageSQL(tenants []string, from, till time.Time) (query string, args []any) {
	first, last := from.Add(time.Hour-1).Truncate(time.Hour), till.Truncate(time.Hour)
	if !first.Before(last) {
		first, last = till, till
	}
	var parts []string
	add := func(text, column string, from, till time.Time) {
		if !from.Before(till) {
			return
		}
		c := &condition{}
		c.add(column+" >= toDateTime(?, 'UTC')", from.Unix())
		c.add(column+" < toDateTime(?, 'UTC')", till.Unix())
		if len(tenants) > 0 {
			c.add("tenant IN (?)", tenants)
		}
		parts, args = append(parts, text+c.String()+usageGroup), append(args, c.args...)
	}
	add(usageOfRecords, "slot", from, first)
	add(usageOfHours, "hour", first, last)
	add(usageOfRecords, "slot", last, till)
	return strings.Join(parts, "\nUNION ALL\n"), args
}
