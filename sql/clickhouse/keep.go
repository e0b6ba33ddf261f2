package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	driver "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/shopspring/decimal"

	"trunkline/cdr"
	"trunkline/internal/money"
)

// cellColumn is one column of the table of sums with what it takes of the cells.
type cellColumn struct {
	name string
	take func(*cells) any
}

func ofKeys[T any](get func(*cellKey) T) func(*cells) any {
	return func(c *cells) any {
		out := make([]T, len(c.keys))
		for i := range c.keys {
			out[i] = get(&c.keys[i])
		}
		return out
	}
}

func ofSums[T any](get func(*cell) T) func(*cells) any {
	return func(c *cells) any {
		out := make([]T, len(c.sums))
		for i := range c.sums {
			out[i] = get(&c.sums[i])
		}
		return out
	}
}

func amountsOf(get func(*cell) money.Amount) func(*cells) any {
	return ofSums(func(c *cell) decimal.Decimal { return get(c).Decimal() })
}

// cellColumns are all columns of the table of sums.
func cellColumns() []cellColumn {
	return []cellColumn{
		{"grain", ofKeys(func(k *cellKey) int8 { return int8(k.grain) })},
		{"tenant", ofKeys(func(k *cellKey) string { return k.tenant })},
		{"time", ofKeys(func(k *cellKey) time.Time { return time.Unix(k.at, 0).UTC() })},
		{"kind", ofKeys(func(k *cellKey) int8 { return k.kind })},
		{"direction", ofKeys(func(k *cellKey) int8 { return k.direction })},
		{"branch", ofKeys(func(k *cellKey) string { return k.branch })},
		{"extension", ofKeys(func(k *cellKey) string { return k.extension })},
		{"number", ofKeys(func(k *cellKey) string { return k.number })},
		{"area", ofKeys(func(k *cellKey) string { return k.area })},
		{"destination", ofKeys(func(k *cellKey) string { return k.destination })},
		{"country", ofKeys(func(k *cellKey) string { return k.country })},
		{"carrier", ofKeys(func(k *cellKey) string { return k.carrier })},
		{"gateway", ofKeys(func(k *cellKey) string { return k.gateway })},
		{"cause", ofKeys(func(k *cellKey) uint8 { return k.cause })},
		{"sale_currency", ofKeys(func(k *cellKey) string { return k.saleCurrency.String() })},
		{"cost_currency", ofKeys(func(k *cellKey) string { return k.costCurrency.String() })},
		{"batch", ofKeys(func(k *cellKey) int64 { return k.batch })},
		{"key", ofKeys(func(k *cellKey) int64 { return k.key })},
		{"legs", ofSums(func(c *cell) int64 { return c.legs })},
		{"seizures", ofSums(func(c *cell) int64 { return c.seizures })},
		{"answered", ofSums(func(c *cell) int64 { return c.answered })},
		{"effective", ofSums(func(c *cell) int64 { return c.effective })},
		{"limited", ofSums(func(c *cell) int64 { return c.limited })},
		{"crowded", ofSums(func(c *cell) int64 { return c.crowded })},
		{"duration_us", ofSums(func(c *cell) int64 { return c.micros })},
		{"billed", ofSums(func(c *cell) int64 { return c.billed })},
		{"covered", ofSums(func(c *cell) int64 { return c.covered })},
		{"pdd", ofSums(func(c *cell) map[uint8]int64 { return c.pdd })},
		{"sale", amountsOf(func(c *cell) money.Amount { return c.sale })},
		{"cost", amountsOf(func(c *cell) money.Amount { return c.cost })},
	}
}

// writeSums inserts the sums of records, once for a token.
func (s *Store) writeSums(ctx context.Context, token string, records []cdr.Record) error {
	c, err := sumUp(records)
	if err != nil {
		return err
	}
	all := cellColumns()
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].name
	}
	ctx = driver.Context(ctx, driver.WithSettings(insertSettings(token)))
	batch, err := s.db.conn.PrepareBatch(ctx, "INSERT INTO cdr_sum ("+strings.Join(names, ", ")+")")
	if err != nil {
		return fmt.Errorf("insert sums of %d records: %w", len(records), err)
	}
	defer batch.Close()
	for i := range all {
		if err := batch.Column(i).Append(all[i].take(c)); err != nil {
			return fmt.Errorf("insert sums of %d records: column %s: %w", len(records), all[i].name, err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("insert sums of %d records: %w", len(records), err)
	}
	return nil
}

// Summed makes sure that the sums have the records of one batch, all of which are given, once. WriteRecords has put them there, but it
// may have been broken off between records and sums, or the sums of the month may have been made anew meanwhile, with the batch or
// without: months of which that is so are made anew. It may be repeated.
func (s *Store) Summed(ctx context.Context, records []cdr.Record) error {
	if len(records) == 0 {
		return nil
	}
	want := make(map[string]int64)
	for i := range records {
		want[monthOf(&records[i]).Format(monthName)]++
	}
	have, err := s.marked(ctx, &records[0], want)
	if err != nil {
		return err
	}
	for month, n := range want {
		if have[month] == n {
			continue
		}
		if err := s.rebuildMonth(ctx, month); err != nil {
			return fmt.Errorf("sums of %s: %w", month, err)
		}
	}
	return nil
}

// monthName is the name of a month's partition.
const monthName = "200601"

// marked returns how many rows of a record's batch the sums of some months have.
func (s *Store) marked(ctx context.Context, r *cdr.Record, months map[string]int64) (map[string]int64, error) {
	c := &condition{}
	c.add("batch = ?", r.Batch)
	c.add("key = ?", r.BatchKey)
	begins := make([]string, 0, len(months))
	for month := range months {
		begins = append(begins, "toDateTime('"+month[:4]+"-"+month[4:]+"-01 00:00:00', 'UTC')")
	}
	rows, err := s.db.conn.Query(ctx, "SELECT formatDateTime(time, '%Y%m', 'UTC') AS month, sum(legs) FROM cdr_sum WHERE grain = 'batch' AND tenant = '' AND time IN ("+
		strings.Join(begins, ", ")+") AND "+c.String()+" GROUP BY month", c.args...)
	if err != nil {
		return nil, fmt.Errorf("marks of batch %d: %w", r.Batch, err)
	}
	defer rows.Close()
	out := make(map[string]int64)
	for rows.Next() {
		var month string
		var n int64
		if err := rows.Scan(&month, &n); err != nil {
			return nil, fmt.Errorf("marks of batch %d: %w", r.Batch, err)
		}
		out[month] = n
	}
	return out, rows.Err()
}
