package clickhouse_test

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/embedded/enginetest"
	"trunkline/reports"
	"trunkline/reports/export"
	"trunkline/sql/clickhouse"
)

// TestExports writes records in every format; ClickHouse itself reads Parquet and Arrow back, through its own readers.
func TestExports(t *testing.T) {
	dsn, address := enginetest.ClickHouseHTTP(t)
	db, err := clickhouse.Open(dsn, clickhouse.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Migrate(t.Context()))
	store := clickhouse.NewStore(db)
	records := invent(4, 400, time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC), 10*24*time.Hour)
	require.NoError(t, store.WriteRecords(t.Context(), "one", records))
	filter := clickhouse.Filter{Tenant: "beauty", Kind: cdr.Ingress, From: time.Date(2026, 10, 21, 0, 0, 0, 0, time.UTC), Till: time.Date(2026, 10, 28, 0, 0, 0, 0, time.UTC)}
	filter.Where, err = reports.ParseFilter(`!branch:"it's \ a	test" (to:7495% or sale>1)`)
	require.NoError(t, err)
	var rows int64
	sale := decimal.Zero
	require.NoError(t, store.EachRecord(t.Context(), filter, func(r *cdr.Record) error {
		rows++
		sale = sale.Add(r.Sale.Decimal().Mul(decimal.NewFromInt(int64(r.Sign))))
		return nil
	}))
	require.Greater(t, rows, int64(20))
	n, err := store.CountRecords(t.Context(), filter)
	require.NoError(t, err)
	require.Equal(t, rows, n)

	client := &http.Client{}
	t.Cleanup(client.CloseIdleConnections)
	source, err := clickhouse.NewExporter(dsn, address, client)
	require.NoError(t, err)
	produce := func(f export.Format) []byte {
		stream, err := source.Calls(t.Context(), filter)
		require.NoError(t, err)
		defer stream.Close()
		var out bytes.Buffer
		n, err := export.Copy(t.Context(), &out, stream, export.Options{Format: f}, func(int64) {})
		require.NoError(t, err)
		require.Equal(t, rows, n)
		return out.Bytes()
	}
	lines, err := csv.NewReader(bytes.NewReader(produce(export.CSV))).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, int(rows)+1)
	require.NotEmpty(t, produce(export.XLSX))

	u, err := url.Parse(dsn)
	require.NoError(t, err)
	password, _ := u.User.Password()
	for format, name := range map[export.Format]string{export.Parquet: "Parquet", export.Arrow: "ArrowStream"} {
		require.NoError(t, db.Conn().Exec(t.Context(), "CREATE TABLE back_"+name+" (call String, setup DateTime64(6, 'UTC'), connect Nullable(DateTime64(6, 'UTC')), sale Decimal(18, 6)) ENGINE = Memory"))
		at := "http://" + address + "/?" + url.Values{"database": {u.Path[1:]}, "query": {"INSERT INTO back_" + name + " FORMAT " + name}, "input_format_skip_unknown_fields": {"1"}, "input_format_parquet_allow_missing_columns": {"1"}}.Encode()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at, bytes.NewReader(produce(format)))
		require.NoError(t, err)
		r.SetBasicAuth(u.User.Username(), password)
		answer, err := client.Do(r)
		require.NoError(t, err)
		var what bytes.Buffer
		_, err = what.ReadFrom(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode, what.String())
		var count, same uint64
		var sum decimal.Decimal
		require.NoError(t, db.Conn().QueryRow(t.Context(), "SELECT count(), sum(sale) FROM back_"+name).Scan(&count, &sum))
		require.Equal(t, uint64(rows), count, name)
		require.True(t, sale.Equal(sum), name)
		require.NoError(t, db.Conn().QueryRow(t.Context(), "SELECT count() FROM back_"+name+" b JOIN cdr c ON b.call = toString(c.call) AND b.setup = c.setup AND ifNull(b.connect, toDateTime64(0, 6, 'UTC')) = c.connect AND b.sale = c.sale * c.sign AND c.kind = 'ingress'").Scan(&same))
		require.GreaterOrEqual(t, same, uint64(rows), name)
	}
	_, err = clickhouse.NewExporter("clickhouse://u:wrong@127.0.0.1:1/x", address, client)
	require.NoError(t, err)
	bad, err := clickhouse.NewExporter("clickhouse://trunkline:wrong@127.0.0.1:1/"+u.Path[1:], address, client)
	require.NoError(t, err)
	_, err = bad.Calls(t.Context(), filter)
	require.ErrorIs(t, err, clickhouse.ErrHTTP)
}
