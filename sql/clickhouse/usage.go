package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	driver "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/shopspring/decimal"

	"trunkline/internal/money"
	"trunkline/reports"
)

// classSQL is reports.Classify over the sums of use and the records at its edges. Where the branch is comes as three lists beside
// each other: branches, their countries, and their areas behind the countries.
const classSQL = `multiIf(NOT outbound, 5, area = '', 1, country = '' OR NOT startsWith(area, country), 4,
    positionCaseInsensitive(destination, 'mobile') > 0, 3, home <> country AND startsWith(area, home), 1, 2)`

const usageSQL = `SELECT toString(tenant), toString(branch), toUInt8(` + classSQL + `) AS class, toString(sale_currency),
    sum(calls), sum(attempts), sum(billed), sum(covered), sum(sale)
FROM (
    SELECT *, concat(tenant, '/', branch) AS place, transform(place, ?, ?, '') AS country, transform(place, ?, ?, '') AS home FROM (%s)
)
GROUP BY tenant, branch, class, sale_currency`

const usageOfHours = `SELECT tenant, branch, CAST(direction <> 'inbound' AS Bool) AS outbound, area, destination, sale_currency, answered AS calls, legs AS attempts, billed, covered, sale
    FROM cdr_sum WHERE grain = 'usage' AND `

const usageOfRecords = `SELECT tenant, branch, CAST(direction <> 'inbound' AS Bool) AS outbound,
        ` + areaOf + ` AS area, destination, sale_currency,
        toInt64(sign) * (connect > 0) AS calls, toInt64(sign) AS attempts, sign * cdr.billed AS billed, sign * cdr.covered AS covered,
        CAST(cdr.sale * sign AS Decimal(38, 6)) AS sale
    FROM cdr WHERE ` + chargedFor + ` AND `

// homesText bounds the text of a query that says where thousands of branches are.
const homesText = 64 << 20

// UsageOf implements invoice.Usage: whole hours from the sums, and the records at the edges of zones that are off by parts of
// an hour.
func (s *Store) UsageOf(ctx context.Context, tenants []string, homes map[reports.HomeKey]reports.Home, from, till time.Time) (map[string][]reports.Usage, error) {
	query, args := usageQuery(tenants, homes, from, till)
	return s.usage(ctx, tenants, query, args)
}

// LateUsageOf implements invoice.Usage: a late call counts in a slot behind the one of its connection, or of its setup.
func (s *Store) LateUsageOf(ctx context.Context, tenants []string, homes map[reports.HomeKey]reports.Home, from, till, before time.Time) (map[string][]reports.Usage, error) {
	c := &condition{}
	c.add("slot >= toDateTime(?, 'UTC')", from.Unix())
	c.add("slot < toDateTime(?, 'UTC')", till.Unix())
	c.add("if(connect > 0, connect, setup) < toDateTime(?, 'UTC')", before.Unix())
	if len(tenants) > 0 {
		c.add("tenant IN (?)", tenants)
	}
	query := strings.Replace(usageSQL, "%s", usageOfRecords+c.String(), 1)
	return s.usage(ctx, tenants, query, append(places(homes), c.args...))
}

func (s *Store) usage(ctx context.Context, tenants []string, query string, args []any) (map[string][]reports.Usage, error) {
	ctx = driver.Context(ctx, driver.WithSettings(driver.Settings{"max_query_size": homesText, "max_ast_elements": 10_000_000, "max_expanded_ast_elements": 10_000_000}))
	rows, err := s.db.conn.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("use of %d tenants: %w", len(tenants), err)
	}
	defer rows.Close()
	out := make(map[string][]reports.Usage)
	for rows.Next() {
		var u reports.Usage
		var class uint8
		var tenant, currency string
		var sale decimal.Decimal
		if err := rows.Scan(&tenant, &u.Branch, &class, &currency, &u.Calls, &u.Attempts, &u.Seconds, &u.Covered, &sale); err != nil {
			return nil, fmt.Errorf("use of %d tenants: %w", len(tenants), err)
		}
		u.Class = reports.Class(class)
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

func usageQuery(tenants []string, homes map[reports.HomeKey]reports.Home, from, till time.Time) (query string, args []any) {
	args = places(homes)
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
		parts, args = append(parts, text+c.String()), append(args, c.args...)
	}
	add(usageOfRecords, "slot", from, first)
	add(usageOfHours, "time", first, last)
	add(usageOfRecords, "slot", last, till)
	return strings.Replace(usageSQL, "%s", strings.Join(parts, " UNION ALL "), 1), args
}

// places say where branches are, as usageSQL takes it.
func places(homes map[reports.HomeKey]reports.Home) []any {
	names, countries, areas := []string{""}, []string{""}, []string{""} // Lists must not be empty.
	for key, home := range homes {
		names = append(names, key.Tenant+"/"+key.Branch)
		countries, areas = append(countries, home.Country), append(areas, home.Country+home.Area)
	}
	return []any{names, countries, names, areas}
}
