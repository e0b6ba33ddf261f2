package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/reports"
	"trunkline/reports/invoice"
	"trunkline/reports/invoice/tax"
	"trunkline/sql/postgres"
)

func openInvoices(tb testing.TB) (*postgres.Invoices, *postgres.Ledger, *postgres.DB, *clock.Manual) {
	tb.Helper()
	db := open(tb)
	c := clock.NewManual(time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC))
	return postgres.NewInvoices(db, c), postgres.NewLedger(db, c), db, c
}

// bill makes a document for October with a fee and a tax, and no calls.
func bill(tb testing.TB, tenant string, c *clock.Manual) *invoice.Document {
	tb.Helper()
	p, err := invoice.ParsePeriod("2026-10", 1, time.UTC)
	require.NoError(tb, err)
	share := func(a string) []reports.BranchShare { return []reports.BranchShare{{Branch: "b", Amount: amount(a)}} }
	return &invoice.Document{
		Kind: invoice.KindInvoice, Tenant: tenant, Period: p, Currency: rub(), Issued: c.Now(), Due: c.Now().AddDate(0, 0, 10), Language: "en",
		Lines: []invoice.Line{
			{Kind: invoice.FeeLine, Key: "fee/0/pbx", Column: reports.ColumnShared, Text: "PBX", Amount: amount("100"), Shares: share("100")},
			{Kind: invoice.TaxLine, Key: "tax", Column: reports.ColumnTax, Text: "VAT 20 %", Amount: amount("20"), Shares: share("20")},
		},
		Net: amount("100"), Tax: amount("20"), Total: amount("120"),
	}
}

func numbering() invoice.Numbering { return invoice.Numbering{Prefix: "{year}-", Width: 4} }

// TestIssueOnce issues the same period many times at once: one invoice, one posting of each line, closed books.
func TestIssueOnce(t *testing.T) {
	t.Parallel()
	store, l, db, c := openInvoices(t)
	var g errgroup.Group
	var mu sync.Mutex
	numbers := make(map[string]bool)
	for range 20 {
		g.Go(func() error {
			issued, err := store.Issue(t.Context(), bill(t, "beauty", c), numbering())
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				numbers[issued.Document.Number+issued.Hash] = true
			}
			return err
		})
	}
	require.NoError(t, g.Wait())
	require.Len(t, numbers, 1)
	account := ledger.Tenant("beauty", rub())
	state, err := l.State(t.Context(), account)
	require.NoError(t, err)
	balance, err := state.Balance()
	require.NoError(t, err)
	require.Equal(t, amount("-120"), balance)
	require.Equal(t, "2026-11-01T00:00:00Z", state.ClosedTill.UTC().Format(time.RFC3339))
	_, err = l.Post(t.Context(), ledger.Entry{Account: account, Purpose: ledger.TopUp, Amount: amount("1"), At: time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC), Key: "late"})
	require.ErrorIs(t, err, ledger.ErrClosedPeriod)
	lines, err := l.Statement(t.Context(), account, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), 10)
	require.NoError(t, err)
	require.Len(t, lines, 2, "dated in the period that they are for")
	_, err = db.Pool().Exec(t.Context(), `UPDATE invoice SET total = 1`)
	require.ErrorContains(t, err, "never changed")
	_, err = db.Pool().Exec(t.Context(), `DELETE FROM invoice`)
	require.ErrorContains(t, err, "never changed")
}

