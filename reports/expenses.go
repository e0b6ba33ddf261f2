package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"trunkline/internal/money"
)

// Usage is what one tenant used: sums over ingress legs of one branch and class. Calls that stay in the house are in it, as
// Local, where they were charged.
type Usage struct {
	Branch   string
	Class    Class
	Currency money.Currency
	Calls    int64 // Answered ones.
	Attempts int64 // All.
	Seconds  int64 // Billed.
	Covered  int64 // Seconds of them that allowances paid.
	Sale     money.Amount
}

// HomeKey names a branch of a tenant.
type HomeKey struct{ Tenant, Branch string }

// BranchInfo is what a report says of a branch beside its figures.
type BranchInfo struct {
	ID   string
	Name string
}

// Charge is one thing that a tenant pays for, with the branches that bear it. The shares add up to the amount.
type Charge struct {
	Column Column        `json:"column"`
	Text   string        `json:"text"`
	Amount money.Amount  `json:"amount"`
	Shares []BranchShare `json:"shares"`
}

// ExpenseRow is one branch of the report, or the total. Amounts are in whole coins of the currency.
type ExpenseRow struct {
	Branch   string                  `json:"branch"`
	Name     string                  `json:"name"`
	Calls    int64                   `json:"calls"`
	Seconds  int64                   `json:"billed_seconds"`
	Cells    map[Column]money.Amount `json:"cells"`
	Total    money.Amount            `json:"total"`
	Previous money.Amount            `json:"previous"` // Total of the period before.
	Change   money.Amount            `json:"change"`   // Total less Previous.
	Usage    money.Amount            `json:"usage"`    // What its calls came to, to the last place: what the ledger has.

	exact money.Amount
}

// Expenses is the expense report of a tenant: what every branch cost.
type Expenses struct {
	Tenant   string         `json:"tenant"`
	Period   Period         `json:"period"`
	Currency money.Currency `json:"currency"`
	Rows     []ExpenseRow   `json:"rows"`
	Total    ExpenseRow     `json:"total"`
}

// Used reports whether any branch has something in a column.
func (e *Expenses) Used(c Column) bool {
	return slices.ContainsFunc(e.Rows, func(r ExpenseRow) bool { return !r.Cells[c].IsZero() })
}

// ExpenseInput is what an expense report is made of.
type ExpenseInput struct {
	Tenant   string
	Period   Period
	Currency money.Currency
	Branches []BranchInfo
	Charges  []Charge // Those of the invoice, tax and rounding included: they add up to its total.
	Previous []Charge // Those of the invoice before.
}

// ExpensesOf makes the report. Branches without expenses are in it with zeros; shares of branches that are gone are in it
// under their ids, and what no branch bears under "". Every cell is in whole coins; what rounding adds or takes stands in
// the column for it, so that rows and columns both foot, and the total is that of the invoice.
func ExpensesOf(in ExpenseInput) (*Expenses, error) {
	e := &expenser{in: in, scale: in.Currency.MinorUnits(), rows: make(map[string]*ExpenseRow)}
	for _, b := range in.Branches {
		e.row(b.ID).Name = b.Name
	}
	for _, list := range []struct {
		charges []Charge
		current bool
	}{{in.Charges, true}, {in.Previous, false}} {
		for i := range list.charges {
			if err := e.add(&list.charges[i], list.current); err != nil {
				return nil, fmt.Errorf("expenses of tenant %s in %s: %w", in.Tenant, in.Period, err)
			}
		}
	}
	out, err := e.finish()
	if err != nil {
		return nil, fmt.Errorf("expenses of tenant %s in %s: %w", in.Tenant, in.Period, err)
	}
	return out, nil
}

type expenser struct {
	in    ExpenseInput
	scale int
	rows  map[string]*ExpenseRow
}

func (e *expenser) row(branch string) *ExpenseRow {
	r, ok := e.rows[branch]
	if !ok {
		r = &ExpenseRow{Branch: branch, Name: branch, Cells: make(map[Column]money.Amount)}
		e.rows[branch] = r
	}
	return r
}

func (e *expenser) add(c *Charge, current bool) error {
	var sum money.Amount
	for _, share := range c.Shares {
		var err error
		if sum, err = sum.Add(share.Amount); err != nil {
			return err
		}
		if err := e.row(share.Branch).bear(c.Column, share, current); err != nil {
			return err
		}
	}
	if sum != c.Amount {
		return fmt.Errorf("the shares of %q come to %s, not %s", c.Text, sum, c.Amount)
	}
	return nil
}

// bear adds a share to a row, exactly.
func (r *ExpenseRow) bear(column Column, s BranchShare, current bool) (err error) {
	if !current {
		r.Previous, err = r.Previous.Add(s.Amount)
		return err
	}
	r.Calls += s.Calls
	r.Seconds += s.Seconds
	if column.IsUsage() {
		if r.Usage, err = r.Usage.Add(s.Amount); err != nil {
			return err
		}
	}
	if r.Cells[column], err = r.Cells[column].Add(s.Amount); err != nil {
		return err
	}
	r.exact, err = r.exact.Add(s.Amount)
	return err
}

