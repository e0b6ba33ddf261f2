package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/internal/e164"
	"trunkline/provision"
	"trunkline/provision/inventory"
)

// Inventory keeps the numbers of the house.
type Inventory interface {
	// Stock returns the numbers that begin with digits, in their order, as they were stored.
	Stock(ctx context.Context, prefix string) ([]inventory.Number, error)
	Put(ctx context.Context, list []inventory.Number, by string) error
}

// StockFilter says which numbers of the house are wanted. Empty conditions are none.
type StockFilter struct {
	Prefix string // Digits, country code first.
	Status inventory.Status
	Class  string
	Tenant string
	Region string // As fees have them: ISO code, digits, group of prefixes.
	After  string // Digits; only numbers behind it, for paging.
	Limit  int    // 0: all.
}

// Stock returns the numbers of the house as they are now, in their order: those of the inventory, and those that lead to clients.
// A client's people see those that lead to them.
func (c *Console) Stock(ctx context.Context, who *access.Principal, f StockFilter) ([]inventory.Number, error) {
	if err := may(who, access.ReadTenants); err != nil {
		return nil, err
	}
	all, err := c.visible(ctx, who, strings.TrimPrefix(f.Prefix, "+"))
	if err != nil {
		return nil, err
	}
	out, hide := []inventory.Number{}, redactor[inventory.Number](who)
	for i := range all {
		n := &all[i]
		if n.Number.Digits() <= f.After || !c.wanted(n, &f) {
			continue
		}
		hide.Redact(n)
		if out = append(out, *n); len(out) == f.Limit {
			break
		}
	}
	return out, nil
}

// visible are the numbers that are somebody's to see.
func (c *Console) visible(ctx context.Context, who *access.Principal, prefix string) ([]inventory.Number, error) {
	if who.Tenant == "" && !who.Role.OfTenant() {
		return c.stock(ctx, prefix)
	}
	t, ok := c.d.Snapshot().Tenant(who.Tenant)
	if !ok {
		return nil, missing(provision.KindTenant, who.Tenant)
	}
	var out []inventory.Number
	for i := range t.Numbers {
		if n := &t.Numbers[i]; strings.HasPrefix(n.E164.Digits(), prefix) && who.SeesBranch(t.ID, n.Branch) {
			out = append(out, inventory.Number{Number: n.E164, Class: n.Class, Status: inventory.Assigned, Tenant: t.ID})
		}
	}
	slices.SortFunc(out, func(a, b inventory.Number) int { return cmp.Compare(a.Number.Digits(), b.Number.Digits()) })
	return out, nil
}

// mayStock enforces a permission on the inventory, which is the house's and no client's.
func mayStock(who *access.Principal, p access.Permission) error {
	if err := may(who, p); err != nil {
		return err
	}
	if who.Tenant != "" || who.Role.OfTenant() {
		return fmt.Errorf("%w: the inventory of numbers is the operator's", ErrForbidden)
	}
	return nil
}

func (c *Console) wanted(n *inventory.Number, f *StockFilter) bool {
	region := provisionRegion(c.d.Snapshot(), n.Number, f.Region)
	return (f.Status == "" || n.Status == f.Status) && (f.Class == "" || n.Class == f.Class) && (f.Tenant == "" || n.Tenant == f.Tenant) && region
}

// provisionRegion reports whether a number is in a region; an empty one is everywhere.
func provisionRegion(s *provision.Snapshot, n e164.Number, region string) bool {
	return region == "" || strings.HasPrefix(n.Digits(), strings.TrimPrefix(region, "+")) || slices.Contains(s.RegionsOf(n), region)
}

// stock puts the inventory and what is provisioned together.
func (c *Console) stock(ctx context.Context, prefix string) ([]inventory.Number, error) {
	stored, err := c.d.Inventory.Stock(ctx, prefix)
	if err != nil {
		return nil, err
	}
	holders := make(map[e164.Number]string)
	classes := make(map[e164.Number]string)
	for i := range c.d.Snapshot().Operator().Tenants {
		t := &c.d.Snapshot().Operator().Tenants[i]
		for k := range t.Numbers {
			if n := &t.Numbers[k]; strings.HasPrefix(n.E164.Digits(), prefix) {
				holders[n.E164], classes[n.E164] = t.ID, n.Class
			}
		}
	}
	now := c.d.Clock.Now()
	out := make([]inventory.Number, 0, len(stored)+len(holders))
	for i := range stored {
		n := stored[i].At(now, holders[stored[i].Number])
		n.Class = cmp.Or(classes[n.Number], n.Class)
		delete(holders, n.Number)
		out = append(out, n)
	}
	for n, tenant := range holders {
		out = append(out, inventory.Number{Number: n, Status: inventory.Assigned, Tenant: tenant, Class: classes[n]})
	}
	slices.SortFunc(out, func(a, b inventory.Number) int { return cmp.Compare(a.Number.Digits(), b.Number.Digits()) })
	return out, nil
}

