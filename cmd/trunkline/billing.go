package main

import (
	"context"
	"time"

	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/reports"
	"trunkline/reports/invoice"
	"trunkline/sql/postgres"
)

// billing makes and keeps invoices.
type billing struct {
	s *stores
}

func (b *billing) archive() *postgres.Invoices { return postgres.NewInvoices(b.s.db, clock.System{}) }

// Expenses implements console.Billing.
func (b *billing) Expenses(ctx context.Context, tenant, month string) (*reports.Expenses, error) {
	closer, err := b.s.closer(ctx, 0)
	if err != nil {
		return nil, err
	}
	return closer.Expenses(ctx, tenant, month)
}

// closeTime bounds the close of a period.
const closeTime = 10 * time.Minute

// Close implements console.Billing.
func (b *billing) Close(ctx context.Context, r invoice.Request) ([]invoice.Result, error) {
	closer, err := b.s.closer(ctx, lateGrace)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, closeTime)
	defer cancel()
	return closer.Run(ctx, r)
}

// Draft implements console.Billing.
func (b *billing) Draft(ctx context.Context, tenant, month string) (*invoice.Document, error) {
	closer, err := b.s.closer(ctx, 0)
	if err != nil {
		return nil, err
	}
	return closer.Draft(ctx, tenant, month)
}

// Documents implements console.Papers.
func (b *billing) Documents(ctx context.Context, tenant, period string, after int64, limit int) ([]invoice.Issued, error) {
	return b.archive().List(ctx, postgres.InvoiceFilter{Tenant: tenant, Period: period, After: after, Limit: limit})
}

// Document implements console.Papers.
func (b *billing) Document(ctx context.Context, number string) (invoice.Issued, error) {
	return b.archive().ByNumber(ctx, number)
}

// Mark implements console.Papers.
func (b *billing) Mark(ctx context.Context, number string, state invoice.State, note, by string) error {
	return b.archive().Mark(ctx, number, state, note, by)
}

// Credit implements console.Papers. Credit notes have a series of their own.
func (b *billing) Credit(ctx context.Context, number string, amount money.Amount, reason string) (invoice.Issued, error) {
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
func (b *billing) Profile(ctx context.Context, tenant string) (invoice.Profile, error) {
	profiles, err := b.archive().Profiles(ctx)
	if err != nil {
		return invoice.Profile{}, err
	}
	return b.s.branded(ctx, tenant, profiles[tenant].Over(profiles[""]))
}

// branded gives a profile without a look of its own that of the tenant's brand.
func (s *stores) branded(ctx context.Context, tenant string, p invoice.Profile) (invoice.Profile, error) {
	if p.Brand.Colour != "" || len(p.Brand.Logo) > 0 {
		return p, nil
	}
	snapshot, err := s.snapshot(ctx)
	if err != nil {
		return p, err
	}
	if b := snapshot.BrandOf(tenant); b != nil {
		p.Brand = invoice.Brand{Colour: b.Colour, Logo: b.Image}
	}
	return p, nil
}
