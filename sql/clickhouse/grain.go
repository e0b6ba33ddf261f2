package clickhouse

// grain is what rows of the table of sums answer; the migration 0010_sums says of each what it is for.
type grain int8

const (
	hourGrain grain = iota + 1
	dayGrain
	trafficGrain
	tenantGrain
	houseGrain
	usageGrain
	batchGrain
)

// String returns the grain as the table has it.
func (g grain) String() string {
	return [...]string{"", "hour", "day", "traffic", "tenant", "house", "usage", "batch"}[g]
}

// definition says how a grain is summed from the records in SQL; cells.go says the same in Go.
type definition struct {
	grain  grain
	time   string
	keys   string // Columns of both tables, but for those of the grain of use.
	values string // Of the keys; empty: the same.
	sums   string
	where  string
}

// What is counted of a record, and the class of its post-dial delay: reports.ClassOf.
const (
	isSeizure   = "cdr.sip_status NOT IN (401, 407)"
	isAnswered  = "cdr.connect > 0"
	isEffective = "(cdr.connect > 0 OR (cdr.cause IN (16, 17, 18, 19, 21) AND cdr.sip_status NOT IN (401, 407)))"
	isLimited   = "(cdr.released_by = 'limit' OR startsWith(cdr.reason, 'limit') OR cdr.reason = 'balance')"
	isCrowded   = "cdr.reason IN ('capacity', 'cps')"
	delayMap    = "map(toUInt8(least(255, round(10 * log(greatest(cdr.pdd_us, 1000) / 1000)))), toInt64(sign)), map()::Map(UInt8, Int64)"
)

// The sums, in the columns of sumColumns.
const (
	sumColumns = "legs, seizures, answered, effective, limited, crowded, duration_us, billed, covered, pdd, sale, cost"

	trafficSums = `sum(toInt64(sign)), sumIf(toInt64(sign), ` + isSeizure + `), sumIf(toInt64(sign), ` + isAnswered + `), sumIf(toInt64(sign), ` + isEffective + `),
    sumIf(toInt64(sign), ` + isLimited + `), sumIf(toInt64(sign), ` + isCrowded + `), sum(sign * duration_us), sum(sign * billed), 0,
    sumMap(if(cdr.pdd_us > 0, ` + delayMap + `)), sum(sale * sign), sum(cost * sign)`

	usageSums = `sum(toInt64(sign)), 0, sum(toInt64(sign) * (connect > 0)), 0, 0, 0, 0, sum(sign * billed), sum(sign * covered), map()::Map(UInt8, Int64),
    sum(sale * sign), toDecimal128(0, 6)`

	batchSums = `toInt64(count()), 0, 0, 0, 0, 0, 0, 0, 0, map()::Map(UInt8, Int64), sum(sale * sign), sum(cost * sign)`

	retiredSums = `rows, 0, 0, 0, 0, 0, 0, 0, 0, map()::Map(UInt8, Int64), sale, cost`
)

// chargedFor is the condition for records that are in the grain of use: calls that stay in the house are where they were charged.
const chargedFor = "kind = 'ingress' AND (direction <> 'internal' OR cdr.sale <> 0)"

// areaOf is the beginning of the called number, by which use is told apart.
const areaOf = "if(direction = 'internal', '', substring(to_number, 1, 7))"

// definitions returns those of all grains but that of the batches.
func definitions() []definition {
	const hour, currencies = "toStartOfHour(slot)", ", sale_currency, cost_currency"
	return []definition{
		{hourGrain, hour, "tenant, kind, direction, branch, extension, number, destination, country, carrier, gateway, cause" + currencies, "", trafficSums, "1"},
		{dayGrain, "toStartOfDay(slot)", "tenant, kind, direction, branch, extension, number, country" + currencies, "", trafficSums, "1"},
		{trafficGrain, hour, "kind, direction, country, carrier, gateway, cause" + currencies, "", trafficSums, "1"},
		{tenantGrain, hour, "tenant, kind, direction, branch" + currencies, "", trafficSums, "1"},
		{houseGrain, hour, "kind, direction" + currencies, "", trafficSums, "1"},
		{
			usageGrain, hour, "tenant, kind, direction, branch, area, destination, sale_currency",
			"tenant, kind, if(direction <> 'inbound', 'outbound', 'inbound'), branch, " + areaOf + ", destination, sale_currency",
			usageSums, chargedFor,
		},
	}
}

// insert writes the statement that sums the records into a table; of says which.
func (d *definition) insert(into, of string) string {
	values := d.values
	if values == "" {
		values = d.keys
	}
	return "INSERT INTO " + into + " (grain, time, " + d.keys + ", " + sumColumns + ") SELECT '" + d.grain.String() + "', " + d.time + ", " + values + ", " + d.sums +
		" FROM cdr WHERE " + d.where + " AND " + of + " GROUP BY ALL"
}
