package pipeline_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/credit/quota"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/embedded/enginetest"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/sql/postgres"
)

// load lets clients do something again and again, and reports how often a second and how long it took.
func load(b *testing.B, clients int, do func(i int64) error) {
	b.Helper()
	var next atomic.Int64
	var group sync.WaitGroup
	times := make([][]time.Duration, clients)
	b.ResetTimer()
	for c := range clients {
		group.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				begun := clock.System{}.Now()
				if err := do(i); err != nil {
					b.Error(err)
					return
				}
				times[c] = append(times[c], clock.System{}.Now().Sub(begun))
			}
		})
	}
	group.Wait()
	b.StopTimer()
	all := slices.Concat(times...)
	slices.Sort(all)
	if len(all) == 0 {
		return
	}
	b.ReportMetric(perSecond(b.N, b.Elapsed()), "ops/s")
	b.ReportMetric(milliseconds(all[len(all)/2]), "p50-ms")
	b.ReportMetric(milliseconds(all[len(all)*99/100]), "p99-ms")
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// BenchmarkReserve measures reservations with two limits, then with caps on calls at a time as well while a thousand
// calls are in progress whose ends are told a hundred at a time, and beside each a bare transaction of the same shape as pgbench
// would run it: one row of the account updated under its lock and one row inserted, in one round trip. "quota" is the same as "hold" from
// quotas that the proxy draws meanwhile; by-ledger-% is how many of the calls no quota was enough for, so that they were asked as holds.
func BenchmarkReserve(b *testing.B) {
	db, err := postgres.Open(b.Context(), enginetest.Postgres(b), postgres.Options{})
	require.NoError(b, err)
	b.Cleanup(db.Close)
	require.NoError(b, db.Migrate(b.Context()))
	l := postgres.NewLedger(db, clock.System{})
	_, err = db.Pool().Exec(b.Context(), `CREATE TABLE bare_account (id text PRIMARY KEY, pending bigint NOT NULL) WITH (fillfactor = 70);
		CREATE TABLE bare_hold (call uuid PRIMARY KEY, account text NOT NULL, amount bigint NOT NULL, made_at timestamptz NOT NULL)`)
	require.NoError(b, err)
	const accounts = 1000
	for i := range 2 * accounts {
		require.NoError(b, l.Open(b.Context(), account(i), money.FromMicros(1e15)))
		_, err := db.Pool().Exec(b.Context(), `INSERT INTO bare_account VALUES ($1, 0)`, account(i).String())
		require.NoError(b, err)
	}
	for _, clients := range []int{1, 16} {
		for _, n := range []int{1, accounts} {
			name := fmt.Sprintf("clients=%d/accounts=%d", clients, n)
			b.Run("hold/"+name, func(b *testing.B) {
				load(b, clients, func(i int64) error {
					return hold(b.Context(), l, account(int(i)%n), uuid.Must(uuid.NewV7()), ledger.ConcurrencyCaps{})
				})
			})
			b.Run("quota/"+name, func(b *testing.B) { byQuota(b, l, clients, n) })
			b.Run("placed/"+name, func(b *testing.B) {
				calls := make(chan uuid.UUID, atOnce)
				load(b, clients, func(i int64) error { return placed(b.Context(), l, account(accounts+int(i)%n), calls) })
				require.NoError(b, end(b.Context(), l, calls, atOnce))
			})
			b.Run("bare/"+name, func(b *testing.B) {
				load(b, clients, func(i int64) error { return bare(b.Context(), db.Pool(), account(int(i)%n)) })
			})
		}
	}
	var wrong int64 // Overspend: held is what is held, and within the credit.
	require.NoError(b, db.Pool().QueryRow(b.Context(), `SELECT count(*) FROM account a WHERE pending > credit_limit + credits - debits
		OR pending <> (SELECT coalesce(sum(amount), 0) FROM hold h WHERE h.account = a.id) + (SELECT coalesce(sum(money), 0) FROM quota q WHERE q.account = a.id)`).Scan(&wrong))
	require.Zero(b, wrong)
}

