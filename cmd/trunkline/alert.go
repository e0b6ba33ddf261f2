package main

import (
	"context"

	"github.com/spf13/cobra"

	"trunkline/alert"
	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
)

func newAlertCommand() *cobra.Command {
	return group(&cobra.Command{Use: "alert", Short: "What fires, by which rules, who was told, and telling them again"},
		newAlertListCommand(), newAlertRulesCommand(), newAlertApplyCommand(), newAlertDeliveriesCommand(), newAlertReplayCommand())
}

func newAlertListCommand() *cobra.Command {
	var tenant string
	onlyOpen, limit := false, 100
	cmd := listing(&cobra.Command{
		Use: "list", Short: "What fires, and what fired",
	}, terminal.Alarms, func(ctx context.Context, c *app.Local, _ []string) ([]alert.Alarm, error) {
		return c.Alarms(ctx, c.Who, tenant, onlyOpen, limit)
	})
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "tenant")
	f.BoolVar(&onlyOpen, "open", false, "only what fires now")
	f.IntVar(&limit, "limit", limit, "most rows")
	return cmd
}

func newAlertRulesCommand() *cobra.Command {
	return listing(&cobra.Command{
		Use: "rules", Short: "The rules in force",
	}, terminal.AlertRules, func(ctx context.Context, c *app.Local, _ []string) (*alert.Rules, error) {
		rules, _, err := c.AlertRules(ctx, c.Who)
		return rules, err
	})
}

func newAlertApplyCommand() *cobra.Command {
	var file string
	dryRun := false
	cmd := &cobra.Command{Use: "apply -f FILE", Short: "Put a file of rules and channels in force, in place of the former one"}
	f := newConfigFlags(cmd)
	cmd.Flags().StringVarP(&file, "file", "f", "", "file of rules (YAML)")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only check it and show its rules")
	required(cmd, "file")
	return bare(cmd, func(cmd *cobra.Command, args []string) error {
		var text string
		rules, err := readDocument(cmd, file, func(data []byte) (*alert.Rules, error) {
			text = string(data)
			return alert.Parse(data)
		})
		if err != nil {
			return err
		}
		if dryRun {
			return terminal.AlertRules(rules).Write(cmd.OutOrStdout(), "table")
		}
		return onConsole(f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			return say(cmd, c.ApplyAlerts(cmd.Context(), c.Who, text), "%d rules and %d channels in force\n", len(rules.Rules), len(rules.Channels))
		})(cmd, args)
	})
}

func newAlertDeliveriesCommand() *cobra.Command {
	onlyFailed, limit := false, 100
	cmd := listing(&cobra.Command{
		Use: "deliveries", Short: "The messages that were sent, and those that could not be",
	}, terminal.Deliveries, func(ctx context.Context, c *app.Local, _ []string) ([]console.Delivery, error) {
		return c.Deliveries(ctx, c.Who, onlyFailed, limit)
	})
	cmd.Flags().BoolVar(&onlyFailed, "unsent", false, "only those that were not sent")
	cmd.Flags().IntVar(&limit, "limit", limit, "most rows")
	return cmd
}

func newAlertReplayCommand() *cobra.Command {
	return asking(&cobra.Command{
		Use: "replay ID...", Short: "Send messages again, under the same numbers", Args: cobra.MinimumNArgs(1),
	}, onIDs("alert deliveries", func(cmd *cobra.Command, c *app.Local, ids []int64) error {
		for _, id := range ids {
			if err := c.ReplayDelivery(cmd.Context(), c.Who, id); err != nil {
				return err
			}
		}
		return say(cmd, nil, "%d on their way\n", len(ids))
	}))
}
