package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/alert"
	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/sql/postgres"
)

// TestEventsAreToldOnce has things happen, and tells those who asked for them.
func TestEventsAreToldOnce(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := clock.NewManual(time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC))
	a := postgres.NewAlerts(db, c)
	rules, err := alert.Parse([]byte(`
channels:
  - {id: ops, webhook: "https://ops.example.com/x", secret: "sixteen characters"}
  - {id: boss, mail: ["boss@example.com"]}
events:
  - {on: [deck.applied, "route.*"], notify: [ops]}
  - {on: [limit.changed], tenant: beauty, notify: [ops, boss]}
  - {on: ["*"], tenant: beauty, notify: [boss]}
`))
	require.NoError(t, err)
	_, err = a.Dispatch(t.Context(), rules) // What was there before.
	require.NoError(t, err)

	store := postgres.NewProvision(db.Pool())
	stored, err := store.Load(t.Context())
	require.NoError(t, err)
	_, err = store.Save(t.Context(), stored.Revision, &provision.Changes{Files: map[string][]byte{"x.csv": []byte("a"), "x.csv.mapping.json": []byte("{}")}}, c.Now(), "test")
	require.NoError(t, err)
	require.NoError(t, a.Emit(t.Context(), alert.RouteLocked, "", "alfa-1", "gateway alfa-1 is locked", map[string]string{"gateway": "alfa-1"}))
	l := postgres.NewLedger(db, c)
	for _, tenant := range []string{"beauty", "other"} {
		account := ledger.Tenant(tenant, rub())
		require.NoError(t, l.Open(t.Context(), account, amount("0")))
		require.NoError(t, l.Suspend(t.Context(), account, true, "fraud", "test"))
	}
	n, err := a.Dispatch(t.Context(), rules)
	require.NoError(t, err)
	require.Equal(t, 4, n)
	n, err = a.Dispatch(t.Context(), rules)
	require.NoError(t, err)
	require.Zero(t, n, "told once")

	letters, err := a.Due(t.Context(), 20)
	require.NoError(t, err)
	told := make(map[string]int)
	for i := range letters {
		m := &letters[i]
		require.Equal(t, "happened", m.State)
		require.NotZero(t, m.Event)
		require.NotEmpty(t, m.Text)
		told[m.Channel+" "+m.Rule+" "+m.Tenant]++
		if m.Rule == alert.RouteLocked {
			require.JSONEq(t, `{"gateway": "alfa-1"}`, string(m.Data))
		}
	}
	require.Equal(t, map[string]int{"ops deck.applied ": 1, "ops route.locked ": 1, "ops limit.changed beauty": 1, "boss limit.changed beauty": 1}, told)
	require.NoError(t, a.Replay(t.Context(), letters[0].Delivery))
	list, err := a.Deliveries(t.Context(), false, 20)
	require.NoError(t, err)
	require.Len(t, list, 4)
}

// TestRatedCallsAreToldInSum posts usage, and tells what came since the last time.
func TestRatedCallsAreToldInSum(t *testing.T) {
	t.Parallel()
	b, db, c := openBooks(t)
	a := postgres.NewAlerts(db, c)
	rules, err := alert.Parse([]byte("channels: [{id: boss, mail: [\"boss@example.com\"]}]\nevents: [{on: [calls.rated], notify: [boss]}]"))
	require.NoError(t, err)
	_, err = a.Dispatch(t.Context(), rules)
	require.NoError(t, err)
	_, err = b.Post(t.Context(), deliver(0, legAt(c.Now(), 1), legAt(c.Now(), 2)), flat)
	require.NoError(t, err)
	c.Advance(time.Minute)
	for range 3 {
		_, err = a.Dispatch(t.Context(), rules)
		require.NoError(t, err)
	}
	letters, err := a.Due(t.Context(), 20)
	require.NoError(t, err)
	require.Len(t, letters, 1)
	require.NotEmpty(t, letters[0].Tenant)
	require.Contains(t, string(letters[0].Data), `"legs": 2`)
}
