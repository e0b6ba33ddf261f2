package clickhouse

import (
	"slices"
	"time"

	"trunkline/reports"
)

// table is something that groups can be summed from: the records, or a grain of the table of sums.
type table struct {
	name  string
	time  string // Its column of time.
	grain grain
	dims  []string // Its columns that groups and filters can look at.
}

func sumsOf(g grain, dims ...string) table { return table{"cdr_sum", "time", g, dims} }

// only is the condition for the rows of a table; empty: all are.
func (t table) only() string {
	if t.grain == 0 {
		return ""
	}
	return "grain = '" + t.grain.String() + "'"
}

// segment is a part of a period, summed from one table.
type segment struct {
	table      table
	from, till time.Time
}

func tenantColumns() []string {
	return []string{"tenant", "branch", "extension", "number", "direction", "destination", "country", "carrier", "gateway", "cause", "kind"}
}

func recordsTable() table { return table{"cdr", "slot", 0, nil} }
func hourTable() table    { return sumsOf(hourGrain, tenantColumns()...) }

func dayTable() table {
	return sumsOf(dayGrain, "tenant", "branch", "extension", "number", "direction", "country", "kind")
}

func houseTable() table { return sumsOf(houseGrain, "direction", "kind") }

func trafficTable() table {
	return sumsOf(trafficGrain, "direction", "country", "carrier", "gateway", "cause", "kind")
}

func tenantTable() table { return sumsOf(tenantGrain, "tenant", "branch", "direction", "kind") }

// cover says which tables a question is answered from: days in the middle of its period, hours at its edges, and records
// where the period does not begin or end with an hour of UTC. All of them together are exactly the period.
func cover(q *reports.GroupQuery) []segment {
	hours, days, ok := tablesFor(q)
	if !ok {
		return []segment{{recordsTable(), q.From, q.Till}}
	}
	edge := func(at time.Time, unit time.Duration) time.Time { return at.Add(unit - 1).Truncate(unit) }
	first, last := edge(q.From, time.Hour), q.Till.Truncate(time.Hour)
	if !first.Before(last) {
		return []segment{{recordsTable(), q.From, q.Till}}
	}
	out := []segment{{recordsTable(), q.From, first}}
	firstDay, lastDay := edge(first, 24*time.Hour), last.Truncate(24*time.Hour)
	if days && firstDay.Before(lastDay) {
		out = append(out, segment{hours, first, firstDay}, segment{dayTable(), firstDay, lastDay}, segment{hours, lastDay, last})
	} else {
		out = append(out, segment{hours, first, last})
	}
	out = append(out, segment{recordsTable(), last, q.Till})
	return slices.DeleteFunc(out, func(s segment) bool { return !s.from.Before(s.till) })
}

// tablesFor chooses the table of hours, and whether that of days will do for what is between; ok is false when only the
// records know what is asked for.
func tablesFor(q *reports.GroupQuery) (hours table, days, ok bool) {
	timed := slices.ContainsFunc(q.By, reports.Dimension.Timed)
	if timed && !wholeHours(q.Zone, q.From, q.Till, time.Hour) {
		return hours, false, false
	}
	for _, small := range []table{houseTable(), trafficTable(), tenantTable()} {
		if has(q, small) {
			return small, false, true
		}
	}
	hours = hourTable()
	days = has(q, dayTable()) && (!timed || !slices.Contains(q.By, reports.ByHour) && !slices.Contains(q.By, reports.ByHourOfDay) &&
		wholeHours(q.Zone, q.From, q.Till, 24*time.Hour))
	return hours, days, has(q, hours)
}

// has reports whether a table has all that a question asks for.
func has(q *reports.GroupQuery, t table) bool {
	for _, d := range q.By {
		if !d.Timed() && !slices.Contains(t.dims, string(d)) {
			return false
		}
	}
	for name, wanted := range map[string]string{"tenant": q.Tenant, "branch": q.Branch} {
		if wanted != "" && !slices.Contains(t.dims, name) {
			return false
		}
	}
	return summed(q.Filter, t.dims) == nil
}

// wholeHours reports whether a zone's offset is a multiple of a unit all through a time, and a little around it.
func wholeHours(zone *time.Location, from, till time.Time, unit time.Duration) bool {
	for at := from.Add(-24 * time.Hour); at.Before(till.Add(24 * time.Hour)); at = at.Add(24 * time.Hour) {
		if _, offset := at.In(zone).Zone(); time.Duration(offset)*time.Second%unit != 0 {
			return false
		}
	}
	return true
}
