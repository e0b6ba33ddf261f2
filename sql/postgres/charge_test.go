package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/ledger"
	"trunkline/reports"
	"trunkline/reports/invoice"
)

// TestChargesByHand: a charge is kept once however often it is sent, stands on one document only, and neither comes to nor goes from one
// that is issued.
func TestChargesByHand(t *testing.T) {
	t.Parallel()
	store, _, _, c := openInvoices(t)
	account := ledger.Tenant("beauty", rub())
	phone := invoice.Charge{Key: "order-1", Tenant: "beauty", Day: "2026-10-17", Text: "Telephone", Amount: amount("90"), By: "olga"}
	first, err := store.AddCharge(t.Context(), phone, account, time.UTC)
	require.NoError(t, err)
	again, err := store.AddCharge(t.Context(), phone, account, time.UTC)
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)
	other := phone
	other.Amount = amount("91")
	_, err = store.AddCharge(t.Context(), other, account, time.UTC)
	require.ErrorIs(t, err, invoice.ErrCharge)
	wrong, err := store.AddCharge(t.Context(), invoice.Charge{Tenant: "beauty", Day: "2026-10-18", Text: "Twice", Amount: amount("1"), By: "olga"}, account, time.UTC)
	require.NoError(t, err)

	// A document that was made before the charges are what they are is not issued.
	d := bill(t, "beauty", c)
	_, err = store.Issue(t.Context(), d, numbering())
	require.ErrorIs(t, err, invoice.ErrSums)
	require.NoError(t, store.TakeCharge(t.Context(), wrong.ID, account, time.UTC, "olga", "ordered twice"))
	require.NoError(t, store.TakeCharge(t.Context(), wrong.ID, account, time.UTC, "olga", "ordered twice"))
	all, err := store.ChargesOf(t.Context(), []string{"beauty"}, "2026-10-01", "2026-11-01")
	require.NoError(t, err)
	require.Len(t, all["beauty"], 1)
	d.Lines = append(d.Lines, invoice.Line{
		Kind: invoice.FeeLine, Key: "charge/1", Column: reports.ColumnShared, Text: "Telephone", Amount: amount("90"),
		Shares: []reports.BranchShare{{Branch: "b", Amount: amount("90")}},
	})
	d.Net, d.Total = amount("190"), amount("210")
	issued, err := store.Issue(t.Context(), d, numbering())
	require.NoError(t, err)
	list, err := store.Charges(t.Context(), "beauty", 10)
	require.NoError(t, err)
	require.Equal(t, issued.Document.Number, list[0].Number)
	require.ErrorIs(t, store.TakeCharge(t.Context(), first.ID, account, time.UTC, "olga", "no"), invoice.ErrCharge)
	_, err = store.AddCharge(t.Context(), invoice.Charge{Tenant: "beauty", Day: "2026-10-31", Text: "Late", Amount: amount("1"), By: "olga"}, account, time.UTC)
	require.ErrorIs(t, err, invoice.ErrCharge)
}
