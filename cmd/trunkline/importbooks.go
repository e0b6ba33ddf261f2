package main

import (
	"context"

	"trunkline/cdr"
	"trunkline/cdr/importer"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/sql/postgres"
)

// importBooks are the books as takings back see them.
type importBooks struct {
	*repricer
}

func (b importBooks) MayWithdraw(ctx context.Context, records []cdr.Record) error {
	return b.books.MayWithdraw(ctx, records)
}

func (b importBooks) Withdraw(ctx context.Context, undo int64, records []cdr.Record) error {
	return b.books.Withdraw(ctx, undo, records, b.worker.Correct)
}

func (b importBooks) Deliver(ctx context.Context) error { return b.worker.Recover(ctx) }

// newImporter returns what lists imports and looks at them, by what is set up in a snapshot.
func newImporter(db *stores, snapshot *provision.Snapshot) (*importer.Importer, error) {
	keeper, err := postgres.NewImports(db.db, clock.System{})
	if err != nil {
		return nil, err
	}
	return &importer.Importer{Store: keeper, Source: func(ctx context.Context, tenant, pbx string) (*importer.Source, error) {
		s, err := newImportSource(ctx, snapshot, keeper, tenant, pbx)
		if err != nil {
			return nil, err
		}
		return &importer.Source{Format: s.format, Read: s.options(), Mapper: &s.mapper, Settings: s.settings}, nil
	}}, nil
}

// newUndoer returns an importer that can also take imports back.
func newUndoer(ctx context.Context, db *stores) (*importer.Importer, *postgres.Imports, error) {
	r, err := newRepricer(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	m, err := newImporter(db, r.snapshot)
	if err != nil {
		return nil, nil, err
	}
	keeper, err := postgres.NewImports(db.db, clock.System{})
	if err != nil {
		return nil, nil, err
	}
	m.Undoer = &importer.Undoer{Withdrawals: keeper, Books: importBooks{r}, Calls: db.records}
	return m, keeper, nil
}
