package bench_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/reports"
	"trunkline/reports/export"
	"trunkline/reports/invoice"
	"trunkline/sql/clickhouse"
)

// timed runs something again and again and reports the middle and the slowest of its times in milliseconds.
func timed(b *testing.B, do func(ctx context.Context) error) {
	b.Helper()
	var times []time.Duration
	for b.Loop() {
		begun := clock.System{}.Now()
		if err := do(b.Context()); err != nil {
			b.Fatal(err)
		}
		times = append(times, clock.System{}.Now().Sub(begun))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(times[len(times)-1].Microseconds())/1000, "max-ms")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkReports measures what people wait for, each beside the bare query at the engine.
func BenchmarkReports(b *testing.B) {
	w := newWorld(b)
	b.Logf("%d rows in %s, with all sums", w.rows, w.loaded.Round(time.Second))
	moscow, err := time.LoadLocation("Europe/Moscow")
	require.NoError(b, err)
	stats := reports.NewStats(w.records, nil, money.Currency{})
	period := func(text string) reports.Period {
		p, err := reports.ParsePeriod(text, moscow, w.clock.Now())
		require.NoError(b, err)
		return p
	}
	for name, company := range map[string]string{"largest": "t0", "typical": "t500"} {
		b.Run("expenses/"+name, func(b *testing.B) {
			closer := w.closer()
			timed(b, func(ctx context.Context) error {
				_, err := closer.Expenses(ctx, company, "2026-10")
				return err
			})
		})
		b.Run("expenses/"+name+"/bare", func(b *testing.B) {
			timed(b, func(ctx context.Context) error {
				return w.drain(ctx, "SELECT branch, direction, area, destination, sum(answered), sum(billed), sum(sale) FROM cdr_sum WHERE grain = 'usage' AND tenant = '"+company+
					"' AND time >= '2026-09-30 21:00:00' AND time < '2026-10-31 21:00:00' GROUP BY branch, direction, area, destination")
			})
		})
		b.Run("dashboard/"+name, func(b *testing.B) {
			timed(b, func(ctx context.Context) error { return dashboard(ctx, stats, company, period("2026-10")) })
		})
		b.Run("dashboard/"+name+"/one-panel-bare", func(b *testing.B) {
			timed(b, func(ctx context.Context) error {
				return w.drain(ctx, "SELECT branch, sum(legs), sum(answered), sum(duration_us), sum(sale) FROM cdr_sum WHERE grain = 'day' AND tenant = '"+company+
					"' AND kind = 'ingress' AND time >= '2026-10-01 00:00:00' AND time < '2026-11-01 00:00:00' GROUP BY branch")
			})
		})
	}
	b.Run("operator/day-by-carrier", func(b *testing.B) {
		q := reports.Question{Side: reports.Attempts, Period: period("2026-10-14"), By: []reports.Dimension{reports.ByCarrier}, Compare: true}
		timed(b, func(ctx context.Context) error { _, err := stats.Ask(ctx, q); return err })
	})
	b.Run("operator/day-by-carrier/bare", func(b *testing.B) {
		timed(b, func(ctx context.Context) error {
			return w.drain(ctx, "SELECT carrier, sum(legs), sum(answered), sumMap(pdd), sum(cost) FROM cdr_sum WHERE grain = 'traffic' AND time >= '2026-10-13 21:00:00' AND time < '2026-10-14 21:00:00' GROUP BY carrier")
		})
	})
	for name, when := range map[string]string{"day": "2026-10-14", "month": "2026-10"} {
		p := period(when)
		filter, err := reports.ParseFilter("7495%")
		require.NoError(b, err)
		b.Run("explorer/7495/"+name, func(b *testing.B) {
			timed(b, func(ctx context.Context) error {
				if _, err := w.records.Records(ctx, clickhouse.Filter{From: p.From, Till: p.Until, Where: filter, Limit: 100}); err != nil {
					return err
				}
				_, err := stats.Ask(ctx, reports.Question{Side: reports.Calls, Period: p, Filter: filter})
				return err
			})
		})
		b.Run("explorer/7495/"+name+"/totals-bare", func(b *testing.B) {
			timed(b, func(ctx context.Context) error {
				return w.drain(ctx, "SELECT sum(sign), sum(sign * (connect > 0)), sum(sign * duration_us), sum(sale * sign), sum(cost * sign) FROM cdr WHERE slot >= toDateTime("+
					strconv.FormatInt(p.From.Unix(), 10)+", 'UTC') AND slot < toDateTime("+strconv.FormatInt(p.Until.Unix(), 10)+", 'UTC') AND (startsWith(to_number, '7495') OR startsWith(from_number, '7495'))")
			})
		})
	}
	exports(b, w)
	b.Run("close/thousand-tenants", func(b *testing.B) { closeMonth(b, w) })
}

// dashboard asks for all panels of a client's page, one after the other.
func dashboard(ctx context.Context, stats *reports.Stats, tenant string, p reports.Period) error {
	for _, q := range []reports.Question{
		{Compare: true},
		{By: []reports.Dimension{reports.ByBranch}, Compare: true},
		{By: []reports.Dimension{reports.ByDay}},
		{By: []reports.Dimension{reports.ByWeekday, reports.ByHourOfDay}},
		{By: []reports.Dimension{reports.ByExtension}, Top: 20},
		{By: []reports.Dimension{reports.ByNumber}, Top: 20},
		{By: []reports.Dimension{reports.ByCountry}, Top: 20},
		{By: []reports.Dimension{reports.ByDirection}},
	} {
		q.Side, q.Period, q.Tenant = reports.Calls, p, tenant
		if _, err := stats.Ask(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// exports writes a million records in every format, and the same as the engine's own CSV and Parquet.
func exports(b *testing.B, w *world) {
	b.Helper()
	const wanted = 1_000_000
	client := &http.Client{}
	b.Cleanup(client.CloseIdleConnections)
	source, err := clickhouse.NewExporter(w.dsn, w.http, client)
	require.NoError(b, err)
	filter := clickhouse.Filter{From: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), Till: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
	for hours := 1; ; hours *= 2 { // As many hours as have a million records.
		filter.Till = filter.From.Add(time.Duration(hours) * time.Hour)
		n, err := w.records.CountRecords(b.Context(), filter)
		require.NoError(b, err)
		if n >= wanted || hours > 31*24 {
			break
		}
	}
	for _, f := range export.Formats() {
		b.Run("export/"+string(f), func(b *testing.B) {
			name := filepath.Join(b.TempDir(), "out."+string(f))
			var rows int64
			var most uint64
			once(b, func() { rows, most = exportOnce(b, source, filter, f, name) })
			info, err := os.Stat(name)
			require.NoError(b, err)
			b.ReportMetric(float64(rows)/1e6, "million-rows")
			b.ReportMetric(float64(most)/(1<<20), "MB-heap")
			b.ReportMetric(float64(info.Size())/(1<<20), "MB-file")
		})
	}
	for _, f := range []string{"CSV", "Parquet", "ArrowStream"} {
		b.Run("export/bare/"+f, func(b *testing.B) {
			once(b, func() { require.NoError(b, engineExport(b, w, filter, f)) })
		})
	}
}

// once measures something that takes so long that one time is enough.
func once(b *testing.B, do func()) {
	b.Helper()
	begun := clock.System{}.Now()
	do()
	took := clock.System{}.Now().Sub(begun)
	for b.Loop() { // The framework wants its loop.
	}
	b.ReportMetric(took.Seconds(), "seconds")
	b.ReportMetric(0, "ns/op")
}

// exportOnce returns the number of rows and the most memory that Go's heap had meanwhile.
func exportOnce(b *testing.B, source *clickhouse.Exporter, filter clickhouse.Filter, f export.Format, name string) (rows int64, most uint64) {
	b.Helper()
	file, err := os.Create(name)
	require.NoError(b, err)
	defer file.Close()
	stream, err := source.Calls(b.Context(), filter)
	require.NoError(b, err)
	defer stream.Close()
	runtime.GC()
	rows, err = export.Copy(b.Context(), file, stream, export.Options{Format: f, Comma: true, BOM: true}, func(n int64) {
		if n/65_536%4 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
		}
	})
	require.NoError(b, err)
	return rows, most
}

// engineExport lets ClickHouse write its own format, and throws it away.
func engineExport(b *testing.B, w *world, filter clickhouse.Filter, format string) error {
	b.Helper()
	source, err := clickhouse.NewExporter(w.dsn, w.http, http.DefaultClient)
	if err != nil {
		return err
	}
	stream, err := source.CallsAs(b.Context(), filter, format)
	if err != nil {
		return err
	}
	defer stream.Close()
	_, err = io.Copy(io.Discard, stream)
	return err
}

// closeMonth issues the invoices of all companies; the second run finds them all there.
func closeMonth(b *testing.B, w *world) {
	b.Helper()
	run := func() (issued int) {
		results, err := w.closer().Run(b.Context(), invoice.Request{Period: "2026-10"})
		require.NoError(b, err)
		for i := range results {
			require.Empty(b, results[i].Refusals, results[i].Tenant)
			if results[i].Issued != nil && results[i].Issued.NewlyIssued {
				issued++
			}
		}
		require.Len(b, results, tenants)
		return issued
	}
	once(b, func() { require.Equal(b, tenants, run()) })
	require.Zero(b, run(), "running it again changes nothing")
	n, err := w.archive.Verify(b.Context())
	require.NoError(b, err)
	require.Equal(b, int64(tenants), n)
}

// TestThousandTenantsClose closes October for a thousand companies over few calls, and again.
func TestThousandTenantsClose(t *testing.T) {
	w := newWorld(t)
	for i, fresh := range []bool{true, false} {
		results, err := w.closer().Run(t.Context(), invoice.Request{Period: "2026-10"})
		require.NoError(t, err)
		require.Len(t, results, tenants)
		for _, r := range results {
			require.Empty(t, r.Refusals, "%s, run %d", r.Tenant, i)
			require.Equal(t, fresh, r.Issued.NewlyIssued, r.Tenant)
		}
	}
	n, err := w.archive.Verify(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(tenants), n)
	off, err := ledger.Reconcile(t.Context(), w.ledger, w.records, time.Date(2026, 9, 30, 21, 0, 0, 0, time.UTC), time.Date(2026, 10, 31, 21, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	for _, d := range off {
		require.True(t, d.OK() || d.Account.Kind == ledger.CarrierAccount, d.Account)
	}
}
