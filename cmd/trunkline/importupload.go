package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"trunkline/api"
	"trunkline/cdr/importer"
	"trunkline/cdr/kafka"
	"trunkline/internal/clock"
	"trunkline/routing"
	"trunkline/sql/postgres"
)

// startImports prepares what call records of others need, and begins to collect them where this process is to.
func (s *system) startImports() error {
	collects := s.parts.collect && s.config.Collect
	if !collects && s.config.HTTP.Listen == "" {
		return nil
	}
	var err error
	if s.imports, err = postgres.NewImports(s.stores.db, clock.System{}); err != nil {
		return err
	}
	s.imported = kafka.NewProducer(s.kafkaConfig(), kafka.LegsTopic)
	if !collects {
		return nil
	}
	k := newCollector(s.config, s.provisioning.live, s.imported, s.imports, s.log)
	s.running.Go(func() {
		if err := k.run(s.life); err != nil {
			s.log.Error("no call records are collected by this process", "error", err)
		}
	})
	return nil
}

// uploads takes call records that come over HTTP.
type uploads struct {
	live   *routing.Live
	sender importer.Sender
	keeper *postgres.Imports
}

// Import implements api.Importer.
func (u *uploads) Import(ctx context.Context, tenant, pbx, name string, in io.Reader) (api.ImportSummary, error) {
	source, err := newImportSource(ctx, u.live.Snapshot(), u.keeper, tenant, pbx)
	if err != nil {
		return api.ImportSummary{}, fmt.Errorf("%w: %w", api.ErrUnknown, err)
	}
	sink := importer.NewSink(ctx, &source.mapper, u.sender, u.keeper, source.begin(name, importer.WayUpload, "upload"))
	checked, err := checkDates(in, source, source.options())
	if errors.Is(err, errMisread) {
		return api.ImportSummary{}, fmt.Errorf("%w: %w", api.ErrUnfit, err)
	}
	if err != nil {
		return api.ImportSummary{}, err
	}
	sum, err := importer.Read(source.format, source.options(), checked, sink)
	return api.ImportSummary{
		Lines: sum.Lines, Calls: sum.Calls, Duplicates: sum.Duplicates, Sent: sink.Totals().Sent, Unusable: sink.Totals().Unusable,
		Import: sink.ID(),
	}, err
}
