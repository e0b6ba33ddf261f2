package worker_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/cdr/kafka"
	"trunkline/internal/clock"
	"trunkline/internal/embedded/enginetest"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating/worker"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

func TestLegsAreRatedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	legs := w.calls(200)
	r := w.start(nil)
	w.send(legs)
	w.settled()
	w.requireSums(len(legs))
	w.requirePrices(legs)
	w.send(legs[:300]) // A spool that sends again, hours later.
	w.send(legs)
	w.settled()
	w.requireSums(len(legs))
	w.requirePrices(legs)
	r.stop()
	require.Equal(t, int64(len(legs)), r.Stats().Records)
	require.Equal(t, int64(len(legs)+300), r.Stats().Repeated)

	rows, err := w.store.Records(t.Context(), clickhouse.Filter{Call: legs[0].Call})
	require.NoError(t, err)
	require.Len(t, rows, 3)
	for _, row := range rows {
		require.Equal(t, row.Kind == cdr.Ingress, !row.SaleCurrency.IsZero())
		require.Equal(t, row.Seq == 1, row.Cost.IsZero() && row.Sale.IsZero() && row.Kind == cdr.Egress)
	}
	gauges, err := w.ledger.Gauges(t.Context(), ledger.Tenant("tenant-0", rub()), time.Time{})
	require.NoError(t, err)
	require.NotEmpty(t, gauges, "calls without a hold count in the limits")
}

// TestHoldsAreSettled lets calls use a part of what is held for them.
func TestHoldsAreSettled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.at = w.at.Truncate(24 * time.Hour).Add(12 * time.Hour) // All calls are of one day, whatever time it is now.
	account := ledger.Tenant("beauty", rub())
	require.NoError(t, w.ledger.Open(t.Context(), account, money.Amount{}))
	_, err := w.ledger.Post(t.Context(), ledger.Entry{
		Account: account, Purpose: ledger.TopUp, Amount: money.MustParseAmount("100"), At: w.at, Key: "k",
	})
	require.NoError(t, err)
	var legs []cdr.Leg
	for i, c := range []struct{ seconds, held int64 }{{60, 120}, {600, 120}, {0, 60}} {
		call := w.call("beauty", int(c.seconds))
		call[0].Extension, call[0].Reserved, call[0].Granted = "200", true, time.Duration(c.held)*time.Second
		if c.seconds == 0 {
			call[0].Connect, call[2].Connect = time.Time{}, time.Time{}
		}
		cost := money.FromMicros(c.held * 30_000)
		if i == 1 {
			cost = money.MustParseAmount("0.5") // Less than it turns out to cost: the price was raised meanwhile.
		}
		a, err := w.ledger.Reserve(t.Context(), ledger.HoldRequest{
			Call: call[0].Call.Bytes(), Node: "proxy-1", Account: account, At: call[0].Setup, Limits: w.prices.limits,
			Options: []ledger.GrantOption{{Seconds: c.held, Cost: cost}},
		})
		require.NoError(t, err)
		require.Equal(t, c.held, a.Granted)
		legs = append(legs, call...)
	}
	spec := w.prices.tariff.Spec()
	spec.Allowances = nil
	w.prices.tariff = mustTariff(t, spec)
	w.start(nil)
	w.send(legs)
	w.settled()
	w.requireSums(len(legs))
	s, err := w.ledger.State(t.Context(), account)
	require.NoError(t, err)
	require.Equal(t, "1.834567", s.Debits.String(), "0.1 + 60 s, and what was held for the second")
	gauges, err := w.ledger.Gauges(t.Context(), account, time.Time{})
	require.NoError(t, err)
	require.Len(t, gauges, 1)
	require.Equal(t, ledger.Use{Money: s.Debits, Seconds: 60 + 120, Calls: 2}, gauges[0].Used)
	require.True(t, gauges[0].Held.IsZero())
	late, err := w.ledger.Reserve(t.Context(), ledger.HoldRequest{
		Call: legs[0].Call.Bytes(), Account: account, At: w.at, Options: []ledger.GrantOption{{Seconds: 600, Cost: money.FromMicros(1)}},
	})
	require.NoError(t, err)
	require.Equal(t, ledger.BoundClosed, late.Refusal)
}

