package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/config"
	"trunkline/app/doctor"
	"trunkline/internal/cause"
)

func newDoctorCommand() *cobra.Command {
	days := 62
	var watch time.Duration
	cmd := configured(&cobra.Command{
		Use: "doctor", Short: "Check that nothing was lost and nothing charged twice",
	}, func(cmd *cobra.Command, set *config.Config, log *slog.Logger, _ []string) error {
		if days < 1 || days > 4000 {
			return withCode(exitUsage, fmt.Errorf("--days %d: want 1 to 4000", days))
		}
		if watch != 0 && watch < time.Second {
			return withCode(exitUsage, fmt.Errorf("--watch %s: want a second or more", watch))
		}
		back := time.Duration(days) * 24 * time.Hour
		if watch > 0 {
			return doctor.Watch(cmd.Context(), set, back, watch, cmd.OutOrStdout(), log)
		}
		return doctor.Examine(cmd.Context(), set, back, cmd.OutOrStdout(), log)
	})
	cmd.Flags().IntVar(&days, "days", days, "how far back the sums are compared")
	cmd.Flags().DurationVar(&watch, "watch", 0, "look again and again, so often, until it is interrupted")
	return group(cmd, newDoctorCloseCommand())
}

func newDoctorCloseCommand() *cobra.Command {
	var reason string
	cmd := asking(&cobra.Command{
		Use: "close ID --reason WHY", Short: "Close an incident that was dealt with by hand", Args: cobra.ExactArgs(1),
	}, onIDs("doctor", func(cmd *cobra.Command, c *app.Local, ids []int64) error {
		return c.CloseIncident(cmd.Context(), c.Who, ids[0], reason)
	}))
	cmd.Flags().StringVar(&reason, "reason", "", "what was done; it is kept")
	return cmd
}

func newRepairCommand() *cobra.Command {
	var dryRun, adopt bool
	cmd := asking(&cobra.Command{
		Use: "repair [--dry-run]", Short: "Bring ledger and store of calls into agreement after a restore",
	}, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		ctx, out := cmd.Context(), cmd.OutOrStdout()
		switch {
		case adopt:
			return noted(ctx, c, "adopt calls", doctor.AdoptCalls(ctx, c.Stores, out))
		case dryRun:
			return doctor.CompareBatches(ctx, c.Stores, out)
		}
		return noted(ctx, c, "repair", doctor.RepairStores(ctx, c.Stores, out))
	})
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "compare, and change nothing")
	cmd.Flags().BoolVar(&adopt, "adopt", false, "take over the calls of a ledger that is lost for good; then run repair")
	return cmd
}

// noted keeps in the audit that the stores were changed. Work that failed changed nothing that is to be answered for.
func noted(ctx context.Context, c *app.Local, action string, err error) error {
	if err != nil && cause.Of(err) != cause.Part {
		return err
	}
	return errors.Join(err, c.Note(ctx, action, "stores", ""))
}
