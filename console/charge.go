package console

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/ledger"
	"trunkline/reports/invoice"
)

// ChargeBook keeps the lines of invoices that are made by hand.
type ChargeBook interface {
	// Charges lists what was not taken back, the newest first; no tenant means all.
	Charges(ctx context.Context, tenant string, limit int) ([]invoice.Charge, error)
	// AddCharge keeps one; the same key with the same content is the same charge. It is invoice.ErrCharge for a day that is invoiced.
	AddCharge(ctx context.Context, c invoice.Charge, account ledger.Account, zone *time.Location) (invoice.Charge, error)
	// TakeCharge takes one back that is not invoiced.
	TakeCharge(ctx context.Context, id int64, account ledger.Account, zone *time.Location, by, reason string) error
}

// chargesMost bounds the charges that are listed at once.
const chargesMost = 1000

// Charges returns what a tenant was charged by hand, or all were for an empty one, the newest first.
func (c *Console) Charges(ctx context.Context, who *access.Principal, tenant string) ([]invoice.Charge, error) {
	if tenant == "" {
		if err := c.mayOfAll(who, access.ReadInvoices); err != nil {
			return nil, err
		}
	} else if _, err := c.account(who, access.ReadInvoices, tenant); err != nil {
		return nil, err
	}
	list, err := c.d.Charges.Charges(ctx, tenant, chargesMost)
	hide := redactor[invoice.Charge](who)
	for i := range list {
		hide.Redact(&list[i])
	}
	return list, err
}

// AddCharge charges a tenant for something, once; a charge without a day is today's.
func (c *Console) AddCharge(ctx context.Context, who *access.Principal, one invoice.Charge) (invoice.Charge, error) {
	account, err := c.account(who, access.WriteInvoices, one.Tenant)
	if err != nil {
		return one, err
	}
	zone := c.d.Snapshot().Zone(one.Tenant)
	if one.Day == "" {
		one.Day = c.d.Clock.Now().In(zone).Format(time.DateOnly)
	}
	if _, ok := c.d.Snapshot().Branch(one.Tenant, one.Branch); !ok && one.Branch != "" {
		return one, invalid("branch: the client %s has no branch %q", one.Tenant, one.Branch)
	}
	if err := one.Validate(); err != nil {
		return one, invalid("%s", strings.TrimPrefix(err.Error(), invoice.ErrCharge.Error()+": "))
	}
	one.By = who.By()
	kept, err := c.d.Charges.AddCharge(ctx, one, account, zone)
	if err != nil {
		return one, chargeFault(err)
	}
	return kept, c.log(ctx, who, access.AuditEvent{
		Tenant: one.Tenant, Action: "addCharge", Object: "charge " + strconv.FormatInt(kept.ID, 10), After: fmt.Sprintf("%s %s: %s", kept.Day, kept.Amount, kept.Text),
	})
}

// TakeCharge takes a charge back that is not invoiced yet.
func (c *Console) TakeCharge(ctx context.Context, who *access.Principal, tenant string, id int64, why string) error {
	account, err := c.account(who, access.WriteInvoices, tenant)
	if err != nil {
		return err
	}
	if why, err = reason(why); err != nil {
		return err
	}
	if err := c.d.Charges.TakeCharge(ctx, id, account, c.d.Snapshot().Zone(tenant), who.By(), why); err != nil {
		return chargeFault(err)
	}
	return c.log(ctx, who, access.AuditEvent{Tenant: tenant, Action: "takeCharge", Object: "charge " + strconv.FormatInt(id, 10), After: why})
}

func chargeFault(err error) error {
	if errors.Is(err, invoice.ErrCharge) {
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return err
}
