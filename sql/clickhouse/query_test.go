package clickhouse_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/sql/clickhouse"
)

// TestPagesOfRecords turns the pages of months of calls, of which there are few and many a day, and finds each record once, the
// newest first, as if all were read at once.
func TestPagesOfRecords(t *testing.T) {
	store, _ := open(t)
	till := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	require.NoError(t, store.WriteRecords(t.Context(), "few", invent(21, 120, till.AddDate(0, -5, 0), 140*24*time.Hour)))
	require.NoError(t, store.WriteRecords(t.Context(), "many", invent(22, 200, till.Add(-5*time.Hour), 4*time.Hour)))
	for _, f := range []clickhouse.Filter{{}, {Tenant: "beauty"}, {OnlyAnswered: true, Tenant: "beauty"}, {Kind: cdr.Egress, Brief: true}, {Tenant: "beauty", Branch: "moscow", Direction: calls.Outbound}} {
		f.Till, f.Limit = till, clickhouse.MaxRows
		all, err := store.Records(t.Context(), f) // Without a beginning there is only one reading.
		require.NoError(t, err)
		require.NotEmpty(t, all)
		require.True(t, slices.IsSortedFunc(all, func(a, b cdr.Record) int { return b.Setup.Compare(a.Setup) }))
		for _, rows := range []int{45, 100} {
			var paged []string
			for page := f; ; page.Offset += rows {
				page.From, page.Limit = till.AddDate(0, -6, 0), rows
				list, err := store.Records(t.Context(), page)
				require.NoError(t, err)
				paged = append(paged, names(list)...)
				if len(list) < rows {
					break
				}
			}
			require.Equal(t, names(all), paged)
		}
	}
}

// names tells records apart.
func names(list []cdr.Record) []string {
	out := make([]string, len(list))
	for i := range list {
		r := &list[i]
		out[i] = fmt.Sprint(r.Setup.UnixMicro(), " ", r.Call, " ", r.Seq, " ", r.Sign)
	}
	return out
}
