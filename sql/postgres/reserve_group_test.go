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

	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/sql/postgres"
)

// TestGroupNeverOverspends: 300 calls at once on money for seven; others' calls, and one whose request the database refuses,
// come in the same transactions and are not concerned.
func TestGroupNeverOverspends(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	poor, rich := prepaid(t, l, "poor", "10.5"), prepaid(t, l, "rich", "100000")
	group := l.Group()
	var granted, failed atomic.Int32
	var calls sync.WaitGroup
	for range 300 {
		calls.Go(func() {
			a, err := group.Reserve(t.Context(), request(poor, 1))
			if err != nil {
				failed.Add(1)
			} else if a.Granted > 0 {
				granted.Add(1)
			}
		})
		calls.Go(func() {
			if a, err := group.Reserve(t.Context(), request(rich, 1)); err != nil || a.Granted != 60 {
				failed.Add(1)
			}
		})
	}
	bad := request(rich, 1)
	bad.Branch = "no\x00text"
	calls.Go(func() {
		if _, err := group.Reserve(t.Context(), bad); err == nil {
			failed.Add(1)
		}
	})
	calls.Wait()
	require.Zero(t, failed.Load())
	require.Equal(t, int32(7), granted.Load(), "7 x 1.50 of 10.50")
	requireMoney(t, l, poor, "10.5", "0")
	requireMoney(t, l, rich, "450", "99550")
}

func TestGroupAnswersLikeTheLedger(t *testing.T) {
	t.Parallel()
	l, _ := openLedger(t)
	account := prepaid(t, l, "beauty", "4")
	group := l.Group()
	r := request(account, 2)
	for range 2 {
		a, err := group.Reserve(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, ledger.HoldAnswer{Granted: 120}, a, "a repetition has the same answer")
	}
	requireMoney(t, l, account, "2.5", "1.5")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := group.Reserve(gone, request(account, 1))
	require.ErrorIs(t, err, context.Canceled)
	_, err = group.Reserve(t.Context(), ledger.HoldRequest{Call: uuid.New()})
	require.Error(t, err)
}

// TestHoldThatNobodyWaitsFor: who asks goes away while the hold is being made; it is given back.
func TestHoldThatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	db := open(t)
	l := postgres.NewLedger(db, clock.System{})
	account := prepaid(t, l, "beauty", "4")
	tx, err := db.Pool().Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `SELECT 1 FROM account WHERE id = $1 FOR UPDATE`, account.String())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan error)
	r := request(account, 1)
	go func() {
		_, err := l.Group().Reserve(ctx, r)
		asked <- err
	}()
	count := func(query string, args ...any) (n int) {
		require.NoError(t, db.Pool().QueryRow(t.Context(), query, args...).Scan(&n))
		return n
	}
	require.Eventually(t, func() bool {
		return count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0
	}, time.Minute, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-asked, context.Canceled)
	require.NoError(t, tx.Rollback(t.Context()))
	closed := func() bool {
		return count(`SELECT count(*) FROM hold WHERE call = $1 AND closed_at IS NOT NULL`, r.Call) == 1
	}
	require.Eventually(t, closed, 20*time.Second, 10*time.Millisecond)
	requireMoney(t, l, account, "0", "4")
}

// BenchmarkGroup reserves for 64 calls at a time, beside the same without grouping.
func BenchmarkGroup(b *testing.B) {
	for _, accounts := range []int{1, 1000} {
		l, _ := openLedger(b)
		var all []ledger.Account
		for i := range accounts {
			all = append(all, prepaid(b, l, fmt.Sprint("client", i), "100000000"))
		}
		group := l.Group()
		for name, reserve := range map[string]func(context.Context, ledger.HoldRequest) (ledger.HoldAnswer, error){
			"alone": l.Reserve, "grouped": group.Reserve,
		} {
			b.Run(fmt.Sprintf("%s/accounts=%d", name, accounts), func(b *testing.B) {
				b.SetParallelism(32)
				var n atomic.Int64
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						r := request(all[int(n.Add(1))%accounts], 1)
						r.Options = []ledger.GrantOption{{Seconds: 60, Cost: money.FromMicros(1)}}
						if _, err := reserve(b.Context(), r); err != nil {
							b.Error(err)
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reservations/s")
			})
		}
	}
}
