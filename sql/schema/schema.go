// Package schema compares the schema of a database with the one that this program was written for.
package schema

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
)

// What keeps a program from working with a database.
var (
	ErrEmpty = errors.New("the database has no schema yet")
	ErrOlder = errors.New("the schema of the database is older than this program")
	ErrNewer = errors.New("the schema of the database is newer than this program")
)

// Check compares the schema of an engine, which is named in errors, with the migrations of this program. It changes nothing but
// the table in which versions are noted, which it makes where there is none.
func Check(ctx context.Context, engine string, p *goose.Provider) error {
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("version of the schema of %s: %w", engine, err)
	}
	switch pending, err := p.HasPending(ctx); {
	case err != nil:
		return fmt.Errorf("version of the schema of %s: %w", engine, err)
	case have == 0:
		return fmt.Errorf("%s: %w: run `trunkline migrate`", engine, ErrEmpty)
	case have > want:
		return fmt.Errorf("%s: %w (%d, not %d): update the program on this host", engine, ErrNewer, have, want)
	case pending:
		return fmt.Errorf("%s: %w (%d, not %d): make a backup, then run `trunkline migrate`, or update the service, which does so when it starts", engine, ErrOlder, have, want)
	}
	return nil
}
