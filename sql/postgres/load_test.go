package postgres_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/sql/postgres"
)

// TestTwoProxiesOnOneAccount lets 30 calls of two proxies, each with a pool of its own, go for a balance for one.
func TestTwoProxiesOnOneAccount(t *testing.T) {
	t.Parallel()
	db := open(t)
	other, err := postgres.Open(t.Context(), db.Pool().Config().ConnString(), postgres.Options{MaxConns: 4})
	require.NoError(t, err)
	defer other.Close()
	c := clock.NewManual(time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC))
	proxies := []*postgres.Ledger{postgres.NewLedger(db, c), postgres.NewLedger(other, c)}
	account := prepaid(t, proxies[0], "beauty", "2.9")
	var granted atomic.Int64
	var group sync.WaitGroup
	for i := range 30 {
		group.Go(func() {
			r := request(account, 1)
			r.Node = []string{"proxy-1", "proxy-2"}[i%2]
			a, err := proxies[i%2].Reserve(context.WithoutCancel(t.Context()), r)
			if err != nil {
				t.Error(err)
			}
			granted.Add(a.Granted)
		})
	}
	group.Wait()
	require.Equal(t, int64(60), granted.Load(), "one of them")
	requireMoney(t, proxies[1], account, "1.5", "1.4")
}

// TestLimitLoweredToZeroUnderLoad sets a cap to nothing while 40 callers reserve and prolong: after the commit nothing more
// is granted, and what was granted before stays.
func TestLimitLoweredToZeroUnderLoad(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "100000")
	var lowered atomic.Bool
	var after, before atomic.Int64
	var group sync.WaitGroup
	stop := make(chan struct{})
	for range 40 {
		group.Go(func() {
			for n := 1; ; n++ {
				r := request(account, n%20+1)
				late := lowered.Load()
				a, err := l.Reserve(context.WithoutCancel(t.Context()), r)
				switch {
				case err != nil:
					t.Error(err)
					return
				case a.Granted > 0 && late:
					after.Add(1)
				case a.Granted > 0:
					before.Add(1)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	require.Eventually(t, func() bool { return before.Load() > 200 }, 30*time.Second, time.Millisecond)
	zero := amount("0")
	require.NoError(t, l.SetLimit(t.Context(), target(account, ledger.TenantScope, ""), ledger.Day, ledger.Caps{Money: &zero}))
	lowered.Store(true)
	held := func() string {
		s, err := l.State(t.Context(), account)
		require.NoError(t, err)
		return s.Pending.String()
	}
	then := held()
	for range 50 {
		require.Equal(t, "limit_day", mustReserve(t, l, request(account, 1)).Refusal)
	}
	close(stop)
	group.Wait()
	require.Zero(t, after.Load())
	require.Equal(t, then, held(), "nothing was held after it")
}
