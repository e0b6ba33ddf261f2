package cdr

import (
	"time"

	"trunkline/internal/money"
)

// SlotLength is the length of a Slot. All offsets of time zones in use are multiples of it, so that a month or a day of
// any tenant is a whole number of slots.
const SlotLength = 15 * time.Minute

// Record is a leg with its price: one row of the table of calls. An ingress leg carries the sale to the tenant and no
// cost, an egress leg the cost at the carrier and no sale, and both carry all dimensions; so sum(sale) - sum(cost) is
// the margin under any grouping where the currencies are the same.
type Record struct {
	Leg

	// Sign is +1, or -1 for the reversal of a record that was written before: every sum is weighted by it.
	Sign int8
	// Batch is the ledger batch that the record was posted with, BatchKey what tells it from another of the same number: a
	// ledger that was restored from a backup hands numbers out again. Batches from before keys have 0.
	Batch    int64
	BatchKey int64
	// Slot is the quarter of an hour, in UTC, that the record counts in: see SlotOf. Postings have the same.
	Slot time.Time

	Billed      int64 // Seconds after increments; those of the sale on ingress, of the cost on egress.
	Covered     int64 // Seconds of Billed that allowances paid.
	Prefix      string
	Destination string
	Country     string     // ISO 3166 code of the called number's country, or of the caller's for inbound calls; empty: unknown.
	PerMinute   money.Rate // At the start of the call.
	ConnectFee  money.Amount

	Sale         money.Amount
	Cost         money.Amount
	SaleCurrency money.Currency
	CostCurrency money.Currency

	TariffVersion string
	DeckVersion   string
	Note          string // Remarks on the price, for people.
	Basis         string // What the price depended on beside call and versions; see rating.Basis. Empty: on nothing.
}

// SlotOf returns the slot that a leg counts in: that of its connection, or of its setup where it was not answered.
func SlotOf(l *Leg) time.Time {
	at := l.Connect
	if at.IsZero() {
		at = l.Setup
	}
	return at.UTC().Truncate(SlotLength)
}
