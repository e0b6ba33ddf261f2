package app

import (
	"context"
	"time"

	"trunkline/app/rerate"
)

// lookEvery is how often the newest batches of the ledger and of the store of calls are compared.
const lookEvery = time.Minute

// agree compares what is newest in the ledger and in the store of calls, and repairs what does not agree.
func (s *System) agree(ctx context.Context) error {
	return s.Stores.DB.Alone(ctx, rerate.RepairTurn, func(ctx context.Context) error {
		done, err := s.repair.Look(ctx)
		if err == nil && !done.None() {
			s.log.WarnContext(ctx, "ledger and store of calls were brought into agreement; see `trunkline doctor`",
				"set_aside", done.Foreign, "legs_brought_back", done.Brought, "filled_again", done.Refilled, "missing", len(done.Missing))
		}
		return err
	})
}

// keepAgreement does so every minute: a store may be put back while the worker runs.
func (s *System) keepAgreement(ctx context.Context) {
	s.repeat(ctx, lookEvery, "ledger and store of calls cannot be compared", func() error { return s.agree(ctx) })
}
