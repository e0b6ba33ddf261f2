package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/reports"
	"trunkline/reports/invoice"
	"trunkline/sql/postgres"
)

// withCalls makes the October bill of a tenant whose calls cost an amount, which the ledger has posted.
func withCalls(tb testing.TB, db *postgres.DB, c *clock.Manual, posted, usage string) *invoice.Document {
	tb.Helper()
	if posted != "" {
		_, err := db.Pool().Exec(tb.Context(), `INSERT INTO account (id, kind, owner, currency, opened_at) VALUES ('revenue/house/RUB', 'revenue', 'house', 'RUB', now()) ON CONFLICT DO NOTHING`)
		require.NoError(tb, err)
		_, err = db.Pool().Exec(tb.Context(), `WITH b AS (INSERT INTO batch (source, legs, records, dead, made_at, stored_at) VALUES ('test', 1, 1, 0, now(), now()) RETURNING id),
			p AS (INSERT INTO posting (purpose, debit, credit, currency, amount, slot, batch, posted_at)
			SELECT 'usage_sale', 'tenant/beauty/RUB', 'revenue/house/RUB', 'RUB', $1, '2026-10-15T00:00:00Z', id, now() FROM b RETURNING debit, amount)
			UPDATE account a SET debits = debits + p.amount FROM p WHERE a.id = p.debit`, amount(posted).Micros())
		require.NoError(tb, err)
	}
	d := bill(tb, "beauty", c)
	d.Usage, d.Total = amount(usage), amount("120")
	total, err := d.Total.Add(d.Usage)
	require.NoError(tb, err)
	d.Total = total
	d.Lines = append(d.Lines, invoice.Line{Kind: invoice.UsageLine, Key: "usage/local", Column: reports.ColumnLocal, Amount: d.Usage, Shares: []reports.BranchShare{{Branch: "b", Amount: d.Usage}}})
	return d
}

func balance(tb testing.TB, l *postgres.Ledger) money.Amount {
	tb.Helper()
	state, err := l.State(tb.Context(), ledger.Tenant("beauty", rub()))
	require.NoError(tb, err)
	left, err := state.Balance()
	require.NoError(tb, err)
	return left
}

// TestIssueAgain credits an invoice as a whole, changes what its calls cost, and issues it again: once, with a number of its
// own, and the account owes what the second one says.
func TestIssueAgain(t *testing.T) {
	t.Parallel()
	store, l, db, c := openInvoices(t)
	account := ledger.Tenant("beauty", rub())
	require.NoError(t, l.Open(t.Context(), account, money.Amount{}))
	first, err := store.Issue(t.Context(), withCalls(t, db, c, "30", "30"), numbering())
	require.NoError(t, err)
	require.Equal(t, amount("-150"), balance(t, l))
	again := func(usage string) *invoice.Document {
		d := withCalls(t, db, c, "", usage)
		d.Replaces, d.GivenBack = first.Document.Number, first.Document.Usage
		return d
	}
	stands, err := store.Issue(t.Context(), again("30"), numbering())
	require.NoError(t, err)
	require.Equal(t, first.Document.Number, stands.Document.Number, "it stands, so nothing takes its place")

	_, err = l.Close(t.Context(), ledger.Closing{Account: account, Till: first.Document.Period.From, Reason: "wrong deck", By: "test"})
	require.ErrorIs(t, err, ledger.ErrInvoiced)
	require.ErrorContains(t, err, first.Document.Number)
	notes := invoice.Numbering{Prefix: "CN-", Width: 3}
	_, err = store.Credit(t.Context(), first.Document.Number, amount("10"), "a part", notes)
	require.NoError(t, err)
	_, err = l.Close(t.Context(), ledger.Closing{Account: account, Till: first.Document.Period.From, Reason: "wrong deck", By: "test"})
	require.ErrorIs(t, err, ledger.ErrInvoiced)
	_, err = store.Credit(t.Context(), first.Document.Number, money.Amount{}, "all of it", notes)
	require.NoError(t, err)
	require.Zero(t, balance(t, l))
	_, err = l.Close(t.Context(), ledger.Closing{Account: account, Till: first.Document.Period.From, Reason: "wrong deck", By: "test"})
	require.NoError(t, err)

	silent, err := store.Issue(t.Context(), withCalls(t, db, c, "12", "42"), numbering())
	require.NoError(t, err)
	require.Equal(t, first.Document.Number, silent.Document.Number, "nobody asked for another one")
	shifted := again("42")
	shifted.Replaces, shifted.Period.From = "", shifted.Period.From.AddDate(0, 0, 14)
	_, err = store.Issue(t.Context(), shifted, numbering())
	require.ErrorIs(t, err, invoice.ErrOverlap, "what its calls cost was given back, and is charged with its own period only")
	var g errgroup.Group
	for range 8 {
		g.Go(func() error { _, err := store.Issue(t.Context(), again("42"), numbering()); return err })
	}
	require.NoError(t, g.Wait())
	second, err := store.Find(t.Context(), "beauty", first.Document.Period.From)
	require.NoError(t, err)
	require.Equal(t, "2026-0002", second.Document.Number)
	require.Equal(t, first.Document.Number, second.Document.Replaces)
	require.Equal(t, amount("-162"), balance(t, l), "30 and 12 for calls, 120 for the rest")
	off, err := store.Off(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Empty(t, off)

	_, err = store.Credit(t.Context(), second.Document.Number, money.Amount{}, "wrong again", notes)
	require.NoError(t, err)
	require.Zero(t, balance(t, l))
	n, err := store.Verify(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(5), n)
}
