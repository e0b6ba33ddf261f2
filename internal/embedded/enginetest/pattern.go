package enginetest

import (
	"context"
	"fmt"
	"testing"
)

// PostgresLike is Postgres, but the database is a copy of a pattern. Prepare sets the pattern up: it gets the address of an empty
// database, and has left it when it returns. It is asked when a test first wants a copy; the whole test binary has one pattern, so that
// all its tests name the same. What it made by chance, such as the identity of a ledger, is the same in all copies: whoever needs another
// one has to change it. A copy takes a tenth of the time of all migrations. It may be called by parallel tests.
func PostgresLike(tb testing.TB, prepare func(ctx context.Context, dsn string) error) string {
	tb.Helper()
	server, name := postgres(tb)
	execPostgres(tb, server.DSN(), "CREATE DATABASE "+name+" TEMPLATE "+pattern(tb, prepare))
	tb.Cleanup(func() { execPostgres(tb, server.DSN(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return withDatabase(tb, server.DSN(), name)
}

// pattern returns the name of the database that is copied. It goes with the engine, at the end of the test binary.
func pattern(tb testing.TB, prepare func(ctx context.Context, dsn string) error) string {
	tb.Helper()
	defer engines.lock(tb)()
	if engines.pattern != "" {
		return engines.pattern
	}
	name, server := engines.name(), engines.postgres.DSN()
	execPostgres(tb, server, "CREATE DATABASE "+name)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), startLimit)
	defer cancel()
	if err := prepare(ctx, withDatabase(tb, server, name)); err != nil {
		tb.Fatal(fmt.Errorf("set up the pattern of databases: %w", err))
	}
	engines.pattern = name
	return name
}
