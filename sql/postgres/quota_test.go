package postgres_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/sql/postgres"
)

// quotaOf asks for a quota of an account: so much money, an hour and ten calls, at most a quarter of what is left.
func quotaOf(a ledger.Account, c clock.Clock, most string) ledger.QuotaRequest {
	return ledger.QuotaRequest{
		ID: uuid.New(), Node: "proxy-1-id", Life: "one", Account: a, At: c.Now(), Share: 4, Reach: time.Minute,
		More: ledger.Use{Money: amount(most), Seconds: 3600, Calls: 10}, Least: ledger.Use{Money: amount("0.5"), Seconds: 60, Calls: 1},
	}
}

func draw(tb testing.TB, l *postgres.Ledger, r ledger.QuotaRequest) ledger.QuotaAnswer {
	tb.Helper()
	a, err := l.DrawQuota(tb.Context(), r)
	require.NoError(tb, err)
	return a
}

// available is what an account has left for calls.
func available(tb testing.TB, l *postgres.Ledger, a ledger.Account) string {
	tb.Helper()
	s, err := l.State(tb.Context(), a)
	require.NoError(tb, err)
	left, err := s.Available()
	require.NoError(tb, err)
	return left.String()
}

// TestQuotaIsHeld: what is granted to a quota is not there for others, a repetition grants nothing more, and what no call has drawn comes back.
func TestQuotaIsHeld(t *testing.T) {
	t.Parallel()
	l, c := openLedger(t)
	account := prepaid(t, l, "beauty", "100")
	register(t, l, "proxy-1")
	r := quotaOf(account, c, "10")
	for range 2 {
		require.Equal(t, ledger.QuotaAnswer{Granted: r.More}, draw(t, l, r))
	}
	require.Equal(t, "90", available(t, l, account))
	r.Had = r.More
	a := draw(t, l, r)
	require.Equal(t, "20", a.Granted.Money.String())
	require.Equal(t, "80", available(t, l, account))

	require.NoError(t, l.RetireQuota(t.Context(), r.ID, ledger.Use{Money: amount("3"), Seconds: 60, Calls: 1}))
	require.NoError(t, l.RetireQuota(t.Context(), r.ID, ledger.Use{Money: amount("3"), Seconds: 60, Calls: 1}))
	require.Equal(t, "97", available(t, l, account))
	r.Had = a.Granted
	require.Equal(t, ledger.QuotaRetired, draw(t, l, r).Refusal)
}

// TestQuotasKeepAway: near the end of the money, where something was set by hand for single branches, extensions or destinations, and for accounts
// that are suspended there are none.
func TestQuotasKeepAway(t *testing.T) {
	t.Parallel()
	l, c := openLedger(t)
	account := prepaid(t, l, "beauty", "100")
	register(t, l, "proxy-1")
	require.Equal(t, "25", draw(t, l, quotaOf(account, c, "90")).Granted.Money.String())
	poor := prepaid(t, l, "poor", "1.9")
	require.Equal(t, ledger.QuotaNear, draw(t, l, quotaOf(poor, c, "1")).Refusal)

	target := ledger.Target{Account: account, Scope: ledger.ExtensionScope, Owner: "101", Reason: "why", By: "test"}
	require.NoError(t, l.Block(t.Context(), target, true))
	require.Equal(t, ledger.QuotaExact, draw(t, l, quotaOf(account, c, "1")).Refusal)
	require.NoError(t, l.Block(t.Context(), target, false))
	require.Empty(t, draw(t, l, quotaOf(account, c, "1")).Refusal)
	require.NoError(t, l.Suspend(t.Context(), account, true, "why", "test"))
	require.Equal(t, ledger.BoundSuspended, draw(t, l, quotaOf(account, c, "1")).Refusal)
	require.Equal(t, ledger.BoundAccount, draw(t, l, quotaOf(ledger.Tenant("nobody", account.Currency), c, "1")).Refusal)
}

// TestQuotaIsRecalled: a call that asks for itself and finds the rest in quotas has them called back.
func TestQuotaIsRecalled(t *testing.T) {
	t.Parallel()
	l, c := openLedger(t)
	account := prepaid(t, l, "beauty", "8")
	register(t, l, "proxy-1")
	q := quotaOf(account, c, "2")
	require.Empty(t, draw(t, l, q).Refusal)
	dear := request(account, 7)
	a := mustReserve(t, l, dear)
	require.True(t, a.Recalled)
	require.Equal(t, ledger.BoundBalance, a.Bound)

	list, err := l.Quotas(t.Context(), ledger.Life{Node: "proxy-1-id", Life: "one"})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.NotEqual(t, list[0].Version, list[0].Rules, "the proxy sees that it is to give it back")
	require.Equal(t, ledger.QuotaExact, draw(t, l, quotaOf(account, c, "1")).Refusal, "for a while there are none")
	require.NoError(t, l.RetireQuota(t.Context(), q.ID, ledger.Use{}))
	a = mustReserve(t, l, dear)
	require.False(t, a.Recalled)
	require.Equal(t, "0.5", available(t, l, account), "a fee of a half is paid for the connection")
}

