package clickhouse

import (
	"context"
	"fmt"
	"strings"

	"trunkline/reports"
)

// recordSums are the sums of a table of sums, reckoned from the records.
const recordSums = `sumIf(toInt64(sign), side), sumIf(toInt64(sign), side AND ` + isSeizure + `), sumIf(toInt64(sign), side AND ` + isAnswered + `),
    sumIf(toInt64(sign), side AND ` + isEffective + `),
    sumIf(toInt64(sign), side AND ` + isLimited + `),
    sumIf(toInt64(sign), side AND ` + isCrowded + `), sumIf(sign * cdr.duration_us, side), sumIf(sign * cdr.billed, side),
    sumMap(if(side AND cdr.pdd_us > 0, ` + delayMap + `)),
    sum(cdr.sale * sign), sum(cdr.cost * sign)`

// briefKept and briefRecords are what a brief question wants of them, in the same columns.
const briefKept = `sumIf(legs, side), sumIf(seizures, side), sumIf(answered, side), toInt64(0), toInt64(0), toInt64(0),
    sumIf(duration_us, side), toInt64(0), map()::Map(UInt8, Int64), sum(sale), toDecimal128(0, 6)`

const briefRecords = `sumIf(toInt64(sign), side), sumIf(toInt64(sign), side AND ` + isSeizure + `), sumIf(toInt64(sign), side AND ` + isAnswered + `),
    toInt64(0), toInt64(0), toInt64(0), sumIf(sign * cdr.duration_us, side), toInt64(0), map()::Map(UInt8, Int64), sum(cdr.sale * sign), toDecimal128(0, 6)`

const keptSums = `sumIf(legs, side), sumIf(seizures, side), sumIf(answered, side), sumIf(effective, side), sumIf(limited, side), sumIf(crowded, side),
    sumIf(duration_us, side), sumIf(billed, side), sumMapIf(pdd, side), sum(sale), sum(cost)`

// groups asks questions. All are one statement, and those that look at the same rows are one scan of it.
func (s *Store) groups(ctx context.Context, questions []reports.GroupQuery) ([][]reports.Group, error) {
	scans := plan(questions)
	query, args, err := scansSQL(scans, questions)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.conn.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("sums of calls: %w", err)
	}
	defer rows.Close()
	d := newDealer(scans, questions)
	for rows.Next() {
		var g groupRow
		if err := rows.Scan(&g.scan, &g.stretch, &g.owner, &g.mask, &g.keys, &g.saleCurrency, &g.costCurrency, &g.sums.Legs, &g.sums.Seizures, &g.sums.Answered,
			&g.sums.Effective, &g.sums.Limited, &g.sums.Crowded, &g.sums.Micros, &g.sums.Billed, &g.pdd, &g.sale, &g.cost); err != nil {
			return nil, fmt.Errorf("sums of calls: %w", err)
		}
		if err := d.deal(&g); err != nil {
			return nil, fmt.Errorf("sums of calls: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sums of calls: %w", err)
	}
	return d.groups(), nil
}

// scansSQL writes the statement: every scan groups by itself, and what they give is put together in Go.
func scansSQL(scans []*scan, questions []reports.GroupQuery) (query string, args []any, err error) {
	var parts []string
	for i, one := range scans {
		text, own, err := one.sql(i, questions)
		if err != nil {
			return "", nil, err
		}
		parts, args = append(parts, text), append(args, own...)
	}
	return strings.Join(parts, "\nUNION ALL\n"), args, nil
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
		if t.grain == dayGrain {
			return "toString(toDate(time))", false
		}
		return "toString(toDate(" + t.time + ", ?))", true
	case reports.ByMonth:
		if t.grain == dayGrain {
			return "formatDateTime(time, '%Y-%m')", false
		}
		return "formatDateTime(" + t.time + ", '%Y-%m', ?)", true
	case reports.ByWeekday:
		if t.grain == dayGrain {
			return "toString(toDayOfWeek(time))", false
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
