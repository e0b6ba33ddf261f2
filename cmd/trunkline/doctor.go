package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/sql/postgres"
)

func newDoctorCommand() *cobra.Command {
	var f configFlags
	days := 62
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check that nothing was lost and nothing charged twice",
		Long: `Doctor compares, for every account, what the ledger posted for calls with what the rated calls in ClickHouse add up to,
and says how many batches are on their way, how many legs could not be rated, and whether what is provisioned compiles.

Exit status: 0 all is well; 3 legs wait for a decision (trunkline dead list); 4 the sums differ or an engine cannot be
reached.`,
		Example: "  trunkline doctor\n  trunkline doctor --days 400",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if days < 1 || days > 4000 {
				return withCode(exitUsage, fmt.Errorf("--days %d: want 1 to 4000", days))
			}
			db, err := f.openStores(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer db.close(cmd.Context())
			c, err := f.load()
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "ledger away   %s\n", leasePolicy(c.SIP.LetPass, c.SIP.LetPassTenant))
			if err := examineRelays(cmd.Context(), &c, cmd.OutOrStdout()); err != nil {
				return err
			}
			return examine(cmd.Context(), db, time.Duration(days)*24*time.Hour, cmd.OutOrStdout())
		},
	}
	cmd.Flags().IntVar(&days, "days", days, "how far back the sums are compared")
	f.register(cmd)
	return cmd
}

func examine(ctx context.Context, db *stores, back time.Duration, out io.Writer) error {
	books, err := postgres.NewBooks(db.db, clock.System{})
	if err != nil {
		return err
	}
	snapshot, err := db.snapshot(ctx)
	if err != nil {
		fmt.Fprintf(out, "provisioning  WRONG: %v\n", err)
	} else {
		o := snapshot.Operator()
		fmt.Fprintf(out, "provisioning  ok: %d tenants, %d gateways, %d decks\n", len(o.Tenants), len(o.Gateways), len(o.Decks))
	}
	waiting, _, err := books.WaitingCount(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "batches       %d posted and not yet stored\n", waiting)
	dead, err := books.DeadCount(ctx, postgres.DeadFilter{})
	if err != nil {
		return err
	}
	var unrated int64
	for _, n := range dead {
		unrated += n
	}
	fmt.Fprintf(out, "unrated       %d legs\n", unrated)
	if err := examineHolds(ctx, db, out); err != nil {
		return err
	}
	off, err := compareSums(ctx, db, back, out)
	switch {
	case err != nil:
		return err
	case off > 0 && waiting == 0:
		return withCode(exitConflict, fmt.Errorf("%d accounts differ: the calls of the accounts marked above do not add up to their postings", off))
	case off > 0:
		return withCode(exitConflict, fmt.Errorf("%d accounts differ while %d batches are on their way: run it again in a moment", off, waiting))
	case unrated > 0:
		return withCode(exitPartial, fmt.Errorf("%d legs could not be rated: see `trunkline dead list`", unrated))
	}
	return nil
}

// vanishedAfter is how long a proxy may be silent before it is pointed out.
const vanishedAfter = 5 * time.Minute

// examineHolds points proxies out that are silent and hold money.
func examineHolds(ctx context.Context, db *stores, out io.Writer) error {
	nodes, err := db.ledger.Nodes(ctx)
	if err != nil {
		return err
	}
	now := clock.System{}.Now()
	silent := 0
	for _, n := range nodes {
		if n.Overdue > 0 && now.Sub(n.Seen) > vanishedAfter {
			silent++
			fmt.Fprintf(out, "proxy         %s has been silent since %s and holds money for %d calls that must be over: start it, or see `trunkline node give-up`\n",
				n.Name, n.Seen.UTC().Format(time.RFC3339), n.Overdue)
		}
	}
	if silent == 0 {
		fmt.Fprintf(out, "proxies       ok: %d known, none is silent with money held\n", len(nodes))
	}
	fmt.Fprintln(out)
	return nil
}

// compareSums prints the sums of every account in both stores, and returns how many differ.
func compareSums(ctx context.Context, db *stores, back time.Duration, out io.Writer) (off int, err error) {
	till := clock.System{}.Now().Add(cdr.SlotLength).Truncate(cdr.SlotLength)
	differences, err := ledger.Reconcile(ctx, db.ledger, db.records, till.Add(-back).Truncate(cdr.SlotLength), till)
	if err != nil {
		return 0, err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "ACCOUNT\tLEGS\tPOSTED\tCALLS ADD UP TO\tDIFFERENCE\t\t\n")
	for _, d := range differences {
		mark := "ok"
		if !d.OK() {
			mark = "DIFFERS"
			off++
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t\n", d.Account, d.Legs, d.Posted, d.Recorded, d.Off, mark)
	}
	return off, w.Flush()
}
