package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/alert"
	"trunkline/app"
)

func newAlertCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "alert", Short: "What fires, by which rules, who was told, and telling them again",
		Long: `Alerts are measured every ten seconds by the process that runs the worker: balances, caps, what calls cost and how long they
last, risky and sequential numbers, sudden spikes. An alert that fires tells its channels, and may block a client, an
extension or a destination, or lower a cap; it tells them again when it clears. docs/alerts.md explains the rules.`,
	}
	cmd.AddCommand(newAlertListCommand(), newAlertRulesCommand(), newAlertApplyCommand(), newAlertDeliveriesCommand(), newAlertReplayCommand())
	return cmd
}

func newAlertListCommand() *cobra.Command {
	var f configFlags
	var tenant, format string
	onlyOpen, limit := false, 100
	cmd := &cobra.Command{
		Use: "list", Short: "What fires, and what fired", Args: cobra.NoArgs,
		Example: "  trunkline alert list --open\n  trunkline alert list --tenant beauty --format json",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			alarms, err := c.Alarms(cmd.Context(), c.Who, tenant, onlyOpen, limit)
			if err != nil {
				return err
			}
			t := &table{columns: []string{"id", "state", "rule", "tenant", "owner", "since", "until", "value", "text"}, of: "alarms"}
			for i := range alarms {
				a := &alarms[i]
				state := "fires"
				if !a.Till.IsZero() {
					state = "cleared"
				}
				t.add(strconv.FormatInt(a.ID, 10), state, a.Rule, a.Tenant, a.Owner, till(a.Since), till(a.Till), a.Value.String(), a.Text)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant")
	cmd.Flags().BoolVar(&onlyOpen, "open", false, "only what fires now")
	cmd.Flags().IntVar(&limit, "limit", limit, "most rows")
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func newAlertRulesCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use: "rules", Short: "The rules in force", Args: cobra.NoArgs, Example: "  trunkline alert rules",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			rules, _, err := c.AlertRules(cmd.Context(), c.Who)
			if err != nil {
				return err
			}
			return rulesTable(rules).write(cmd.OutOrStdout(), format)
		}),
	}
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func rulesTable(rules *alert.Rules) *table {
	t := &table{columns: []string{"id", "tenant", "measure", "by", "fires", "clears", "window", "destinations", "does"}, of: "rules"}
	for i := range rules.Rules {
		r := &rules.Rules[i]
		fires, clears, window := "", "", ""
		if r.Above != nil {
			fires = "above " + r.Above.String()
		} else if r.Below != nil {
			fires = "below " + r.Below.String()
		}
		if r.Clear != nil {
			clears = "at " + r.Clear.String()
		}
		if r.Window > 0 {
			window = r.Window.String()
		}
		prefixes := strings.Join(r.Prefixes, " ")
		if r.Risky {
			prefixes = strings.TrimSpace(prefixes + " risky")
		}
		t.add(r.ID, r.Tenant, string(r.Measure), string(r.By), fires, clears, window, prefixes, ruleActions(r))
	}
	return t
}

func ruleActions(r *alert.Rule) string {
	var does []string
	if len(r.Notify) > 0 {
		does = append(does, "notify "+strings.Join(r.Notify, " "))
	}
	if r.Block != "" {
		does = append(does, "block "+r.Block)
	}
	if r.Lower != nil {
		does = append(does, fmt.Sprintf("cap a %s at %s", r.Lower.Period, r.Lower.Caps()))
	}
	return strings.Join(does, ", ")
}

func newAlertApplyCommand() *cobra.Command {
	var f configFlags
	var file string
	dryRun := false
	cmd := &cobra.Command{
		Use: "apply -f FILE", Short: "Put a file of rules and channels in force, in place of the former one", Args: cobra.NoArgs,
		Long: `Apply checks the file and puts all of it in force within ten seconds. Rules that are not in it any more clear.

Exit status: 0 done; 2 the file is wrong.`,
		Example: "  trunkline alert apply -f alerts.yaml --dry-run\n  trunkline alert apply -f alerts.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := os.ReadFile(file) //nolint:gosec // The operator names it.
			if err != nil {
				return withCode(exitUsage, err)
			}
			rules, err := alert.Parse(text)
			if err != nil {
				return withCode(exitUsage, fmt.Errorf("%s: %w", file, err))
			}
			if dryRun {
				return rulesTable(rules).write(cmd.OutOrStdout(), "table")
			}
			return onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
				if err := c.ApplyAlerts(cmd.Context(), c.Who, string(text)); err != nil {
					return err
				}
				cmd.Printf("%d rules and %d channels in force\n", len(rules.Rules), len(rules.Channels))
				return nil
			})(cmd, args)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "file of rules (YAML)")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only check it and show its rules")
	_ = cmd.MarkFlagRequired("file") // It fails only for a flag that does not exist.
	f.register(cmd)
	return cmd
}

func newAlertDeliveriesCommand() *cobra.Command {
	var f configFlags
	var format string
	onlyFailed, limit := false, 100
	cmd := &cobra.Command{
		Use: "deliveries", Short: "The messages that were sent, and those that could not be", Args: cobra.NoArgs,
		Example: "  trunkline alert deliveries --unsent",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			list, err := c.Deliveries(cmd.Context(), c.Who, onlyFailed, limit)
			if err != nil {
				return err
			}
			t := &table{columns: []string{"id", "made", "rule", "tenant", "channel", "state", "tries", "sent", "next_try", "error"}, of: "messages"}
			for i := range list {
				d := &list[i]
				next := till(d.NextAttempt)
				if d.Sent.IsZero() && d.NextAttempt.IsZero() {
					next = "given up"
				}
				t.add(strconv.FormatInt(d.ID, 10), d.Created.UTC().Format(time.RFC3339), d.Rule, d.Tenant, d.Channel, d.State,
					strconv.Itoa(d.Attempts), till(d.Sent), next, d.Error)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().BoolVar(&onlyFailed, "unsent", false, "only those that were not sent")
	cmd.Flags().IntVar(&limit, "limit", limit, "most rows")
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func newAlertReplayCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use: "replay ID...", Short: "Send messages again, under the same numbers", Args: cobra.MinimumNArgs(1),
		Example: "  trunkline alert replay 17 18",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			for _, text := range args {
				id, err := strconv.ParseInt(text, 10, 64)
				if err != nil {
					return withCode(exitUsage, fmt.Errorf("%q is no id: take it from `trunkline alert deliveries`", text))
				}
				if err := c.ReplayDelivery(cmd.Context(), c.Who, id); err != nil {
					return err
				}
			}
			cmd.Printf("%d on their way\n", len(args))
			return nil
		}),
	}
	f.register(cmd)
	return cmd
}
