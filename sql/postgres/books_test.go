package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating/worker"
	"trunkline/sql/postgres"
)

// flat rates every ingress leg at one rouble.
func flat(f worker.Fresh) (worker.Outcome, error) {
	var out worker.Outcome
	for _, l := range f.Legs {
		r := cdr.Record{Leg: *l, Sign: 1, Slot: cdr.SlotOf(l), Sale: money.MustParseAmount("1"), SaleCurrency: rub()}
		out.Records = append(out.Records, r)
		p, err := ledger.Usage(ledger.UsageSale, ledger.Tenant(l.Tenant, rub()), r.Sale, 1, r.Slot)
		if err != nil {
			return out, err
		}
		out.Postings = append(out.Postings, p)
	}
	return out, nil
}

func legAt(at time.Time, salt uint64) cdr.Leg {
	return cdr.Leg{
		Call: calls.IDAt(at, salt), Kind: cdr.Ingress, Direction: calls.Outbound, Tenant: "beauty", Setup: at.UTC().Truncate(time.Microsecond),
	}
}

func openBooks(tb testing.TB) (*postgres.Books, *postgres.DB, *clock.Manual) {
	tb.Helper()
	db := open(tb)
	c := clock.NewManual(time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC))
	b, err := postgres.NewBooks(db, c)
	require.NoError(tb, err)
	return b, db, c
}

func deliver(from int64, legs ...cdr.Leg) *worker.Delivery {
	return &worker.Delivery{Source: "s", Steps: []worker.Step{{Part: 3, From: from, Next: from + int64(len(legs))}}, Legs: legs}
}

func TestBatchesWaitUntilStored(t *testing.T) {
	t.Parallel()
	b, _, c := openBooks(t)
	posted, err := b.Post(t.Context(), deliver(0, legAt(c.Now(), 1), legAt(c.Now(), 2), legAt(c.Now(), 1)), flat)
	require.NoError(t, err)
	require.Len(t, posted.Records, 2, "a leg that is there twice counts once")
	marks, err := b.Marks(t.Context(), "s", []int{2, 3})
	require.NoError(t, err)
	require.Equal(t, []cdr.Mark{{Part: 2}, {Part: 3, Next: 3}}, marks)
	waiting, err := b.Waiting(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, waiting, 1)
	require.Equal(t, posted.Records, waiting[0].Records, "what is stored after a crash is the very same")
	require.NoError(t, b.Stored(t.Context(), posted))
	require.NoError(t, b.Stored(t.Context(), posted))
	waiting, err = b.Waiting(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Empty(t, waiting)
	again, err := b.Post(t.Context(), deliver(3, legAt(c.Now(), 2)), flat)
	require.NoError(t, err)
	require.Zero(t, again.ID, "nothing was new")
}

func TestPartsThatComeLaterGetTheirMark(t *testing.T) {
	t.Parallel()
	b, _, c := openBooks(t)
	_, err := b.Post(t.Context(), deliver(0, legAt(c.Now(), 1)), flat)
	require.NoError(t, err)
	_, err = b.Post(t.Context(), &worker.Delivery{
		Source: "s", Legs: []cdr.Leg{legAt(c.Now(), 2), legAt(c.Now(), 3)},
		Steps: []worker.Step{{Part: 0, From: 0, Next: 1}, {Part: 3, From: 1, Next: 2}},
	}, flat)
	require.NoError(t, err)
	marks, err := b.Marks(t.Context(), "s", []int{0, 3})
	require.NoError(t, err)
	require.Equal(t, []cdr.Mark{{Part: 0, Next: 1}, {Part: 3, Next: 2}}, marks)
}

func TestDaysAreDroppedAndNotForgotten(t *testing.T) {
	t.Parallel()
	b, db, c := openBooks(t)
	old, recent, ancient, future := c.Now().AddDate(0, 0, -40), c.Now(), c.Now().AddDate(-3, 0, 0), c.Now().AddDate(0, 0, 9)
	_, err := b.Post(t.Context(), deliver(0, legAt(old, 1), legAt(recent, 1), legAt(ancient, 1), legAt(future, 1)), flat)
	require.NoError(t, err)
	partitions := func() (n int) {
		require.NoError(t, db.Pool().QueryRow(t.Context(), `SELECT count(*) FROM pg_inherits WHERE inhparent = 'rated_leg'::regclass`).Scan(&n))
		return n
	}
	require.Equal(t, 3, partitions(), "two days and the common one")
	n, err := b.DropDays(t.Context(), c.Now().AddDate(0, 0, -30))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, 2, partitions())
	posted, err := b.Post(t.Context(), deliver(4, legAt(old, 1), legAt(recent, 1), legAt(recent, 2), legAt(ancient, 1)), flat)
	require.NoError(t, err)
	require.Len(t, posted.Records, 1)
	dead, err := b.Dead(t.Context(), postgres.DeadFilter{Reason: postgres.ReasonTooOld})
	require.NoError(t, err)
	require.Len(t, dead, 2, "nobody knows whether they were charged, so they are not charged again")
}
