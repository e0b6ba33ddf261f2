package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/internal/money"
	"trunkline/ledger"
)

func newLimitCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "limit", Short: "Caps on spending as they stand, and what is changed about them while calls run",
		Long: `Limit shows the caps of a tenant, its branches and extensions with what is used, and changes them at once: the next
reservation sees it, and calls in progress ask again within a second. What is set here goes before what the operator's file
says, until it is cleared. Every change needs a reason and is logged.

A cap that is new for a day, week or month counts the calls that begin from now on. A lowered cap takes nothing back from calls
in progress that they were granted; block ends them.`,
	}
	cmd.AddCommand(newLimitListCommand(), newLimitSetCommand(), newLimitRaiseCommand(), newLimitResetCommand(),
		newBlockCommand("block", console.Block, "Let a branch, an extension or a destination spend nothing; calls in progress end"),
		newBlockCommand("unblock", console.Unblock, "Let it spend again"), newLimitLogCommand())
	return cmd
}

// limitOptions are the flags of the commands that change limits.
type limitOptions struct {
	tenant, branch, extension, destination string
	period, reason                         string
	amount                                 string
	seconds, calls                         int64
	forget                                 bool
	config                                 configFlags
}

// who registers the flags that say whose limit it is, and why.
func (o *limitOptions) who(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.tenant, "tenant", "", "tenant")
	f.StringVar(&o.branch, "branch", "", "of this branch")
	f.StringVar(&o.extension, "extension", "", "of this extension")
	f.StringVar(&o.reason, "reason", "", "why; it is logged")
	for _, name := range []string{"tenant", "reason"} {
		_ = cmd.MarkFlagRequired(name) // It fails only for a flag that does not exist.
	}
	o.config.register(cmd)
}

func (o *limitOptions) when(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.period, "period", "", "day, week or month, in the tenant's calendar")
	_ = cmd.MarkFlagRequired("period") // It fails only for a flag that does not exist.
}

func (o *limitOptions) what(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.amount, "money", "", "money, in the currency of the account")
	f.Int64Var(&o.seconds, "seconds", -1, "billed seconds")
	f.Int64Var(&o.calls, "calls", -1, "answered calls")
}

// caps are those that were given.
func (o *limitOptions) caps() (ledger.Caps, error) {
	var c ledger.Caps
	if o.amount != "" {
		amount, err := money.ParseAmount(o.amount)
		if err != nil {
			return c, withCode(exitUsage, fmt.Errorf("--money: %w", err))
		}
		c.Money = &amount
	}
	if o.seconds >= 0 {
		c.Seconds = &o.seconds
	}
	if o.calls >= 0 {
		c.Calls = &o.calls
	}
	return c, nil
}

// order is what is asked for about the limit that the flags name.
func (o *limitOptions) order(action console.Action) (console.LimitOrder, error) {
	order := console.LimitOrder{Action: action, Scope: ledger.TenantScope, Period: ledger.Period(o.period), Reason: o.reason}
	given := 0
	for _, one := range []struct {
		scope ledger.Scope
		owner string
	}{{ledger.BranchScope, o.branch}, {ledger.ExtensionScope, o.extension}, {ledger.DestinationScope, o.destination}} {
		if one.owner != "" {
			given++
			order.Scope, order.Owner = one.scope, one.owner
		}
	}
	if given > 1 {
		return order, withCode(exitUsage, errors.New("give one of --branch, --extension and --destination"))
	}
	var err error
	order.Caps, err = o.caps()
	return order, err
}

// change does something to the limit that the flags name, and says that it was done.
func (o *limitOptions) change(action console.Action) func(*cobra.Command, []string) error {
	return onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		order, err := o.order(action)
		if err != nil {
			return err
		}
		if action == console.SetLimit && order.Caps.IsZero() != o.forget {
			return withCode(exitUsage, errors.New("give --money, --seconds or --calls, or else --clear"))
		}
		if err := c.ChangeLimit(cmd.Context(), c.Who, o.tenant, order); err != nil {
			return err
		}
		cmd.Printf("%s: done, in force\n", strings.TrimSpace(fmt.Sprintf("tenant %s %s %s", o.tenant, order.Scope, order.Owner)))
		return nil
	})
}

