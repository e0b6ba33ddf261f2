package inforce

import (
	"context"
	"fmt"

	"trunkline/app/store"
	"trunkline/internal/cause"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/sql/postgres"
)

// Planned is what applying a file would do.
type Planned struct {
	Stored     *postgres.Provisioned
	Reconciled *provision.Reconciled
	Changes    *provision.Changes
	Merged     *provision.Bundle
}

// Check checks a bundle as a whole, and the words that what is in force already may still have.
func Check(ctx context.Context, b *provision.Bundle) error {
	snapshot, err := provision.NewCompiler().Compile(ctx, b)
	if err != nil {
		return err
	}
	return snapshot.CheckNumbers(b)
}

// Plan compares the bundle with what is stored and with what was applied last, and checks what would come out as a whole.
func Plan(ctx context.Context, db *store.Stores, bundle *provision.Bundle, prune bool, choice provision.Choice) (*Planned, error) {
	stored, err := db.Provision.Load(ctx)
	if err != nil {
		return nil, err
	}
	applied, err := db.Provision.Applied(ctx)
	if err != nil {
		return nil, err
	}
	p := &Planned{Stored: stored}
	if p.Reconciled, err = provision.Reconcile(stored.Objects, stored.Files, bundle, applied, prune, choice); err != nil {
		return nil, err
	}
	if p.Changes, p.Merged, err = provision.Plan(stored.Objects, stored.Files, p.Reconciled.Wanted, prune); err != nil {
		return nil, err
	}
	p.Changes.Applied = p.Reconciled.Applied.Changed(applied)
	if err := Check(ctx, p.Merged); err != nil {
		return nil, cause.Mark(cause.Input, fmt.Errorf("with what is provisioned already: %w", err))
	}
	return p, nil
}

func Store(ctx context.Context, db *store.Stores, base int64, changes *provision.Changes, by string) (int64, error) {
	return db.Provision.Save(ctx, base, changes, clock.System{}.Now(), by)
}