// TestDeadLegsComeBack sends what cannot be rated: it is kept with its reason, copied, and rated when it can be.
func TestDeadLegsComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	good, bad, absurd, unanswered := w.call("tenant-1", 60), w.call("tenant-1", 60), w.call("tenant-2", 60), w.call("tenant-3", 60)
	bad[0].Tariff = "unheard of"
	absurd[0].Disconnect = absurd[0].Connect.Add(-time.Hour)
	unanswered[0].Tariff, unanswered[0].Connect, unanswered[0].Disconnect = "unheard of", time.Time{}, time.Time{}
	r := w.start(nil)
	for _, legs := range [][]cdr.Leg{good, bad, absurd, unanswered} {
		w.send(legs)
	}
	p := kafka.NewProducer(w.cfg, w.topic)
	require.NoError(t, p.Send(t.Context(), []cdr.Envelope{{Value: []byte("this is no leg")}}))
	require.NoError(t, p.Close())
	w.send(bad)
	w.settled()
	dead, err := w.books.Dead(t.Context(), postgres.DeadFilter{})
	require.NoError(t, err)
	reasons := make(map[string]int64)
	for _, d := range dead {
		reasons[d.Reason] = d.ID
	}
	require.Len(t, dead, 3)
	require.Contains(t, reasons, worker.ReasonTariff)
	require.Contains(t, reasons, worker.ReasonTimes)
	require.Contains(t, reasons, worker.ReasonUnreadable)
	counts, err := w.books.DeadCount(t.Context(), postgres.DeadFilter{From: w.at.Add(-time.Hour), Till: w.at.Add(time.Hour)})
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"": 1, "tenant-1": 1, "tenant-2": 1}, counts)
	ends, err := kafka.Ends(t.Context(), w.cfg, w.topic+".dead")
	require.NoError(t, err)
	require.Equal(t, int64(3), ends[0])

	n, err := r.Retry(t.Context(), w.books, []int64{dead[0].ID, dead[1].ID, dead[2].ID})
	require.NoError(t, err)
	require.Zero(t, n, "nothing has changed")
	spec := w.prices.tariff.Spec()
	w.prices.tariff = mustTariff(t, spec)
	_, err = w.db.Pool().Exec(t.Context(), `UPDATE dead_leg SET message = $2 WHERE id = $1`, reasons[worker.ReasonTariff],
		cdr.AppendLeg(nil, withTariff(bad[0], sold)))
	require.NoError(t, err)
	n, err = r.Retry(t.Context(), w.books, []int64{dead[0].ID, dead[1].ID, dead[2].ID})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n, err = r.Retry(t.Context(), w.books, []int64{reasons[worker.ReasonTariff]})
	require.NoError(t, err)
	require.Zero(t, n, "once")
	dead, err = w.books.Dead(t.Context(), postgres.DeadFilter{})
	require.NoError(t, err)
	require.Len(t, dead, 2)
	differences, err := ledger.Reconcile(t.Context(), w.ledger, w.store, time.Unix(0, 0), w.at.Add(time.Hour))
	require.NoError(t, err)
	for _, d := range differences {
		require.True(t, d.OK(), d)
	}
}

func withTariff(l cdr.Leg, tariff string) *cdr.Leg {
	l.Tariff = tariff
	return &l
}

// failing is a set of stores of which each step fails now and then, before or after it took effect.
type failing struct {
	worker.Books
	worker.Calls

	mu     sync.Mutex
	random *rand.Rand
}

func (f *failing) fail() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.random.IntN(4) == 0
}

