package clickhouse_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/e164"
	"trunkline/internal/embedded/enginetest"
	"trunkline/reports"
	"trunkline/reports/retention"
	"trunkline/sql/clickhouse"
)

func openRetention(tb testing.TB) (*clickhouse.Retention, *clickhouse.Store, *clickhouse.DB) {
	tb.Helper()
	dsn, address := enginetest.ClickHouseHTTP(tb)
	db, err := clickhouse.Open(dsn, clickhouse.Options{})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, db.Close()) })
	require.NoError(tb, db.Migrate(tb.Context()))
	exporter, err := clickhouse.NewExporter(dsn, address, &http.Client{})
	require.NoError(tb, err)
	store := clickhouse.NewStore(db)
	return clickhouse.NewRetention(store, exporter), store, db
}

// TestRetire drops days whole and in part. Sums stay as they were, also when they are made anew, and no batch is taken for lost.
func TestRetire(t *testing.T) {
	r, store, db := openRetention(t)
	from := time.Date(2026, 10, 30, 0, 0, 0, 0, time.UTC)
	require.NoError(t, store.WriteRecords(t.Context(), "one", invent(9, 300, from, 4*24*time.Hour)))
	// Another batch has calls of a day, too, which is not to go yet; later a tenant is held.
	late := invent(11, 5, from.AddDate(0, 0, 1), time.Hour)
	for i := range late {
		late[i].Batch = 2
	}
	require.NoError(t, store.WriteRecords(t.Context(), "late", late))
	q := reports.GroupQuery{
		Side: reports.Calls, From: from, Till: from.AddDate(0, 0, 5), Zone: time.UTC, By: []reports.Dimension{reports.ByTenant, reports.ByDay}, Limit: 1000,
	}
	want, err := grouped(t, store, q)
	require.NoError(t, err)
	batches, err := store.StoredBatches(t.Context(), 0, 10)
	require.NoError(t, err)
	drop := func(id int64, day time.Time, h retention.Held) {
		p := retention.Part{Day: day, Last: 1, Held: h}
		f, err := r.Figures(t.Context(), p)
		require.NoError(t, err)
		require.NotZero(t, f.Rows)
		require.NoError(t, r.Retire(t.Context(), id, p, f))
		f, err = r.Figures(t.Context(), p)
		require.NoError(t, err)
		require.Zero(t, f.Rows)
	}
	drop(1, from, retention.Held{})
	drop(2, from.AddDate(0, 0, 1), retention.Held{Tenants: []string{"smallco"}, Numbers: []string{"999999"}})
	var n, batch1 uint64
	require.NoError(t, db.Conn().QueryRow(t.Context(), "SELECT count(), countIf(batch = 1 AND tenant <> 'smallco') FROM cdr WHERE toDate(slot) = '2026-10-31'").Scan(&n, &batch1))
	require.NotZero(t, n)
	require.Zero(t, batch1)
	days, err := store.RetiredDays(t.Context(), from, from.AddDate(0, 0, 2))
	require.NoError(t, err)
	require.Equal(t, []time.Time{from, from.AddDate(0, 0, 1)}, days)

	same := func() {
		got, err := grouped(t, store, q)
		require.NoError(t, err)
		require.ElementsMatch(t, want, got)
		stored, err := store.StoredBatches(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Equal(t, batches, stored)
	}
	same()
	require.NoError(t, store.Rebuild(t.Context(), func(string) {}))
	same()
	require.NoError(t, db.Conn().Exec(t.Context(), "INSERT INTO cdr_sum (grain, time, kind, direction, batch, key, legs) VALUES ('batch', '2026-10-01 00:00:00', 'ingress', 'outbound', 1, 0, 7)"))
	require.NoError(t, store.CountBatches(t.Context()))
	same()
	require.NoError(t, r.Settle(t.Context()))
}

// TestPutBack finds a day that was taken out by a run that was killed.
func TestPutBack(t *testing.T) {
	r, store, db := openRetention(t)
	at := time.Date(2026, 11, 3, 9, 30, 0, 0, time.UTC)
	require.NoError(t, store.WriteRecords(t.Context(), "one", sample(t, "moscow", at, "1", "2")))
	require.NoError(t, db.Conn().Exec(t.Context(), "CREATE TABLE cdr_leaving AS cdr"))
	require.NoError(t, db.Conn().Exec(t.Context(), "ALTER TABLE cdr MOVE PARTITION 20261103 TO TABLE cdr_leaving"))
	require.NoError(t, r.Settle(t.Context()))
	days, err := r.Days(t.Context(), retention.Held{Numbers: []string{"79161234567"}})
	require.NoError(t, err)
	require.Len(t, days, 1)
	require.Equal(t, int64(2), days[0].All.Rows)
	require.Equal(t, int64(2), days[0].Held)
}

// TestErase takes a number out of calls, and no other column than it must.
func TestErase(t *testing.T) {
	r, store, _ := openRetention(t)
	at := time.Date(2026, 11, 3, 9, 30, 0, 0, time.UTC)
	records := sample(t, "moscow", at, "1.5", "0.5")
	other := sample(t, "moscow", at, "2", "1")
	for i := range other {
		other[i].Tenant, other[i].Raw, other[i].Trace = "smallco", "0101 89161234567", nil
	}
	stranger := sample(t, "kazan", at, "3", "1")
	for i := range stranger {
		stranger[i].To, stranger[i].Dialled = e164.MustParse("79160000001"), "89160000001"
	}
	require.NoError(t, store.WriteRecords(t.Context(), "one", append(append(records, other...), stranger...)))
	p, err := retention.NewPerson("+79161234567", []string{"89161234567"})
	require.NoError(t, err)
	held := retention.Held{Tenants: []string{"smallco"}}
	found, err := r.Find(t.Context(), p, held)
	require.NoError(t, err)
	require.Equal(t, retention.Found{Place: "cdr", Rows: 4, Held: 2, Newest: at}, found[0])
	for range 2 {
		require.NoError(t, r.Erase(t.Context(), p, held))
	}
	got, err := store.Records(t.Context(), clickhouse.Filter{Tenant: "beauty", Branch: "moscow"})
	require.NoError(t, err)
	for i := range records {
		require.NoError(t, p.OutOfLeg(&records[i].Leg))
		require.Equal(t, "79161230000", records[i].To.Digits()[:7]+"0000")
	}
	require.Equal(t, records, got, "as in packed records")
	got, err = store.Records(t.Context(), clickhouse.Filter{Tenant: "smallco"})
	require.NoError(t, err)
	require.Equal(t, other, got)
	got, err = store.Records(t.Context(), clickhouse.Filter{Branch: "kazan"})
	require.NoError(t, err)
	require.Equal(t, stranger, got)
	found, err = r.Find(t.Context(), p, held)
	require.NoError(t, err)
	require.Equal(t, found[0].Held, found[0].Rows)
}

// TestBlank empties traces of old calls.
func TestBlank(t *testing.T) {
	r, store, _ := openRetention(t)
	at := time.Date(2026, 11, 3, 9, 30, 0, 0, time.UTC)
	require.NoError(t, store.WriteRecords(t.Context(), "one", append(sample(t, "moscow", at, "1", "2"), sample(t, "moscow", at.AddDate(0, 0, 2), "1", "2")...)))
	before := at.AddDate(0, 0, 1)
	all, free, err := r.Filled(t.Context(), retention.Traces, before, retention.Held{Tenants: []string{"smallco"}})
	require.NoError(t, err)
	require.Equal(t, int64(1), all.Rows)
	require.Equal(t, int64(1), free.Rows)
	require.NoError(t, r.Blank(t.Context(), retention.Traces, before, retention.Held{Tenants: []string{"smallco"}}))
	all, _, err = r.Filled(t.Context(), retention.Traces, time.Time{}, retention.Held{})
	require.NoError(t, err)
	require.Equal(t, int64(1), all.Rows)
	require.Equal(t, at.AddDate(0, 0, 2), all.Oldest)
	all, _, err = r.Filled(t.Context(), retention.Raw, time.Time{}, retention.Held{})
	require.NoError(t, err)
	require.Equal(t, int64(2), all.Rows)
	got, err := store.Records(t.Context(), clickhouse.Filter{Kind: cdr.Ingress})
	require.NoError(t, err)
	require.Len(t, got, 2)
}
