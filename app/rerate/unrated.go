package rerate

import (
	"context"
	"fmt"
	"log/slog"

	"trunkline/app/pricing"
	"trunkline/app/store"
	"trunkline/rating/worker"
	"trunkline/sql/postgres"
)

// RetryUnrated prices legs again, stores what came of it, and returns how many are still unrated.
func RetryUnrated(ctx context.Context, db *store.Stores, books *postgres.Books, ids []int64) (int, error) {
	snapshot, err := db.Snapshot(ctx)
	if err != nil {
		return 0, err
	}
	prices := func() worker.Prices { return pricing.Prices{Ctx: ctx, Snapshot: snapshot} }
	w, err := newWorker(db, books, prices, slog.New(slog.DiscardHandler))
	if err != nil {
		return 0, err
	}
	if _, err := books.Retry(ctx, ids, w.Rate); err != nil {
		return 0, err
	}
	if err := w.Recover(ctx); err != nil {
		return 0, fmt.Errorf("the legs are posted; the worker stores them at its next start: %w", err)
	}
	left, err := books.Dead(ctx, postgres.DeadFilter{IDs: ids})
	return len(left), err
}
