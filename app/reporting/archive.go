package reporting

import (
	"context"
	"errors"
	"fmt"
	"io"

	"trunkline/app/store"
	"trunkline/console"
	"trunkline/reports/export"
	"trunkline/sql/clickhouse"
)

// Archive streams whole records; it implements console.Archive.
type Archive struct {
	Stores *store.Stores
}

// Export implements console.Archive.
func (a Archive) Export(ctx context.Context, q console.RecordQuery, o export.Options, out io.Writer, told func(rows int64)) (int64, error) {
	source, err := Exporter(a.Stores)
	if err != nil {
		return 0, err
	}
	stream, err := source.Calls(ctx, legsFilter(&q))
	if err != nil {
		return 0, err
	}
	defer stream.Close()
	return export.Copy(ctx, out, stream, o, told)
}

// Rebuild implements console.Archive.
func (a Archive) Rebuild(ctx context.Context, told func(month string)) error {
	err := a.Stores.Records.Rebuild(ctx, told)
	if errors.Is(err, clickhouse.ErrBusy) {
		return fmt.Errorf("%w: %w", console.ErrConflict, err)
	}
	return err
}
