package invoice_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/reports/invoice"
)

const classed = `
name: office
currency: RUB
time_zone: Europe/Moscow
decks: [{name: d, rates: [{prefix: any, rate: 1}]}]
fees:
  - {name: moscow, amount: 300, per: number, classes: [city], regions: ["7495"]}
  - {name: setup, amount: 10, per: number, classes: [city], kind: one_off}
  - {name: free, amount: 100, per: number, classes: [toll-free]}
  - {name: storage, amount: 10, per: storage_mb}
  - {name: crm, amount: 10, per: module_crm}
  - {name: cities, amount: 1, per: city_numbers}
`

// TestFeesThatFindNothing tells, before a month is closed, the number that nothing is charged for, the fee for a class that nobody
// has, and the counter that nobody stored; and the branch of a number says nothing of its region.
func TestFeesThatFindNothing(t *testing.T) {
	t.Parallel()
	w, _, c := newWorld(t)
	snapshot, _ := compileWith(t, classed)
	closer := invoice.NewCloser(invoice.Config{Usage: w, Calls: w, Postings: w, Counter: w, Readings: w, Ready: w, Archive: w, Snapshot: snapshot, Clock: c})
	request := october()
	request.DryRun = true
	results, err := closer.Run(t.Context(), request)
	require.NoError(t, err)
	require.Empty(t, results[0].Refusals, "it keeps nothing open")
	require.Equal(t, []string{
		`number +78431000003, class "city", region [RU]: no fee of tariff office is for it`,
		`fee "free" of tariff office found nothing at any client: there are no numbers of class [toll-free] and region []`,
		`fee "crm" of tariff office found nothing at any client: there are no module_crm`,
	}, results[0].Warnings)
	d, err := closer.Draft(t.Context(), "beauty", "2026-10")
	require.NoError(t, err)
	require.Len(t, d.Warnings(), 1)
}
