package main

import (
	"context"
	"io"

	"trunkline/app/config"
	"trunkline/app/engine"
	"trunkline/app/store"
)

// openStores reaches the engines of a running process, or starts them for the time of the command. Databases without a schema
// get one; one that is older or newer than this program is refused: to bring it up to date is for the service and for `migrate`.
func (f *configFlags) openStores(ctx context.Context, errOut io.Writer) (*store.Stores, error) {
	return f.openReady(ctx, errOut, store.Check)
}

// openReady is openStores, with what makes the schemas ready.
func (f *configFlags) openReady(ctx context.Context, errOut io.Writer, ready func(context.Context, *store.Stores) error) (*store.Stores, error) {
	c, err := f.load()
	if err != nil {
		return nil, err
	}
	if f.log == "" {
		c.Log.Level = "error" // A command's answer is not to drown in what its engines say.
	}
	log, err := config.NewLogger(&c.Log, errOut)
	if err != nil {
		return nil, withCode(exitUsage, err)
	}
	e, err := engine.Reach(ctx, &c, log)
	if err != nil {
		return nil, err
	}
	s, err := store.Connect(ctx, e, store.Limits{Postgres: 4, Clickhouse: 4, Statement: c.Postgres.StatementLimit}, ready, log)
	if err != nil {
		e.Stop(ctx, log)
		return nil, withCode(exitConflict, err)
	}
	return s, nil
}
