package main

import (
	"context"
	"io"
	"log/slog"

	"trunkline/provision"
	"trunkline/sql/postgres"
)

// stores are the open databases of a command.
type stores struct {
	engines   *engines
	db        *postgres.DB
	provision *postgres.Provision
	log       *slog.Logger
}

// openStores reaches the engines of a running process, or starts them for the time of the command, and brings the
// schemas up to date.
func (f *configFlags) openStores(ctx context.Context, errOut io.Writer) (*stores, error) {
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
	s := &stores{engines: e, log: log}
	if s.db, err = postgres.Open(ctx, e.Postgres, postgres.Options{MaxConns: 4}); err != nil {
		s.close(ctx)
		return nil, withCode(exitConflict, err)
	}
	if err := s.db.Migrate(ctx); err != nil {
		s.close(ctx)
		return nil, withCode(exitConflict, err)
	}
	s.provision = postgres.NewProvision(s.db.Pool())
	return s, nil
}

func (s *stores) close(ctx context.Context) {
	if s.db != nil {
		s.db.Close()
	}
	s.engines.stop(ctx, s.log)
}

// snapshot compiles what is provisioned.
func (s *stores) snapshot(ctx context.Context) (*provision.Snapshot, error) {
	stored, err := s.provision.Load(ctx)
	if err != nil {
		return nil, err
	}
	bundle, err := provision.NewBundle(stored.Objects, stored.Files)
	if err != nil {
		return nil, err
	}
	return provision.NewCompiler().Compile(ctx, bundle)
}
