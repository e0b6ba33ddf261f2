package invoice

import (
	"fmt"
	"slices"
	"time"

	"trunkline/internal/money"
	"trunkline/reports"
)

// Credit makes the credit note for an issued invoice: for all of it, or, with an amount, for a part of its total, tax
// included, shared out over the branches as the invoice was.
func Credit(d *Document, amount money.Amount, reason string, now time.Time) (*Document, error) {
	switch {
	case d.Kind != KindInvoice || d.Number == "":
		return nil, fmt.Errorf("%w: it is no issued invoice", ErrCredit)
	case reason == "":
		return nil, fmt.Errorf("%w: it needs a reason", ErrCredit)
	case amount.Sign() < 0 || d.Total.Less(amount):
		return nil, fmt.Errorf("%w: %s of %s", ErrCredit, amount, d.Total)
	}
	if amount.IsZero() {
		amount = d.Total
	}
	scale := d.Currency.MinorUnits()
	if rounded, err := amount.Round(scale, money.Down); err != nil || rounded != amount {
		return nil, fmt.Errorf("%w: %s is not in whole coins of %s", ErrCredit, amount, d.Currency)
	}
	note := *d
	note.Kind, note.Number, note.Credits, note.Reason, note.Previous = KindCreditNote, "", d.Number, reason, ""
	note.Replaces, note.GivenBack = "", money.Amount{}
	note.Issued, note.Due, note.Usage = now.UTC().Truncate(time.Second), time.Time{}, money.Amount{}
	shares, err := creditShares(d, amount, scale)
	if err != nil {
		return nil, err
	}
	note.Lines = []Line{{
		Kind: CreditLine, Key: "credit", Column: reports.ColumnShared, Text: words(d.Language).credits + " " + d.Number + ": " + reason,
		From: d.Period.From, Till: d.Period.Till, Amount: amount.Neg(), Shares: shares,
	}}
	tax := money.Amount{}
	if !d.Total.IsZero() {
		micros, err := money.MulDiv(amount.Micros(), d.Tax.Micros(), d.Total.Micros(), money.HalfUp)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCredit, err)
		}
		if tax, err = money.FromMicros(micros).Round(scale, money.HalfUp); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCredit, err)
		}
	}
	net, err := amount.Sub(tax)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCredit, err)
	}
	note.Total, note.Tax, note.Net = amount.Neg(), tax.Neg(), net.Neg()
	return &note, nil
}

// creditShares gives every branch back in proportion to what it bore.
func creditShares(d *Document, amount money.Amount, scale int) ([]reports.BranchShare, error) {
	borne := make(map[string]int64)
	var ids []string
	for i := range d.Lines {
		for _, s := range d.Lines[i].Shares {
			if _, ok := borne[s.Branch]; !ok {
				ids = append(ids, s.Branch)
			}
			borne[s.Branch] += s.Amount.Micros()
		}
	}
	slices.Sort(ids)
	weights := make([]reports.BranchWeight, 0, len(ids))
	for _, id := range ids {
		weights = append(weights, reports.BranchWeight{Branch: id, Seconds: max(0, borne[id])})
	}
	return reports.Allocate(amount.Neg(), reports.ByMinutes, weights, scale)
}
