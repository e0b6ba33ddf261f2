package rerate

import (
	"log/slog"

	"trunkline/app/store"
	"trunkline/cdr/kafka"
	"trunkline/rating/worker"
	"trunkline/rating/worker/repair"
	"trunkline/sql/postgres"
)

// RepairTurn is the name under which one process at a time repairs.
const RepairTurn = "repair"

// NewRepair makes what brings the ledger and the store of calls into agreement, with the prices in force.
func NewRepair(s *store.Stores, books *postgres.Books, prices func() worker.Prices, log *slog.Logger) (*repair.Repair, error) {
	w, err := newWorker(s, books, prices, log)
	if err != nil {
		return nil, err
	}
	return &repair.Repair{
		Ledger: books, Calls: s.Records, Incidents: books, Log: log,
		Topic: kafka.Again{Config: kafka.Config{Brokers: s.Engines.Kafka, Log: log}}, Worker: w,
	}, nil
}
