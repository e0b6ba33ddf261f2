package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"trunkline/internal/embedded/enginetest"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/sql/postgres"
)

// perSecond makes grant options of minutes at one rouble each, with a connect fee of half a rouble.
func minutes(n int) []ledger.GrantOption {
	options := make([]ledger.GrantOption, 0, n)
	for i := 1; i <= n; i++ {
		options = append(options, ledger.GrantOption{Seconds: int64(60 * i), Cost: money.FromMicros(int64(i)*1e6 + 5e5)})
	}
	return options
}

func request(account ledger.Account, n int) ledger.HoldRequest {
	return ledger.HoldRequest{
		Call: uuid.Must(uuid.NewV7()), Node: "proxy-1", Account: account, Options: minutes(n),
		At: time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC),
	}
}

func mustReserve(tb testing.TB, l *postgres.Ledger, r ledger.HoldRequest) ledger.HoldAnswer {
	tb.Helper()
	a, err := l.Reserve(tb.Context(), r)
	require.NoError(tb, err)
	return a
}

func requireMoney(tb testing.TB, l *postgres.Ledger, account ledger.Account, pending, available string) {
	tb.Helper()
	s, err := l.State(tb.Context(), account)
	require.NoError(tb, err)
	require.Equal(tb, pending, s.Pending.String(), "pending")
	left, err := s.Available()
	require.NoError(tb, err)
	require.Equal(tb, available, left.String(), "available")
}

func TestReserveGrowsAndRepeats(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "4")
	r := request(account, 2)
	want := ledger.HoldAnswer{Granted: 120}
	require.Equal(t, want, mustReserve(t, l, r))
	require.Equal(t, want, mustReserve(t, l, r), "a repetition has the same answer")
	requireMoney(t, l, account, "2.5", "1.5")

	r.Options = minutes(10)
	want = ledger.HoldAnswer{Granted: 180, Final: true, Bound: ledger.BoundBalance}
	require.Equal(t, want, mustReserve(t, l, r), "the longest stretch that fits")
	require.Equal(t, want, mustReserve(t, l, r))
	requireMoney(t, l, account, "3.5", "0.5")

	other := request(account, 1)
	require.Equal(t, ledger.HoldAnswer{Final: true, Bound: "balance", Refusal: "balance"}, mustReserve(t, l, other))
	require.NoError(t, l.Release(t.Context(), r.Call))
	require.NoError(t, l.Release(t.Context(), r.Call))
	requireMoney(t, l, account, "0", "4")
	require.Equal(t, ledger.BoundClosed, mustReserve(t, l, r).Refusal, "a request that comes too late")
	require.Equal(t, int64(60), mustReserve(t, l, other).Granted)
}

func TestReserveRefusals(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	unknown := request(ledger.Tenant("nobody", rub()), 1)
	require.Equal(t, ledger.BoundAccount, mustReserve(t, l, unknown).Refusal)
	account := prepaid(t, l, "beauty", "100")
	require.NoError(t, l.Suspend(t.Context(), account, true, "unpaid", "test"))
	require.Equal(t, ledger.BoundSuspended, mustReserve(t, l, request(account, 1)).Refusal)
	require.NoError(t, l.Suspend(t.Context(), account, false, "paid", "test"))
	require.Empty(t, mustReserve(t, l, request(account, 1)).Refusal)
	require.ErrorIs(t, l.Suspend(t.Context(), unknown.Account, true, "why", "test"), ledger.ErrNoAccount)

	postpaid := ledger.Tenant("credit", rub())
	require.NoError(t, l.Open(t.Context(), postpaid, amount("2")))
	require.Equal(t, int64(60), mustReserve(t, l, request(postpaid, 5)).Granted)
	free := request(ledger.Tenant("broke", rub()), 1)
	prepaid(t, l, "broke", "0")
	free.Options = []ledger.GrantOption{{Seconds: 600}}
	require.Equal(t, int64(600), mustReserve(t, l, free).Granted, "what costs nothing needs no balance")
}

func TestLimits(t *testing.T) {
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "1000")
	micros := func(s string) *money.Amount { v := amount(s); return &v }
	count := func(n int64) *int64 { return &n }
	for _, c := range []struct {
		name   string
		limit  ledger.Limit
		answer ledger.HoldAnswer
		second string
	}{
		{
			"money",
			ledger.Limit{Scope: ledger.TenantScope, Period: ledger.Month, Money: micros("3.5")},
			ledger.HoldAnswer{Granted: 180, Final: true, Bound: "limit_month"},
			"limit_month",
		},
		{
			"seconds",
			ledger.Limit{Scope: ledger.BranchScope, Owner: "moscow", Period: ledger.Week, Seconds: count(150)},
			ledger.HoldAnswer{Granted: 120, Final: true, Bound: "limit_week"},
			"limit_week",
		},
		{
			"calls",
			ledger.Limit{Scope: ledger.ExtensionScope, Owner: "101", Period: ledger.Day, Calls: count(1)},
			ledger.HoldAnswer{Granted: 300},
			"limit_day",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request(account, 5)
			r.Limits = []ledger.Limit{c.limit, {Scope: ledger.TenantScope, Period: ledger.Day, Money: micros("900")}}
			require.Equal(t, c.answer, mustReserve(t, l, r))
			require.Equal(t, c.answer, mustReserve(t, l, r))
			next := request(account, 5)
			next.Limits = r.Limits
			require.Equal(t, c.second, mustReserve(t, l, next).Refusal)
			tomorrow := next
			tomorrow.At = next.At.AddDate(0, 1, 0)
			require.Empty(t, mustReserve(t, l, tomorrow).Refusal, "a new period")
			require.NoError(t, l.Release(t.Context(), tomorrow.Call))
			require.NoError(t, l.Release(t.Context(), r.Call))
			requireMoney(t, l, account, "0", "1000")
			gauges, err := l.Gauges(t.Context(), account, time.Time{})
			require.NoError(t, err)
			for _, g := range gauges {
				require.True(t, g.Held.IsZero(), g)
			}
		})
	}
}

