package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/sql/postgres"
)

// unrated puts a leg among those that could not be rated, and returns its entry.
func unrated(t *testing.T, db *postgres.DB, leg *cdr.Leg) (id int64) {
	t.Helper()
	message := []byte("no leg")
	if leg != nil {
		message = cdr.AppendLeg(nil, leg)
	}
	require.NoError(t, db.Pool().QueryRow(t.Context(), `WITH b AS (INSERT INTO batch (source, legs, records, dead, made_at, stored_at) VALUES ('test', 1, 0, 1, now(), now()) RETURNING id)
		INSERT INTO dead_leg (tenant, reason, detail, message, batch, died_at) SELECT 'beauty', 'bad_times', 'x', $1, id, now() FROM b RETURNING id`, message).Scan(&id))
	return id
}

func TestMend(t *testing.T) {
	t.Parallel()
	db := open(t)
	at := time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC)
	books, err := postgres.NewBooks(db, clock.NewManual(at))
	require.NoError(t, err)
	call, err := calls.NewID()
	require.NoError(t, err)
	leg := &cdr.Leg{ // Its proxy's clock was set back by two minutes while it lasted.
		Call: call, Kind: cdr.Ingress, Direction: calls.Outbound, Tenant: "beauty", Setup: at.Add(-time.Hour),
		Progress: at.Add(-59 * time.Minute), Connect: at.Add(-59 * time.Minute), Disconnect: at.Add(-60 * time.Minute),
	}
	id := unrated(t, db, leg)
	mending := postgres.Mending{ID: id, Disconnect: at.Add(-58 * time.Minute), Reason: "the clock was set back", By: "cli:anna"}
	for name, bad := range map[string]postgres.Mending{
		"ends before it began":    {ID: id, Disconnect: at.Add(-2 * time.Hour)},
		"ends in the future":      {ID: id, Disconnect: at.Add(time.Hour)},
		"answered before it rang": {ID: id, Connect: at.Add(-2 * time.Hour), Disconnect: at.Add(-58 * time.Minute)},
	} {
		bad.Reason, bad.By = "why", "cli:anna"
		require.ErrorIs(t, books.Mend(t.Context(), bad), postgres.ErrMend, name)
	}
	require.ErrorIs(t, books.Mend(t.Context(), postgres.Mending{ID: id + 1, Reason: "x", By: "y"}), postgres.ErrNoDead)
	require.NoError(t, books.Mend(t.Context(), mending))
	dead, err := books.Dead(t.Context(), postgres.DeadFilter{IDs: []int64{id}})
	require.NoError(t, err)
	require.Len(t, dead, 1)
	require.Equal(t, time.Minute, dead[0].Leg.Duration())
	require.Equal(t, leg.Setup, dead[0].Leg.Setup)
	var before []byte
	var why, by string
	require.NoError(t, db.Pool().QueryRow(t.Context(), `SELECT before, reason, done_by FROM dead_change WHERE dead = $1`, id).Scan(&before, &why, &by))
	require.Equal(t, cdr.AppendLeg(nil, leg), before, "the leg as it came is kept")
	require.Equal(t, []string{"the clock was set back", "cli:anna"}, []string{why, by})
}

func TestWriteOff(t *testing.T) {
	t.Parallel()
	db := open(t)
	books, err := postgres.NewBooks(db, clock.System{})
	require.NoError(t, err)
	first, second := unrated(t, db, nil), unrated(t, db, nil)
	require.ErrorIs(t, books.Mend(t.Context(), postgres.Mending{ID: first, Disconnect: time.Unix(1, 0), Reason: "x", By: "y"}), postgres.ErrMend, "it is no leg")
	n, err := books.WriteOff(t.Context(), []int64{first}, "junk of a test", "cli:anna")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n, err = books.WriteOff(t.Context(), []int64{first, second}, "junk of a test", "cli:anna")
	require.NoError(t, err)
	require.Equal(t, 1, n, "one was written off before")
	count, err := books.DeadCount(t.Context(), postgres.DeadFilter{})
	require.NoError(t, err)
	require.Empty(t, count, "no invoice waits for them")
	waiting, _, err := books.WaitingCount(t.Context())
	require.NoError(t, err)
	require.Zero(t, waiting)
}
