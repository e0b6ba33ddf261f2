package retention

import (
	"context"
	"time"

	"trunkline/reports/export"
)

// Row is a record of a kind that goes row by row. Several rows may have one id; they go together.
type Row struct {
	ID     int64
	At     time.Time
	Tenant string
	Text   []byte // In which numbers that are held are looked for.
	Cells  []any
}

// RowStore keeps the kinds that go row by row.
type RowStore interface {
	// Stock returns what there is of a kind, and what of it may go that is from before a time.
	Stock(ctx context.Context, k Kind, before time.Time) (all, old Stock, err error)
	// Days returns the UTC days that have something of a kind that may go, from before a time.
	Days(ctx context.Context, k Kind, before time.Time) ([]time.Time, error)
	// Fields are the columns of a kind's archive.
	Fields(k Kind) []export.Field
	// Each calls do for what may go of a kind in [from, till), in the order of the ids.
	Each(ctx context.Context, k Kind, from, till time.Time, do func(Row) error) error
	// Drop removes rows by their ids and notes it, both or neither.
	Drop(ctx context.Context, e Entry, ids []int64) error
}

// Entry notes a day of a kind that goes.
type Entry struct {
	ID      int64
	Kind    Kind
	Day     time.Time
	File    string // Of the archive; empty: it went without one.
	Part    Part   // Of calls.
	Figures Figures
	Made    time.Time
	Dropped time.Time // Zero: not yet.
}

// Log remembers what went where.
type Log interface {
	// Times returns how many entries there are of a day of a kind.
	Times(ctx context.Context, k Kind, day time.Time) (int, error)
	// Begin notes what is about to be dropped, and returns its id.
	Begin(ctx context.Context, e Entry) (int64, error)
	// Unfinished returns what was not dropped yet.
	Unfinished(ctx context.Context) ([]Entry, error)
	// End notes that it was dropped.
	End(ctx context.Context, id int64) error
	// Discard takes an entry away of which nothing was dropped.
	Discard(ctx context.Context, id int64) error
	// Archives returns the files of all entries.
	Archives(ctx context.Context) ([]string, error)
}