func (f *failing) Post(ctx context.Context, d *worker.Delivery, rate func(worker.Fresh) (worker.Outcome, error)) (worker.Batch, error) {
	if f.fail() {
		return worker.Batch{}, errInjected
	}
	b, err := f.Books.Post(ctx, d, rate)
	if err == nil && f.fail() {
		return worker.Batch{}, errInjected // The answer is lost.
	}
	return b, err
}

func (f *failing) Stored(ctx context.Context, b worker.Batch) error {
	if f.fail() {
		return errInjected
	}
	return f.Books.Stored(ctx, b)
}

func (f *failing) WriteRecords(ctx context.Context, token string, records []cdr.Record) error {
	if f.fail() {
		return errInjected
	}
	err := f.Calls.WriteRecords(ctx, token, records)
	if err == nil && f.fail() {
		return errInjected
	}
	return err
}

// TestEveryStepMayFail runs a worker of which every step fails again and again, and stops it in between; the batches are
// cut differently in every life.
func TestEveryStepMayFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	legs := w.calls(300)
	for life := range 6 {
		r := w.start(func(p *wiring) {
			f := &failing{Books: p.books, Calls: p.calls, random: rand.New(rand.NewPCG(uint64(life), 7))}
			p.books, p.calls, p.take.Most = f, f, 20+17*life
		})
		w.send(legs[150*life : 150*(life+1)])
		w.send(legs[:10])
		before := r.Stats().Batches
		require.Eventually(t, func() bool { return r.Stats().Batches > before }, time.Minute, time.Millisecond)
		r.stop()
	}
	w.start(nil)
	w.settled()
	w.requireSums(len(legs))
	w.requirePrices(legs)
}

// TestTwoWorkers lets workers come and go over two parts while legs come in.
func TestTwoWorkers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	legs := w.calls(400)
	first := w.start(nil)
	w.send(legs[:400])
	second := w.start(func(p *wiring) { p.take.Most = 33 })
	w.send(legs[400:800])
	w.settled()
	first.stop()
	w.send(legs[800:])
	w.send(legs[:100])
	w.settled()
	second.stop()
	w.requireSums(len(legs))
}

// TestTwoOwnersOfOnePart lets eight workers post the same legs at once, as after a rebalance that one of them has missed.
func TestTwoOwnersOfOnePart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	legs := w.calls(50)
	rate := worker.New(worker.Config{Prices: func() worker.Prices { return w.prices }, Clock: clock.System{}}).Rate
	delivery := func(from, to int) *worker.Delivery {
		return &worker.Delivery{Source: "s", Steps: []worker.Step{{Part: 0, From: int64(from), Next: int64(to)}}, Legs: legs[from:to]}
	}
	var posted atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			batch, err := w.books.Post(context.WithoutCancel(t.Context()), delivery(0, 100), rate)
			if err == nil {
				posted.Add(int64(len(batch.Records)))
			} else if !isMoved(err) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.Equal(t, int64(100), posted.Load())
	_, err := w.books.Post(t.Context(), delivery(50, 150), rate)
	require.ErrorIs(t, err, worker.ErrMoved)
	batch, err := w.books.Post(t.Context(), delivery(100, 150), rate)
	require.NoError(t, err)
	require.Len(t, batch.Records, 50)
}

// TestEnginesAreKilled kills each engine while legs come in.
func TestEnginesAreKilled(t *testing.T) {
	w := newWorld(t, 1)
	legs := w.calls(900)
	w.start(func(p *wiring) { p.take.Most = 40 })
	for i, kill := range []func() func(){
		func() func() { return enginetest.KillPostgres(t) },
		func() func() { return enginetest.KillClickHouse(t) },
		func() func() { enginetest.RestartKafka(t); return func() {} },
	} {
		w.send(legs[900*i : 900*i+450])
		wait := kill()
		w.send(legs[900*i+450 : 900*(i+1)])
		wait()
	}
	w.settled()
	w.requireSums(len(legs))
	w.requirePrices(legs)
}
