package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"trunkline/api"
	"trunkline/app/pbx"
	"trunkline/cdr/importer"
	"trunkline/cdr/kafka"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/sql/postgres"
)

// startImports prepares what call records of others need, and begins to collect them where this process is to.
func (s *System) startImports() error {
	collects := s.parts.Collect && s.config.Collect
	if !collects && s.config.HTTP.Listen == "" {
		return nil
	}
	var err error
	if s.imports, err = postgres.NewImports(s.Stores.DB, clock.System{}); err != nil {
		return err
	}
	s.imported = kafka.NewProducer(s.kafkaConfig(), kafka.LegsTopic)
	if !collects {
		return nil
	}
	k := pbx.NewCollector(s.config, s.provisioning.Live, s.imported, s.imports, s.log)
	s.running.Go(func() {
		if err := k.Run(s.life); err != nil {
			s.log.Error("no call records are collected by this process", "error", err)
		}
	})
	return nil
}

// uploads takes call records that come over HTTP.
type uploads struct {
	live   *provision.Live
	sender importer.Sender
	keeper *postgres.Imports
}

// Import implements api.Importer.
func (u *uploads) Import(ctx context.Context, tenant, id, name string, in io.Reader) (api.ImportSummary, error) {
	source, err := pbx.NewSource(ctx, u.live.Snapshot(), u.keeper, tenant, id)
	if err != nil {
		return api.ImportSummary{}, fmt.Errorf("%w: %w", api.ErrUnknown, err)
	}
	sink := importer.NewSink(ctx, &source.Mapper, u.sender, u.keeper, source.Begin(name, importer.WayUpload, "upload"))
	checked, err := pbx.CheckDates(in, source, source.Options())
	if errors.Is(err, pbx.ErrMisread) {
		return api.ImportSummary{}, fmt.Errorf("%w: %w", api.ErrUnfit, err)
	}
	if err != nil {
		return api.ImportSummary{}, err
	}
	sum, err := importer.Read(source.Format, source.Options(), checked, sink)
	return api.ImportSummary{
		Lines: sum.Lines, Calls: sum.Calls, Duplicates: sum.Duplicates, Sent: sink.Totals().Sent, Unusable: sink.Totals().Unusable,
		Import: sink.ID(),
	}, err
}
