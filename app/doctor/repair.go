package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"trunkline/app/pricing"
	"trunkline/app/rerate"
	"trunkline/app/store"
	"trunkline/internal/cause"
	"trunkline/rating/worker"
	"trunkline/rating/worker/repair"
	"trunkline/sql/postgres"
)

// AdoptCalls takes over the calls of a ledger that is lost for good, and says so. It may be repeated.
func AdoptCalls(ctx context.Context, db *store.Stores, out io.Writer) error {
	books, err := postgres.NewBooks(db.DB, db.Clock)
	if err != nil {
		return err
	}
	id, err := books.Identity(ctx)
	if err != nil {
		return err
	}
	if err := db.Records.Own(ctx, id); err != nil {
		return err
	}
	fmt.Fprintf(out, "the calls in ClickHouse belong to ledger %s now; run `trunkline repair` to account for them\n", id)
	return nil
}

// CompareBatches says how the batches of ledger and store of calls differ, and changes nothing; they are an error.
func CompareBatches(ctx context.Context, db *store.Stores, out io.Writer) error {
	books, err := postgres.NewBooks(db.DB, db.Clock)
	if err != nil {
		return err
	}
	if err := repair.Claim(ctx, books, db.Records); err != nil {
		return cause.Mark(cause.State, err)
	}
	d, err := repair.Compare(ctx, books, db.Records)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d batches that the ledger does not know would be set aside, %d that ClickHouse has lost filled in again\n", len(d.Foreign), len(d.Lost))
	if !d.None() {
		return cause.Mark(cause.State, errors.New("ledger and store of calls do not agree: run `trunkline repair`"))
	}
	return nil
}

// RepairStores brings ledger and store of calls into agreement, and says what was done. A second run finds nothing.
func RepairStores(ctx context.Context, db *store.Stores, out io.Writer) error {
	books, err := postgres.NewBooks(db.DB, db.Clock)
	if err != nil {
		return err
	}
	if err := repair.Claim(ctx, books, db.Records); err != nil {
		return cause.Mark(cause.State, err)
	}
	snapshot, err := db.Snapshot(ctx)
	if err != nil {
		return err
	}
	r, err := rerate.NewRepair(db, books, func() worker.Prices { return pricing.Prices{Ctx: ctx, Snapshot: snapshot} }, db.Log)
	if err != nil {
		return err
	}
	var done repair.Result
	err = db.DB.Alone(ctx, rerate.RepairTurn, func(ctx context.Context) (err error) {
		if err := r.Worker.Recover(ctx); err != nil {
			return err
		}
		done, err = r.Run(ctx)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "set aside     %d batches that the ledger did not know; %d legs of them accounted for anew\n", done.Foreign, done.Brought)
	fmt.Fprintf(out, "filled again  %d batches that ClickHouse had lost\n", done.Refilled)
	for _, b := range done.Missing {
		fmt.Fprintf(out, "missing       batch %d of %s, %d records: charged, and not to be shown one by one\n", b.Number, b.Made.UTC().Format(time.RFC3339), b.Records)
	}
	off, err := CompareSums(ctx, db, db.Clock.Now().Sub(time.Unix(0, 0)), out)
	switch {
	case err != nil:
		return err
	case len(done.Missing) > 0:
		return cause.Mark(cause.Part, fmt.Errorf("the records of %d batches, made from %s on, cannot be brought back", len(done.Missing), done.Since.UTC().Format(time.RFC3339)))
	case off > 0:
		return cause.Mark(cause.State, fmt.Errorf("%d accounts differ: run `trunkline doctor`", off))
	}
	return nil
}
