package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"trunkline/sql/schema"
)

//go:embed migrations/*.sql
var migrations embed.FS

const connectLimit = 5 * time.Second

// DB is a pool of connections. It is safe for concurrent use.
type DB struct {
	pool *pgxpool.Pool
}

// Options are what an operator may set.
type Options struct {
	MaxConns int32 // 0: sixteen.
	// A statement that takes longer is given up by the server; 0: fifteen minutes. Migrations are not bounded.
	StatementLimit time.Duration
}

const (
	statementLimit = 15 * time.Minute
	// A client that stops in the middle of a transaction, as a virtual machine does that is suspended, holds its locks no longer.
	idleLimit = "300000"
)

// Open checks the address and makes the pool; connections are made when they are needed.
func Open(ctx context.Context, dsn string, o Options) (*DB, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("address of PostgreSQL: %w", err)
	}
	config.MaxConns = 16
	if o.MaxConns > 0 {
		config.MaxConns = o.MaxConns
	}
	config.ConnConfig.ConnectTimeout = connectLimit
	// A reservation asks for a few rows by many statements: planning them anew takes longer than running them.
	config.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	config.ConnConfig.RuntimeParams["application_name"] = "trunkline"
	limit := o.StatementLimit
	if limit <= 0 {
		limit = statementLimit
	}
	config.ConnConfig.RuntimeParams["statement_timeout"] = strconv.FormatInt(limit.Milliseconds(), 10)
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = idleLimit
	// A connection whose other end has vanished is noticed within half a minute, not when the kernel gives up after a quarter of an hour.
	dialer := net.Dialer{Timeout: connectLimit, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 4}}
	config.ConnConfig.DialFunc = dialer.DialContext
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	return &DB{pool}, nil
}

// Pool returns the connections, for stores in other files and for health checks.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// Close ends the connections.
func (db *DB) Close() { db.pool.Close() }

// Migrate brings the schema up to date. Several processes may do so at once; one does the work. It may be repeated.
func (db *DB) Migrate(ctx context.Context) error {
	return db.withMigrations(func(p *goose.Provider) error {
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrate PostgreSQL: %w", err)
		}
		return nil
	})
}

// CheckSchema makes sure that the schema is the one of this program: schema.ErrEmpty, schema.ErrOlder or schema.ErrNewer. It may be
// repeated.
func (db *DB) CheckSchema(ctx context.Context) error {
	return db.withMigrations(func(p *goose.Provider) error { return schema.Check(ctx, "PostgreSQL", p) })
}

func (db *DB) withMigrations(do func(*goose.Provider) error) (err error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	unbounded := db.pool.Config().ConnConfig
	unbounded.RuntimeParams["statement_timeout"] = "0"
	conn := stdlib.OpenDB(*unbounded)
	defer func() { err = errors.Join(err, conn.Close()) }()
	provider, err := goose.NewProvider(goose.DialectPostgres, conn, files,
		goose.WithSessionLocker(locker), goose.WithAllowOutofOrder(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return do(provider)
}

// inTx runs f in a transaction, which is rolled back when f fails.
func (db *DB) inTx(ctx context.Context, f func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, db.pool, f)
}

// Alone runs f while no other process runs something under the same name. It waits for its turn until ctx ends.
func (db *DB) Alone(ctx context.Context, name string, f func(context.Context) error) error {
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("wait for %s: %w", name, err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtext($1))`, name); err != nil {
		return fmt.Errorf("wait for %s: %w", name, err)
	}
	defer func() {
		// A lock that cannot be given back ends with its connection.
		if _, err := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(hashtext($1))`, name); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
		}
	}()
	return f(ctx)
}
