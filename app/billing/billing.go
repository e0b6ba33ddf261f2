package billing

import (
	"cmp"
	"context"
	"time"

	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/provision"
	"trunkline/reports"
	"trunkline/reports/invoice"
	"trunkline/sql/postgres"
)

// Service makes and keeps invoices.
type Service struct {
	S *store.Stores
	// Live is what is in force in this process; nil: it is read and compiled when it is needed, which takes a while.
	Live func() *provision.Snapshot
}

func (b *Service) snapshot(ctx context.Context) (*provision.Snapshot, error) {
	if b.Live != nil {
		return b.Live(), nil
	}
	return b.S.Snapshot(ctx)
}

func (b *Service) archive() *postgres.Invoices { return postgres.NewInvoices(b.S.DB, clock.System{}) }

// Expenses implements console.Billing.
func (b *Service) Expenses(ctx context.Context, tenant, month string) (*reports.Expenses, error) {
	snapshot, err := b.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return CloserOf(b.S, snapshot, 0).Expenses(ctx, tenant, month)
}

// closeTime bounds the close of a period while somebody waits for it.
const closeTime = 10 * time.Minute

// Close implements console.Billing. What is issued never changes, so it is read anew what holds.
func (b *Service) Close(ctx context.Context, r invoice.Request) ([]invoice.Result, error) {
	closer, err := Closer(ctx, b.S, cmp.Or(r.Grace, LateGrace))
	if err != nil {
		return nil, err
	}
	if !r.Long {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, closeTime)
		defer cancel()
	}
	return closer.Run(ctx, r)
}

// Draft implements console.Billing.
func (b *Service) Draft(ctx context.Context, tenant, month string) (*invoice.Document, error) {
	snapshot, err := b.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return CloserOf(b.S, snapshot, 0).Draft(ctx, tenant, month)
}

// Documents implements console.Papers.
func (b *Service) Documents(ctx context.Context, tenant, period string, after int64, limit int) ([]invoice.Issued, error) {
	return b.archive().List(ctx, postgres.InvoiceFilter{Tenant: tenant, Period: period, After: after, Limit: limit})
}

// Document implements console.Papers.
func (b *Service) Document(ctx context.Context, number string) (invoice.Issued, error) {
	return b.archive().ByNumber(ctx, number)
}

// Mark implements console.Papers.
func (b *Service) Mark(ctx context.Context, number string, state invoice.State, note, by string) error {
	return b.archive().Mark(ctx, number, state, note, by)
}

// Credit implements console.Papers. Credit notes have a series of their own.
func (b *Service) Credit(ctx context.Context, number string, amount money.Amount, reason string) (invoice.Issued, error) {
	archive := b.archive()
	of, err := archive.ByNumber(ctx, number)
	if err != nil {
		return of, err
	}
	profile, err := b.Profile(ctx, of.Document.Tenant)
	if err != nil {
		return invoice.Issued{}, err
	}
	numbering := profile.Number
	numbering.Prefix = "CN-" + numbering.Prefix
	return archive.Credit(ctx, number, amount, reason, numbering)
}

// Profile implements console.Papers.
func (b *Service) Profile(ctx context.Context, tenant string) (invoice.Profile, error) {
	profiles, err := b.archive().Profiles(ctx)
	if err != nil {
		return invoice.Profile{}, err
	}
	return b.branded(ctx, tenant, profiles[tenant].Over(profiles[""]))
}

// branded gives a profile without a look of its own that of the tenant's brand.
func (b *Service) branded(ctx context.Context, tenant string, p invoice.Profile) (invoice.Profile, error) {
	if p.Brand.Colour != "" || len(p.Brand.Logo) > 0 {
		return p, nil
	}
	snapshot, err := b.snapshot(ctx)
	if err != nil {
		return p, err
	}
	if look := snapshot.BrandOf(tenant); look != nil {
		p.Brand = invoice.Brand{Colour: look.Colour, Logo: look.Image}
	}
	return p, nil
}

// Annex implements console.Billing.
func (b *Service) Annex(ctx context.Context, d *invoice.Document) invoice.Calls {
	return AnnexOf(ctx, b.S, d)
}

// Detail implements console.Billing.
func (b *Service) Detail(ctx context.Context, tenant, month string, f invoice.DetailFilter, do func(*invoice.Detail) error) error {
	snapshot, err := b.snapshot(ctx)
	if err != nil {
		return err
	}
	return CloserOf(b.S, snapshot, 0).Detail(ctx, tenant, month, f, CallsOf(ctx, b.S), do)
}

// UsagePosted implements console.Billing.
func (b *Service) UsagePosted(ctx context.Context, e *reports.Expenses) (money.Amount, error) {
	return b.S.UsagePosted(ctx, e.Tenant, e.Currency, e.Period.From, e.Period.Until)
}
