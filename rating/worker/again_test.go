package worker_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/e164"
	"trunkline/internal/embedded/enginetest"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating"
	"trunkline/rating/worker"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

// reprice prices all calls of an account again, and returns how many changed. With job 0 nothing is written.
func (w *world) reprice(r *running, job int64, account ledger.Account) (int, error) {
	w.tb.Helper()
	f := clickhouse.Filter{Tenant: account.Owner, Kind: cdr.Ingress}
	if account.Kind == ledger.CarrierAccount {
		f = clickhouse.Filter{Carrier: account.Owner, Kind: cdr.Egress}
	}
	records, err := w.store.InForce(w.tb.Context(), f, 10_000)
	require.NoError(w.tb, err)
	again, err := w.books.Reprice(w.tb.Context(), postgres.Reprice{
		Rerate: job, Account: account, Records: records, Correct: r.Correct,
		Again: r.Again,
	})
	return len(again.Changes), err
}

func (w *world) begin(undoes int64) int64 {
	w.tb.Helper()
	job, err := w.books.BeginRerate(w.tb.Context(), postgres.Rerate{
		Scope: "test", From: time.Unix(0, 0), Till: time.Unix(1, 0), Reason: "a test", Undoes: undoes,
	})
	require.NoError(w.tb, err)
	return job
}

// dearer raises the price of the tariff.
func (w *world) dearer() {
	spec := w.prices.tariff.Spec()
	spec.Sources = []rating.Source{{Deck: deck(w.tb, "dearer", rub(), "2.5")}}
	w.prices.tariff = mustTariff(w.tb, spec)
}

// used are the counters of allowances.
func (w *world) used() map[string]int64 {
	w.tb.Helper()
	rows, err := w.db.Pool().Query(w.tb.Context(), `SELECT tenant || '/' || owner, used FROM usage_counter WHERE used <> 0`)
	require.NoError(w.tb, err)
	defer rows.Close()
	out := make(map[string]int64)
	for rows.Next() {
		var owner string
		var n int64
		require.NoError(w.tb, rows.Scan(&owner, &n))
		out[owner] += n
	}
	require.NoError(w.tb, rows.Err())
	return out
}

func byEnd(legs []cdr.Leg) []cdr.Leg {
	return slices.SortedStableFunc(slices.Values(legs), func(a, b cdr.Leg) int { return a.Disconnect.Compare(b.Disconnect) })
}

// TestPricedAgain raises a price, prices everything again, twice, and takes it back: sums, allowances and limits are those
// of the price in force every time.
func TestPricedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	legs := w.calls(150)
	r := w.start(nil)
	w.send(legs)
	w.settled()
	w.requireSums(len(legs))
	tenants := []ledger.Account{ledger.Tenant("tenant-0", rub()), ledger.Tenant("tenant-1", rub()), ledger.Tenant("tenant-2", rub())}
	before, usedBefore := w.usages(tenants), w.used()

	w.dearer()
	n, err := w.reprice(r, 0, tenants[0])
	require.NoError(t, err)
	require.Positive(t, n)
	require.Equal(t, before, w.usages(tenants), "a dry run changes nothing")
	job := w.begin(0)
	for _, a := range tenants {
		_, err := w.reprice(r, job, a)
		require.NoError(t, err)
	}
	_, err = w.reprice(r, job, tenants[0])
	require.ErrorIs(t, err, worker.ErrStale, "its corrections are not stored yet")
	require.NoError(t, r.Recover(t.Context()))
	w.requireSums(len(legs))
	w.requirePrices(byEnd(legs))
	for _, a := range append(tenants, ledger.Carrier("alfa", eur())) {
		n, err := w.reprice(r, job, a)
		require.NoError(t, err)
		require.Zero(t, n, "a second run finds nothing")
	}
	gauges, err := w.ledger.Gauges(t.Context(), tenants[0], time.Time{})
	require.NoError(t, err)
	var counted money.Amount
	for _, g := range gauges {
		counted, err = counted.Add(g.Used.Money)
		require.NoError(t, err)
	}
	require.Equal(t, w.usages(tenants[:1])[0], counted, "the limits follow")

	undo := w.begin(job)
	require.Equal(t, undo, w.begin(job), "it is taken back once")
	batches, err := w.books.RerateBatches(t.Context(), job)
	require.NoError(t, err)
	for range 2 { // As after a kill.
		for _, batch := range batches {
			records, err := w.store.OfBatch(t.Context(), batch)
			require.NoError(t, err)
			require.NoError(t, w.books.Undo(t.Context(), undo, batch, records, r.Correct))
		}
		require.NoError(t, r.Recover(t.Context()))
	}
	w.requireSums(len(legs))
	require.Equal(t, before, w.usages(tenants))
	require.Equal(t, usedBefore, w.used())
	all, err := w.books.Rerates(t.Context(), job)
	require.NoError(t, err)
	require.Equal(t, undo, all[0].UndoneBy)
	require.Positive(t, all[0].Legs)
}

