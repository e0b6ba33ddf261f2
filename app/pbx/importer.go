package pbx

import (
	"context"

	"trunkline/app/rerate"
	"trunkline/app/store"
	"trunkline/cdr"
	"trunkline/cdr/importer"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/sql/postgres"
)

// importBooks are the books as takings back see them.
type importBooks struct {
	*rerate.Rerater
}

func (b importBooks) MayWithdraw(ctx context.Context, records []cdr.Record) error {
	return b.Books.MayWithdraw(ctx, records)
}

func (b importBooks) Withdraw(ctx context.Context, undo int64, records []cdr.Record) error {
	return b.Books.Withdraw(ctx, undo, records, b.Worker.Correct)
}

func (b importBooks) Deliver(ctx context.Context) error { return b.Worker.Recover(ctx) }

// NewImporter returns what lists imports and looks at them, by what is set up in a snapshot.
func NewImporter(db *store.Stores, snapshot *provision.Snapshot) (*importer.Importer, error) {
	keeper, err := postgres.NewImports(db.DB, clock.System{})
	if err != nil {
		return nil, err
	}
	return &importer.Importer{Store: keeper, Source: func(ctx context.Context, tenant, pbx string) (*importer.Source, error) {
		s, err := NewSource(ctx, snapshot, keeper, tenant, pbx)
		if err != nil {
			return nil, err
		}
		return &importer.Source{Format: s.Format, Read: s.Options(), Mapper: &s.Mapper, Settings: s.settings}, nil
	}}, nil
}

// NewUndoer returns an importer that can also take imports back.
func NewUndoer(ctx context.Context, db *store.Stores) (*importer.Importer, *postgres.Imports, error) {
	r, err := rerate.New(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	m, err := NewImporter(db, r.Snapshot)
	if err != nil {
		return nil, nil, err
	}
	keeper, err := postgres.NewImports(db.DB, clock.System{})
	if err != nil {
		return nil, nil, err
	}
	m.Undoer = &importer.Undoer{Withdrawals: keeper, Books: importBooks{r}, Calls: db.Records}
	return m, keeper, nil
}
