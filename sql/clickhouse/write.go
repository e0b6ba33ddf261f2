package clickhouse

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"time"

	driver "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"trunkline/cdr"
	"trunkline/internal/money"
)

// Store writes rated legs and answers questions about them. It is safe for concurrent use.
type Store struct {
	db     *DB
	gather gatherer
}

// NewStore returns the store in a database whose migrations have run.
func NewStore(db *DB) *Store { return &Store{db: db} }

// insertSettings make an insert take effect once for a token.
func insertSettings(token string) driver.Settings {
	return driver.Settings{
		"async_insert":                    0,
		"insert_deduplicate":              1,
		"insert_deduplication_token":      token,
		"max_partitions_per_insert_block": 0, // Imported records may be of many days.
	}
}

// column is one column of the table with what it takes of the records.
type column struct {
	name string
	take func([]cdr.Record) any
}

func each[T any](get func(*cdr.Record) T) func([]cdr.Record) any {
	return func(records []cdr.Record) any {
		out := make([]T, len(records))
		for i := range records {
			out[i] = get(&records[i])
		}
		return out
	}
}

func amounts(get func(*cdr.Record) money.Amount) func([]cdr.Record) any {
	return each(func(r *cdr.Record) decimal.Decimal { return get(r).Decimal() })
}

// stored is a time as ClickHouse keeps it: one that did not happen is the beginning of 1970.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.UnixMicro(0)
	}
	return t
}

// columns are all columns of the table.
func columns() []column {
	return append(legColumns(), []column{
		{"sign", each(func(r *cdr.Record) int8 { return r.Sign })},
		{"batch", each(func(r *cdr.Record) int64 { return r.Batch })},
		{"batch_key", each(func(r *cdr.Record) int64 { return r.BatchKey })},
		{"slot", each(func(r *cdr.Record) time.Time { return r.Slot })},
		{"duration_us", each(func(r *cdr.Record) int64 { return r.Duration().Microseconds() })},
		{"pdd_us", each(func(r *cdr.Record) int64 { return r.PDD().Microseconds() })},
		{"billed", each(func(r *cdr.Record) int64 { return r.Billed })},
		{"covered", each(func(r *cdr.Record) int64 { return r.Covered })},
		{"prefix", each(func(r *cdr.Record) string { return r.Prefix })},
		{"destination", each(func(r *cdr.Record) string { return r.Destination })},
		{"country", each(func(r *cdr.Record) string { return r.Country })},
		{"per_minute", each(func(r *cdr.Record) decimal.Decimal {
			return decimal.NewFromBigInt(big.NewInt(r.PerMinute.Nanos()), -money.RateScale)
		})},
		{"connect_fee", amounts(func(r *cdr.Record) money.Amount { return r.ConnectFee })},
		{"sale", amounts(func(r *cdr.Record) money.Amount { return r.Sale })},
		{"cost", amounts(func(r *cdr.Record) money.Amount { return r.Cost })},
		{"sale_currency", each(func(r *cdr.Record) string { return r.SaleCurrency.String() })},
		{"cost_currency", each(func(r *cdr.Record) string { return r.CostCurrency.String() })},
		{"tariff_version", each(func(r *cdr.Record) string { return r.TariffVersion })},
		{"deck_version", each(func(r *cdr.Record) string { return r.DeckVersion })},
		{"note", each(func(r *cdr.Record) string { return r.Note })},
		{"basis", each(func(r *cdr.Record) string { return r.Basis })},
	}...)
}

