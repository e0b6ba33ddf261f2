package worker

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"trunkline/cdr"
	"trunkline/internal/money"
	"trunkline/ledger"
)

// totals sum the records of a batch up, per account, purpose and slot: one posting each.
type totals map[totalKey]total

type totalKey struct {
	purpose ledger.Purpose
	account ledger.Account
	slot    time.Time
	late    bool
}

type total struct {
	amount money.Amount
	legs   int64
}

// accountOf returns the account that a record concerns: the tenant's for a sale, the carrier's for a cost. A record in no
// currency was not charged for and concerns none.
func accountOf(r *cdr.Record) (ledger.Account, bool) {
	switch {
	case !r.SaleCurrency.IsZero():
		return ledger.Tenant(r.Tenant, r.SaleCurrency), true
	case !r.CostCurrency.IsZero():
		return ledger.Carrier(r.Carrier, r.CostCurrency), true
	}
	return ledger.Account{}, false
}

// add counts a record on the account that it concerns.
func (t totals) add(r *cdr.Record) error {
	account, ok := accountOf(r)
	if !ok {
		return nil
	}
	key := totalKey{ledger.UsageSale, account, r.Slot, !r.Slot.Equal(cdr.SlotOf(&r.Leg))}
	amount := r.Sale
	if account.Kind == ledger.CarrierAccount {
		key.purpose, amount = ledger.UsageCost, r.Cost
	}
	if err := t.put(key, amount, r.Sign); err != nil {
		return fmt.Errorf("leg %s: %w", r.ID(), err)
	}
	return nil
}

func (t totals) put(key totalKey, amount money.Amount, sign int8) error {
	sum := t[key]
	if sign < 0 {
		amount = amount.Neg()
	}
	var err error
	if sum.amount, err = sum.amount.Add(amount); err != nil {
		return err
	}
	sum.legs += int64(sign)
	t[key] = sum
	return nil
}

// postings returns the sums as postings, always in the same order.
func (t totals) postings() ([]ledger.Posting, error) {
	keys := slices.SortedFunc(maps.Keys(t), func(a, b totalKey) int {
		return cmp.Or(cmp.Compare(a.purpose, b.purpose), cmp.Compare(a.account.String(), b.account.String()), a.slot.Compare(b.slot),
			compareBool(a.late, b.late))
	})
	out := make([]ledger.Posting, 0, len(keys))
	for _, k := range keys {
		p, err := ledger.Usage(k.purpose, k.account, t[k].amount, t[k].legs, k.slot)
		if err != nil {
			return nil, err
		}
		p.Late = k.late
		out = append(out, p)
	}
	return out, nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
