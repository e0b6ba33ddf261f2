package pipeline_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/rating"
	"trunkline/rating/worker"
	"trunkline/sql/clickhouse"
)

// BenchmarkPipeline measures legs from the topic to the settled ledger and the visible calls, and beside it, in the same run,
// how fast the same rows go into the same ClickHouse by themselves: into the tables with their sums, and into the table of
// calls alone. TRUNKLINE_BENCH_LEGS says how many legs, TRUNKLINE_BENCH_WORKERS how many workers share the topic.
func BenchmarkPipeline(b *testing.B) {
	n := wanted(b, "TRUNKLINE_BENCH_LEGS", 300_000)
	w := newWorld(b)
	w.send(b, n)
	b.ResetTimer()
	took := w.work(b)
	b.StopTimer()
	b.ReportMetric(perSecond(n, took), "legs/s")
	w.requireSums(b)
	w.requireAllStored(b, n)
	b.ReportMetric(w.raw(b, min(n, 1_000_000), true), "raw-rows/s")
	b.ReportMetric(w.raw(b, min(n, 1_000_000), false), "raw-rows-without-sums/s")
}

func perSecond(n int, d time.Duration) float64 { return float64(n) / d.Seconds() }

func (w *world) requireSums(b *testing.B) {
	b.Helper()
	differences, err := ledger.Reconcile(b.Context(), w.ledger, w.store, time.Unix(0, 0), clock.System{}.Now().Add(24*time.Hour))
	require.NoError(b, err)
	for _, d := range differences {
		require.True(b, d.OK(), "%v", d)
	}
}

func (w *world) requireAllStored(b *testing.B, n int) {
	b.Helper()
	var rows uint64
	require.NoError(b, w.clicks.Conn().QueryRow(b.Context(), "SELECT count() FROM cdr").Scan(&rows))
	for _, one := range w.workers {
		rows += uint64(one.Stats().Dead)
	}
	require.Equal(b, uint64(n), rows)
}

// records rates so many legs.
func (w *world) records(b *testing.B, n int) []cdr.Record {
	b.Helper()
	r := worker.New(worker.Config{Prices: func() worker.Prices { return prices{w.snapshot} }, Clock: clock.System{}})
	fresh := worker.Fresh{Counters: func(string, string) rating.Counters { return rating.Tally{} }}
	for leg := range w.legs(n) {
		fresh.Legs = append(fresh.Legs, leg)
	}
	out, err := r.Rate(fresh)
	require.NoError(b, err)
	return out.Records
}

const rawBatch = 10_000

// raw inserts rows as the worker does, in batches of the same size, and nothing else.
func (w *world) raw(b *testing.B, n int, sums bool) float64 {
	b.Helper()
	store := rawStore(b, sums)
	records := w.records(b, n)
	begun := clock.System{}.Now()
	insert(b, store, records, rawBatch)
	return perSecond(len(records), clock.System{}.Now().Sub(begun))
}

// rawStore is a store of its own. Without sums they go to a table that keeps nothing.
func rawStore(b *testing.B, sums bool) *clickhouse.Store {
	b.Helper()
	db := openClickHouse(b)
	if !sums {
		for _, statement := range []string{"RENAME TABLE cdr_sum TO kept", "CREATE TABLE cdr_sum AS kept ENGINE = Null", "DROP TABLE kept SYNC"} {
			require.NoError(b, db.Conn().Exec(b.Context(), statement))
		}
	}
	return clickhouse.NewStore(db)
}

func insert(b *testing.B, store *clickhouse.Store, records []cdr.Record, size int) {
	b.Helper()
	for i := 0; i < len(records); i += size {
		require.NoError(b, store.WriteRecords(b.Context(), fmt.Sprint("raw", i), records[i:min(i+size, len(records))]))
	}
}
