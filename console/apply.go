package console

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/provision"
)

// ApplyOptions say how an operator's file is brought into force.
type ApplyOptions struct {
	Prune  bool             // Delete what the file does not have.
	Choice provision.Choice // Of what was changed both in the file and at another place.
}

// ApplyPlan is what applying an operator's file would do to what is provisioned now.
type ApplyPlan struct {
	Reconciled *provision.Reconciled
	Changes    *provision.Changes

	stored Stored
	merged *provision.Bundle
}

// Revision is the number that the change would have.
func (p *ApplyPlan) Revision() int64 { return p.stored.Revision + 1 }

// First reports whether nothing was provisioned before.
func (p *ApplyPlan) First() bool { return p.stored.Revision == 0 }

// PlanApply compares an operator's file with what is stored and with what was applied last, and checks what would come out as a
// whole; the faults are *FaultsError. It changes nothing.
func (c *Console) PlanApply(ctx context.Context, who *access.Principal, b *provision.Bundle, o ApplyOptions) (*ApplyPlan, error) {
	if err := mayApply(who); err != nil {
		return nil, err
	}
	stored, err := c.d.Setup.Load(ctx)
	if err != nil {
		return nil, err
	}
	applied, err := c.d.Setup.Applied(ctx)
	if err != nil {
		return nil, err
	}
	p := &ApplyPlan{stored: stored}
	if p.Reconciled, err = provision.Reconcile(stored.Objects, stored.Files, b, applied, o.Prune, o.Choice); err != nil {
		return nil, err
	}
	if p.Changes, p.merged, err = provision.Plan(stored.Objects, stored.Files, p.Reconciled.Wanted, o.Prune); err != nil {
		return nil, err
	}
	p.Changes.Applied = p.Reconciled.Applied.Changed(applied)
	if err := c.d.Setup.Check(ctx, p.merged); err != nil {
		return nil, fmt.Errorf("%w: with what is provisioned already: %w", ErrInvalid, err)
	}
	return p, nil
}

// mayApply enforces the permissions on all that an operator's file holds.
func mayApply(who *access.Principal) error {
	for _, p := range []access.Permission{access.WriteTenants, access.WriteRouting, access.WritePrices} {
		if err := may(who, p); err != nil {
			return err
		}
	}
	if !who.Sees("") {
		return fmt.Errorf("%w: an operator's file is of all tenants", ErrForbidden)
	}
	return nil
}

// Apply stores what was planned, all or nothing, and returns its revision. ErrConflict: something was changed at another place
// too, or since it was planned. It may be repeated with a new plan, which then has nothing to change.
func (c *Console) Apply(ctx context.Context, who *access.Principal, p *ApplyPlan) (int64, error) {
	if err := mayApply(who); err != nil {
		return 0, err
	}
	if n := len(p.Reconciled.Conflicts); n > 0 {
		return 0, fmt.Errorf("%w: %d things were changed at another place too, and nothing was applied", ErrConflict, n)
	}
	if p.Changes.Empty() {
		return p.stored.Revision, c.d.Setup.MarkApplied(ctx, p.Changes.Applied)
	}
	revision, err := c.d.Setup.Save(ctx, p.stored.Revision, p.Changes, who.By())
	if err != nil {
		return 0, err
	}
	names := make([]string, 0, len(p.Changes.List))
	for i := range p.Changes.List {
		if ch := &p.Changes.List[i]; ch.Action != provision.Keep {
			names = append(names, string(ch.Action)+" "+string(ch.Kind)+"/"+ch.ID)
		}
	}
	text := fmt.Sprintf("revision %d: %s", revision, strings.Join(names, ", "))
	return revision, c.log(ctx, who, access.AuditEvent{Action: "apply", Object: "operator's file", After: text[:min(len(text), applyNoted)]})
}

// applyNoted bounds what the audit says of a file; the history has each object.
const applyNoted = 2000

// LastChange says who changed an object or a file of prices last, and when.
func (c *Console) LastChange(ctx context.Context, who *access.Principal, n provision.Name) (time.Time, string, error) {
	if err := mayApply(who); err != nil {
		return time.Time{}, "", err
	}
	return c.d.Setup.LastChange(ctx, n)
}

// AfterApply compiles what would be in force once a plan is stored at a moment; it stores nothing.
func (c *Console) AfterApply(ctx context.Context, who *access.Principal, p *ApplyPlan, at time.Time) (*provision.Snapshot, error) {
	fresh := make(map[[sha256.Size]byte][]byte)
	for _, content := range p.Changes.Files {
		fresh[sha256.Sum256(content)] = content
	}
	p.merged.Past = p.stored.Past.With(p.Changes, p.Revision(), at, who.By())
	p.merged.Past.Archive = overlay{p.stored.Past.Archive, fresh}
	return provision.NewCompiler().Compile(ctx, p.merged)
}

// overlay is an archive with contents that are not stored yet.
type overlay struct {
	provision.Archive

	fresh map[[sha256.Size]byte][]byte
}

// Content implements provision.Archive.
func (o overlay) Content(ctx context.Context, sum [sha256.Size]byte) ([]byte, error) {
	if content, ok := o.fresh[sum]; ok {
		return content, nil
	}
	return o.Archive.Content(ctx, sum)
}

// VersionFiles returns the files of a version of a tariff, the tariff's own first, by their names.
func (c *Console) VersionFiles(ctx context.Context, who *access.Principal, id string, pick func(*provision.Timeline) (*provision.Version, error)) ([]VersionFile, error) {
	if _, err := c.Thing(ctx, who, provision.KindTariff, id); err != nil {
		return nil, err
	}
	v, err := pick(c.d.Snapshot().Timeline(provision.KindTariff, id))
	if err != nil {
		return nil, invalid("%s", err)
	}
	stored, err := c.d.Setup.Load(ctx)
	if err != nil {
		return nil, err
	}
	names, sums := v.FileSums()
	out := make([]VersionFile, len(names))
	for i, name := range names {
		content, err := stored.Past.Archive.Content(ctx, sums[i])
		if err != nil {
			return nil, err
		}
		out[i] = VersionFile{name, content}
	}
	return out, nil
}

// VersionFile is a file of a version of prices.
type VersionFile struct {
	Name    string
	Content []byte
}
