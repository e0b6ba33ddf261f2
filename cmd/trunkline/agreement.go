package main

import (
	"context"
	"log/slog"
	"time"

	"trunkline/cdr/kafka"
	"trunkline/internal/clock"
	"trunkline/internal/e164"
	"trunkline/rating/worker"
	"trunkline/rating/worker/repair"
	"trunkline/sql/postgres"
)

// lookEvery is how often the newest batches of the ledger and of the store of calls are compared.
const lookEvery = time.Minute

// repairTurn is the name under which one process at a time repairs.
const repairTurn = "repair"

// newRepair makes what brings the ledger and the store of calls into agreement, with the prices in force.
func newRepair(s *stores, books *postgres.Books, prices func() worker.Prices, log *slog.Logger) (*repair.Repair, error) {
	countries, err := e164.NewCountries()
	if err != nil {
		return nil, err
	}
	return &repair.Repair{
		Ledger: books, Calls: s.records, Incidents: books, Log: log,
		Topic: kafka.Again{Config: kafka.Config{Brokers: s.engines.Kafka, Log: log}},
		Worker: worker.New(worker.Config{
			Books: books, Calls: s.records, Prices: prices, Country: countries.Of, Clock: clock.System{}, Log: log,
		}),
	}, nil
}

// agree compares what is newest in the ledger and in the store of calls, and repairs what does not agree.
func (s *system) agree(ctx context.Context) error {
	return s.stores.db.Alone(ctx, repairTurn, func(ctx context.Context) error {
		done, err := s.repair.Look(ctx)
		if err == nil && !done.None() {
			s.log.WarnContext(ctx, "ledger and store of calls were brought into agreement; see `trunkline doctor`",
				"set_aside", done.Foreign, "legs_brought_back", done.Brought, "filled_again", done.Refilled, "missing", len(done.Missing))
		}
		return err
	})
}

// keepAgreement does so every minute: a store may be put back while the worker runs.
func (s *system) keepAgreement(ctx context.Context) {
	s.repeat(ctx, lookEvery, "ledger and store of calls cannot be compared", func() error { return s.agree(ctx) })
}
