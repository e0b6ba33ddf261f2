package clickhouse_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/sql/clickhouse"
)

// allSums returns the rows of the table of sums, all grains and columns, whatever its parts are.
func allSums(t *testing.T, db *clickhouse.DB) (rows []string) {
	t.Helper()
	require.NoError(t, db.Conn().QueryRow(t.Context(), `SELECT groupArray(toString(row)) FROM (
SELECT tuple(grain, tenant, time, kind, direction, branch, extension, number, area, destination, country, carrier, gateway, cause, sale_currency, cost_currency, batch, key,
    sum(legs), sum(seizures), sum(answered), sum(effective), sum(limited), sum(crowded), sum(duration_us), sum(billed), sum(covered), sumMap(pdd), sum(sale), sum(cost)) AS row
FROM cdr_sum GROUP BY grain, tenant, time, kind, direction, branch, extension, number, area, destination, country, carrier, gateway, cause, sale_currency, cost_currency, batch, key
ORDER BY row)`).Scan(&rows))
	return rows
}

// requireSums compares rows of the table of sums.
func requireSums(t *testing.T, want, got []string) {
	t.Helper()
	for i := range min(len(want), len(got)) {
		require.Equal(t, want[i], got[i])
	}
	require.Len(t, got, len(want))
}

// delays are records whose post-dial delays are at the edges of all classes.
func delays(t *testing.T, at time.Time) (out []cdr.Record) {
	t.Helper()
	for class := 1; class <= math.MaxUint8; class++ {
		edge := time.Duration(math.Exp((float64(class)-0.5)/10)*1000) * time.Microsecond
		if edge > 7*24*time.Hour { // Beyond a year two logarithms may differ in their last bit.
			break
		}
		for off := range 4 {
			call := sample(t, "moscow", at, "1", "1")[0]
			call.Setup = at.Add(-edge + time.Duration(1-off)*time.Microsecond)
			call.Progress = at
			call.Call = calls.IDAt(at, uint64(class*10+off))
			out = append(out, call)
		}
	}
	return out
}

// TestSumsAreThoseOfTheRecords: what is summed while calls come in is what the database sums from the records, to the last unit: prices,
// corrections, every class of delays, over the end of a month.
func TestSumsAreThoseOfTheRecords(t *testing.T) {
	store, db := open(t)
	at := time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC)
	records := append(invent(9, 2000, at, 30*time.Hour), delays(t, at)...)
	for i := range records {
		records[i].Batch, records[i].BatchKey, records[i].Covered = int64(1+i%7), int64(i%3), int64(i%11)
	}
	for i := 0; i < len(records); i += 500 {
		require.NoError(t, store.WriteRecords(t.Context(), strconv.Itoa(i), records[i:min(i+500, len(records))]))
	}
	made := allSums(t, db)
	require.NoError(t, store.Rebuild(t.Context(), func(string) {}))
	requireSums(t, allSums(t, db), made)
}

// batchOf returns records of a batch over the end of a month.
func batchOf(number int64) []cdr.Record {
	records := invent(uint64(number), 40, time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC), 24*time.Hour)
	for i := range records {
		records[i].Batch, records[i].BatchKey = number, 77*number
	}
	return records
}

// TestBrokenOffBeforeTheSums: a worker that died between records and sums, or whose repetition came when the server had forgotten its
// token, leaves sums that are mended before the batch is confirmed.
func TestBrokenOffBeforeTheSums(t *testing.T) {
	store, db := open(t)
	for n := range int64(3) {
		require.NoError(t, store.WriteRecords(t.Context(), strconv.FormatInt(n+1, 10), batchOf(n+1)))
		require.NoError(t, store.Summed(t.Context(), batchOf(n+1)))
	}
	want := allSums(t, db)
	second := batchOf(2)
	for name, spoil := range map[string]string{
		"missing in one month": "ALTER TABLE cdr_sum DROP PARTITION 202611", "missing": "TRUNCATE TABLE cdr_sum", "twice": "INSERT INTO cdr_sum SELECT * FROM cdr_sum",
	} {
		require.NoError(t, db.Conn().Exec(t.Context(), spoil), name)
		require.NoError(t, store.Summed(t.Context(), second), name)
		requireSums(t, want, allSums(t, db))
	}
	rows, err := store.RowsOf(t.Context(), second)
	require.NoError(t, err)
	require.EqualValues(t, len(second), rows)
	rows, err = store.RowsOf(t.Context(), batchOf(4))
	require.NoError(t, err)
	require.Zero(t, rows)
}

// TestRebuildWhileCallsComeIn makes the sums anew, again and again, while workers store batches: in the end all of them are in the sums
// once, also where the last rebuild was broken off.
func TestRebuildWhileCallsComeIn(t *testing.T) {
	store, db := open(t)
	ctx, stop := context.WithCancel(t.Context())
	var rebuilding, storing sync.WaitGroup
	rebuilding.Go(func() {
		for ctx.Err() == nil {
			_ = store.Rebuild(ctx, func(string) {}) // ErrBusy is one of its answers.
		}
	})
	for worker := range int64(2) {
		storing.Go(func() {
			for n := range int64(10) {
				records := batchOf(1 + worker + 2*n)
				err := store.WriteRecords(ctx, fmt.Sprint("batch ", records[0].Batch), records)
				for err == nil {
					if err = store.Summed(ctx, records); err == nil {
						break
					}
					if errors.Is(err, clickhouse.ErrBusy) { // A worker tries again.
						err = nil
					}
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	storing.Wait()
	stop()
	rebuilding.Wait()
	require.NoError(t, store.CountBatches(t.Context())) // The last of them was broken off: its marks say so.
	got := allSums(t, db)
	require.NoError(t, store.Rebuild(t.Context(), func(string) {}))
	requireSums(t, allSums(t, db), got)
	stored, err := store.StoredBatches(t.Context(), 0, 1000)
	require.NoError(t, err)
	require.Len(t, stored, 20)
}

// TestSumsOfAFormerVersion: what views had made of calls, some of which were dropped since, is what the table of sums has after the migration.
func TestSumsOfAFormerVersion(t *testing.T) {
	db := openEmpty(t)
	require.NoError(t, db.MigrateTo(t.Context(), 9))
	store := clickhouse.NewStore(db)
	records := invent(9, 500, time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC), 24*time.Hour)
	for i := range records {
		records[i].Batch, records[i].BatchKey, records[i].Covered = int64(1+i%7), int64(i%3), int64(i%11)
	}
	require.NoError(t, store.WriteRecordsAlone(t.Context(), "one", records))
	require.NoError(t, db.Conn().Exec(t.Context(), `INSERT INTO cdr_retired (entry, day, batch, key, rows, sale, cost)
SELECT 1, toDate(slot), batch, batch_key, count(), sum(cdr.sale * sign), sum(cdr.cost * sign) FROM cdr WHERE toDate(slot) = '2026-10-31' GROUP BY ALL`))
	require.NoError(t, db.Conn().Exec(t.Context(), "ALTER TABLE cdr DROP PARTITION 20261031"))
	require.NoError(t, db.Migrate(t.Context()))
	migrated := allSums(t, db)
	require.NoError(t, store.Rebuild(t.Context(), func(string) {}))
	requireSums(t, allSums(t, db), migrated)
	var views uint64
	require.NoError(t, db.Conn().QueryRow(t.Context(), "SELECT count() FROM system.tables WHERE database = currentDatabase() AND engine = 'MaterializedView'").Scan(&views))
	require.Zero(t, views)
}
