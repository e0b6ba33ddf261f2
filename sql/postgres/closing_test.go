package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating"
	"trunkline/rating/worker"
	"trunkline/sql/postgres"
)

// TestClosedPeriods refuses entries that are dated in a closed period, in the database too, and lets late legs count in
// the open one, with a mark.
func TestClosedPeriods(t *testing.T) {
	t.Parallel()
	b, db, c := openBooks(t)
	l := postgres.NewLedger(db, c)
	account := prepaid(t, l, "beauty", "10")
	november := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	closing := ledger.Closing{Account: account, Till: november, Reason: "invoice 7", By: "test"}
	_, err := l.Close(t.Context(), closing)
	require.NoError(t, err)
	again, err := l.Close(t.Context(), closing)
	require.NoError(t, err)
	require.Equal(t, november, again.Before)
	for _, bad := range []ledger.Closing{
		{Account: account, Till: november, By: "test"},
		{Account: account, Till: c.Now().Add(24 * time.Hour).Truncate(ledger.SlotLength), Reason: "x"},
		{Account: account, Till: november.Add(time.Minute), Reason: "x"},
	} {
		_, err := l.Close(t.Context(), bad)
		require.ErrorIs(t, err, ledger.ErrClosing)
	}
	entry := ledger.Entry{Account: account, Purpose: ledger.TopUp, Amount: amount("1"), At: november.Add(-time.Second), Key: "late"}
	_, err = l.Post(t.Context(), entry)
	require.ErrorIs(t, err, ledger.ErrClosedPeriod)
	entry.At = november
	_, err = l.Post(t.Context(), entry)
	require.NoError(t, err)
	_, err = db.Pool().Exec(t.Context(), `INSERT INTO posting (purpose, debit, credit, currency, amount, slot, key, posted_at)
		VALUES ('top_up', 'payment/house/RUB', 'tenant/beauty/RUB', 'RUB', 1, '2026-10-31T23:45:00Z', 'x', now())`)
	require.ErrorContains(t, err, "are closed till")

	leg := legAt(november.Add(-time.Hour), 1)
	rate := worker.New(worker.Config{Prices: func() worker.Prices { return oneRouble(t) }, Clock: c}).Rate
	batch, err := b.Post(t.Context(), deliver(0, leg), rate)
	require.NoError(t, err)
	require.Len(t, batch.Records, 1)
	require.Equal(t, november, batch.Records[0].Slot)
	require.Contains(t, batch.Records[0].Note, worker.NoteLate)
	lines, err := l.Statement(t.Context(), account, november, november.Add(time.Minute), 10)
	require.NoError(t, err)
	require.True(t, lines[len(lines)-1].Late)

	_, err = l.Close(t.Context(), ledger.Closing{Account: account, Reason: "invoice 7 was wrong", By: "test"})
	require.NoError(t, err)
	log, err := l.Closings(t.Context(), account)
	require.NoError(t, err)
	require.Len(t, log, 2)
	batch, err = b.Post(t.Context(), deliver(1, legAt(november.Add(-time.Hour), 2)), rate)
	require.NoError(t, err)
	require.Equal(t, november.Add(-time.Hour), batch.Records[0].Slot)
}

// TestUnratedLegsKeepAPeriodOpen refuses to close what legs still wait to be rated in.
func TestUnratedLegsKeepAPeriodOpen(t *testing.T) {
	t.Parallel()
	b, db, c := openBooks(t)
	l := postgres.NewLedger(db, clock.NewManual(c.Now()))
	account := prepaid(t, l, "beauty", "10")
	leg := legAt(c.Now().Add(-48*time.Hour), 1)
	_, err := b.Post(t.Context(), deliver(0, leg), func(f worker.Fresh) (worker.Outcome, error) {
		return worker.Outcome{DeadLetters: []worker.DeadLetter{{Leg: f.Legs[0], Message: cdr.AppendLeg(nil, f.Legs[0]), Reason: "no_rate", Detail: "none"}}}, nil
	})
	require.NoError(t, err)
	_, err = l.Close(t.Context(), ledger.Closing{Account: account, Till: c.Now().Truncate(ledger.SlotLength), Reason: "month"})
	require.ErrorIs(t, err, ledger.ErrClosing)
	require.ErrorContains(t, err, "dead list --tenant beauty")
}

// bought has a carrier charge a rouble a minute, too.
type bought struct{ rouble }

func (b bought) Cost(*cdr.Leg) (*rating.Tariff, bool, error) { return b.tariff, true, nil }

// TestClosedBooksOfACarrier: a late leg of a carrier whose books are closed counts in the open period; the worker does not stand still for it.
func TestClosedBooksOfACarrier(t *testing.T) {
	t.Parallel()
	b, db, c := openBooks(t)
	l := postgres.NewLedger(db, c)
	carrier := ledger.Carrier("megatel", rub())
	require.NoError(t, l.Open(t.Context(), carrier, money.Amount{}))
	november := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	_, err := l.Close(t.Context(), ledger.Closing{Account: carrier, Till: november, Reason: "their invoice", By: "test"})
	require.NoError(t, err)
	leg := legAt(november.Add(-time.Hour), 1)
	leg.Kind, leg.Seq, leg.Carrier, leg.To = cdr.Egress, 1, "megatel", e164.MustParse("4930123456")
	leg.Connect, leg.Disconnect = leg.Setup, leg.Setup.Add(time.Minute)
	prices := bought{oneRouble(t)}
	batch, err := b.Post(t.Context(), deliver(0, leg), worker.New(worker.Config{Prices: func() worker.Prices { return prices }, Clock: c}).Rate)
	require.NoError(t, err)
	require.Len(t, batch.Records, 1)
	require.Equal(t, amount("1"), batch.Records[0].Cost)
	require.Equal(t, november, batch.Records[0].Slot)
	require.Contains(t, batch.Records[0].Note, worker.NoteLate)
}
