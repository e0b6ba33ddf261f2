package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"trunkline/api"
	"trunkline/cdr/kafka"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/sql/postgres"
)

// startImports prepares what call records of others need, and begins to collect them where this process is to.
func (s *system) startImports() {
	collects := s.parts.collect && s.config.Collect
	if !collects && s.config.HTTP.Listen == "" {
		return
	}
	s.imports = postgres.NewImports(s.stores.db, clock.System{})
	s.imported = kafka.NewProducer(s.kafkaConfig(), kafka.LegsTopic)
	if !collects {
		return
	}
	k := newCollector(s.config, s.provisioning.live, s.imported, s.imports, s.log)
	s.running.Go(func() {
		if err := k.run(s.life); err != nil {
			s.log.Error("no call records are collected by this process", "error", err)
		}
	})
}

// uploads takes call records that come over HTTP.
type uploads struct {
	live   *provision.Live
	sender legSender
	keeper *postgres.Imports
}

// Import implements api.Importer.
func (u *uploads) Import(ctx context.Context, tenant, pbx, name string, in io.Reader) (api.ImportSummary, error) {
	source, err := newImportSource(ctx, u.live.Snapshot(), u.keeper, tenant, pbx)
	if err != nil {
		return api.ImportSummary{}, fmt.Errorf("%w: %w", api.ErrUnknown, err)
	}
	sink := &importSink{ctx: ctx, mapper: &source.mapper, sender: u.sender, keeper: u.keeper, origin: name}
	checked, err := checkDates(in, source, source.options())
	if errors.Is(err, errMisread) {
		return api.ImportSummary{}, fmt.Errorf("%w: %w", api.ErrUnfit, err)
	}
	if err != nil {
		return api.ImportSummary{}, err
	}
	sum, err := importStream(ctx, source.format, source.options(), checked, sink)
	return api.ImportSummary{
		Lines: sum.Lines, Calls: sum.Calls, Duplicates: sum.Duplicates, Sent: sink.sent, Unusable: sum.Faulty + sink.refused,
	}, err
}
