package invoice

import (
	"fmt"
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
	note.Total = amount.Neg()
	if err := note.creditTaxes(d, amount); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCredit, err)
	}
	return &note, nil
}

// creditTaxes gives every tax of an invoice back in proportion to what it was reckoned on.
func (note *Document) creditTaxes(d *Document, amount money.Amount) error {
	parts := d.TaxParts()
	note.Taxes, note.Tax = nil, money.Amount{}
	weights := make([]int64, len(parts))
	for i := range parts {
		gross, err := parts[i].Net.Add(parts[i].Tax)
		if err != nil {
			return err
		}
		weights[i] = max(0, gross.Micros())
	}
	shares := make([]money.Amount, len(parts))
	if amount != d.Total && len(parts) > 0 {
		var err error
		if shares, err = money.AllocateUnits(amount, weights, d.Currency.MinorUnits()); err != nil {
			return err
		}
	}
	for i, p := range parts {
		if amount != d.Total { // Of the whole it is what was charged, to the coin.
			tax, err := taxWithin(shares[i], p, weights[i], d.Currency.MinorUnits())
			if err != nil {
				return err
			}
			if p.Net, err = shares[i].Sub(tax); err != nil {
				return err
			}
			p.Tax = tax
		}
		p.Net, p.Tax = p.Net.Neg(), p.Tax.Neg()
		var err error
		if note.Tax, err = note.Tax.Add(p.Tax); err != nil {
			return err
		}
		if len(d.Taxes) > 0 {
			note.Taxes = append(note.Taxes, p)
		}
	}
	var err error
	note.Net, err = note.Total.Sub(note.Tax)
	return err
}

// taxWithin is the tax within a part of what a tax and its base come to.
func taxWithin(share money.Amount, p TaxPart, gross int64, scale int) (money.Amount, error) {
	if gross == 0 {
		return money.Amount{}, nil
	}
	micros, err := money.MulDiv(share.Micros(), p.Tax.Micros(), gross, money.HalfUp)
	if err != nil {
		return money.Amount{}, err
	}
	return money.FromMicros(micros).Round(scale, money.HalfUp)
}

// creditShares gives every branch back in proportion to what it bore.
func creditShares(d *Document, amount money.Amount, scale int) ([]reports.BranchShare, error) {
	weights, err := d.borne(func(*Line) bool { return true })
	if err != nil {
		return nil, err
	}
	return reports.Allocate(amount.Neg(), reports.ByMinutes, weights, scale)
}