// PutStock stores numbers of the house as they are given, all or none. Who a number leads to is changed by Assign and Release only.
func (c *Console) PutStock(ctx context.Context, who *access.Principal, list []inventory.Number) error {
	if err := mayStock(who, access.WriteTenants); err != nil {
		return err
	}
	if len(list) == 0 || len(list) > inventory.MaxRange {
		return invalid("numbers: give 1 to %d", inventory.MaxRange)
	}
	holders, err := c.byNumber(ctx)
	if err != nil {
		return err
	}
	classes := c.NumberClasses()
	for i := range list {
		n := &list[i]
		if err := n.Validate(); err != nil {
			return invalid("%s", err)
		}
		now := holders[n.Number]
		held := now.Status == inventory.Assigned || now.Status == inventory.PortingOut
		switch {
		case n.Class != "" && !slices.Contains(classes, n.Class):
			return invalid("%s: there is no class of numbers %q: use one of %s", n.Number, n.Class, strings.Join(classes, ", "))
		case n.Status == inventory.Assigned && now.Status != inventory.Assigned:
			return invalid("%s: a number is assigned by assigning it to a client", n.Number)
		case held && n.Status != inventory.Assigned && n.Status != inventory.PortingOut:
			return fmt.Errorf("%w: %s leads to client %s: release it first", ErrConflict, n.Number, now.Tenant)
		}
	}
	if err := c.d.Inventory.Put(ctx, list, who.By()); err != nil {
		return err
	}
	return c.log(ctx, who, access.AuditEvent{Action: "update", Object: "inventory", After: fmt.Sprintf("%d numbers, first %s %s", len(list), list[0].Number, list[0].Status)})
}

func (c *Console) byNumber(ctx context.Context) (map[e164.Number]inventory.Number, error) {
	all, err := c.stock(ctx, "")
	if err != nil {
		return nil, err
	}
	out := make(map[e164.Number]inventory.Number, len(all))
	for i := range all {
		out[all[i].Number] = all[i]
	}
	return out, nil
}

// Assignment asks for numbers to be given to a client: those that are named, or so many that are free.
type Assignment struct {
	Tenant  string
	Numbers []e164.Number
	Count   int    // Of free ones, the lowest first,
	Class   string // of a class,
	Region  string // and a region.
	// Where they lead to; empty: nowhere yet.
	Branch, Extension, Group, Trunk string
	DryRun                          bool
}

// AssignNumbers gives numbers to a client in one change of what is provisioned, or none. Numbers that they have already stay as they
// are, so that it may be repeated with the same numbers.
func (c *Console) AssignNumbers(ctx context.Context, who *access.Principal, a Assignment) ([]inventory.Number, error) {
	if err := mayStock(who, access.WriteTenants); err != nil {
		return nil, err
	}
	picked, err := c.pick(ctx, &a)
	if err != nil {
		return nil, err
	}
	_, err = c.edit(ctx, who, Change{Kind: provision.KindTenant, ID: a.Tenant, DryRun: a.DryRun}, func(tenant Document) (Document, error) {
		if tenant == nil {
			return nil, missing(provision.KindTenant, a.Tenant)
		}
		addNumbers(tenant, picked, &a)
		return tenant, nil
	})
	if err != nil {
		return nil, err
	}
	for i := range picked {
		picked[i].Status, picked[i].Tenant, picked[i].Until = inventory.Assigned, a.Tenant, time.Time{}
	}
	if a.DryRun {
		return picked, nil
	}
	return picked, c.d.Inventory.Put(ctx, picked, who.By())
}

func addNumbers(tenant Document, picked []inventory.Number, a *Assignment) {
	list, _ := tenant[string(Numbers)].([]any)
	for i := range picked {
		n := &picked[i]
		if slices.ContainsFunc(list, func(v any) bool { return identity(v) == n.Number.String() }) {
			continue
		}
		d := Document{"number": n.Number.String()}
		for field, value := range map[string]string{"class": n.Class, "branch": a.Branch, "extension": a.Extension, "group": a.Group, "trunk": a.Trunk} {
			if value != "" {
				d[field] = value
			}
		}
		list = append(list, d)
	}
	tenant[string(Numbers)] = list
}