func newLimitSetCommand() *cobra.Command {
	o := &limitOptions{}
	cmd := &cobra.Command{
		Use: "set --tenant ID --period P --reason WHY", Short: "Set a cap, or with --clear go back to the operator's file", Args: cobra.NoArgs,
		Example: "  trunkline limit set --tenant beauty --extension 101 --period day --money 500 --reason 'case 12'\n" +
			"  trunkline limit set --tenant beauty --extension 101 --period day --clear --reason 'case 12 closed'",
		RunE: o.change(console.SetLimit),
	}
	o.who(cmd)
	o.when(cmd)
	o.what(cmd)
	cmd.Flags().BoolVar(&o.forget, "clear", false, "forget what was set by hand")
	return cmd
}

func newLimitRaiseCommand() *cobra.Command {
	o := &limitOptions{}
	cmd := &cobra.Command{
		Use: "raise --tenant ID --period P --reason WHY", Short: "Add to a cap for the present day, week or month only", Args: cobra.NoArgs,
		Example: "  trunkline limit raise --tenant beauty --branch moscow --period day --money 200 --reason 'asked for by phone'",
		RunE:    o.change(console.RaiseLimit),
	}
	o.who(cmd)
	o.when(cmd)
	o.what(cmd)
	return cmd
}

func newLimitResetCommand() *cobra.Command {
	o := &limitOptions{}
	cmd := &cobra.Command{
		Use: "reset --tenant ID --period P --reason WHY", Short: "Let the present day, week or month count from zero again", Args: cobra.NoArgs,
		Example: "  trunkline limit reset --tenant beauty --period month --reason 'fraud was refunded'",
		RunE:    o.change(console.ResetLimit),
	}
	o.who(cmd)
	o.when(cmd)
	return cmd
}

func newBlockCommand(use string, action console.Action, short string) *cobra.Command {
	o := &limitOptions{}
	cmd := &cobra.Command{
		Use: use + " --tenant ID --reason WHY", Short: short, Args: cobra.NoArgs,
		Long: "Of a whole tenant, `trunkline account suspend` does the same. Calls that cost nothing, and emergency calls, are not touched.",
		Example: "  trunkline limit " + use + " --tenant beauty --extension 101 --reason 'stolen phone'\n" +
			"  trunkline limit " + use + " --tenant beauty --destination 882 --reason fraud",
		RunE: o.change(action),
	}
	o.who(cmd)
	cmd.Flags().StringVar(&o.destination, "destination", "", "numbers that begin so, with country code")
	return cmd
}

func newLimitListCommand() *cobra.Command {
	var f configFlags
	var tenant, format string
	cmd := &cobra.Command{
		Use: "list --tenant ID", Short: "Caps as provisioned and as they stand, with what is used and held", Args: cobra.NoArgs,
		Long: `List shows every cap of a tenant, its branches and extensions: what the operator's file says (SETTING), what is in force now
(LIVE: set by hand, and raised), what was used in the present period and what is held for calls in progress. Blocks follow.`,
		Example: "  trunkline limit list --tenant beauty",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			v, err := c.Limits(cmd.Context(), c.Who, tenant)
			if err != nil {
				return err
			}
			return limitTable(&v).write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant")
	_ = cmd.MarkFlagRequired("tenant") // It fails only for a flag that does not exist.
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func newLimitLogCommand() *cobra.Command {
	var f configFlags
	var tenant, format string
	cmd := &cobra.Command{
		Use: "log --tenant ID", Short: "Who changed what about limits, blocks and suspension, and why", Args: cobra.NoArgs,
		Example: "  trunkline limit log --tenant beauty",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			v, err := c.Limits(cmd.Context(), c.Who, tenant)
			if err != nil {
				return err
			}
			t := &table{columns: []string{"time", "what", "scope", "owner", "detail", "reason", "by"}, of: "changes"}
			for _, one := range v.Changes {
				t.add(one.At.Format(time.RFC3339), one.What, string(one.Scope), one.Owner, one.Detail, one.Reason, one.By)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant")
	_ = cmd.MarkFlagRequired("tenant") // It fails only for a flag that does not exist.
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func limitTable(v *console.LimitView) *table {
	t := &table{columns: []string{"scope", "owner", "period", "measure", "setting", "live", "used", "held", "left"}, of: "limits and blocks"}
	for i := range v.Limits {
		s := &v.Limits[i]
		setting := ""
		if s.Configured != nil {
			setting = s.Configured.String()
		}
		t.add(string(s.Scope), s.Owner, string(s.Period), s.Measure, setting, s.Effective.String(), s.Used.String(), s.Held.String(), s.Remaining.String())
	}
	for _, b := range v.Blocks {
		t.add(string(b.Scope), b.Owner, "", "blocked", "", b.Reason, "", "", "")
	}
	return t
}
