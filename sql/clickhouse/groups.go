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

// recordSums are the sums of a table of sums, reckoned from the records.
const recordSums = `sumIf(toInt64(sign), side), sumIf(toInt64(sign), side AND cdr.sip_status NOT IN (401, 407)), sumIf(toInt64(sign), side AND cdr.connect > 0),
    sumIf(toInt64(sign), side AND (cdr.connect > 0 OR (cdr.cause IN (16, 17, 18, 19, 21) AND cdr.sip_status NOT IN (401, 407)))),
    sumIf(toInt64(sign), side AND (cdr.released_by = 'limit' OR startsWith(cdr.reason, 'limit') OR cdr.reason = 'balance')),
    sumIf(toInt64(sign), side AND cdr.reason IN ('capacity', 'cps')), sumIf(sign * cdr.duration_us, side), sumIf(sign * cdr.billed, side),
    sumMap(if(side AND cdr.pdd_us > 0, map(toUInt8(least(255, round(10 * log(greatest(cdr.pdd_us, 1000) / 1000)))), toInt64(sign)), map()::Map(UInt8, Int64))),
    sum(cdr.sale * sign), sum(cdr.cost * sign)`

const keptSums = `sumIf(legs, side), sumIf(seizures, side), sumIf(answered, side), sumIf(effective, side), sumIf(limited, side), sumIf(crowded, side),
    sumIf(duration_us, side), sumIf(billed, side), sumMapIf(pdd, side), sum(sale), sum(cost)`

// Groups implements reports.StatsStore.
func (s *Store) Groups(ctx context.Context, q reports.GroupQuery) ([]reports.Group, error) {
	query, args, err := groupSQL(&q)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.conn.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("sums of calls: %w", err)
	}
	defer rows.Close()
	m := merger{places: make(map[string]int)}
	for rows.Next() {
		var g groupRow
		if err := rows.Scan(&g.keys, &g.saleCurrency, &g.costCurrency, &g.sums.Legs, &g.sums.Seizures, &g.sums.Answered, &g.sums.Effective,
			&g.sums.Limited, &g.sums.Crowded, &g.sums.Micros, &g.sums.Billed, &g.pdd, &g.sale, &g.cost); err != nil {
			return nil, fmt.Errorf("sums of calls: %w", err)
		}
		if err := m.add(&g); err != nil {
			return nil, fmt.Errorf("sums of calls: %w", err)
		}
		if len(m.groups) > q.Limit {
			return nil, fmt.Errorf("%w: more than %d groups: narrow the filter, or group by less", reports.ErrQuery, q.Limit)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sums of calls: %w", err)
	}
	return m.groups, nil
}

// groupSQL writes the query: every segment groups by itself, and what they give is put together in Go.
func groupSQL(q *reports.GroupQuery) (query string, args []any, err error) {
	var parts []string
	for _, seg := range cover(q) {
		text, own, err := segmentSQL(q, seg)
		if err != nil {
			return "", nil, err
		}
		parts, args = append(parts, text), append(args, own...)
	}
	return strings.Join(parts, "\nUNION ALL\n"), args, nil
}

func segmentSQL(q *reports.GroupQuery, seg segment) (query string, args []any, err error) {
	c := &condition{}
	keys := make([]string, 0, len(q.By))
	for _, d := range q.By {
		key, zoned := keyOf(d, seg.table)
		keys = append(keys, key)
		if zoned {
			c.args = append(c.args, q.Zone.String())
		}
	}
	kind := "ingress"
	if q.Side == reports.Attempts {
		kind = "egress"
	}
	c.args = append(c.args, kind)
	if seg.table.time == "day" {
		c.add("day >= toDate(?)", seg.from.UTC().Format(time.DateOnly))
		c.add("day < toDate(?)", seg.till.UTC().Format(time.DateOnly))
	} else {
		c.add(seg.table.time+" >= toDateTime(?, 'UTC')", seg.from.Unix())
		c.add(seg.table.time+" < toDateTime(?, 'UTC')", seg.till.Unix())
	}
	c.text(seg.table.name+".tenant = ?", q.Tenant)
	c.text(seg.table.name+".branch = ?", q.Branch)
	if err := c.where(q.Filter, seg.table.name); err != nil {
		return "", nil, err
	}
	sums := keptSums
	if seg.table.name == "cdr" {
		sums = recordSums
	}
	c.args = append(c.args, q.Limit+1)
	return "SELECT CAST([" + strings.Join(keys, ", ") + "] AS Array(String)) AS keys, sale_currency, cost_currency,\n    " + withSide(sums, seg.table.name) +
		"\nFROM " + seg.table.name + " WHERE " + c.String() + "\nGROUP BY keys, sale_currency, cost_currency LIMIT ?", c.args, nil
}