// byQuota reserves from quotas, and asks the ledger where they are not enough.
func byQuota(b *testing.B, l *postgres.Ledger, clients, accounts int) {
	b.Helper()
	life := ledger.Life{Node: uuid.NewString(), Name: uuid.NewString(), Life: "one", New: true}
	_, err := l.Register(b.Context(), life)
	require.NoError(b, err)
	pool := quota.New(quota.DefaultTerms(time.Minute), l, clock.System{}, life, uuid.New)
	ctx, stop := context.WithCancel(b.Context())
	var tending sync.WaitGroup
	tending.Go(func() {
		for clock.Sleep(ctx, clock.System{}, 200*time.Millisecond) == nil {
			if err := pool.Tend(ctx); err != nil && ctx.Err() == nil {
				b.Error(err)
			}
			pool.Finished(func(...calls.ID) bool { return true }, false) // The calls are over.
		}
	})
	scopes := make([]*quota.Scope, accounts)
	for i := range scopes {
		scopes[i] = &quota.Scope{Account: account(i), Branch: "b", Extension: "101", Limits: limits()}
	}
	var asked atomic.Int64
	load(b, clients, func(i int64) error {
		id, err := calls.NewID()
		if err != nil {
			return err
		}
		if _, ok := pool.Take(scopes[int(i)%accounts], id, ledger.GrantOption{Seconds: steps, Cost: money.FromMicros(1000 * steps)}, cdr.Draw{}); ok {
			return nil
		}
		asked.Add(1)
		return hold(b.Context(), l, account(int(i)%accounts), id.Bytes(), ledger.ConcurrencyCaps{})
	})
	stop()
	tending.Wait()
	require.NoError(b, pool.Close(b.Context()))
	b.ReportMetric(100*perSecond(int(asked.Load()), time.Second)/float64(b.N), "by-ledger-%")
}

// limits are those that all calls count in.
func limits() []ledger.Limit {
	most := money.FromMicros(1e15)
	return []ledger.Limit{
		{Scope: ledger.TenantScope, Period: ledger.Month, Money: &most}, {Scope: ledger.ExtensionScope, Owner: "101", Period: ledger.Day, Money: &most},
	}
}

func account(i int) ledger.Account {
	return ledger.Tenant(fmt.Sprintf("tenant-%d", i), money.MustParseCurrency("EUR"))
}

// steps is how many stretches the program asks for at a time.
const steps = 8

// atOnce is how many calls are in progress.
const atOnce = 1000

// placed reserves for a call, and ends the calls when there are too many.
func placed(ctx context.Context, l *postgres.Ledger, a ledger.Account, calls chan uuid.UUID) error {
	call := uuid.Must(uuid.NewV7())
	if err := hold(ctx, l, a, call, ledger.ConcurrencyCaps{Tenant: 10 * atOnce, Branch: 10 * atOnce, Extension: 10 * atOnce}); err != nil {
		return err
	}
	for {
		select {
		case calls <- call:
			return nil
		default:
		}
		if err := end(ctx, l, calls, atOnce/10); err != nil {
			return err
		}
	}
}

// end ends so many calls, or as many as there are.
func end(ctx context.Context, l *postgres.Ledger, calls chan uuid.UUID, most int) error {
	var over []uuid.UUID
	for range most {
		select {
		case one := <-calls:
			over = append(over, one)
		default:
		}
	}
	return l.End(ctx, over)
}

func hold(ctx context.Context, l *postgres.Ledger, a ledger.Account, call uuid.UUID, places ledger.ConcurrencyCaps) error {
	options := make([]ledger.GrantOption, 0, steps)
	for i := range int64(steps) {
		options = append(options, ledger.GrantOption{Seconds: i + 1, Cost: money.FromMicros(1000 * (i + 1))})
	}
	answer, err := l.Reserve(ctx, ledger.HoldRequest{
		Call: call, Node: "bench", Account: a, Options: options, At: clock.System{}.Now(), Branch: "b", Extension: "101", To: "4930123",
		Concurrency: places, Limits: limits(),
	})
	if err == nil && answer.Granted != steps {
		err = fmt.Errorf("granted %+v", answer) //nolint:err113 // Of a benchmark.
	}
	return err
}

func bare(ctx context.Context, pool *pgxpool.Pool, a ledger.Account) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE bare_account SET pending = pending + 1 WHERE id = $1`, a.String())
	batch.Queue(`INSERT INTO bare_hold (call, account, amount, made_at) VALUES ($1, $2, 1, now())`, uuid.Must(uuid.NewV7()), a.String())
	return pool.SendBatch(ctx, batch).Close()
}