func legColumns() []column {
	return []column{
		{"call", each(func(r *cdr.Record) uuid.UUID { return r.Call.Bytes() })},
		{"seq", each(func(r *cdr.Record) uint16 { return r.Seq })},
		{"kind", each(func(r *cdr.Record) int8 { return int8(r.Kind) })},           //nolint:gosec // 1 or 2.
		{"direction", each(func(r *cdr.Record) int8 { return int8(r.Direction) })}, //nolint:gosec // 1 to 4.
		{"source", each(func(r *cdr.Record) string { return r.Source })},
		{"node", each(func(r *cdr.Record) string { return r.Node })},
		{"tenant", each(func(r *cdr.Record) string { return r.Tenant })},
		{"branch", each(func(r *cdr.Record) string { return r.Branch })},
		{"extension", each(func(r *cdr.Record) string { return r.Extension })},
		{"number", each(func(r *cdr.Record) string { return r.Number })},
		{"tariff", each(func(r *cdr.Record) string { return r.Tariff })},
		{"carrier", each(func(r *cdr.Record) string { return r.Carrier })},
		{"gateway", each(func(r *cdr.Record) string { return r.Gateway })},
		{"deck", each(func(r *cdr.Record) string { return r.Deck })},
		{"from_number", each(func(r *cdr.Record) string { return r.From.Digits() })},
		{"to_number", each(func(r *cdr.Record) string { return r.To.Digits() })},
		{"caller_id", each(func(r *cdr.Record) string { return r.CallerID })},
		{"dialled", each(func(r *cdr.Record) string { return r.Dialled })},
		{"setup", each(func(r *cdr.Record) time.Time { return stored(r.Setup) })},
		{"progress", each(func(r *cdr.Record) time.Time { return stored(r.Progress) })},
		{"connect", each(func(r *cdr.Record) time.Time { return stored(r.Connect) })},
		{"disconnect", each(func(r *cdr.Record) time.Time { return stored(r.Disconnect) })},
		{"granted_us", each(func(r *cdr.Record) int64 { return r.Granted.Microseconds() })},
		{"sip_status", each(func(r *cdr.Record) uint16 { return r.SIPStatus })},
		{"cause", each(func(r *cdr.Record) uint8 { return r.Cause })},
		{"released_by", each(func(r *cdr.Record) int8 { return releasedBy(r.ReleasedBy) })},
		{"reason", each(func(r *cdr.Record) string { return r.Reason })},
		{"sip_call_rest", each(restOfCallID)},
		{"remote", each(func(r *cdr.Record) string { return r.Remote })},
		{"trace", each(func(r *cdr.Record) string { return string(r.Trace) })},
		{"raw", each(func(r *cdr.Record) string { return r.Raw })},
		{"verdict", each(func(r *cdr.Record) string { return r.Verdict })},
		{"trunk", each(func(r *cdr.Record) string { return r.Trunk })},
	}
}

// callMark stands for the id of the call in what is stored of a Call-ID; no Call-ID has such a character (RFC 3261, 25.1).
const callMark = "\x01"

// restOfCallID is what is stored of a leg's Call-ID: our own have the id of the call in them.
func restOfCallID(r *cdr.Record) string {
	return strings.Replace(strings.ReplaceAll(r.SIPCallID, callMark, ""), r.Call.String(), callMark, 1)
}

// wholeCallID is the reverse.
func wholeCallID(rest string, call uuid.UUID) string {
	return strings.Replace(rest, callMark, call.String(), 1)
}

// releasedBy keeps a word that a newer proxy may have out of the column's closed set.
func releasedBy(s cdr.Side) int8 {
	if s > cdr.SideFault {
		return 0
	}
	return int8(s)
}

// WriteRecords inserts records, and then their sums. The same token with the same records takes effect once, however often it is repeated
// within the last 10,000 inserts; that holds for the sums too. A repetition must have the same records in the same order. Summed tells
// whether something has come between records and sums.
func (s *Store) WriteRecords(ctx context.Context, token string, records []cdr.Record) error {
	if len(records) == 0 {
		return nil
	}
	if err := s.writeRecords(ctx, token, records); err != nil {
		return err
	}
	return s.writeSums(ctx, token, records)
}

func (s *Store) writeRecords(ctx context.Context, token string, records []cdr.Record) error {
	all := columns()
	names := make([]string, 0, len(all))
	for _, c := range all {
		names = append(names, c.name)
	}
	ctx = driver.Context(ctx, driver.WithSettings(insertSettings(token)))
	batch, err := s.db.conn.PrepareBatch(ctx, "INSERT INTO cdr ("+strings.Join(names, ", ")+")")
	if err != nil {
		return fmt.Errorf("insert %d records: %w", len(records), err)
	}
	defer batch.Close()
	for i, c := range all {
		if err := batch.Column(i).Append(c.take(records)); err != nil {
			return fmt.Errorf("insert %d records: column %s: %w", len(records), c.name, err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("insert %d records: %w", len(records), err)
	}
	return nil
}