// withSide names the side once, so that it is one argument.
func withSide(sums, table string) string {
	first, rest, _ := strings.Cut(sums, "side")
	return first + "(" + table + ".kind = ? AS side)" + rest
}

// keyOf returns the expression of a dimension, and whether it has the zone as an argument.
func keyOf(d reports.Dimension, t table) (expression string, zoned bool) {
	switch d {
	case reports.ByHour:
		return "formatDateTime(toStartOfHour(toTimeZone(" + t.time + ", ?)), '%Y-%m-%dT%H:%i:%SZ', 'UTC')", true
	case reports.ByDay:
		if t.time == "day" {
			return "toString(day)", false
		}
		return "toString(toDate(" + t.time + ", ?))", true
	case reports.ByMonth:
		if t.time == "day" {
			return "formatDateTime(day, '%Y-%m')", false
		}
		return "formatDateTime(" + t.time + ", '%Y-%m', ?)", true
	case reports.ByWeekday:
		if t.time == "day" {
			return "toString(toDayOfWeek(day))", false
		}
		return "toString(toDayOfWeek(" + t.time + ", 0, ?))", true
	case reports.ByHourOfDay:
		return "toString(toHour(" + t.time + ", ?))", true
	case reports.ByStatus:
		return "toString(cdr.sip_status)", false
	case reports.ByCaller:
		return "cdr.from_number", false
	case reports.ByCalled:
		return "cdr.to_number", false
	case reports.ByTenant, reports.ByBranch, reports.ByExtension, reports.ByNumber, reports.ByDirection, reports.ByDestination,
		reports.ByCountry, reports.ByCarrier, reports.ByGateway, reports.ByCause:
	}
	return "toString(" + t.name + "." + string(d) + ")", false // Of a closed set, whose words are the columns.
}

// groupRow is one row of an answer.
type groupRow struct {
	keys                       []string
	saleCurrency, costCurrency string
	sums                       reports.Sums
	pdd                        map[uint8]int64
	sale, cost                 decimal.Decimal
}

// merger puts rows of one group together: those of other segments, and of other currencies.
type merger struct {
	places map[string]int
	groups []reports.Group
}

func (m *merger) add(g *groupRow) error {
	name := strings.Join(g.keys, "\x00")
	i, ok := m.places[name]
	if !ok {
		i = len(m.groups)
		m.places[name] = i
		m.groups = append(m.groups, reports.Group{Keys: g.keys, Sums: reports.Sums{
			PDD: make(reports.Histogram), Sale: make(reports.Purse), Cost: make(reports.Purse),
		}})
	}
	to := &m.groups[i].Sums
	to.Legs += g.sums.Legs
	to.Seizures += g.sums.Seizures
	to.Answered += g.sums.Answered
	to.Effective += g.sums.Effective
	to.Limited += g.sums.Limited
	to.Crowded += g.sums.Crowded
	to.Micros += g.sums.Micros
	to.Billed += g.sums.Billed
	to.PDD.Add(g.pdd)
	if err := putIn(to.Sale, g.saleCurrency, g.sale); err != nil {
		return err
	}
	return putIn(to.Cost, g.costCurrency, g.cost)
}

func putIn(p reports.Purse, code string, d decimal.Decimal) error {
	if code == "" {
		return nil
	}
	c, err := money.ParseCurrency(code)
	if err != nil {
		return err
	}
	a, err := money.FromDecimal(d, money.HalfEven)
	if err != nil {
		return err
	}
	return p.Add(c, a)
}
