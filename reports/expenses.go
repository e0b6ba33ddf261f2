package reports

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"trunkline/internal/money"
)

// Usage is what one tenant used: sums over ingress legs that are alike in all of the other fields.
type Usage struct {
	Branch      string
	Outbound    bool   // Outbound or forwarded; else inbound.
	To          string // The beginning of the number called.
	Destination string
	Currency    money.Currency
	Calls       int64 // Answered ones.
	Attempts    int64 // All.
	Seconds     int64 // Billed.
	Covered     int64 // Seconds of them that allowances paid.
	Sale        money.Amount
}

// UsageStore answers what was used.
type UsageStore interface {
	// Usage returns the use of one tenant over slots in [from, till), UTC. Calls that stay in the house are not in it.
	Usage(ctx context.Context, tenant string, from, till time.Time) ([]Usage, error)
}

// BranchInfo is what a report says of a branch beside its figures.
type BranchInfo struct {
	ID   string
	Name string
	Home Home
}

// ExpenseRow is one branch of the report.
type ExpenseRow struct {
	Branch   string                 `json:"branch"`
	Name     string                 `json:"name"`
	Calls    int64                  `json:"calls"`
	Attempts int64                  `json:"attempts"`
	Seconds  int64                  `json:"billed_seconds"`
	ByClass  map[Class]money.Amount `json:"-"`
	Total    money.Amount           `json:"total"`
	Previous money.Amount           `json:"previous"` // Total of the month before.
}

// Expenses is the expense report of a tenant for a month, the part of usage: what every branch talked for.
type Expenses struct {
	Tenant   string
	Month    Month
	Currency money.Currency
	Rows     []ExpenseRow
	Total    ExpenseRow
}

// ExpensesOf makes the report. Branches without any use are in it with zeros; use of branches that are not among those
// given, because they are gone, is in it under their ids. Every column and every row foots exactly.
func ExpensesOf(ctx context.Context, s UsageStore, tenant string, currency money.Currency, m Month, branches []BranchInfo) (*Expenses, error) {
	e := &expenser{report: &Expenses{Tenant: tenant, Month: m, Currency: currency}, rows: make(map[string]*ExpenseRow), homes: make(map[string]Home)}
	for _, b := range branches {
		e.row(b.ID).Name = b.Name
		e.homes[b.ID] = b.Home
	}
	for _, month := range []Month{m.Before(), m} {
		from, till := month.Bounds()
		usage, err := s.Usage(ctx, tenant, from, till)
		if err != nil {
			return nil, fmt.Errorf("use of tenant %s in %s: %w", tenant, month, err)
		}
		for i := range usage {
			if err := e.add(&usage[i], month == m); err != nil {
				return nil, fmt.Errorf("expenses of tenant %s in %s: %w", tenant, month, err)
			}
		}
	}
	return e.finish(branches)
}

type expenser struct {
	report *Expenses
	rows   map[string]*ExpenseRow
	homes  map[string]Home
}

func (e *expenser) row(branch string) *ExpenseRow {
	r, ok := e.rows[branch]
	if !ok {
		r = &ExpenseRow{Branch: branch, Name: branch, ByClass: make(map[Class]money.Amount)}
		e.rows[branch] = r
	}
	return r
}

func (e *expenser) add(u *Usage, current bool) (err error) {
	if u.Currency != e.report.Currency && !u.Sale.IsZero() {
		return fmt.Errorf("calls of branch %q were charged in %s, the account is in %s", u.Branch, u.Currency, e.report.Currency)
	}
	r := e.row(u.Branch)
	if !current {
		r.Previous, err = r.Previous.Add(u.Sale)
		return err
	}
	r.Calls += u.Calls
	r.Attempts += u.Attempts
	r.Seconds += u.Seconds
	class := classify(e.homes[u.Branch], u.Outbound, u.To, u.Destination)
	if r.ByClass[class], err = r.ByClass[class].Add(u.Sale); err != nil {
		return err
	}
	r.Total, err = r.Total.Add(u.Sale)
	return err
}

// finish puts the rows in the order of the branches, those that are gone after them, and foots them.
func (e *expenser) finish(branches []BranchInfo) (*Expenses, error) {
	place := make(map[string]int, len(branches))
	for i, b := range branches {
		place[b.ID] = i + 1
	}
	rows := slices.SortedFunc(maps.Values(e.rows), func(a, b *ExpenseRow) int {
		last := len(branches) + 1
		return cmp.Or(cmp.Compare(cmp.Or(place[a.Branch], last), cmp.Or(place[b.Branch], last)), cmp.Compare(a.Branch, b.Branch))
	})
	total := ExpenseRow{Branch: "total", Name: "Total", ByClass: make(map[Class]money.Amount)}
	for _, r := range rows {
		if err := total.include(r); err != nil {
			return nil, err
		}
		e.report.Rows = append(e.report.Rows, *r)
	}
	e.report.Total = total
	return e.report, nil
}

func (r *ExpenseRow) include(other *ExpenseRow) (err error) {
	r.Calls += other.Calls
	r.Attempts += other.Attempts
	r.Seconds += other.Seconds
	for class, amount := range other.ByClass {
		if r.ByClass[class], err = r.ByClass[class].Add(amount); err != nil {
			return err
		}
	}
	if r.Previous, err = r.Previous.Add(other.Previous); err != nil {
		return err
	}
	r.Total, err = r.Total.Add(other.Total)
	return err
}
