package pipeline_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/sql/clickhouse"
)

// BenchmarkBytes measures what a call's row takes on disk, column by column, on the demo's traffic, with all its columns
// and the routing decisions.
func BenchmarkBytes(b *testing.B) {
	w := newWorld(b)
	store := clickhouse.NewStore(w.clicks)
	records := w.records(b, rounds*len(w.history))
	for i := 0; i < len(records); i += rawBatch {
		require.NoError(b, store.WriteRecords(b.Context(), fmt.Sprint("bytes", i), records[i:min(i+rawBatch, len(records))]))
	}
	require.NoError(b, w.clicks.Conn().Exec(b.Context(), "OPTIMIZE TABLE cdr FINAL"))
	b.ReportMetric(each(w.size(b, "sum(bytes_on_disk)"), len(records)), "bytes/row")
	b.ReportMetric(each(w.size(b, "sum(data_uncompressed_bytes)"), len(records)), "plain-bytes/row")
	rows, err := w.clicks.Conn().Query(b.Context(), `SELECT column, sum(column_bytes_on_disk), sum(column_data_uncompressed_bytes) FROM system.parts_columns
		WHERE database = currentDatabase() AND table = 'cdr' AND active GROUP BY column ORDER BY 2 DESC LIMIT 9`)
	require.NoError(b, err)
	for rows.Next() {
		var name string
		var packed, plain uint64
		require.NoError(b, rows.Scan(&name, &packed, &plain))
		b.Logf("%-16s %7.2f of %8.2f bytes a row", name, each(packed, len(records)), each(plain, len(records)))
	}
	require.NoError(b, rows.Err())
}

// rounds is how often the demo's five weeks are taken, each time under other ids and at other times.
const rounds = 5

func (w *world) size(b *testing.B, what string) uint64 {
	b.Helper()
	var n uint64
	require.NoError(b, w.clicks.Conn().QueryRow(b.Context(), "SELECT "+what+" FROM system.parts WHERE database = currentDatabase() AND table = 'cdr' AND active").Scan(&n))
	return n
}

func each(bytes uint64, rows int) float64 { return float64(bytes) / float64(rows) }
