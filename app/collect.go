package app

import (
	"context"
	"log/slog"
	"sync"

	"trunkline/app/config"
	"trunkline/app/engine"
	"trunkline/app/inforce"
	"trunkline/app/pbx"
	"trunkline/app/store"
	"trunkline/internal/cause"
	"trunkline/internal/clock"
	"trunkline/sql/postgres"
)

// RunCollector runs the collector alone, against the engines of a running system or those that are configured.
func RunCollector(ctx context.Context, c *config.Config, log *slog.Logger) error {
	e, err := engine.Reach(ctx, c, log)
	if err != nil {
		return err
	}
	defer e.Stop(context.WithoutCancel(ctx), log)
	db, err := store.Connect(ctx, e, store.Limits{Postgres: 4, Clickhouse: 4, Statement: c.Postgres.StatementLimit}, store.Check, log)
	if err != nil {
		return cause.Mark(cause.State, err)
	}
	defer db.Disconnect()
	set, err := inforce.Open(ctx, db, log)
	if err != nil {
		return err
	}
	producer, err := pbx.OpenLegs(ctx, e.Kafka, log)
	if err != nil {
		return cause.Mark(cause.State, err)
	}
	defer func() { _ = producer.Close() }()
	var watching sync.WaitGroup
	defer watching.Wait()
	life, end := context.WithCancel(ctx)
	defer end()
	watching.Go(func() { set.Watch(life) })
	keeper, err := postgres.NewImports(db.DB, clock.System{})
	if err != nil {
		return err
	}
	k := pbx.NewCollector(c, set.Live, producer, keeper, log)
	if pbx.CountSources(set.Live.Snapshot()) == 0 {
		log.WarnContext(ctx, "no PBX has a source yet: declare one under pbxs in the operator's file")
	}
	return cause.Mark(cause.State, k.Run(life))
}
