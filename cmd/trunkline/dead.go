package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/rerate"
	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/sql/postgres"
)

func newDeadCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead",
		Short: "Legs that could not be rated",
		Long: `A leg that cannot be rated (its tariff or deck is not known, has no rate for the number, or its times make no sense) is
kept here with the reason and blocks the invoice of its period. Mend the cause, then retry it: it is priced as if it came
now, under its own identity, so it cannot be charged twice. Times that are impossible can be mended (trunkline dead mend); what nobody
is to be charged for is written off (trunkline dead write-off). Both keep the leg as it came, with the reason.`,
	}
	cmd.AddCommand(newDeadListCommand(), newDeadShowCommand(), newDeadRetryCommand(), newDeadMendCommand(), newDeadWriteOffCommand())
	return cmd
}

func newDeadListCommand() *cobra.Command {
	var f configFlags
	var filter postgres.DeadFilter
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "List them, the oldest first", Args: cobra.NoArgs,
		Example: "  trunkline dead list\n  trunkline dead list --tenant beauty --reason no_rate --format csv",
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, books, err := openBooks(cmd, &f)
			if err != nil {
				return err
			}
			defer db.Close(cmd.Context())
			dead, err := books.Dead(cmd.Context(), filter)
			if err != nil {
				return err
			}
			return deadTable(dead).write(cmd.OutOrStdout(), format)
		},
	}
	cmd.Flags().StringVar(&filter.Tenant, "tenant", "", "tenant")
	cmd.Flags().StringVar(&filter.Carrier, "carrier", "", "carrier")
	formatFlag(cmd, &format)
	cmd.Flags().StringVar(&filter.Reason, "reason", "", "reason, such as no_rate")
	cmd.Flags().IntVar(&filter.Limit, "limit", 100, "most rows")
	f.register(cmd)
	return cmd
}

func deadTable(dead []postgres.DeadLeg) *table {
	t := &table{columns: []string{"id", "died", "tenant", "carrier", "leg", "to", "reason", "detail"}, of: "legs"}
	for i := range dead {
		d := &dead[i]
		leg, carrier, to := "", "", ""
		if d.Leg != nil {
			leg, carrier, to = d.Leg.ID(), d.Leg.Carrier, d.Leg.To.String()
		}
		t.add(strconv.FormatInt(d.ID, 10), d.Died.UTC().Format(time.RFC3339), d.Tenant, carrier, leg, to, d.Reason, d.Detail)
	}
	return t
}

func newDeadRetryCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use: "retry ID...", Short: "Price them again", Args: cobra.MinimumNArgs(1),
		Example: "  trunkline dead retry 17 18",
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			ids, err := deadIDs(args)
			if err != nil {
				return err
			}
			db, books, err := openBooks(cmd, &f)
			if err != nil {
				return err
			}
			defer func() { err = endStores(db, cmd, args, err) }()
			left, err := rerate.RetryUnrated(cmd.Context(), db, books, ids)
			if err != nil {
				return err
			}
			cmd.Printf("%d priced, %d still cannot be rated\n", len(ids)-left, left)
			if left > 0 {
				return withCode(exitPartial, fmt.Errorf("%d legs still cannot be rated: see `trunkline dead list`", left))
			}
			return nil
		},
	}
	f.register(cmd)
	return cmd
}

func openBooks(cmd *cobra.Command, f *configFlags) (*store.Stores, *postgres.Books, error) {
	db, err := f.openStores(cmd.Context(), cmd.ErrOrStderr())
	if err != nil {
		return nil, nil, err
	}
	books, err := postgres.NewBooks(db.DB, clock.System{})
	if err != nil {
		db.Close(cmd.Context())
		return nil, nil, err
	}
	return db, books, nil
}
