package app

import (
	"trunkline/app/pbx"
	"trunkline/cdr/kafka"
	"trunkline/internal/clock"
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
