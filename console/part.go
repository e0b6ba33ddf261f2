package console

import (
	"context"
	"fmt"
	"slices"

	"trunkline/access"
	"trunkline/internal/field"
	"trunkline/provision"
)

// Part is a kind of what a tenant has.
type Part string

// The parts of a tenant. Their words are those of its document and of the API's addresses.
const (
	Branches   Part = "branches"
	Extensions Part = "extensions"
	Numbers    Part = "numbers"
	Trunks     Part = "trunks"
	Groups     Part = "groups"
	PBXs       Part = "pbxs"
)

// key is the field that a part is known by.
func (p Part) key() string {
	if p == Numbers {
		return "number"
	}
	return "id"
}

// shape says what stands in the documents of a part.
func (p Part) shape() *field.Shape {
	tenant := provision.ShapeOf(provision.KindTenant)
	if p == Extensions {
		return tenant.Within(string(Branches), string(Extensions))
	}
	return tenant.Within(string(p))
}

// PartOf names one part of a tenant.
type PartOf struct {
	Tenant string
	Part   Part
	ID     string
}

// PartItem is a part as it is shown. An extension's document says its branch.
type PartItem struct {
	ID       string
	Tag      string
	Document Document
}

// Parts returns the parts of a tenant.
func (c *Console) Parts(ctx context.Context, who *access.Principal, tenant string, part Part) ([]PartItem, error) {
	t, err := c.Thing(ctx, who, provision.KindTenant, tenant)
	if err != nil {
		return nil, err
	}
	items := []PartItem{}
	for _, d := range partsIn(t.Document, part) {
		items = append(items, PartItem{ID: fmt.Sprint(d[part.key()]), Tag: tagOf(d), Document: d})
	}
	return items, nil
}

// Part returns one part of a tenant; ErrNotFound.
func (c *Console) Part(ctx context.Context, who *access.Principal, p PartOf) (PartItem, error) {
	t, err := c.Thing(ctx, who, provision.KindTenant, p.Tenant)
	if err != nil {
		return PartItem{}, err
	}
	return p.in(t.Document)
}

func (p PartOf) missing() error {
	return fmt.Errorf("%w: tenant %q has no %q in its %s", ErrNotFound, p.Tenant, p.ID, p.Part)
}

// PartChange says how a part is to be changed; see Change.
type PartChange struct {
	Tag    string
	Create bool
	DryRun bool
}

// PutPart creates or replaces a part of a tenant. An extension goes to the branch that its document says, with its history:
// its calls stay with the branch they were made from.
func (c *Console) PutPart(ctx context.Context, who *access.Principal, p PartOf, ch PartChange, d Document) (PartItem, error) {
	key := p.Part.key()
	if id, ok := d[key]; ok && fmt.Sprint(id) != p.ID {
		return PartItem{}, invalid("%s: the document says %q and its address %q", key, id, p.ID)
	}
	d[key] = p.ID
	changed, err := c.editPart(ctx, who, p, ch, func(tenant, before Document) error {
		if ch.Create && before != nil {
			return fmt.Errorf("%w: %q in the %s of tenant %q: %w", ErrConflict, p.ID, p.Part, p.Tenant, errThere)
		}
		if before != nil {
			keepHidden(who, p.Part.shape(), d, before)
			if employees, ok := before["extensions"]; ok && d["extensions"] == nil && p.Part == Branches {
				d["extensions"] = employees // They are changed one by one.
			}
			takeOut(tenant, p)
		}
		return putIn(tenant, p, d)
	})
	if err != nil {
		return PartItem{}, err
	}
	return p.in(changed.Thing.Document)
}

// in finds the part in a tenant's document.
func (p PartOf) in(tenant Document) (PartItem, error) {
	for _, d := range partsIn(tenant, p.Part) {
		if id := fmt.Sprint(d[p.Part.key()]); id == p.ID {
			return PartItem{ID: id, Tag: tagOf(d), Document: d}, nil
		}
	}
	return PartItem{}, p.missing()
}

// DeletePart takes a part of a tenant away.
func (c *Console) DeletePart(ctx context.Context, who *access.Principal, p PartOf, tag string) error {
	_, err := c.editPart(ctx, who, p, PartChange{Tag: tag}, func(tenant, before Document) error {
		if before == nil {
			return p.missing()
		}
		if p.Part == Branches && len(listIn(before, string(Extensions))) > 0 {
			return invalid("branch %q has extensions: move them to another branch, or take them away, first", p.ID)
		}
		takeOut(tenant, p)
		return nil
	})
	return err
}

func (c *Console) editPart(ctx context.Context, who *access.Principal, p PartOf, ch PartChange, change func(tenant, before Document) error) (Changed, error) {
	return c.edit(ctx, who, Change{Kind: provision.KindTenant, ID: p.Tenant, DryRun: ch.DryRun}, func(tenant Document) (Document, error) {
		if tenant == nil {
			return nil, missing(provision.KindTenant, p.Tenant)
		}
		var before Document
		for _, d := range partsIn(tenant, p.Part) {
			if fmt.Sprint(d[p.Part.key()]) == p.ID {
				before = d
			}
		}
		if ch.Tag != "" && before == nil {
			return nil, p.missing()
		}
		if ch.Tag != "" && ch.Tag != "*" {
			if now, err := p.in(shown(who, provision.ShapeOf(provision.KindTenant), tenant)); err != nil || now.Tag != ch.Tag {
				return nil, fmt.Errorf("%w: somebody changed %q since you read it: %w", ErrConflict, p.ID, errTag)
			}
		}
		return tenant, change(tenant, before)
	})
}

// partsIn returns copies of the parts in a tenant's document.
func partsIn(tenant Document, part Part) []Document {
	var out []Document
	if part != Extensions {
		for _, d := range listIn(tenant, string(part)) {
			out = append(out, copyOf(d))
		}
		return out
	}
	for _, branch := range listIn(tenant, string(Branches)) {
		for _, d := range listIn(branch, string(Extensions)) {
			d = copyOf(d)
			d["branch"] = branch["id"]
			out = append(out, d)
		}
	}
	return out
}

func listIn(d Document, name string) []Document {
	list, _ := d[name].([]any)
	out := make([]Document, 0, len(list))
	for _, v := range list {
		if one, ok := v.(Document); ok {
			out = append(out, one)
		}
	}
	return out
}

func copyOf(d Document) Document {
	out, _ := field.Clone(d).(Document)
	return out
}

// takeOut takes a part out of a tenant's document.
func takeOut(tenant Document, p PartOf) {
	homes := []Document{tenant}
	if p.Part == Extensions {
		homes = listIn(tenant, string(Branches))
	}
	for _, home := range homes {
		list, _ := home[string(p.Part)].([]any)
		home[string(p.Part)] = slices.DeleteFunc(list, func(v any) bool {
			d, ok := v.(Document)
			return ok && fmt.Sprint(d[p.Part.key()]) == p.ID
		})
	}
}

// putIn puts a part into a tenant's document.
func putIn(tenant Document, p PartOf, d Document) error {
	home := tenant
	if p.Part == Extensions {
		wanted := d["branch"]
		i := slices.IndexFunc(listIn(tenant, string(Branches)), func(b Document) bool { return b["id"] == wanted })
		if i < 0 {
			return invalid("branch: tenant %q has no branch %q; make it first, or name one that is there", p.Tenant, fmt.Sprint(wanted))
		}
		home = listIn(tenant, string(Branches))[i]
		d = copyOf(d)
		delete(d, "branch")
	}
	list, _ := home[string(p.Part)].([]any)
	home[string(p.Part)] = append(list, d)
	return nil
}