// TestNumbersHaveNoGaps issues for many tenants at once, some of which fail on the way.
func TestNumbersHaveNoGaps(t *testing.T) {
	t.Parallel()
	store, _, db, c := openInvoices(t)
	var g errgroup.Group
	g.SetLimit(8)
	for i := range 60 {
		g.Go(func() error {
			d := bill(t, fmt.Sprintf("tenant-%d", i), c)
			ctx := t.Context()
			if i%3 == 0 {
				d.Usage = amount("1") // The ledger has posted nothing for calls.
			}
			if i%7 == 0 {
				short, cancel := context.WithTimeout(ctx, 3*time.Millisecond)
				defer cancel()
				ctx = short
			}
			_, err := store.Issue(ctx, d, numbering())
			if i%3 == 0 && i%7 != 0 && !errors.Is(err, invoice.ErrSums) {
				return fmt.Errorf("tenant %d: %w", i, err)
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	n, err := store.Verify(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, n, int64(34))
	var last int64
	require.NoError(t, db.Pool().QueryRow(t.Context(), `SELECT last FROM invoice_series`).Scan(&last))
	require.Equal(t, n, last)
	list, err := store.List(t.Context(), postgres.InvoiceFilter{Limit: 1000})
	require.NoError(t, err)
	for i, issued := range list {
		require.Equal(t, fmt.Sprintf("2026-%04d", i+1), issued.Document.Number)
	}

	_, err = db.Pool().Exec(t.Context(), `ALTER TABLE invoice DISABLE TRIGGER invoice_is_final; UPDATE invoice SET document = replace(document, '"120"', '"121"') WHERE serial = 5`)
	require.NoError(t, err)
	_, err = store.Verify(t.Context())
	require.ErrorIs(t, err, invoice.ErrAltered)
	_, err = store.ByNumber(t.Context(), "2026-0005")
	require.ErrorIs(t, err, invoice.ErrAltered)
}

// TestBooksClosedByHand issues for a period that an operator closed before; it stays closed.
func TestBooksClosedByHand(t *testing.T) {
	t.Parallel()
	store, l, _, c := openInvoices(t)
	account := ledger.Tenant("beauty", rub())
	require.NoError(t, l.Open(t.Context(), account, money.Amount{}))
	till := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	_, err := l.Close(t.Context(), ledger.Closing{Account: account, Till: till, Reason: "month", By: "test"})
	require.NoError(t, err)
	_, err = store.Issue(t.Context(), bill(t, "beauty", c), numbering())
	require.NoError(t, err)
	state, err := l.State(t.Context(), account)
	require.NoError(t, err)
	require.Equal(t, till, state.ClosedTill.UTC())
}

func TestOverlappingPeriods(t *testing.T) {
	t.Parallel()
	store, _, _, c := openInvoices(t)
	_, err := store.Issue(t.Context(), bill(t, "beauty", c), numbering())
	require.NoError(t, err)
	d := bill(t, "beauty", c)
	d.Period.From, d.Period.Till = d.Period.From.AddDate(0, 0, 14), d.Period.Till.AddDate(0, 0, 14)
	_, err = store.Issue(t.Context(), d, numbering())
	require.ErrorIs(t, err, invoice.ErrOverlap)
	_, err = store.Find(t.Context(), "beauty", d.Period.From)
	require.ErrorIs(t, err, invoice.ErrNoInvoice)
}

func TestStatesAndCredit(t *testing.T) {
	t.Parallel()
	store, l, _, c := openInvoices(t)
	issued, err := store.Issue(t.Context(), bill(t, "beauty", c), numbering())
	require.NoError(t, err)
	number := issued.Document.Number
	state := func() invoice.State {
		i, err := store.ByNumber(t.Context(), number)
		require.NoError(t, err)
		return i.State
	}
	require.NoError(t, store.Mark(t.Context(), number, invoice.StateSent, "", "test"))
	c.Advance(12 * 24 * time.Hour)
	require.Equal(t, invoice.StateOverdue, state())
	require.NoError(t, store.Mark(t.Context(), number, invoice.StatePaid, "bank-1", "test"))
	require.NoError(t, store.Mark(t.Context(), number, invoice.StatePaid, "bank-1", "test"))
	require.Equal(t, invoice.StatePaid, state())
	require.ErrorIs(t, store.Mark(t.Context(), number, invoice.StateSent, "", "test"), invoice.ErrState)

	note, err := store.Credit(t.Context(), number, amount("20"), "a part", invoice.Numbering{Prefix: "CN-", Width: 3})
	require.NoError(t, err)
	require.Equal(t, "CN-001", note.Document.Number)
	_, err = store.Credit(t.Context(), number, amount("101"), "too much", numbering())
	require.ErrorIs(t, err, invoice.ErrCredit)
	_, err = store.Credit(t.Context(), number, money.Amount{}, "the rest", invoice.Numbering{Prefix: "CN-", Width: 3})
	require.NoError(t, err)
	require.Equal(t, invoice.StateCredited, state())
	balance, err := l.State(t.Context(), ledger.Tenant("beauty", rub()))
	require.NoError(t, err)
	left, err := balance.Balance()
	require.NoError(t, err)
	require.Zero(t, left)
	_, err = store.Verify(t.Context())
	require.NoError(t, err)
}

func TestReadingsAndProfiles(t *testing.T) {
	t.Parallel()
	store, _, _, c := openInvoices(t)
	one := invoice.Reading{Tenant: "beauty", Counter: "storage_mb", Branch: "b", At: c.Now(), Value: 7}
	require.NoError(t, store.PutReadings(t.Context(), []invoice.Reading{one}))
	one.Value = 8
	require.NoError(t, store.PutReadings(t.Context(), []invoice.Reading{one}))
	list, err := store.ReadingsOf(t.Context(), "beauty", "storage_mb", c.Now().Add(time.Second))
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, int64(8), list[0].Value)
	p := invoice.Profile{Tenant: "beauty", DueDays: 3, Tax: tax.Rule{Rate: tax.Rate{Percent: "20"}}, Since: c.Now()}
	require.NoError(t, store.PutProfile(t.Context(), p, "test"))
	profiles, err := store.Profiles(t.Context())
	require.NoError(t, err)
	require.Equal(t, p, profiles["beauty"])
	require.Error(t, store.PutProfile(t.Context(), invoice.Profile{StartDay: 31}, "test"))
	for _, want := range []bool{true, false} {
		there, err := store.RemoveProfile(t.Context(), "beauty")
		require.NoError(t, err)
		require.Equal(t, want, there)
	}
}
