package clickhouse

import (
	"context"

	"github.com/pressly/goose/v3"

	"trunkline/cdr"
)

// MigrateTo brings the schema to that of a former version.
func (db *DB) MigrateTo(ctx context.Context, version int64) error {
	return db.withMigrations(func(p *goose.Provider) error {
		_, err := p.UpTo(ctx, version)
		return err
	})
}

// WriteRecordsAlone inserts records as former versions did, whose views made the sums.
func (s *Store) WriteRecordsAlone(ctx context.Context, token string, records []cdr.Record) error {
	return s.writeRecords(ctx, token, records)
}