func (w *world) usages(accounts []ledger.Account) []money.Amount {
	w.tb.Helper()
	out := make([]money.Amount, 0, len(accounts))
	for _, a := range accounts {
		out = append(out, w.usage(a))
	}
	return out
}

// TestPricedAgainInAClosedPeriod is refused, all of it.
func TestPricedAgainInAClosedPeriod(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.step = 10 * time.Minute
	spec := w.prices.tariff.Spec()
	spec.Allowances = nil
	w.prices.tariff = mustTariff(t, spec)
	legs := w.calls(100)
	r := w.start(nil)
	w.send(legs)
	w.settled()
	account := ledger.Tenant("tenant-0", rub())
	before := w.usages([]ledger.Account{account})
	_, err := w.ledger.Close(t.Context(), ledger.Closing{Account: account, Till: cdr.SlotOf(&legs[297]), Reason: "month"})
	require.NoError(t, err)
	w.dearer()
	_, err = w.reprice(r, w.begin(0), account)
	require.ErrorIs(t, err, ledger.ErrClosedPeriod)
	require.Equal(t, before, w.usages([]ledger.Account{account}))
	w.requireSums(len(legs))
}

// TestLateCallPricedAgain: a call that came when its period was closed, and so counts in the next one, stays there.
func TestLateCallPricedAgain(t *testing.T) {
	t.Parallel()
	flat := func(name, price string) *rating.Tariff {
		tariff, err := rating.FlatTariff(deck(t, name, rub(), price), rating.DefaultRounding())
		require.NoError(t, err)
		return tariff
	}
	prices := &prices{tariff: flat(sold, "1")}
	c := clock.NewManual(time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC))
	w := worker.New(worker.Config{Prices: func() worker.Prices { return prices }, Clock: c})
	begun := c.Now().Add(-90 * time.Minute)
	leg := cdr.Leg{
		Call: calls.IDAt(begun, 1), Kind: cdr.Ingress, Direction: calls.Outbound, Tenant: "tenant-0", Tariff: sold, To: e164.MustParse("79161234567"),
		Setup: begun, Connect: begun, Disconnect: begun.Add(time.Minute),
	}
	till := cdr.SlotOf(&leg).Add(ledger.SlotLength)
	account := ledger.Tenant(leg.Tenant, rub())
	none := func(string, string) rating.Counters { return rating.Exhausted{} }
	rated, err := w.Rate(worker.Fresh{Legs: []*cdr.Leg{&leg}, Closed: map[ledger.Account]time.Time{account: till}, Counters: none})
	require.NoError(t, err)
	require.Equal(t, till, rated.Records[0].Slot)
	prices.tariff = flat("dearer", "2.5")
	again, err := w.Again([]worker.Priced{{Record: rated.Records[0]}}, none)
	require.NoError(t, err)
	require.Len(t, again.Changes, 1)
	require.Equal(t, till, again.Changes[0].After.Slot)
	require.Contains(t, again.Changes[0].After.Note, worker.NoteLate)
}

// TestKilledWhilePricingAgain kills PostgreSQL in the middle, again and again: run again, it ends where one run would have.
func TestKilledWhilePricingAgain(t *testing.T) {
	w := newWorld(t, 1)
	legs := w.calls(200)
	r := w.start(nil)
	w.send(legs)
	w.settled()
	w.dearer()
	for i := range 3 {
		job := w.begin(0)
		wait := func() {}
		for j := range 3 {
			if i == j {
				wait = enginetest.KillPostgres(t)
			}
			if _, err := w.reprice(r, job, ledger.Tenant("tenant-"+string(rune('0'+j)), rub())); err != nil {
				break // As a killed process would have ended here.
			}
		}
		wait()
		require.Eventually(t, func() bool { return r.Recover(t.Context()) == nil }, time.Minute, 50*time.Millisecond)
	}
	for j := range 3 {
		_, err := w.reprice(r, w.begin(0), ledger.Tenant("tenant-"+string(rune('0'+j)), rub()))
		require.NoError(t, err)
	}
	require.NoError(t, r.Recover(t.Context()))
	w.requireSums(len(legs))
	w.requirePrices(byEnd(legs))
}
