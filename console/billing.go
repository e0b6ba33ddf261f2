package console

import (
	"context"
	"errors"
	"fmt"
	"io"

	"trunkline/access"
	"trunkline/internal/money"
	"trunkline/reports"
	"trunkline/reports/invoice"
)

// Billing makes and keeps invoices.
type Billing interface {
	Expenses(ctx context.Context, tenant, month string) (*reports.Expenses, error)
	// Close issues the invoices of a period, or tells what keeps it open.
	Close(ctx context.Context, r invoice.Request) ([]invoice.Result, error)
	Draft(ctx context.Context, tenant, month string) (*invoice.Document, error)
	// Detail gives each call and each fee behind the expenses of a month, and UsagePosted what the ledger has of its calls.
	Detail(ctx context.Context, tenant, month string, f invoice.DetailFilter, do func(*invoice.Detail) error) error
	UsagePosted(ctx context.Context, e *reports.Expenses) (money.Amount, error)
	// Annex are the answered calls of a document.
	Annex(ctx context.Context, d *invoice.Document) invoice.Calls
	Papers
}

// Papers keeps what was issued.
type Papers interface {
	// Documents returns what was issued, the oldest first, of a tenant and a period where they are named.
	Documents(ctx context.Context, tenant, period string, after int64, limit int) ([]invoice.Issued, error)
	// Document returns one document by its number; ErrNotFound.
	Document(ctx context.Context, number string) (invoice.Issued, error)
	Mark(ctx context.Context, number string, state invoice.State, note, by string) error
	Credit(ctx context.Context, number string, amount money.Amount, reason string) (invoice.Issued, error)
	// Profile says how a tenant is invoiced.
	Profile(ctx context.Context, tenant string) (invoice.Profile, error)
}

// Expenses returns what every branch of a tenant cost in a month.
func (c *Console) Expenses(ctx context.Context, who *access.Principal, tenant, month string) (*reports.Expenses, error) {
	if err := c.mayBill(who, access.ReadInvoices, tenant); err != nil {
		return nil, err
	}
	e, err := c.d.Billing.Expenses(ctx, tenant, month)
	return e, billingFault(err)
}

func (c *Console) mayBill(who *access.Principal, p access.Permission, tenant string) error {
	_, err := c.account(who, p, tenant)
	return err
}

