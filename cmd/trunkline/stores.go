package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
	"trunkline/sql/schema"
)

// stores are the open databases of a command.
type stores struct {
	engines   *engines
	db        *postgres.DB
	provision *postgres.Provision
	ledger    *postgres.Ledger
	clicks    *clickhouse.DB
	records   *clickhouse.Store
	log       *slog.Logger
}

// openStores reaches the engines of a running process, or starts them for the time of the command. Databases without a schema
// get one; one that is older or newer than this program is refused: to bring it up to date is for the service and for `migrate`.
func (f *configFlags) openStores(ctx context.Context, errOut io.Writer) (*stores, error) {
	return f.openReady(ctx, errOut, checkSchemas)
}

// openReady is openStores, with what makes the schemas ready.
func (f *configFlags) openReady(ctx context.Context, errOut io.Writer, ready func(context.Context, *stores) error) (*stores, error) {
	c, err := f.load()
	if err != nil {
		return nil, err
	}
	if f.log == "" {
		c.Log.Level = "error" // A command's answer is not to drown in what its engines say.
	}
	log, err := newLogger(&c.Log, errOut)
	if err != nil {
		return nil, withCode(exitUsage, err)
	}
	e, err := reachEngines(ctx, &c, log)
	if err != nil {
		return nil, err
	}
	s, err := newStores(ctx, e, storeLimits{postgres: 4, clickhouse: 4, statement: c.Postgres.StatementLimit}, ready, log)
	if err != nil {
		e.stop(ctx, log)
		return nil, withCode(exitConflict, err)
	}
	return s, nil
}

// storeLimits bound what a process asks of its stores.
type storeLimits struct {
	postgres   int32
	clickhouse int
	statement  time.Duration
}

// migrateSchemas brings the schemas of both databases up to date.
func migrateSchemas(ctx context.Context, s *stores) error {
	var g errgroup.Group
	g.Go(func() error { return s.db.Migrate(ctx) })
	g.Go(func() error { // ClickHouse has no locks: two processes that start at once would both bring it up to date.
		return s.db.Alone(ctx, "migrate ClickHouse", s.clicks.Migrate)
	})
	return g.Wait()
}

// checkSchemas makes sure that the schemas of both databases are those of this program. Two that are empty are filled: nobody
// has anything in them.
func checkSchemas(ctx context.Context, s *stores) error {
	one, other := s.db.CheckSchema(ctx), s.clicks.CheckSchema(ctx)
	if errors.Is(one, schema.ErrEmpty) && errors.Is(other, schema.ErrEmpty) {
		return migrateSchemas(ctx, s)
	}
	return errors.Join(one, other)
}

// newStores connects to the engines and has their schemas made ready.
func newStores(ctx context.Context, e *engines, limits storeLimits, ready func(context.Context, *stores) error, log *slog.Logger) (_ *stores, err error) {
	s := &stores{engines: e, log: log}
	defer func() {
		if err != nil {
			s.disconnect()
		}
	}()
	if s.db, err = postgres.Open(ctx, e.Postgres, postgres.Options{MaxConns: limits.postgres, StatementLimit: limits.statement}); err != nil {
		return nil, err
	}
	if s.clicks, err = clickhouse.Open(e.ClickHouse, clickhouse.Options{MaxConns: limits.clickhouse}); err != nil {
		return nil, err
	}
	if err = s.await(ctx); err != nil {
		return nil, err
	}
	if err = ready(ctx, s); err != nil {
		return nil, err
	}
	s.provision = postgres.NewProvision(s.db.Pool())
	s.ledger = postgres.NewLedger(s.db, clock.System{})
	s.records = clickhouse.NewStore(s.clicks)
	return s, nil
}

// awaitLimit is how long engines are waited for that answered a moment ago, or are started by somebody else.
const (
	awaitLimit = 20 * time.Second
	awaitPause = 200 * time.Millisecond
)

// await waits until both databases answer. One that refuses for another cause than being away is not waited for.
func (s *stores) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, awaitLimit)
	defer cancel()
	for {
		err := errors.Join(s.db.Pool().Ping(ctx), s.clicks.Ping(ctx))
		if err == nil || !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			return err
		}
		if clock.Sleep(ctx, clock.System{}, awaitPause) != nil {
			return err
		}
	}
}

func (s *stores) close(ctx context.Context) {
	s.disconnect()
	s.engines.stop(ctx, s.log)
}

func (s *stores) disconnect() {
	if s.db != nil {
		s.db.Close()
	}
	if s.clicks != nil {
		if err := s.clicks.Close(); err != nil {
			s.log.Warn("closing ClickHouse failed", "error", err)
		}
	}
}

// usagePosted is what the ledger has of a tenant's usage over slots in [from, till).
func (s *stores) usagePosted(ctx context.Context, tenant string, currency money.Currency, from, till time.Time) (money.Amount, error) {
	sums, err := s.ledger.UsageSums(ctx, from, till)
	if err != nil {
		return money.Amount{}, err
	}
	var total money.Amount
	for _, sum := range sums {
		if sum.Account == ledger.Tenant(tenant, currency) {
			if total, err = total.Add(sum.Amount); err != nil {
				return total, err
			}
		}
	}
	return total, nil
}

// snapshot compiles what is provisioned.
func (s *stores) snapshot(ctx context.Context) (*provision.Snapshot, error) {
	return s.compile(ctx, provision.NewCompiler())
}

// compile compiles what is provisioned, with a compiler whose measures its routes look at.
func (s *stores) compile(ctx context.Context, compiler *provision.Compiler) (*provision.Snapshot, error) {
	stored, err := s.provision.Load(ctx)
	if err != nil {
		return nil, err
	}
	if len(stored.Objects) == 0 { // Nothing was set up yet.
		return provision.Empty(), nil
	}
	bundle, err := stored.Bundle()
	if err != nil {
		return nil, err
	}
	return compiler.Compile(ctx, bundle)
}
