package reports

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"trunkline/internal/money"
)

// ErrCurrency is returned, wrapped, for calls that were charged in a currency that the account is not kept in.
var ErrCurrency = errors.New("charged in another currency")

// UsageCharge is what the calls of one class came to.
type UsageCharge struct {
	Class    Class
	Calls    int64
	Attempts int64
	Seconds  int64
	Covered  int64
	Amount   money.Amount
	Shares   []BranchShare
}

// UsageCharges puts use together by class, with the part of every branch, in the order of the classes and of the branches'
// ids. The amounts are exact: they add up to what the ledger posted for the same time.
func UsageCharges(usage []Usage, currency money.Currency) ([]UsageCharge, error) {
	type cell struct {
		class  Class
		branch string
	}
	classes := make(map[Class]*UsageCharge)
	cells := make(map[cell]*BranchShare)
	for i := range usage {
		u := &usage[i]
		if u.Currency != currency && !u.Sale.IsZero() {
			return nil, fmt.Errorf("%w: calls of branch %q in %s, the account is in %s", ErrCurrency, u.Branch, u.Currency, currency)
		}
		c, ok := classes[u.Class]
		if !ok {
			c = &UsageCharge{Class: u.Class}
			classes[u.Class] = c
		}
		at := cell{u.Class, u.Branch}
		s, ok := cells[at]
		if !ok {
			s = &BranchShare{Branch: u.Branch}
			cells[at] = s
		}
		if err := c.add(u, s); err != nil {
			return nil, err
		}
	}
	for at, s := range cells {
		classes[at.class].Shares = append(classes[at.class].Shares, *s)
	}
	out := make([]UsageCharge, 0, len(classes))
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		c := classes[class]
		slices.SortFunc(c.Shares, func(a, b BranchShare) int { return cmp.Compare(a.Branch, b.Branch) })
		out = append(out, *c)
	}
	return out, nil
}

func (c *UsageCharge) add(u *Usage, s *BranchShare) (err error) {
	c.Calls += u.Calls
	c.Attempts += u.Attempts
	c.Seconds += u.Seconds
	c.Covered += u.Covered
	s.Calls += u.Calls
	s.Seconds += u.Seconds
	if c.Amount, err = c.Amount.Add(u.Sale); err != nil {
		return err
	}
	s.Amount, err = s.Amount.Add(u.Sale)
	return err
}
