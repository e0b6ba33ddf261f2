package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/doctor"
	"trunkline/internal/cause"
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
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			ctx, out := cmd.Context(), cmd.OutOrStdout()
			switch {
			case adopt:
				return noted(ctx, c, "adopt calls", doctor.AdoptCalls(ctx, c.Stores, out))
			case dryRun:
				return doctor.CompareBatches(ctx, c.Stores, out)
			}
			return noted(ctx, c, "repair", doctor.RepairStores(ctx, c.Stores, out))
		}),
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "compare, and change nothing")
	cmd.Flags().BoolVar(&adopt, "adopt", false, "take over the calls of a ledger that is lost for good; then run repair")
	f.register(cmd)
	return cmd
}

// noted keeps in the audit that the stores were changed. Work that failed changed nothing that is to be answered for.
func noted(ctx context.Context, c *app.Local, action string, err error) error {
	if err != nil && cause.Of(err) != cause.Part {
		return err
	}
	return errors.Join(err, c.Note(ctx, action, "stores", ""))
}