// TestLimitChangesInMidCall changes the caps between two stretches: the new ones hold for the rest of the call.
func TestLimitChangesInMidCall(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "1000")
	capOf := func(s string) []ledger.Limit {
		v := amount(s)
		return []ledger.Limit{{Scope: ledger.TenantScope, Period: ledger.Day, Money: &v}}
	}
	r := request(account, 1)
	require.Equal(t, int64(60), mustReserve(t, l, r).Granted)
	r.Options, r.Limits = minutes(4), capOf("3.5")
	require.Equal(t, int64(180), mustReserve(t, l, r).Granted, "a limit that is new counts the whole call")
	r.Options, r.Limits = minutes(10), capOf("0")
	require.Equal(t, ledger.HoldAnswer{Granted: 180, Final: true, Bound: "limit_day"}, mustReserve(t, l, r))
	r.Limits = nil
	require.Equal(t, int64(600), mustReserve(t, l, r).Granted)
	r.At = r.At.AddDate(0, 0, 3)
	r.Options, r.Limits = minutes(11), capOf("11.5")
	require.Equal(t, int64(660), mustReserve(t, l, r).Granted, "it counts in the day of its beginning")
	gauges, err := l.Gauges(t.Context(), account, time.Time{})
	require.NoError(t, err)
	require.Len(t, gauges, 1)
	require.Equal(t, ledger.Use{Money: amount("11.5"), Seconds: 660, Calls: 1}, gauges[0].Held)
	require.NoError(t, l.Release(t.Context(), r.Call))
	requireMoney(t, l, account, "0", "1000")
}

// TestNoOverspend lets 300 callers reserve at once against a balance, and a limit, for a few: what is granted is what fits.
func TestNoOverspend(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	const callers = 300
	limit := amount("4.5")
	for _, c := range []struct {
		tenant, balance string
		limits          []ledger.Limit
		granted         int64
	}{
		{"one", "1.5", nil, 1},
		{"seven", "11.9", nil, 7},
		{"capped", "1000", []ledger.Limit{
			{Scope: ledger.TenantScope, Period: ledger.Day, Money: &limit},
			{Scope: ledger.BranchScope, Owner: "moscow", Period: ledger.Month, Money: &limit},
		}, 3},
	} {
		account := prepaid(t, l, c.tenant, c.balance)
		var granted atomic.Int64
		var group sync.WaitGroup
		for range callers {
			group.Go(func() {
				r := request(account, 1)
				r.Limits = c.limits
				for range 2 { // The proxy repeats what it had no answer to.
					a, err := l.Reserve(context.WithoutCancel(t.Context()), r)
					if err != nil {
						t.Error(err)
						return
					}
					granted.Add(a.Granted)
				}
			})
		}
		group.Wait()
		require.Equal(t, 2*60*c.granted, granted.Load(), c.tenant)
		s, err := l.State(t.Context(), account)
		require.NoError(t, err)
		require.Equal(t, c.granted*1_500_000, s.Pending.Micros())
	}
}

// TestKilledWhileReserving kills PostgreSQL under many callers, who ask again until they have an answer: what is held in
// the end is what was answered, and no more than there was.
func TestKilledWhileReserving(t *testing.T) {
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "60.9")
	requests := make([]ledger.HoldRequest, 100)
	answers := make([]ledger.HoldAnswer, len(requests))
	var group sync.WaitGroup
	began := make(chan struct{}, len(requests))
	for i := range requests {
		requests[i] = request(account, 1)
		group.Go(func() {
			for {
				a, err := l.Reserve(context.WithoutCancel(t.Context()), requests[i])
				began <- struct{}{}
				if err == nil {
					answers[i] = a
					return
				}
			}
		})
	}
	<-began
	wait := enginetest.KillPostgres(t)
	go func() {
		for range began { // Callers never wait for the test.
			continue
		}
	}()
	wait()
	group.Wait()
	close(began)
	var granted int64
	for i := range requests {
		require.Equal(t, answers[i].Granted, mustReserve(t, l, requests[i]).Granted, "a repetition has the same answer")
		granted += answers[i].Granted / 60
	}
	require.Equal(t, int64(40), granted)
	requireMoney(t, l, account, "60", "0.9")
}

func BenchmarkReserve(b *testing.B) {
	l, _ := openLedger(b)
	limit := amount("100000000")
	for _, c := range []struct{ clients, accounts int }{{1, 1}, {16, 1}, {16, 1000}} {
		accounts := make([]ledger.Account, c.accounts)
		for i := range accounts {
			accounts[i] = prepaid(b, l, fmt.Sprintf("t%d-%d-%d", c.clients, i, b.N), "100000000")
		}
		b.Run(fmt.Sprintf("clients=%d/accounts=%d", c.clients, c.accounts), func(b *testing.B) {
			var next atomic.Int64
			var group sync.WaitGroup
			b.ResetTimer()
			for range c.clients {
				group.Go(func() {
					for {
						i := next.Add(1)
						if i > int64(b.N) {
							return
						}
						r := request(accounts[i%int64(len(accounts))], 3)
						r.Limits = []ledger.Limit{
							{Scope: ledger.TenantScope, Period: ledger.Month, Money: &limit},
							{Scope: ledger.ExtensionScope, Owner: "101", Period: ledger.Day, Money: &limit},
						}
						if a, err := l.Reserve(b.Context(), r); err != nil || a.Granted != 180 {
							b.Error(a, err)
							return
						}
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "holds/s")
		})
	}
}
