package app

import (
	"context"

	"trunkline/app/pbx"
	"trunkline/cdr/importer"
)

// imports is what people do with what was imported, in the running process.
type imports struct{ s *System }

// List implements console.Imports.
func (d *imports) List(ctx context.Context, f importer.Filter) ([]importer.Import, map[int64][]string, error) {
	m, err := pbx.NewImporter(d.s.Stores, d.s.provisioning.Live.Snapshot())
	if err != nil {
		return nil, nil, err
	}
	return m.List(ctx, f)
}

// Faults implements console.Imports.
func (d *imports) Faults(ctx context.Context, f importer.FaultFilter) ([]importer.Fault, error) {
	return d.s.imports.Faults(ctx, f)
}

// Undo implements console.Imports.
func (d *imports) Undo(ctx context.Context, ids []int64, reason, by string) (importer.Undo, error) {
	m, _, err := pbx.NewUndoer(ctx, d.s.Stores)
	if err != nil {
		return importer.Undo{}, err
	}
	return m.Undoer.Undo(ctx, importer.Selection{Imports: ids, Reason: reason, By: by})
}

// Again implements console.Imports.
func (d *imports) Again(ctx context.Context, ids []int64, reason, by string) ([]importer.Import, importer.Undo, error) {
	m, _, err := pbx.NewUndoer(ctx, d.s.Stores)
	if err != nil {
		return nil, importer.Undo{}, err
	}
	m.Sender = d.s.imported
	return m.Again(ctx, ids, reason, by)
}
