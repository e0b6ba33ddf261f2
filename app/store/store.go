package store

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"trunkline/app/config"
	"trunkline/app/engine"
	"trunkline/internal/cause"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
	"trunkline/sql/schema"
)

// Stores are the open databases of a command.
type Stores struct {
	Clock      clock.Clock
	Engines    *engine.Engines
	DB         *postgres.DB
	Provision  *postgres.Provision
	Ledger     *postgres.Ledger
	ClickHouse *clickhouse.DB
	Records    *clickhouse.Store
	Log        *slog.Logger
}

// Limits bound what a process asks of its stores.
type Limits struct {
	Postgres   int32
	Clickhouse int
	Statement  time.Duration
}

// Open reaches the engines of a running process, or starts them for as long as somebody works, connects to them and has their
// schemas made ready; Close ends both.
func Open(ctx context.Context, c *config.Config, ready func(context.Context, *Stores) error, log *slog.Logger) (*Stores, error) {
	e, err := engine.Reach(ctx, c, log)
	if err != nil {
		return nil, err
	}
	s, err := Connect(ctx, e, Limits{Postgres: fewConns, Clickhouse: fewConns, Statement: c.Postgres.StatementLimit}, ready, log)
	if err != nil {
		e.Stop(ctx, log)
		return nil, cause.Mark(cause.State, err)
	}
	return s, nil
}

// fewConns are the connections to each database of whoever works alone.
const fewConns = 4

// Migrate brings the schemas of both databases up to date.
func Migrate(ctx context.Context, s *Stores) error {
	var g errgroup.Group
	g.Go(func() error { return s.DB.Migrate(ctx) })
	g.Go(func() error { // ClickHouse has no locks: two processes that start at once would both bring it up to date.
		return s.DB.Alone(ctx, "migrate ClickHouse", s.ClickHouse.Migrate)
	})
	return g.Wait()
}

// Check makes sure that the schemas of both databases are those of this program. Two that are empty are filled: nobody
// has anything in them.
func Check(ctx context.Context, s *Stores) error {
	one, other := s.DB.CheckSchema(ctx), s.ClickHouse.CheckSchema(ctx)
	if errors.Is(one, schema.ErrEmpty) && errors.Is(other, schema.ErrEmpty) {
		return Migrate(ctx, s)
	}
	return errors.Join(one, other)
}

// Connect connects to the engines and has their schemas made ready.
func Connect(ctx context.Context, e *engine.Engines, limits Limits, ready func(context.Context, *Stores) error, log *slog.Logger) (_ *Stores, err error) {
	s := &Stores{Engines: e, Clock: clock.System{}, Log: log}
	defer func() {
		if err != nil {
			s.Disconnect()
		}
	}()
	if s.DB, err = postgres.Open(ctx, e.Postgres, postgres.Options{MaxConns: limits.Postgres, StatementLimit: limits.Statement}); err != nil {
		return nil, err
	}
	if s.ClickHouse, err = clickhouse.Open(e.ClickHouse, clickhouse.Options{MaxConns: limits.Clickhouse}); err != nil {
		return nil, err
	}
	if err = s.await(ctx); err != nil {
		return nil, err
	}
	if err = ready(ctx, s); err != nil {
		return nil, err
	}
	s.Provision = postgres.NewProvision(s.DB.Pool())
	s.Ledger = postgres.NewLedger(s.DB, clock.System{})
	s.Records = clickhouse.NewStore(s.ClickHouse)
	return s, nil
}

// awaitLimit is how long engines are waited for that answered a moment ago, or are started by somebody else.
const (
	awaitLimit = 20 * time.Second
	awaitPause = 200 * time.Millisecond
)

// await waits until both databases answer. One that refuses for another cause than being away is not waited for.
func (s *Stores) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, awaitLimit)
	defer cancel()
	for {
		err := errors.Join(s.DB.Pool().Ping(ctx), s.ClickHouse.Ping(ctx))
		if err == nil || !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			return err
		}
		if clock.Sleep(ctx, clock.System{}, awaitPause) != nil {
			return err
		}
	}
}

// Close ends the connections, and the engines that were started for them.
func (s *Stores) Close(ctx context.Context) {
	s.Disconnect()
	s.Engines.Stop(ctx, s.Log)
}

// Disconnect ends the connections and leaves the engines.
func (s *Stores) Disconnect() {
	if s.DB != nil {
		s.DB.Close()
	}
	if s.ClickHouse != nil {
		if err := s.ClickHouse.Close(); err != nil {
			s.Log.Warn("closing ClickHouse failed", "error", err)
		}
	}
}

// UsagePosted is what the ledger has of a tenant's usage over slots in [from, till).
func (s *Stores) UsagePosted(ctx context.Context, tenant string, currency money.Currency, from, till time.Time) (money.Amount, error) {
	sums, err := s.Ledger.UsageSums(ctx, from, till)
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

// Snapshot compiles what is provisioned.
func (s *Stores) Snapshot(ctx context.Context) (*provision.Snapshot, error) {
	snapshot, _, err := s.Compile(ctx, provision.NewCompiler())
	return snapshot, err
}

// Compile compiles what is provisioned, with a compiler whose measures its routes look at, and returns its revision. The revision is
// told where it cannot be compiled, too.
func (s *Stores) Compile(ctx context.Context, compiler *provision.Compiler) (*provision.Snapshot, int64, error) {
	stored, err := s.Provision.Load(ctx)
	if err != nil {
		return nil, 0, err
	}
	if len(stored.Objects) == 0 { // Nothing was set up yet.
		return provision.Empty(), stored.Revision, nil
	}
	bundle, err := stored.Bundle()
	if err != nil {
		return nil, stored.Revision, err
	}
	snapshot, err := compiler.Compile(ctx, bundle)
	return snapshot, stored.Revision, err
}