// billingFault tells what the user did wrong from what is ours.
func billingFault(err error) error {
	switch {
	case errors.Is(err, invoice.ErrPeriod), errors.Is(err, invoice.ErrNoTenant), errors.Is(err, invoice.ErrReissue):
		return invalid("%s", err)
	case errors.Is(err, invoice.ErrNoInvoice):
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case errors.Is(err, invoice.ErrState), errors.Is(err, invoice.ErrCredit), errors.Is(err, invoice.ErrAltered):
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return err
}

// Invoices returns the documents that were issued and are somebody's to see, the oldest first.
func (c *Console) Invoices(ctx context.Context, who *access.Principal, tenant, period string, after int64, limit int) ([]invoice.Issued, error) {
	if err := may(who, access.ReadInvoices); err != nil {
		return nil, err
	}
	tenant, _, err := c.narrow(who, tenant, "")
	if err != nil {
		return nil, err
	}
	if limit < 1 || limit > MaxPage {
		return nil, invalid("limit: use 1 to %d", MaxPage)
	}
	list, err := c.d.Billing.Documents(ctx, tenant, period, after, limit)
	return list, billingFault(err)
}

// Invoice returns one document; ErrNotFound.
func (c *Console) Invoice(ctx context.Context, who *access.Principal, number string) (invoice.Issued, error) {
	if err := may(who, access.ReadInvoices); err != nil {
		return invoice.Issued{}, err
	}
	issued, err := c.d.Billing.Document(ctx, number)
	if err != nil {
		return issued, billingFault(err)
	}
	if !who.Sees(issued.Document.Tenant) {
		return invoice.Issued{}, fmt.Errorf("%w: there is no invoice %q", ErrNotFound, number)
	}
	return issued, nil
}

// Draft returns the invoice that would be made of a period now.
func (c *Console) Draft(ctx context.Context, who *access.Principal, tenant, month string) (*invoice.Document, error) {
	if err := c.mayBill(who, access.ReadInvoices, tenant); err != nil {
		return nil, err
	}
	d, err := c.d.Billing.Draft(ctx, tenant, month)
	return d, billingFault(err)
}

// ProfileOf says how a tenant is invoiced.
func (c *Console) ProfileOf(ctx context.Context, who *access.Principal, tenant string) (invoice.Profile, error) {
	if err := c.mayBill(who, access.ReadInvoices, tenant); err != nil {
		return invoice.Profile{}, err
	}
	return c.d.Billing.Profile(ctx, tenant)
}

// ClosePeriod issues the invoices of a period, or with DryRun tells what would be issued and what keeps it open.
func (c *Console) ClosePeriod(ctx context.Context, who *access.Principal, r invoice.Request) ([]invoice.Result, error) {
	if err := may(who, access.WriteInvoices); err != nil {
		return nil, err
	}
	results, err := c.d.Billing.Close(ctx, r)
	if err != nil {
		return nil, billingFault(err)
	}
	if r.DryRun {
		return results, nil
	}
	issued := 0
	for i := range results {
		if results[i].Issued != nil && results[i].Issued.NewlyIssued {
			issued++
		}
	}
	return results, c.log(ctx, who, access.AuditEvent{Action: "close period", Object: "period " + r.Period, After: fmt.Sprintf("%d invoices issued", issued)})
}

// IssueAgain issues the invoice of a period again whose last one was credited as a whole, and returns what stands now: where it
// was issued again already, that one.
func (c *Console) IssueAgain(ctx context.Context, who *access.Principal, number string) (invoice.Issued, error) {
	if err := may(who, access.WriteInvoices); err != nil {
		return invoice.Issued{}, err
	}
	of, err := c.Invoice(ctx, who, number)
	if err != nil {
		return of, err
	}
	d := of.Document
	results, err := c.ClosePeriod(ctx, who, invoice.Request{Period: d.Period.Label, Tenant: []string{d.Tenant}, Reissue: true})
	if err != nil {
		return invoice.Issued{}, err
	}
	if r := results[0]; r.Issued == nil {
		return invoice.Issued{}, fmt.Errorf("%w: %w", ErrConflict, &invoice.RefusedError{Tenant: d.Tenant, Refusals: r.Refusals})
	}
	return *results[0].Issued, nil
}

// MarkInvoice notes that an invoice was sent or paid, or takes that back.
func (c *Console) MarkInvoice(ctx context.Context, who *access.Principal, number string, state invoice.State, note string) error {
	if err := may(who, access.WriteInvoices); err != nil {
		return err
	}
	if state != invoice.StateIssued && state != invoice.StateSent && state != invoice.StatePaid {
		return invalid("state: use issued, sent or paid")
	}
	if err := c.d.Billing.Mark(ctx, number, state, note, who.By()); err != nil {
		return billingFault(err)
	}
	return c.log(ctx, who, access.AuditEvent{Action: "mark " + string(state), Object: "invoice " + number, After: note})
}

// CreditInvoice issues a credit note for an invoice; a zero amount is all of it.
func (c *Console) CreditInvoice(ctx context.Context, who *access.Principal, number string, amount money.Amount, why string) (invoice.Issued, error) {
	if err := may(who, access.WriteInvoices); err != nil {
		return invoice.Issued{}, err
	}
	why, err := reason(why)
	if err != nil {
		return invoice.Issued{}, err
	}
	note, err := c.d.Billing.Credit(ctx, number, amount, why)
	if err != nil {
		return note, billingFault(err)
	}
	return note, c.log(ctx, who, access.AuditEvent{
		Tenant: note.Document.Tenant, Action: "credit", Object: "invoice " + number, After: note.Document.Number + " " + why,
	})
}

// WriteInvoice writes a document as pdf or xlsx, with the look of whoever issued it.
func (c *Console) WriteInvoice(ctx context.Context, who *access.Principal, number, format string, out io.Writer) error {
	issued, err := c.Invoice(ctx, who, number)
	if err != nil {
		return err
	}
	profile, err := c.d.Billing.Profile(ctx, issued.Document.Tenant)
	if err != nil {
		return err
	}
	if format == "xlsx" {
		return invoice.WriteXLSX(out, issued, nil)
	}
	return invoice.WritePDF(out, issued, profile.Brand, nil)
}
