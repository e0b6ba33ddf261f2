package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
)

func newLimitCommand() *cobra.Command {
	return group(&cobra.Command{Use: "limit", Short: "Caps on spending as they stand, and what is changed about them while calls run"},
		newLimitListCommand(), newLimitSetCommand(), newLimitRaiseCommand(), newLimitResetCommand(),
		newBlockCommand("block", console.Block, "Let a branch, an extension or a destination spend nothing; calls in progress end"),
		newBlockCommand("unblock", console.Unblock, "Let it spend again"), newLimitLogCommand())
}

// limitFlags are the flags of the commands that change limits.
type limitFlags struct {
	app.LimitWords

	tenant string
	forget bool
}

// changing makes a command of an action on the limit that flags name.
func (o *limitFlags) changing(cmd *cobra.Command, action console.Action) *cobra.Command {
	o.Seconds, o.Calls = -1, -1
	f := cmd.Flags()
	f.StringVar(&o.tenant, "tenant", "", "tenant")
	f.StringVar(&o.Branch, "branch", "", "of this branch")
	f.StringVar(&o.Extension, "extension", "", "of this extension")
	f.StringVar(&o.Reason, "reason", "", "why; it is logged")
	required(cmd, "tenant", "reason")
	return asking(cmd, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		order, err := o.Order(action)
		if err != nil {
			return err
		}
		if action == console.SetLimit && order.Caps.IsZero() != o.forget {
			return withCode(exitUsage, errors.New("give --money, --seconds or --calls, or else --clear"))
		}
		return say(cmd, c.ChangeLimit(cmd.Context(), c.Who, o.tenant, order),
			"%s: done, in force\n", strings.TrimSpace(fmt.Sprintf("tenant %s %s %s", o.tenant, order.Scope, order.Owner)))
	})
}

// when registers the flag that says in which period the limit is; what registers its caps.
func (o *limitFlags) when(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.Period, "period", "", "day, week or month, in the tenant's calendar")
	_ = cmd.MarkFlagRequired("period") // It fails only for a flag that does not exist.
}

func (o *limitFlags) what(cmd *cobra.Command) {
	f := cmd.Flags()
	amountVar(f, &o.Money, "money", "money, in the currency of the account")
	f.Int64Var(&o.Seconds, "seconds", -1, "billed seconds")
	f.Int64Var(&o.Calls, "calls", -1, "answered calls")
}

func newLimitSetCommand() *cobra.Command {
	o := &limitFlags{}
	cmd := o.changing(&cobra.Command{
		Use: "set --tenant ID --period P --reason WHY", Short: "Set a cap, or with --clear go back to the operator's file",
	}, console.SetLimit)
	o.when(cmd)
	o.what(cmd)
	cmd.Flags().BoolVar(&o.forget, "clear", false, "forget what was set by hand")
	return cmd
}

func newLimitRaiseCommand() *cobra.Command {
	o := &limitFlags{}
	cmd := o.changing(&cobra.Command{Use: "raise --tenant ID --period P --reason WHY", Short: "Add to a cap for the present day, week or month only"},
		console.RaiseLimit)
	o.when(cmd)
	o.what(cmd)
	return cmd
}

func newLimitResetCommand() *cobra.Command {
	o := &limitFlags{}
	cmd := o.changing(&cobra.Command{
		Use: "reset --tenant ID --period P --reason WHY", Short: "Let the present day, week or month count from zero again",
	}, console.ResetLimit)
	o.when(cmd)
	return cmd
}

func newBlockCommand(use string, action console.Action, short string) *cobra.Command {
	o := &limitFlags{}
	cmd := o.changing(&cobra.Command{Use: use + " --tenant ID --reason WHY", Short: short}, action)
	cmd.Flags().StringVar(&o.Destination, "destination", "", "numbers that begin so, with country code")
	return cmd
}

// limitView is a command that shows the limits of a tenant.
func limitView(cmd *cobra.Command, show func(*console.LimitView) *terminal.Table) *cobra.Command {
	var tenant string
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant")
	required(cmd, "tenant")
	return listing(cmd, show, func(ctx context.Context, c *app.Local, _ []string) (*console.LimitView, error) {
		v, err := c.Limits(ctx, c.Who, tenant)
		return &v, err
	})
}

func newLimitListCommand() *cobra.Command {
	return limitView(&cobra.Command{Use: "list --tenant ID", Short: "Caps as provisioned and as they stand, with what is used and held"},
		terminal.Limits)
}

func newLimitLogCommand() *cobra.Command {
	return limitView(&cobra.Command{Use: "log --tenant ID", Short: "Who changed what about limits, blocks and suspension, and why"},
		terminal.LimitChanges)
}
