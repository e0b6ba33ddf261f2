package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/pricing"
	"trunkline/app/rerate"
	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/rating/worker"
	"trunkline/rating/worker/repair"
	"trunkline/sql/postgres"
)

func newRepairCommand() *cobra.Command {
	var f configFlags
	var dryRun, adopt bool
	cmd := &cobra.Command{
		Use: "repair [--dry-run]", Short: "Bring ledger and store of calls into agreement after a restore", Args: cobra.NoArgs,
		Long: `Repair compares every batch that the ledger (PostgreSQL) has posted with what the store of calls (ClickHouse) has of it.
A worker does so by itself with the newest batches, at its start and every minute; this command looks at all of them.

Batches that ClickHouse has lost are filled in again: from the records that the ledger keeps packed (worker.keep_packed, two weeks
unless set), or from the topic, where the legs' prices add up to just what was posted. Batches that the ledger does not know,
because PostgreSQL was restored from a backup, are set aside (table cdr_aside), and their legs are accounted for anew. What can
be brought back from nowhere is listed, with since when. It may be repeated; a second run finds nothing.

Exit status: 0 both agree; 3 records are missing that cannot be brought back; 4 the sums differ, or an engine cannot be reached.`,
		Example: "  trunkline repair --dry-run\n  trunkline repair",
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			db, books, err := openBooks(cmd, &f)
			if err != nil {
				return err
			}
			defer func() { err = endStores(db, cmd, args, err) }()
			if adopt {
				return adoptCalls(cmd.Context(), db, books, cmd.OutOrStdout())
			}
			if dryRun {
				return compareBatches(cmd.Context(), db, books, cmd.OutOrStdout())
			}
			return repairStores(cmd.Context(), db, books, cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "compare, and change nothing")
	cmd.Flags().BoolVar(&adopt, "adopt", false, "take over the calls of a ledger that is lost for good; then run repair")
	f.register(cmd)
	return cmd
}

func adoptCalls(ctx context.Context, db *store.Stores, books *postgres.Books, out io.Writer) error {
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

func compareBatches(ctx context.Context, db *store.Stores, books *postgres.Books, out io.Writer) error {
	if err := repair.Claim(ctx, books, db.Records); err != nil {
		return withCode(exitConflict, err)
	}
	d, err := repair.Compare(ctx, books, db.Records)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d batches that the ledger does not know would be set aside, %d that ClickHouse has lost filled in again\n", len(d.Foreign), len(d.Lost))
	if !d.None() {
		return withCode(exitConflict, errors.New("ledger and store of calls do not agree: run `trunkline repair`"))
	}
	return nil
}

func repairStores(ctx context.Context, db *store.Stores, books *postgres.Books, out io.Writer) error {
	if err := repair.Claim(ctx, books, db.Records); err != nil {
		return withCode(exitConflict, err)
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
	off, err := compareSums(ctx, db, clock.System{}.Now().Sub(time.Unix(0, 0)), out)
	switch {
	case err != nil:
		return err
	case len(done.Missing) > 0:
		return withCode(exitPartial, fmt.Errorf("the records of %d batches, made from %s on, cannot be brought back", len(done.Missing), done.Since.UTC().Format(time.RFC3339)))
	case off > 0:
		return withCode(exitConflict, fmt.Errorf("%d accounts differ: run `trunkline doctor`", off))
	}
	return nil
}

func openBooks(cmd *cobra.Command, f *configFlags) (*store.Stores, *postgres.Books, error) {
	db, err := f.openStores(cmd.Context(), cmd.ErrOrStderr())
	if err != nil {
		return nil, nil, err
	}
	books, err := postgres.NewBooks(db.DB, db.Clock)
	if err != nil {
		db.Close(cmd.Context())
		return nil, nil, err
	}
	return db, books, nil
}