// TestDrawBecomesAHold: a call that needs more than its quota has takes what it has of it along.
func TestDrawBecomesAHold(t *testing.T) {
	t.Parallel()
	l, c := openLedger(t)
	account := prepaid(t, l, "beauty", "100")
	register(t, l, "proxy-1")
	q := quotaOf(account, c, "10")
	draw(t, l, q)
	r := request(account, 5)
	r.Quota, r.Drawn = q.ID, ledger.Use{Money: amount("2"), Seconds: 60}
	for range 2 {
		require.NotZero(t, mustReserve(t, l, r).Granted)
	}
	require.Equal(t, "86.5", available(t, l, account), "8 in the quota, 5.5 in the hold")
	require.NoError(t, l.Release(t.Context(), r.Call))
	require.Equal(t, "92", available(t, l, account))

	require.NoError(t, l.RetireQuota(t.Context(), q.ID, r.Drawn))
	require.Equal(t, "100", available(t, l, account))
	s := beat(t, l, "proxy-1", -1)
	require.NoError(t, l.FinishQuotas(t.Context(), ledger.Life{Node: "proxy-1-id"}, []uuid.UUID{q.ID}, s.Beats))
	settle(t, l)
	require.Equal(t, int64(1), expire(t, l), "what the call took along is not given back once more")
	require.Equal(t, "100", available(t, l, account))
}

// TestQuotaOfAVanishedProxy: what a proxy that does not come back has of an account comes back when it was given up, and its calls must be over; and
// that of one that does come back when it has said that they are, and all that was in the stream then is accounted for.
func TestQuotaOfAVanishedProxy(t *testing.T) {
	t.Parallel()
	l, c := openLedger(t)
	account := prepaid(t, l, "beauty", "100")
	register(t, l, "proxy-1")
	q := quotaOf(account, c, "10")
	draw(t, l, q)
	settle(t, l)
	require.Zero(t, expire(t, l), "nobody has said that its calls are over")

	life := ledger.Life{Node: "proxy-1-id", Name: "proxy-1", Life: "two", Former: []string{"one"}}
	standing, err := l.Register(t.Context(), life)
	require.NoError(t, err)
	list, err := l.Quotas(t.Context(), life)
	require.NoError(t, err)
	require.True(t, list[0].Retired, "it is of an earlier life")
	_, err = l.Quotas(t.Context(), ledger.Life{Node: "proxy-1-id", Life: "one"})
	require.ErrorIs(t, err, ledger.ErrNodeTwice)
	require.NoError(t, l.FinishQuotas(t.Context(), life, []uuid.UUID{q.ID}, standing.Beats+1))
	settle(t, l)
	require.Zero(t, expire(t, l), "what was in the stream by then is not accounted for")
	_, err = l.Beat(t.Context(), life, -1)
	require.NoError(t, err)
	settle(t, l)
	require.Equal(t, int64(1), expire(t, l))
	require.Equal(t, "100", available(t, l, account))

	lost := quotaOf(account, c, "10")
	lost.Life, lost.Reach = "two", 0
	draw(t, l, lost)
	require.NoError(t, l.GiveUp(t.Context(), "proxy-1", "burnt"))
	require.Zero(t, expire(t, l), "its calls may go on for a while")
	require.Equal(t, "90", available(t, l, account))
}

// TestProxiesOfBefore: a proxy that knows no quotas goes on reserving while others are updated.
func TestProxiesOfBefore(t *testing.T) {
	t.Parallel()
	db := open(t)
	l := postgres.NewLedger(db, clock.NewManual(time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC)))
	account := prepaid(t, l, "beauty", "10")
	var known bool
	var granted int64
	err := db.Pool().QueryRow(t.Context(), `SELECT known, granted FROM reserve($1::uuid, $2, 'proxy-1', ARRAY[60, 120]::bigint[], ARRAY[1000000, 20000000]::bigint[],
		NULL::text[], NULL::text[], NULL::text[], NULL::bigint[], NULL::bigint[], NULL::bigint[], ARRAY['day', 'week', 'month'], ARRAY[now(), now(), now()],
		now(), 'main', '101', '4930', now(), now(), 0::bigint, 0::bigint, 0::bigint)`, uuid.New(), account.String()).Scan(&known, &granted)
	require.NoError(t, err)
	require.True(t, known)
	require.Equal(t, int64(60), granted)
	require.Equal(t, "9", available(t, l, account))
}