// pick finds the numbers of an assignment.
func (c *Console) pick(ctx context.Context, a *Assignment) ([]inventory.Number, error) {
	if (len(a.Numbers) == 0) == (a.Count <= 0) || len(a.Numbers) > inventory.MaxRange || a.Count > inventory.MaxRange {
		return nil, invalid("give numbers, or how many free ones: 1 to %d", inventory.MaxRange)
	}
	all, err := c.byNumber(ctx)
	if err != nil {
		return nil, err
	}
	if a.Count > 0 {
		return c.pickFree(all, a)
	}
	var out []inventory.Number
	for _, number := range a.Numbers {
		n, ok := all[number]
		if !ok {
			return nil, invalid("%s is not in the inventory: add it first", number)
		}
		if n.Tenant == a.Tenant && n.Status == inventory.Assigned {
			out = append(out, n)
			continue
		}
		if err := n.For(a.Tenant); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrConflict, err)
		}
		out = append(out, n)
	}
	return out, nil
}

func (c *Console) pickFree(all map[e164.Number]inventory.Number, a *Assignment) ([]inventory.Number, error) {
	var out []inventory.Number
	for _, n := range all {
		if n.Status == inventory.Free && (a.Class == "" || n.Class == a.Class) && provisionRegion(c.d.Snapshot(), n.Number, a.Region) {
			out = append(out, n)
		}
	}
	if len(out) < a.Count {
		return nil, fmt.Errorf("%w: %d numbers of class %q and region %q are free, %d are asked for", ErrConflict, len(out), a.Class, a.Region, a.Count)
	}
	slices.SortFunc(out, func(a, b inventory.Number) int { return cmp.Compare(a.Number.Digits(), b.Number.Digits()) })
	return out[:a.Count], nil
}

// Release asks for numbers to be taken from a client.
type Release struct {
	Tenant  string
	Numbers []e164.Number
	Until   time.Time // End of the quarantine; zero: they are free at once.
	DryRun  bool
}

// ReleaseNumbers takes numbers from a client in one change of what is provisioned, or none. It may be repeated.
func (c *Console) ReleaseNumbers(ctx context.Context, who *access.Principal, r Release) ([]inventory.Number, error) {
	if err := mayStock(who, access.WriteTenants); err != nil {
		return nil, err
	}
	if len(r.Numbers) == 0 || len(r.Numbers) > inventory.MaxRange {
		return nil, invalid("numbers: give 1 to %d", inventory.MaxRange)
	}
	all, err := c.byNumber(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]inventory.Number, 0, len(r.Numbers))
	for _, number := range r.Numbers {
		n, ok := all[number]
		if !ok || n.Tenant != "" && n.Tenant != r.Tenant {
			return nil, fmt.Errorf("%w: client %s has no number %s", ErrNotFound, r.Tenant, number)
		}
		n.Status, n.Tenant, n.Until = inventory.Free, "", time.Time{}
		if r.Until.After(c.d.Clock.Now()) {
			n.Status, n.Until = inventory.Quarantine, r.Until.UTC()
		}
		out = append(out, n)
	}
	_, err = c.edit(ctx, who, Change{Kind: provision.KindTenant, ID: r.Tenant, DryRun: r.DryRun}, func(tenant Document) (Document, error) {
		if tenant == nil {
			return nil, missing(provision.KindTenant, r.Tenant)
		}
		list, _ := tenant[string(Numbers)].([]any)
		tenant[string(Numbers)] = slices.DeleteFunc(list, func(v any) bool {
			return slices.ContainsFunc(r.Numbers, func(n e164.Number) bool { return identity(v) == n.String() })
		})
		return tenant, nil
	})
	if err != nil || r.DryRun {
		return out, err
	}
	return out, c.d.Inventory.Put(ctx, out, who.By())
}

// ParseNumberList reads numbers and ranges, with commas, blanks or lines between.
func ParseNumberList(text string) ([]e164.Number, error) {
	var out []e164.Number
	var faults error
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) }) {
		list, err := inventory.ParseNumbers(word)
		if err != nil {
			faults = errors.Join(faults, fmt.Errorf("%q: %w", word, err))
			continue
		}
		out = append(out, list...)
	}
	if faults != nil {
		return nil, invalid("%s", faults)
	}
	if len(out) > inventory.MaxRange {
		return nil, invalid("%d numbers: give up to %d", len(out), inventory.MaxRange)
	}
	return out, nil
}
