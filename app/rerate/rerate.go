package rerate

import (
	"context"
	"log/slog"

	"trunkline/app/pricing"
	"trunkline/app/store"
	"trunkline/internal/e164"
	"trunkline/provision"
	"trunkline/rating/worker"
	"trunkline/sql/postgres"
)

// Rerater prices calls again, by the tariffs and decks of now.
type Rerater struct {
	db       *store.Stores
	Books    *postgres.Books
	Worker   *worker.Worker
	Snapshot *provision.Snapshot
	Deck     string
	job      int64 // 0: nothing is written.
}

// New reads what is provisioned, and stores first what was posted and is on its way.
func New(ctx context.Context, db *store.Stores) (*Rerater, error) {
	snapshot, err := db.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	books, err := postgres.NewBooks(db.DB, db.Clock)
	if err != nil {
		return nil, err
	}
	prices := func() worker.Prices { return pricing.Prices{Ctx: ctx, Snapshot: snapshot, Corrected: true} }
	w, err := newWorker(db, books, prices, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return &Rerater{db: db, Books: books, Worker: w, Snapshot: snapshot}, w.Recover(ctx)
}

// newWorker makes a worker that reads no stream: it prices what it is given.
func newWorker(db *store.Stores, books *postgres.Books, prices func() worker.Prices, log *slog.Logger) (*worker.Worker, error) {
	countries, err := e164.NewCountries()
	if err != nil {
		return nil, err
	}
	return worker.New(worker.Config{Books: books, Calls: db.Records, Prices: prices, Country: countries.Of, Clock: db.Clock, Log: log}), nil
}
