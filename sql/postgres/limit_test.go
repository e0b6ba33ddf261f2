package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/ledger"
	"trunkline/sql/postgres"
)

func target(account ledger.Account, scope ledger.Scope, owner string) ledger.Target {
	return ledger.Target{Account: account, Scope: scope, Owner: owner, Reason: "a test", By: "test"}
}

// TestLimitsByHand sets, raises, resets and clears a cap while a call goes on: each reservation after it sees it.
func TestLimitsByHand(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "1000")
	r := request(account, 2)
	r.Branch, r.Extension = "moscow", "101"
	counter := ledger.Limit{Scope: ledger.ExtensionScope, Owner: "101", Period: ledger.Day}.Counter(account, r.At, time.UTC)
	extension := target(account, ledger.ExtensionScope, "101")
	cap3 := amount("3.5")
	require.NoError(t, l.SetLimit(t.Context(), extension, ledger.Day, ledger.Caps{Money: &cap3}))
	require.Equal(t, int64(120), mustReserve(t, l, r).Granted)
	r.Options = minutes(10)
	require.Equal(t, ledger.HoldAnswer{Granted: 180, Final: true, Bound: "limit_day"}, mustReserve(t, l, r))
	other := request(account, 2)
	other.Branch, other.Extension = "moscow", "102"
	require.Equal(t, int64(120), mustReserve(t, l, other).Granted, "the cap is another's")

	require.NoError(t, l.RaiseLimit(t.Context(), extension, counter, ledger.Use{Money: amount("2")}))
	require.Equal(t, int64(300), mustReserve(t, l, r).Granted)
	require.NoError(t, l.SetLimit(t.Context(), extension, ledger.Day, ledger.Caps{}))
	require.Equal(t, int64(600), mustReserve(t, l, r).Granted)
	zero := amount("0")
	require.NoError(t, l.SetLimit(t.Context(), extension, ledger.Day, ledger.Caps{Money: &zero}))
	next := request(account, 2)
	next.Extension = "101"
	require.Equal(t, "limit_day", mustReserve(t, l, next).Refusal)

	require.ErrorIs(t, l.RaiseLimit(t.Context(), extension, counter, ledger.Use{}), ledger.ErrLimit)
	bad := extension
	bad.Reason = ""
	require.ErrorIs(t, l.SetLimit(t.Context(), bad, ledger.Day, ledger.Caps{Money: &zero}), ledger.ErrLimit)
	state, err := l.Limits(t.Context(), account)
	require.NoError(t, err)
	require.Len(t, state.Settings, 1)
	require.Len(t, state.Changes, 4)
	require.Equal(t, "set", state.Changes[0].What)
}

func TestResetSetsUseAside(t *testing.T) {
	t.Parallel()
	b, db, c := openBooks(t)
	l := postgres.NewLedger(db, c)
	account := prepaid(t, l, "beauty", "1000")
	one := int64(1)
	limit := ledger.Limit{Scope: ledger.TenantScope, Period: ledger.Month, Calls: &one}
	leg := legAt(c.Now(), 1)
	_, err := b.Post(t.Context(), deliver(0, leg), withLimit(limit))
	require.NoError(t, err)
	r := request(account, 1)
	r.Limits = []ledger.Limit{limit}
	require.Equal(t, "limit_month", mustReserve(t, l, r).Refusal)
	require.NoError(t, l.ResetLimit(t.Context(), target(account, ledger.TenantScope, ""), limit.Counter(account, r.At, time.UTC)))
	require.Equal(t, int64(60), mustReserve(t, l, r).Granted)
	gauges, err := l.Gauges(t.Context(), account, time.Time{})
	require.NoError(t, err)
	require.Len(t, gauges, 1)
	require.Equal(t, ledger.Use{Money: amount("1"), Seconds: 60, Calls: 1}, gauges[0].Aside)
	require.Equal(t, gauges[0].Aside, gauges[0].Used)
}

// TestBlocks ends calls in progress too: the answer says so, whatever was granted.
func TestBlocks(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "1000")
	for _, c := range []struct {
		scope ledger.Scope
		owner string
	}{{ledger.BranchScope, "moscow"}, {ledger.ExtensionScope, "101"}, {ledger.DestinationScope, "882"}} {
		r := request(account, 2)
		r.Branch, r.Extension, r.To = "moscow", "101", "88213000"
		require.Equal(t, int64(120), mustReserve(t, l, r).Granted)
		require.NoError(t, l.Block(t.Context(), target(account, c.scope, c.owner), true))
		require.Equal(t, ledger.HoldAnswer{Granted: 120, Stop: ledger.BoundBlocked}, mustReserve(t, l, r))
		next := r
		next.Call = request(account, 1).Call
		require.Equal(t, ledger.BoundBlocked, mustReserve(t, l, next).Refusal)
		elsewhere := request(account, 2)
		elsewhere.Branch, elsewhere.Extension, elsewhere.To = "kazan", "102", "7495"
		require.Empty(t, mustReserve(t, l, elsewhere).Refusal)
		require.NoError(t, l.Block(t.Context(), target(account, c.scope, c.owner), false))
		require.Empty(t, mustReserve(t, l, r).Stop)
	}
	require.NoError(t, l.Suspend(t.Context(), account, true, "unpaid", "test"))
	require.Equal(t, ledger.BoundSuspended, mustReserve(t, l, request(account, 1)).Stop)
}

func TestProxiesAreTold(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "10")
	told := make(chan *ledger.Account, 10)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Listen(ctx, func(a *ledger.Account) { told <- a }) }()
	require.Nil(t, <-told, "the connection is there")
	require.NoError(t, l.Suspend(t.Context(), account, true, "unpaid", "test"))
	require.Equal(t, account, *<-told)
	_, err := l.Post(t.Context(), ledger.Entry{Account: account, Purpose: ledger.TopUp, Amount: amount("1"), At: time.Unix(1.7e9, 0), Key: "k"})
	require.NoError(t, err)
	require.Equal(t, account, *<-told, "money came in")
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}

// TestPriceFallsInMidCall lets a call ask for more at a lower price: what is held falls, in the limits too.
func TestPriceFallsInMidCall(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "10")
	limit := amount("8")
	r := request(account, 5)
	r.Limits = []ledger.Limit{{Scope: ledger.TenantScope, Period: ledger.Day, Money: &limit}}
	require.Equal(t, int64(300), mustReserve(t, l, r).Granted)
	requireMoney(t, l, account, "5.5", "4.5")
	r.Options = []ledger.GrantOption{{Seconds: 600, Cost: amount("2")}}
	require.Equal(t, int64(600), mustReserve(t, l, r).Granted)
	requireMoney(t, l, account, "2", "8")
	gauges, err := l.Gauges(t.Context(), account, time.Time{})
	require.NoError(t, err)
	require.Equal(t, ledger.Use{Money: amount("2"), Seconds: 600, Calls: 1}, gauges[0].Held)
}
