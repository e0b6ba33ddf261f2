package enginetest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/jackc/pgx/v5"

	"trunkline/internal/embedded"
)

// Postgres returns the address, for pgx, of an empty database that exists until the test ends. Its role owns it and
// may create further databases and roles. It may be called by parallel tests.
func Postgres(tb testing.TB) string {
	tb.Helper()
	server, name := postgres(tb)
	execPostgres(tb, server.DSN(), "CREATE DATABASE "+name)
	tb.Cleanup(func() { execPostgres(tb, server.DSN(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return withDatabase(tb, server.DSN(), name)
}

// ClickHouse returns the address, for clickhouse-go over the native protocol, of an empty database (engine Atomic)
// that exists until the test ends. It may be called by parallel tests.
func ClickHouse(tb testing.TB) string {
	tb.Helper()
	server, name := clickHouse(tb)
	execClickHouse(tb, server.DSN(), "CREATE DATABASE "+name+" ENGINE = Atomic")
	tb.Cleanup(func() { execClickHouse(tb, server.DSN(), "DROP DATABASE IF EXISTS "+name+" SYNC") })
	return withDatabase(tb, server.DSN(), name)
}

// ClickHouseHTTP is ClickHouse with host:port of the HTTP protocol beside it.
func ClickHouseHTTP(tb testing.TB) (dsn, address string) {
	tb.Helper()
	dsn = ClickHouse(tb)
	defer engines.lock(tb)()
	return dsn, engines.clickhouse.HTTPAddr()
}

// Kafka returns the addresses of the broker. It is shared by the tests of the binary, so topics and groups need names
// of their own; Name makes some.
func Kafka(tb testing.TB) []string {
	tb.Helper()
	if outside := os.Getenv(outsideKafka); outside != "" {
		return strings.Split(outside, ",")
	}
	defer engines.lock(tb)()
	startKafka(tb)
	return engines.kafka.Addrs()
}

// Name returns a word that no other caller gets, for topics, groups and the like.
func Name(tb testing.TB) string {
	tb.Helper()
	defer engines.lock(tb)()
	return engines.name()
}

// name is called with the stand locked.
func (s *stand) name() string {
	s.databases++
	return fmt.Sprintf("test_%d_%d", os.Getpid(), s.databases) // A broker outside keeps the names of earlier runs.
}

func postgres(tb testing.TB) (server *embedded.Postgres, name string) {
	tb.Helper()
	defer engines.lock(tb)()
	if engines.postgres == nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), startLimit)
		defer cancel()
		started, err := embedded.StartPostgres(ctx, engines.folder, embedded.PostgresOptions{Packages: engines.packages, Log: logger()})
		if err != nil {
			tb.Fatal(err)
		}
		engines.postgres = started
	}
	return engines.postgres, engines.name()
}

func clickHouse(tb testing.TB) (server *embedded.ClickHouse, name string) {
	tb.Helper()
	defer engines.lock(tb)()
	if engines.clickhouse == nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), startLimit)
		defer cancel()
		started, err := embedded.StartClickHouse(ctx, engines.folder, embedded.ClickHouseOptions{Packages: engines.packages, Log: logger()})
		if err != nil {
			tb.Fatal(err)
		}
		engines.clickhouse = started
	}
	return engines.clickhouse, engines.name()
}

// startKafka is called with the stand locked.
func startKafka(tb testing.TB) {
	tb.Helper()
	if engines.kafka != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), startLimit)
	defer cancel()
	started, err := embedded.StartKafka(ctx, engines.folder, embedded.KafkaOptions{Log: logger()})
	if err != nil {
		tb.Fatal(err)
	}
	engines.kafka = started
}

func execPostgres(tb testing.TB, dsn, statement string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), startLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
	if _, err := conn.Exec(ctx, statement); err != nil {
		tb.Errorf("%s: %v", statement, err)
	}
	if err := conn.Close(ctx); err != nil {
		tb.Errorf("%s: %v", statement, err)
	}
}

func execClickHouse(tb testing.TB, dsn, statement string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), startLimit)
	defer cancel()
	opts, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	conn, err := clickhouse.Open(opts)
	if err != nil {
		tb.Fatal(err)
	}
	if err := conn.Exec(ctx, statement); err != nil {
		tb.Errorf("%s: %v", statement, err)
	}
	if err := conn.Close(); err != nil {
		tb.Errorf("%s: %v", statement, err)
	}
}

func withDatabase(tb testing.TB, dsn, name string) string {
	tb.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
