package console

import (
	"context"
	"maps"
	"slices"
	"time"

	"trunkline/access"
	"trunkline/provision"
)

// applyReport says what a plan would change, and what stands in its way.
func (c *Console) applyReport(ctx context.Context, who *access.Principal, b *provision.Bundle, p *ApplyPlan) (*ApplyReport, error) {
	r := &ApplyReport{Revision: p.Revision(), Files: slices.Sorted(maps.Keys(p.Changes.Files))}
	for _, w := range b.Warnings() {
		r.Warnings = append(r.Warnings, w.Error())
	}
	for _, ch := range p.Changes.List {
		if ch.Action != provision.Keep {
			r.Changes = append(r.Changes, ch)
		}
	}
	for _, n := range p.Reconciled.Kept {
		r.Kept = append(r.Kept, n.String())
	}
	for _, conflict := range p.Reconciled.Conflicts {
		at, by, err := c.LastChange(ctx, who, conflict.Name)
		if err != nil {
			return nil, err
		}
		r.Conflicts = append(r.Conflicts, ApplyConflict{conflict, by, when(at)})
	}
	if p.Changes.Empty() {
		r.Revision = p.stored.Revision
		return r, nil
	}
	after, err := c.AfterApply(ctx, who, p, c.d.Clock.Now())
	if err != nil {
		return nil, invalid("file: %s", err)
	}
	r.Versions = freshVersions(after, p.Revision())
	return r, nil
}

// freshVersions are the versions of tariffs and decks that a revision brings, beside those of objects that are new.
func freshVersions(after *provision.Snapshot, revision int64) []ApplyVersion {
	var out []ApplyVersion
	add := func(kind provision.Kind, id string) {
		line := after.Timeline(kind, id)
		v := line.Latest()
		if v == nil || v.Revision != revision || len(line.All()) == 1 && v.Begins.IsZero() {
			return
		}
		one := ApplyVersion{Kind: kind, ID: id, Label: v.Label}
		if !v.Begins.IsZero() {
			one.From = v.Begins.UTC().Format(time.RFC3339)
		}
		out = append(out, one)
	}
	o := after.Operator()
	for i := range o.Tariffs {
		add(provision.KindTariff, o.Tariffs[i].ID)
	}
	for i := range o.Decks {
		add(provision.KindDeck, o.Decks[i].ID)
	}
	return out
}
