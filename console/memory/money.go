package memory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"trunkline/cdr"
	"trunkline/console"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/reports"
	"trunkline/reports/invoice"
)

// State implements console.Money.
func (r *Rows) State(_ context.Context, a ledger.Account) (ledger.State, error) {
	s := r.Accounts[a.Owner]
	s.Account = a
	return s, nil
}

// States implements console.Money. An account without a kind is a tenant's.
func (r *Rows) States(_ context.Context, kind ledger.Kind) ([]ledger.State, error) {
	var out []ledger.State
	for _, owner := range slices.Sorted(maps.Keys(r.Accounts)) {
		if s := r.Accounts[owner]; cmp.Or(s.Kind, ledger.TenantAccount) == kind {
			out = append(out, s)
		}
	}
	return out, nil
}

// Statement implements console.Money.
func (*Rows) Statement(context.Context, ledger.Account, time.Time, time.Time, int) ([]ledger.Line, error) {
	return []ledger.Line{}, nil
}

// Post implements console.Money.
func (r *Rows) Post(_ context.Context, e ledger.Entry) (ledger.Posting, error) {
	r.did("post")
	return ledger.Posting{ID: 1, Purpose: e.Purpose, Amount: e.Amount, Key: e.Key, Reason: e.Reason}, nil
}

// limits are the caps of the rows.
type limits struct{ *Rows }

// Standing implements console.Limits.
func (limits) Standing(_ context.Context, t *provision.Tenant) ([]console.LimitStatus, error) {
	out := []console.LimitStatus{{Scope: ledger.TenantScope}}
	for i := range t.Branches {
		out = append(out, console.LimitStatus{Scope: ledger.BranchScope, Owner: t.Branches[i].ID})
	}
	return out, nil
}

// History implements console.Limits.
func (limits) History(context.Context, ledger.Account) ([]ledger.Block, []ledger.LimitChange, error) {
	return []ledger.Block{{Scope: ledger.BranchScope, Owner: "koeln"}}, []ledger.LimitChange{{Target: ledger.Target{By: "user:olga"}}}, nil
}

// Change implements console.Limits.
func (l limits) Change(context.Context, ledger.Target, console.LimitOrder, *time.Location) error {
	l.did("change limit")
	return nil
}

// Suspend implements console.Limits.
func (l limits) Suspend(context.Context, ledger.Account, bool, string, string) error {
	l.did("suspend")
	return nil
}

// Expenses implements console.Billing.
func (*Rows) Expenses(_ context.Context, tenant, _ string) (*reports.Expenses, error) {
	return &reports.Expenses{Tenant: tenant}, nil
}

// Close implements console.Billing.
func (r *Rows) Close(_ context.Context, q invoice.Request) ([]invoice.Result, error) {
	if !q.DryRun {
		r.did("close")
	}
	out := []invoice.Result{}
	for i := range r.Issued {
		if one := &r.Issued[i]; len(q.Tenant) == 0 || slices.Contains(q.Tenant, one.Document.Tenant) {
			out = append(out, invoice.Result{Tenant: one.Document.Tenant, Document: one.Document, Issued: one})
		}
	}
	return out, nil
}

// Draft implements console.Billing.
func (*Rows) Draft(_ context.Context, tenant, _ string) (*invoice.Document, error) {
	return &invoice.Document{Tenant: tenant}, nil
}

// Documents implements console.Papers.
func (r *Rows) Documents(_ context.Context, tenant, _ string, _ int64, _ int) ([]invoice.Issued, error) {
	return slices.DeleteFunc(slices.Clone(r.Issued), func(i invoice.Issued) bool { return tenant != "" && i.Document.Tenant != tenant }), nil
}

// Document implements console.Papers.
func (r *Rows) Document(_ context.Context, number string) (invoice.Issued, error) {
	for _, one := range r.Issued {
		if one.Document.Number == number {
			return one, nil
		}
	}
	return invoice.Issued{}, fmt.Errorf("%w: %s", invoice.ErrNoInvoice, number)
}

// Mark implements console.Papers.
func (r *Rows) Mark(ctx context.Context, number string, _ invoice.State, _, _ string) error {
	if _, err := r.Document(ctx, number); err != nil {
		return err
	}
	r.did("mark")
	return nil
}

// Credit implements console.Papers.
func (r *Rows) Credit(ctx context.Context, number string, _ money.Amount, _ string) (invoice.Issued, error) {
	r.did("credit")
	return r.Document(ctx, number)
}

// Profile implements console.Papers.
func (*Rows) Profile(_ context.Context, tenant string) (invoice.Profile, error) {
	return invoice.Profile{Tenant: tenant, StartDay: 1}, nil
}

// Charges implements console.ChargeBook.
func (r *Rows) Charges(_ context.Context, tenant string, _ int) ([]invoice.Charge, error) {
	return slices.DeleteFunc(slices.Clone(r.Charged), func(c invoice.Charge) bool { return tenant != "" && c.Tenant != tenant }), nil
}

// AddCharge implements console.ChargeBook.
func (r *Rows) AddCharge(_ context.Context, c invoice.Charge, _ ledger.Account, _ *time.Location) (invoice.Charge, error) {
	r.did("add charge")
	c.ID = int64(len(r.Charged) + 1)
	r.Charged = append(r.Charged, c)
	return c, nil
}

// TakeCharge implements console.ChargeBook.
func (r *Rows) TakeCharge(context.Context, int64, ledger.Account, *time.Location, string, string) error {
	r.did("take charge")
	return nil
}

// Annex implements console.Billing.
func (*Rows) Annex(context.Context, *invoice.Document) invoice.Calls {
	return func(func(*cdr.Record, error) bool) {}
}

// profiles are those of the rows.
type profiles struct{ *Rows }

// Profiles implements console.Profiles.
func (p profiles) Profiles(context.Context) (map[string]invoice.Profile, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.Billed), nil
}

// PutProfile implements console.Profiles.
func (p profiles) PutProfile(_ context.Context, one invoice.Profile, _ string) error {
	p.did("put profile")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Billed[one.Tenant] = one
	return nil
}

// RemoveProfile implements console.Profiles.
func (p profiles) RemoveProfile(_ context.Context, tenant string) (bool, error) {
	p.mu.Lock()
	_, there := p.Billed[tenant]
	delete(p.Billed, tenant)
	p.mu.Unlock()
	if there {
		p.did("remove profile")
	}
	return there, nil
}

// PutReadings implements console.Profiles.
func (p profiles) PutReadings(context.Context, []invoice.Reading) error {
	p.did("put readings")
	return nil
}

// Verify implements console.Profiles.
func (p profiles) Verify(context.Context) (int64, error) { return int64(len(p.Issued)), nil }

// Detail implements console.Billing.
func (*Rows) Detail(context.Context, string, string, invoice.DetailFilter, func(*invoice.Detail) error) error {
	return nil
}

// UsagePosted implements console.Billing.
func (*Rows) UsagePosted(_ context.Context, e *reports.Expenses) (money.Amount, error) {
	return e.Total.Usage, nil
}
