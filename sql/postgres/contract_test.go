package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/internal/sim"
	"trunkline/internal/sim/contract"
	"trunkline/internal/sim/memory"
	"trunkline/rating/worker"
	"trunkline/sql/postgres"
)

// TestMemoryKeepsTheContract asks PostgreSQL and the store of the simulator the same, in an order that a seed decides: they
// answer the same.
func TestMemoryKeepsTheContract(t *testing.T) {
	t.Parallel()
	const seeds, steps = 16, 110
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			requireContract(t, seed, steps)
		})
	}
}

func requireContract(t *testing.T, seed uint64, steps int) {
	t.Helper()
	prices, err := sim.NewPrices(rand.New(rand.NewPCG(seed, 2)), seed%2 == 0)
	require.NoError(t, err)
	subject := func() contract.Subject {
		c, prices := clock.NewManual(contract.Start()), *prices
		lose := func(lost bool) { prices.Lost = lost }
		return contract.Subject{Clock: c, Lose: lose, Rate: worker.New(worker.Config{Prices: func() worker.Prices { return &prices }, Clock: c}).Rate}
	}
	model := subject()
	m := memory.New(model.Clock)
	model.Ledger, model.Books = m, m.Books()
	model.Retry = func(ctx context.Context) (worker.Batch, error) { return m.Books().RetryAll(ctx, model.Rate) }

	engine := subject()
	db := open(t)
	books, err := postgres.NewBooks(db, engine.Clock)
	require.NoError(t, err)
	engine.Ledger, engine.Books = postgres.NewLedger(db, engine.Clock), books
	engine.Retry = func(ctx context.Context) (worker.Batch, error) { return retryAll(ctx, books, engine.Rate) }

	want := contract.Transcript(t.Context(), seed, steps, model)
	got := contract.Transcript(t.Context(), seed, steps, engine)
	for i := range want {
		require.Less(t, i, len(got), "seed %d", seed)
		require.Equal(t, want[i], got[i], "seed %d; before it: %v", seed, want[max(0, i-6):i])
	}
	require.Len(t, got, len(want))
}

func retryAll(ctx context.Context, books *postgres.Books, rate func(worker.Fresh) (worker.Outcome, error)) (worker.Batch, error) {
	dead, err := books.Dead(ctx, postgres.DeadFilter{Limit: postgres.MaxLines})
	if err != nil || len(dead) == 0 {
		return worker.Batch{}, err
	}
	ids := make([]int64, len(dead))
	for i := range dead {
		ids[i] = dead[i].ID
	}
	return books.Retry(ctx, ids, rate)
}
