package console

import (
	"context"
	"fmt"

	"trunkline/access"
	"trunkline/reports"
	"trunkline/reports/invoice"
)

// PresentMonth is the billing month of a tenant that is now, such as 2026-12.
func (c *Console) PresentMonth(ctx context.Context, who *access.Principal, tenant string) (string, error) {
	profile, err := c.ProfileOf(ctx, who, tenant)
	if err != nil {
		return "", err
	}
	p, err := invoice.PeriodAt(c.d.Clock.Now(), profile.StartDay, c.Zone(tenant))
	return p.Label, err
}

// ExpenseDetail gives each call and each fee behind the expenses of a month.
func (c *Console) ExpenseDetail(
	ctx context.Context, who *access.Principal, tenant, month string, f invoice.DetailFilter, do func(*invoice.Detail) error,
) error {
	if err := c.mayBill(who, access.ReadInvoices, tenant); err != nil {
		return err
	}
	if err := may(who, access.ReadNumbers); err != nil {
		return err
	}
	return billingFault(c.d.Billing.Detail(ctx, tenant, month, f, do))
}

// AgreesWithLedger holds what the calls of an expense report come to against the ledger's postings of the same time; ErrConflict where
// they differ, as they may while calls are on their way.
func (c *Console) AgreesWithLedger(ctx context.Context, who *access.Principal, e *reports.Expenses) error {
	if err := c.mayBill(who, access.ReadInvoices, e.Tenant); err != nil {
		return err
	}
	posted, err := c.d.Billing.UsagePosted(ctx, e)
	if err != nil {
		return err
	}
	if posted.Cmp(e.Total.Usage) != 0 {
		return fmt.Errorf("%w: the calls of the report come to %s, the ledger has %s: calls may be on their way; try again, then run `trunkline doctor`",
			ErrConflict, e.Total.Usage, posted)
	}
	return nil
}
