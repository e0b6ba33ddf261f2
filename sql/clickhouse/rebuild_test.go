package clickhouse_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/reports"
)

// TestRebuild spoils the sums in three ways and has them made anew, over two months.
func TestRebuild(t *testing.T) {
	store, db := open(t)
	records := invent(9, 300, time.Date(2026, 10, 30, 0, 0, 0, 0, time.UTC), 4*24*time.Hour)
	require.NoError(t, store.WriteRecords(t.Context(), "one", records))
	q := reports.GroupQuery{
		Side: reports.Calls, From: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), Till: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
		Zone: time.UTC, By: []reports.Dimension{reports.ByTenant, reports.ByDay}, Limit: 1000,
	}
	want, err := grouped(t, store, q)
	require.NoError(t, err)
	whole := q
	whole.By = nil
	wantWhole, err := grouped(t, store, whole)
	require.NoError(t, err)
	used, err := store.UsageOf(t.Context(), []string{"beauty"}, nil, q.From, q.Till)
	require.NoError(t, err)
	for _, spoil := range []string{
		"INSERT INTO cdr_sum SELECT * FROM cdr_sum WHERE grain = 'hour'", "ALTER TABLE cdr_sum DELETE WHERE grain = 'day' SETTINGS mutations_sync = 1",
		"ALTER TABLE cdr_sum DELETE WHERE grain = 'traffic' AND time < '2026-11-01 00:00:00' SETTINGS mutations_sync = 1",
		"INSERT INTO cdr_sum SELECT * FROM cdr_sum WHERE grain = 'house'", "INSERT INTO cdr_sum SELECT * FROM cdr_sum WHERE grain = 'usage'",
		"INSERT INTO cdr_sum (grain, time, kind, direction, legs) VALUES ('traffic', '2025-01-01 00:00:00', 'ingress', 'outbound', 5)",
	} {
		require.NoError(t, db.Conn().Exec(t.Context(), spoil), spoil)
	}
	var told []string
	require.NoError(t, store.Rebuild(t.Context(), func(month string) { told = append(told, month) }))
	require.Equal(t, []string{"202501", "202610", "202611"}, told, "two months, and one that has no calls")
	got, err := grouped(t, store, q)
	require.NoError(t, err)
	require.ElementsMatch(t, want, got)
	gotWhole, err := grouped(t, store, whole)
	require.NoError(t, err)
	require.Equal(t, wantWhole, gotWhole)
	again, err := store.UsageOf(t.Context(), []string{"beauty"}, nil, q.From, q.Till)
	require.NoError(t, err)
	require.ElementsMatch(t, used["beauty"], again["beauty"])
	var stray int64
	require.NoError(t, db.Conn().QueryRow(t.Context(), "SELECT sum(legs) FROM cdr_sum WHERE time < '2026-01-01'").Scan(&stray))
	require.Zero(t, stray)
}
