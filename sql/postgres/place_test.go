package postgres_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/sql/postgres"
)

// atOnce is a request under caps on calls at a time.
func atOnce(account ledger.Account, caps ledger.ConcurrencyCaps) ledger.HoldRequest {
	r := request(account, 1)
	r.Concurrency, r.Setup, r.Branch, r.Extension = caps, 3*time.Minute, "moscow", "101"
	return r
}

func endAll(tb testing.TB, l *postgres.Ledger, calls ...uuid.UUID) {
	tb.Helper()
	require.NoError(tb, l.End(tb.Context(), calls))
}

// TestPlacesOfTwoProxies lets 30 calls of two proxies, each with a pool of its own, go for one place, grouped and alone.
func TestPlacesOfTwoProxies(t *testing.T) {
	t.Parallel()
	db := open(t)
	other, err := postgres.Open(t.Context(), db.Pool().Config().ConnString(), postgres.Options{MaxConns: 4})
	require.NoError(t, err)
	defer other.Close()
	c := clock.NewManual(time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC))
	first, second := postgres.NewLedger(db, c), postgres.NewLedger(other, c)
	ask := []func(context.Context, ledger.HoldRequest) (ledger.HoldAnswer, error){first.Group().Reserve, second.Group().Reserve, first.Reserve, second.Reserve}
	for name, caps := range map[string]ledger.ConcurrencyCaps{
		"tenant": {Tenant: 1}, "branch": {Tenant: 7, Branch: 1}, "extension": {Tenant: 7, Branch: 7, Extension: 1},
	} {
		account := prepaid(t, first, name, "1000")
		var granted atomic.Int64
		var group sync.WaitGroup
		for i := range 30 {
			group.Go(func() {
				a, err := ask[i%4](context.WithoutCancel(t.Context()), atOnce(account, caps))
				switch {
				case err != nil:
					t.Error(err)
				case a.Refusal == "":
					granted.Add(1)
				case a.Refusal != "calls_"+name || a.Bound != a.Refusal:
					t.Error(a)
				}
			})
		}
		group.Wait()
		require.Equal(t, int64(1), granted.Load(), name)
		requireMoney(t, second, account, "1.5", "998.5")
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "1000")
	two := ledger.ConcurrencyCaps{Tenant: 2}
	first, second, third := atOnce(account, two), atOnce(account, two), atOnce(account, two)
	third.Extension = "102"
	require.Empty(t, mustReserve(t, l, first).Refusal)
	require.Empty(t, mustReserve(t, l, second).Refusal)
	require.Equal(t, "calls_tenant", mustReserve(t, l, third).Refusal)

	first.Options = minutes(3)
	require.Equal(t, ledger.HoldAnswer{Granted: 180}, mustReserve(t, l, first), "a call that has a place needs no second one")
	lowered := first
	lowered.Options, lowered.Concurrency = minutes(5), ledger.ConcurrencyCaps{Tenant: 1}
	require.Equal(t, ledger.HoldAnswer{Granted: 300}, mustReserve(t, l, lowered), "a lowered cap ends no call")

	endAll(t, l, first.Call, first.Call, uuid.New())
	endAll(t, l, first.Call)
	require.Equal(t, ledger.BoundClosed, mustReserve(t, l, lowered).Refusal)
	requireMoney(t, l, account, "7", "993")
	third.Concurrency = ledger.ConcurrencyCaps{Tenant: 1}
	require.Equal(t, "calls_tenant", mustReserve(t, l, third).Refusal, "one is still there, and there may be one")
	third.Concurrency = two
	require.Equal(t, "calls_extension", mustReserve(t, l, atOnce(account, ledger.ConcurrencyCaps{Tenant: 2, Branch: 2, Extension: 1})).Refusal)
	require.Empty(t, mustReserve(t, l, third).Refusal)
	require.NoError(t, l.Release(t.Context(), second.Call))
	require.Empty(t, mustReserve(t, l, atOnce(account, two)).Refusal, "what is given back is free")

	early := atOnce(account, ledger.ConcurrencyCaps{Tenant: 3})
	endAll(t, l, early.Call)
	require.Empty(t, mustReserve(t, l, early).Refusal, "the end overtook the reservation, and changed nothing")
	require.Equal(t, "calls_tenant", mustReserve(t, l, atOnce(account, ledger.ConcurrencyCaps{Tenant: 3})).Refusal)
	endAll(t, l, early.Call)
	require.Empty(t, mustReserve(t, l, atOnce(account, ledger.ConcurrencyCaps{Tenant: 3})).Refusal, "told again it is heard")
	bad := atOnce(account, ledger.ConcurrencyCaps{Branch: -1})
	_, err := l.Reserve(t.Context(), bad)
	require.ErrorIs(t, err, ledger.ErrHold)
}

// TestPlacesWithoutWorker has 50 calls one after the other on two places while nobody accounts for calls.
func TestPlacesWithoutWorker(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "1000")
	for i := range 50 {
		r := atOnce(account, ledger.ConcurrencyCaps{Tenant: 2, Extension: 1})
		require.Empty(t, mustReserve(t, l, r).Refusal, i)
		endAll(t, l, r.Call)
	}
	requireMoney(t, l, account, "75", "925")
	holds, err := l.Holds(t.Context(), &account)
	require.NoError(t, err)
	require.Len(t, holds, 50, "the money waits for the worker")
}

// TestPlacesOfAVanishedProxy come free when its calls must be over; what they hold stays held.
func TestPlacesOfAVanishedProxy(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := clock.NewManual(time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC))
	l := postgres.NewLedger(db, c)
	account := prepaid(t, l, "beauty", "1000")
	one := ledger.ConcurrencyCaps{Tenant: 1}
	lost := atOnce(account, one)
	require.Equal(t, int64(60), mustReserve(t, l, lost).Granted)
	lost.Options = minutes(2)
	require.Equal(t, int64(120), mustReserve(t, l, lost).Granted)
	left := 3*time.Minute + 2*time.Minute + ledger.SlotGrace
	c.Advance(left - time.Second)
	require.Equal(t, "calls_tenant", mustReserve(t, l, atOnce(account, one)).Refusal)
	c.Advance(time.Second)
	next := atOnce(account, one)
	require.Empty(t, mustReserve(t, l, next).Refusal)
	requireMoney(t, l, account, "4", "996")

	placed := func() (n int) {
		beat(t, l, "proxy-2", -1)
		require.NoError(t, db.Pool().QueryRow(t.Context(), `SELECT count(*) FROM hold WHERE placed`).Scan(&n))
		return n
	}
	require.Equal(t, 1, placed(), "it is out of the index")
	lost.Options = minutes(3)
	require.Equal(t, ledger.HoldAnswer{Granted: 120, Final: true, Bound: "calls_tenant"}, mustReserve(t, l, lost), "it is there after all, and its place is taken")
	endAll(t, l, next.Call)
	require.Equal(t, int64(180), mustReserve(t, l, lost).Granted)
	require.Equal(t, 1, placed())
}
