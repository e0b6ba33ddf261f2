package app

import (
	"context"
	"errors"
	"fmt"

	"trunkline/app/pbx"
	"trunkline/cdr/importer"
	"trunkline/cdr/smdr"
	"trunkline/console"
	"trunkline/sql/postgres"
)

// imports is what people do with what was imported.
type imports struct{ b *business }

// List implements console.Imports.
func (d *imports) List(ctx context.Context, f importer.Filter) ([]importer.Import, map[int64][]string, error) {
	m, err := pbx.NewImporter(d.b.stores, d.b.live.Snapshot())
	if err != nil {
		return nil, nil, err
	}
	return m.List(ctx, f)
}

// Faults implements console.Imports.
func (d *imports) Faults(ctx context.Context, f importer.FaultFilter) ([]importer.Fault, error) {
	store, err := postgres.NewImports(d.b.stores.DB, d.b.stores.Clock)
	if err != nil {
		return nil, err
	}
	return store.Faults(ctx, f)
}

// Settle implements console.Imports.
func (d *imports) Settle(ctx context.Context, faults []int64) (int64, error) {
	store, err := postgres.NewImports(d.b.stores.DB, d.b.stores.Clock)
	if err != nil {
		return 0, err
	}
	return store.Settle(ctx, faults)
}

// Undo implements console.Imports.
func (d *imports) Undo(ctx context.Context, s importer.Selection) (importer.Undo, error) {
	m, _, err := pbx.NewUndoer(ctx, d.b.stores)
	if err != nil {
		return importer.Undo{}, err
	}
	return m.Undoer.Undo(ctx, s)
}

// Resume implements console.Imports.
func (d *imports) Resume(ctx context.Context, id int64) (importer.Undo, error) {
	m, store, err := pbx.NewUndoer(ctx, d.b.stores)
	if err != nil {
		return importer.Undo{}, err
	}
	undo, err := store.Undo(ctx, id)
	if err != nil {
		return undo, err
	}
	return undo, m.Undoer.GoOn(ctx, &undo)
}

// Again implements console.Imports.
func (d *imports) Again(ctx context.Context, ids []int64, reason, by string) ([]importer.Import, importer.Undo, error) {
	m, _, err := pbx.NewUndoer(ctx, d.b.stores)
	if err != nil {
		return nil, importer.Undo{}, err
	}
	if m.Sender, err = d.b.sender(ctx); err != nil {
		return nil, importer.Undo{}, err
	}
	return m.Again(ctx, ids, reason, by)
}

// Preview implements console.Imports.
func (d *imports) Preview(ctx context.Context, ids []int64) ([]importer.Outlook, error) {
	m, err := pbx.NewImporter(d.b.stores, d.b.live.Snapshot())
	if err != nil {
		return nil, err
	}
	return m.Preview(ctx, ids)
}

// Read implements console.Imports.
func (d *imports) Read(ctx context.Context, r console.RecordFile) (done console.ReadRecords, err error) {
	store, err := postgres.NewImports(d.b.stores.DB, d.b.stores.Clock)
	if err != nil {
		return done, err
	}
	source, err := pbx.NewSource(ctx, d.b.live.Snapshot(), store, r.Tenant, r.PBX)
	if err != nil {
		return done, fmt.Errorf("%w: %w", console.ErrNotFound, err)
	}
	sender, err := d.b.sender(ctx)
	if err != nil {
		return done, err
	}
	options := source.Options()
	options.Reference = r.Reference
	sink := importer.NewSink(ctx, &source.Mapper, sender, store, source.Begin(r.Name, r.Way, r.By))
	sink.Reading(options)
	checked, err := pbx.CheckDates(r.In, source, options)
	if errors.Is(err, pbx.ErrMisread) {
		return done, fmt.Errorf("%w: %w", console.ErrMisread, err)
	}
	if err != nil {
		return done, err
	}
	var sum smdr.Summary
	sum, err = importer.Read(source.Format, options, checked, sink)
	return console.ReadRecords{Import: sink.ID(), Summary: sum, Totals: sink.Totals()}, err
}
