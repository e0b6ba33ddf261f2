package rerate

import (
	"context"
	"errors"
	"fmt"

	"trunkline/app/store"
	"trunkline/console"
	"trunkline/ledger"
	"trunkline/rating/worker"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

// Service prices calls again for whoever asks; it implements console.Rerating.
type Service struct {
	Stores *store.Stores
}

// Preview implements console.Rerating.
func (s Service) Preview(ctx context.Context, o console.RerateOrder) (console.RerateReport, error) {
	r, err := New(ctx, s.Stores)
	if err != nil {
		return console.RerateReport{}, fault(err)
	}
	r.Deck = o.Deck
	sum := newSum()
	if err := r.accounts(ctx, o.Accounts, o.From, o.Till, sum); err != nil {
		return console.RerateReport{}, fault(err)
	}
	return sum.report(0)
}

// Apply implements console.Rerating. It looks first whether anything is in the way of any account.
func (s Service) Apply(ctx context.Context, o console.RerateOrder, by string) (console.RerateReport, error) {
	r, err := New(ctx, s.Stores)
	if err != nil {
		return console.RerateReport{}, fault(err)
	}
	r.Deck = o.Deck
	if err := r.mayChange(ctx, o.Accounts, o.From, o.Till); err != nil {
		return console.RerateReport{}, fault(err)
	}
	r.job, err = r.Books.BeginRerate(ctx, postgres.Rerate{Scope: o.Scope(), From: o.From, Till: o.Till, Reason: o.Reason, By: by})
	if err != nil {
		return console.RerateReport{}, err
	}
	sum := newSum()
	if err := r.accounts(ctx, o.Accounts, o.From, o.Till, sum); err != nil {
		return console.RerateReport{}, r.failed(ctx, fault(err))
	}
	if err := r.Books.EndRerate(ctx, r.job); err != nil {
		return console.RerateReport{}, err
	}
	return sum.report(r.job)
}

// Runs implements console.Rerating.
func (s Service) Runs(ctx context.Context) ([]console.RerateRun, error) {
	books, err := postgres.NewBooks(s.Stores.DB, s.Stores.Clock)
	if err != nil {
		return nil, err
	}
	all, err := books.Rerates(ctx, 0)
	out := make([]console.RerateRun, len(all))
	for i := range all {
		r := &all[i]
		out[i] = console.RerateRun{ID: r.ID, Begun: r.Begun, Scope: r.Scope, From: r.From, Till: r.Till, Legs: r.Legs, State: state(r), Reason: r.Reason, By: r.By}
	}
	return out, err
}

// Undo implements console.Rerating.
func (s Service) Undo(ctx context.Context, id int64, reason, by string) (int, error) {
	r, err := New(ctx, s.Stores)
	if err != nil {
		return 0, fault(err)
	}
	n, err := r.undo(ctx, id, reason, by)
	return n, fault(err)
}

// fault tells what an operator can do something about from what is ours.
func fault(err error) error {
	for _, conflict := range []error{ledger.ErrClosedPeriod, ledger.ErrInvoiced, worker.ErrStale, worker.ErrUsesUnknown, postgres.ErrUndo} {
		if errors.Is(err, conflict) {
			return fmt.Errorf("%w: %w", console.ErrConflict, err)
		}
	}
	if errors.Is(err, clickhouse.ErrTooMany) {
		return fmt.Errorf("%w: %w", console.ErrInvalid, err)
	}
	return err
}

// state says in words what became of a run.
func state(r *postgres.Rerate) string {
	switch {
	case r.UndoneBy != 0 && r.Undone:
		return fmt.Sprintf("undone by %d", r.UndoneBy)
	case r.UndoneBy != 0:
		return fmt.Sprintf("undone in part by %d: undo it again", r.UndoneBy)
	case r.Done.IsZero() && r.Failure != "" && r.Legs == 0:
		return "failed, nothing was changed: " + r.Failure
	case r.Done.IsZero() && r.Failure != "":
		return "failed in part: " + r.Failure
	case r.Done.IsZero() && r.WentOn != 0:
		return fmt.Sprintf("not finished; %d went on with it", r.WentOn)
	case r.Done.IsZero():
		return "not finished: run it again"
	case r.Undoes != 0:
		return fmt.Sprintf("undoes %d", r.Undoes)
	}
	return "done"
}
