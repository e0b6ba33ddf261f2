package invoice_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/internal/money"
	"trunkline/reports/invoice"
)

// charges are made by hand, in memory.
type charges []invoice.Charge

// ChargesOf implements invoice.Charges.
func (c charges) ChargesOf(context.Context, []string, string, string) (map[string][]invoice.Charge, error) {
	return map[string][]invoice.Charge{"acme": c}, nil
}

// TestDiscountsAndCharges: a promotion with an end is taken off by days, one on a single fee off that fee only, and what somebody charged by
// hand stands in full on the document of its day.
func TestDiscountsAndCharges(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.setUp()
	h.world.profiles = map[string]invoice.Profile{
		"":     {Discounts: []invoice.Discount{{Name: "Autumn", Percent: "10", Of: "fees", Until: "2026-11-16"}}},
		"acme": {Discounts: []invoice.Discount{{Name: "Half the seats", Percent: "50", Of: "seats"}}},
	}
	h.charges = charges{
		{ID: 1, Tenant: "acme", Day: "2026-11-30", Text: "Telephone", Amount: money.MustParseAmount("89.90"), Branch: "koeln"},
		{ID: 2, Tenant: "acme", Day: "2026-12-01", Text: "Next month", Amount: money.MustParseAmount("1")},
		{ID: 3, Tenant: "acme", Day: "2026-11-01", Text: "Goodwill", Amount: money.MustParseAmount("-5")},
	}
	// 10 % of 30 for 15 of 30 days, 10 % of 6 for as many, and half of 6.
	require.Equal(t, `Start: 30 x 1 = 30 berlin 15 koeln 15
Seats: 2 x 3 = 6 berlin 3 koeln 3
Autumn: -1.5 x 1 = -1.5 berlin -0.75 koeln -0.75
Autumn: -0.3 x 1 = -0.3 berlin -0.15 koeln -0.15
Half the seats: -3 x 1 = -3 berlin -1.5 koeln -1.5
Telephone: 89.9 x 1 = 89.9 koeln 89.9
Goodwill: -5 x 1 = -5 berlin -2.5 koeln -2.5
total 116.1
`, h.draft("2026-11", on("2026-12-02 08:00")))
	require.NotContains(t, h.draft("2026-12", on("2026-12-02 08:00")), "Autumn")
	for _, bad := range []invoice.Discount{
		{Percent: "10"},
		{Name: "x"},
		{Name: "x", Percent: "0"},
		{Name: "x", Percent: "101"},
		{Name: "x", Percent: "1.234"},
		{Name: "x", Percent: "5", From: "1.2.2026"},
		{Name: "x", Percent: "5", From: "2026-02-01", Until: "2026-02-01"},
	} {
		require.ErrorIs(t, (&invoice.Profile{Discounts: []invoice.Discount{bad}}).Validate(), invoice.ErrProfile, "%+v", bad)
	}
}
