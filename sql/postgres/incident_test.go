package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/sql/postgres"
)

// TestCallsThatWereNeverRecorded: a call whose money was held again was answered. When it is given up without a record, an incident says so;
// of one that was never held for again nobody can tell.
func TestCallsThatWereNeverRecorded(t *testing.T) {
	t.Parallel()
	_, c := openLedger(t)
	db := open(t)
	l := postgres.NewLedger(db, c)
	books, err := postgres.NewBooks(db, c)
	require.NoError(t, err)
	account := prepaid(t, l, "beauty", "100")
	register(t, l, "proxy-1")
	short, long := of(request(account, 1), "proxy-1"), of(request(account, 1), "proxy-1")
	require.NotZero(t, mustReserve(t, l, short).Granted)
	require.NotZero(t, mustReserve(t, l, long).Granted)
	again := long
	again.Options, again.At = minutes(2), long.At.Add(50*time.Second)
	require.NotZero(t, mustReserve(t, l, again).Granted)
	beat(t, l, "proxy-1", beat(t, l, "proxy-1", -1).Sequence)
	settle(t, l)
	require.Equal(t, int64(2), expire(t, l))
	open, err := books.Incidents(t.Context(), true)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, postgres.IncidentUnrecorded, open[0].Kind)
	require.Equal(t, long.Call.String(), open[0].Subject)
	require.Contains(t, open[0].Detail, "tenant/beauty/RUB")
	closed, err := books.Close(t.Context(), open[0].ID, "charged by hand")
	require.NoError(t, err)
	require.True(t, closed)
	closed, err = books.Close(t.Context(), open[0].ID, "charged by hand")
	require.NoError(t, err)
	require.False(t, closed, "it is closed already")
}

// TestNotedAgain: one incident of a kind is open for a subject, with what was said last.
func TestNotedAgain(t *testing.T) {
	t.Parallel()
	db := open(t)
	_, c := openLedger(t)
	books, err := postgres.NewBooks(db, c)
	require.NoError(t, err)
	for _, detail := range []string{"first", "second"} {
		require.NoError(t, books.Note(t.Context(), "kind", "subject", detail, ""))
	}
	require.NoError(t, books.Note(t.Context(), "kind", "subject", "over at once", "healed"))
	open, err := books.Incidents(t.Context(), true)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, "second", open[0].Detail)
	require.NoError(t, books.Heal(t.Context(), "kind", "", "done"))
	all, err := books.Incidents(t.Context(), false)
	require.NoError(t, err)
	require.Len(t, all, 2)
	for _, i := range all {
		require.NotEmpty(t, i.Outcome)
	}
}