// finish puts the rows in the order of the branches, those that are gone after them, brings all to whole coins, and foots.
func (e *expenser) finish() (*Expenses, error) {
	place := make(map[string]int, len(e.in.Branches))
	for i, b := range e.in.Branches {
		place[b.ID] = i + 1
	}
	rows := slices.SortedFunc(maps.Values(e.rows), func(a, b *ExpenseRow) int {
		last := len(e.in.Branches) + 1
		return cmp.Or(cmp.Compare(cmp.Or(place[a.Branch], last), cmp.Or(place[b.Branch], last)), cmp.Compare(a.Branch, b.Branch))
	})
	if err := e.totals(rows); err != nil {
		return nil, err
	}
	out := &Expenses{Tenant: e.in.Tenant, Period: e.in.Period, Currency: e.in.Currency}
	out.Total = ExpenseRow{Branch: "total", Name: "Total", Cells: make(map[Column]money.Amount)}
	for _, r := range rows {
		if place[r.Branch] == 0 && r.nothing() {
			continue // Attempts that nobody answered, of a branch that is gone.
		}
		if err := e.coins(r); err != nil {
			return nil, err
		}
		if err := out.Total.include(r); err != nil {
			return nil, err
		}
		out.Rows = append(out.Rows, *r)
	}
	return out, nil
}

// nothing reports whether nothing at all is in a row.
func (r *ExpenseRow) nothing() bool {
	for _, a := range r.Cells {
		if !a.IsZero() {
			return false
		}
	}
	return r.Calls == 0 && r.exact.IsZero() && r.Previous.IsZero()
}

// totals brings the totals of the rows to whole coins so that they add up to the whole, which is in whole coins: each is cut
// off, and the coins that are left go one each to those that lost most.
func (e *expenser) totals(rows []*ExpenseRow) error {
	for _, field := range []struct {
		get func(*ExpenseRow) *money.Amount
	}{
		{func(r *ExpenseRow) *money.Amount { return &r.exact }},
		{func(r *ExpenseRow) *money.Amount { return &r.Previous }},
	} {
		amounts := make([]*money.Amount, len(rows))
		for i, r := range rows {
			amounts[i] = field.get(r)
		}
		if err := settle(amounts, e.scale); err != nil {
			return err
		}
	}
	return nil
}

// settle rounds amounts to scale places so that their sum is that of the exact ones, itself rounded.
func settle(amounts []*money.Amount, scale int) error {
	type loss struct {
		at   *money.Amount
		lost int64
	}
	var exact, cut money.Amount
	losses := make([]loss, 0, len(amounts))
	for _, a := range amounts {
		floor, err := a.Round(scale, money.Floor)
		if err != nil {
			return err
		}
		if exact, err = exact.Add(*a); err != nil {
			return err
		}
		if cut, err = cut.Add(floor); err != nil {
			return err
		}
		losses = append(losses, loss{a, a.Micros() - floor.Micros()})
		*a = floor
	}
	whole, err := exact.Round(scale, money.HalfUp)
	if err != nil {
		return err
	}
	coin := int64(1)
	for range money.AmountScale - scale {
		coin *= 10
	}
	slices.SortStableFunc(losses, func(a, b loss) int { return cmp.Compare(b.lost, a.lost) })
	for i := range (whole.Micros() - cut.Micros()) / coin {
		at := losses[int(i)%len(losses)].at
		*at = money.FromMicros(at.Micros() + coin)
	}
	return nil
}

// coins rounds the cells of a row; what that adds or takes goes to the column for it.
func (e *expenser) coins(r *ExpenseRow) error {
	r.Total = r.exact
	rest := r.Total
	for _, c := range Columns() {
		cell, ok := r.Cells[c]
		if !ok || c == ColumnRounding {
			continue
		}
		rounded, err := cell.Round(e.scale, money.HalfUp)
		if err != nil {
			return err
		}
		if rest, err = rest.Sub(rounded); err != nil {
			return err
		}
		r.Cells[c] = rounded
	}
	delete(r.Cells, ColumnRounding)
	if !rest.IsZero() {
		r.Cells[ColumnRounding] = rest
	}
	var err error
	r.Change, err = r.Total.Sub(r.Previous)
	return err
}

func (r *ExpenseRow) include(other *ExpenseRow) (err error) {
	r.Calls += other.Calls
	r.Seconds += other.Seconds
	for column, amount := range other.Cells {
		if r.Cells[column], err = r.Cells[column].Add(amount); err != nil {
			return err
		}
	}
	for _, sum := range []struct{ to, from *money.Amount }{
		{&r.Previous, &other.Previous}, {&r.Total, &other.Total}, {&r.Change, &other.Change}, {&r.Usage, &other.Usage},
	} {
		if *sum.to, err = sum.to.Add(*sum.from); err != nil {
			return err
		}
	}
	return nil
}
