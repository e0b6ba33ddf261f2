package clickhouse

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	driver "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/pressly/goose/v3"

	"trunkline/sql/schema"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	dialLimit = 5 * time.Second
	readLimit = 2 * time.Minute
	// A statement that takes longer is given up by the server. Sums of a month are made anew by one statement.
	statementLimit = time.Hour
)

// DB is a pool of connections over the native protocol. It is safe for concurrent use.
type DB struct {
	options *driver.Options
	conn    driver.Conn
}

// Options are what an operator may set.
type Options struct {
	MaxConns int // 0: sixteen.
}

// Open checks the address, clickhouse://user:password@host:port/database; connections are made when they are needed.
func Open(dsn string, o Options) (*DB, error) {
	options, err := driver.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("address of ClickHouse: %w", err)
	}
	options.DialTimeout, options.ReadTimeout = dialLimit, readLimit
	options.MaxOpenConns = 16
	if o.MaxConns > 0 {
		options.MaxOpenConns = o.MaxConns
	}
	options.MaxIdleConns = (options.MaxOpenConns + 1) / 2
	if options.Settings == nil {
		options.Settings = driver.Settings{}
	}
	if _, set := options.Settings["max_execution_time"]; !set {
		options.Settings["max_execution_time"] = int(statementLimit.Seconds())
	}
	if options.Compression == nil {
		options.Compression = &driver.Compression{Method: driver.CompressionLZ4}
	}
	conn, err := driver.Open(options)
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	return &DB{options, conn}, nil
}

// Conn returns the connections, for stores in other files and for health checks.
func (db *DB) Conn() driver.Conn { return db.conn }

// Close ends the connections.
func (db *DB) Close() error {
	if err := db.conn.Close(); err != nil {
		return fmt.Errorf("close ClickHouse: %w", err)
	}
	return nil
}

// Ping asks for a sign of life.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.conn.Ping(ctx); err != nil {
		return fmt.Errorf("clickhouse: %w", err)
	}
	return nil
}

// Migrate brings the schema up to date. ClickHouse has no locks: let one process do it at a time. It may be repeated.
func (db *DB) Migrate(ctx context.Context) error {
	return db.withMigrations(func(p *goose.Provider) error {
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrate ClickHouse: %w", err)
		}
		return nil
	})
}

// CheckSchema makes sure that the schema is the one of this program: schema.ErrEmpty, schema.ErrOlder or schema.ErrNewer. It may be
// repeated.
func (db *DB) CheckSchema(ctx context.Context) error {
	return db.withMigrations(func(p *goose.Provider) error { return schema.Check(ctx, "ClickHouse", p) })
}

func (db *DB) withMigrations(do func(*goose.Provider) error) (err error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	options := *db.options
	conn := driver.OpenDB(&options)
	defer func() { err = errors.Join(err, conn.Close()) }()
	provider, err := goose.NewProvider(goose.DialectClickHouse, conn, files)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return do(provider)
}
