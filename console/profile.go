package console

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/reports/invoice"
)

// Profiles keep how tenants are invoiced, what others count for them, and whether documents are as they were issued.
type Profiles interface {
	// Profiles returns them by tenant; that of the empty tenant is the operator's.
	Profiles(ctx context.Context) (map[string]invoice.Profile, error)
	PutProfile(ctx context.Context, p invoice.Profile, by string) error
	// RemoveProfile takes one away; what it said is then as in the operator's. It reports whether there was one.
	RemoveProfile(ctx context.Context, tenant string) (bool, error)
	// PutReadings stores what others count. The same reading may be stored again.
	PutReadings(ctx context.Context, list []invoice.Reading) error
	// Verify checks the hashes of all documents and that none is missing, and returns how many there are; invoice.ErrAltered.
	Verify(ctx context.Context) (int64, error)
}

// Profiles returns how tenants are invoiced, as it was stored, by tenant; that of the empty tenant is the operator's.
func (c *Console) Profiles(ctx context.Context, who *access.Principal) (map[string]invoice.Profile, error) {
	if err := c.mayOfAll(who, access.ReadInvoices); err != nil {
		return nil, err
	}
	return c.d.Profiles.Profiles(ctx)
}

// PutProfiles stores how tenants are invoiced. Profiles by which days that are past would be taxed otherwise are ErrConflict, unless
// the tax is corrected. It may be repeated.
func (c *Console) PutProfiles(ctx context.Context, who *access.Principal, list []invoice.Profile, correctTax bool) error {
	if err := c.mayOfAll(who, access.WriteInvoices); err != nil {
		return err
	}
	for i := range list {
		if err := list[i].Validate(); err != nil {
			return invalid("%s", err)
		}
	}
	err := c.keepsTaxes(ctx, func(after map[string]invoice.Profile) {
		for i := range list {
			after[list[i].Tenant] = list[i]
		}
	})
	if err != nil && !correctTax {
		return err
	}
	for i := range list {
		if err := c.d.Profiles.PutProfile(ctx, list[i], who.By()); err != nil {
			return err
		}
		err := c.log(ctx, who, access.AuditEvent{
			Tenant: list[i].Tenant, Action: "put profile", Object: "profile " + list[i].Tenant, After: "correct tax: " + strconv.FormatBool(correctTax),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// RemoveProfile takes away how a tenant is invoiced: what the operator's profile says holds for it then. As PutProfiles it refuses to tax past days
// otherwise, unless the tax is corrected. ErrNotFound: there is none.
func (c *Console) RemoveProfile(ctx context.Context, who *access.Principal, tenant string, correctTax bool) error {
	if err := c.mayOfAll(who, access.WriteInvoices); err != nil {
		return err
	}
	err := c.keepsTaxes(ctx, func(after map[string]invoice.Profile) { delete(after, tenant) })
	if err != nil && !correctTax {
		return err
	}
	there, err := c.d.Profiles.RemoveProfile(ctx, tenant)
	if err != nil {
		return err
	}
	if !there {
		return fmt.Errorf("%w: there is no billing profile of %q", ErrNotFound, tenant)
	}
	return c.log(ctx, who, access.AuditEvent{Tenant: tenant, Action: "remove profile", Object: "profile " + tenant})
}

// keepsTaxes refuses a change of the profiles by which days that are past would be taxed otherwise than by those that are stored.
func (c *Console) keepsTaxes(ctx context.Context, change func(map[string]invoice.Profile)) error {
	stored, err := c.d.Profiles.Profiles(ctx)
	if err != nil {
		return err
	}
	after := maps.Clone(stored)
	if after == nil {
		after = make(map[string]invoice.Profile)
	}
	change(after)
	today := c.d.Clock.Now().UTC().Format(time.DateOnly)
	all := maps.Clone(stored)
	maps.Copy(all, after)
	for _, tenant := range slices.Sorted(maps.Keys(all)) {
		_, known := stored[tenant]
		if _, house := stored[""]; !known && !house {
			continue // Nobody was taxed before.
		}
		day := after[tenant].Over(after[""]).Tax.Rewrites(stored[tenant].Over(stored[""]).Tax, today)
		if day != "" {
			return fmt.Errorf("%w: profile of %q: the tax of days that are past would change, from %s on: give rates with since, or correct the tax (--correct-tax)",
				ErrConflict, tenant, day)
		}
	}
	return nil
}

// PutReadings stores what others count for a tenant, by which fees are reckoned: storage, recording, modules. The same reading may be
// stored again.
func (c *Console) PutReadings(ctx context.Context, who *access.Principal, tenant string, list []invoice.Reading) error {
	if err := c.mayBill(who, access.WriteInvoices, tenant); err != nil {
		return err
	}
	if len(list) == 0 {
		return invalid("counters: give one and its value, such as storage_mb")
	}
	var text strings.Builder
	for i := range list {
		list[i].Tenant = tenant
		if list[i].At.IsZero() {
			list[i].At = c.d.Clock.Now()
		}
		if _, ok := c.d.Snapshot().Branch(tenant, list[i].Branch); !ok && list[i].Branch != "" {
			return invalid("branch: tenant %q has no branch %q", tenant, list[i].Branch)
		}
		fmt.Fprintf(&text, "%s=%d at %s\n", list[i].Counter, list[i].Value, when(list[i].At))
	}
	if err := c.d.Profiles.PutReadings(ctx, list); err != nil {
		return err
	}
	return c.log(ctx, who, access.AuditEvent{Tenant: tenant, Action: "put readings", Object: "tenant " + tenant, After: text.String()})
}

// VerifyInvoices checks the hashes of all documents and that none is missing, and returns how many there are; ErrConflict: one was
// altered.
func (c *Console) VerifyInvoices(ctx context.Context, who *access.Principal) (int64, error) {
	if err := c.mayOfAll(who, access.ReadInvoices); err != nil {
		return 0, err
	}
	n, err := c.d.Profiles.Verify(ctx)
	return n, billingFault(err)
}

// Annex are the answered calls of a document, with their prices.
func (c *Console) Annex(ctx context.Context, who *access.Principal, d *invoice.Document) (invoice.Calls, error) {
	if err := c.mayBill(who, access.ReadInvoices, d.Tenant); err != nil {
		return nil, err
	}
	if err := may(who, access.ReadNumbers); err != nil {
		return nil, err
	}
	return c.d.Billing.Annex(ctx, d), nil
}
