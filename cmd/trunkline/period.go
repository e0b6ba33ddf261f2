package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/ledger"
)

func newPeriodCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "period", Short: "Closed months: nothing is posted in them any more",
		Long: `A closed period takes no posting: entries by hand that are dated in it are refused, and calls of it that come late count at the
beginning of what is open, marked as late. Close a month before its invoices are made. Calls that could not be rated keep
their period from being closed.`,
	}
	cmd.AddCommand(newPeriodListCommand(), newPeriodCloseCommand(), newPeriodOpenCommand())
	return cmd
}

// accountOptions are the flags that name an account.
type accountOptions struct {
	tenant, carrier string
	config          configFlags
}

func (o *accountOptions) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.tenant, "tenant", "", "tenant")
	cmd.Flags().StringVar(&o.carrier, "carrier", "", "or carrier")
	o.config.register(cmd)
}

// whose are the accounts that are named; all where none is.
func (o *accountOptions) whose() console.Whose {
	return console.Whose{Tenant: o.tenant, Carrier: o.carrier}
}

func newPeriodListCommand() *cobra.Command {
	o := &accountOptions{}
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "Up to when the books are closed; of one tenant or carrier what was closed and opened", Args: cobra.NoArgs,
		Example: "  trunkline period list\n  trunkline period list --tenant beauty",
		RunE: onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			t, err := o.closings(cmd.Context(), c)
			if err != nil {
				return err
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	o.register(cmd)
	formatFlag(cmd, &format)
	return cmd
}

func (o *accountOptions) closings(ctx context.Context, c *app.Local) (*table, error) {
	if o.tenant != "" || o.carrier != "" {
		list, err := c.Closings(ctx, c.Who, o.whose())
		t := &table{columns: []string{"time", "account", "before", "closed_until", "reason", "by"}, of: "changes"}
		for _, l := range list {
			t.add(l.At.Format(time.RFC3339), l.Account.String(), till(l.Before), till(l.Till), l.Reason, l.By)
		}
		return t, err
	}
	t := &table{columns: []string{"account", "closed_until"}, of: "accounts"}
	for _, kind := range []ledger.Kind{ledger.TenantAccount, ledger.CarrierAccount} {
		states, err := c.AccountsOf(ctx, c.Who, kind)
		if err != nil {
			return nil, err
		}
		for i := range states {
			t.add(states[i].String(), till(states[i].ClosedTill))
		}
	}
	return t, nil
}

func newPeriodCloseCommand() *cobra.Command {
	o := &accountOptions{}
	var month, reason string
	cmd := &cobra.Command{
		Use: "close --month M --reason WHY", Short: "Close a month and all before it, of one tenant or carrier, or of all", Args: cobra.NoArgs,
		Long: `Close closes the month in the calendar of each tenant; of carriers it is that of UTC. It may be repeated.

Exit status: 0 done; 2 an option is wrong; 4 the month is not over, or calls of it could not be rated yet.`,
		Example: "  trunkline period close --month 2026-10 --reason 'invoices of October'",
		RunE: onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			done, err := c.CloseBooks(cmd.Context(), c.Who, o.whose(), month, reason)
			return printClosings(cmd, done, err)
		}),
	}
	cmd.Flags().StringVar(&month, "month", "", "the last month that is closed")
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is logged")
	for _, name := range []string{"month", "reason"} {
		_ = cmd.MarkFlagRequired(name) // It fails only for a flag that does not exist.
	}
	o.register(cmd)
	return cmd
}

func newPeriodOpenCommand() *cobra.Command {
	o := &accountOptions{}
	var from, reason string
	cmd := &cobra.Command{
		Use: "open --from M --reason WHY", Short: "Open a month and all after it again", Args: cobra.NoArgs,
		Long: `Open takes a closing back, for a tenant or carrier. A month that an invoice stands for is not opened, so that neither calls nor
sums move away from a document that was issued: credit it as a whole, open the month, put right what was wrong, and issue it
again with 'trunkline invoice run --reissue'.

Exit status: 0 done; 2 an option is wrong; 4 an invoice stands for it.`,
		Example: "  trunkline period open --tenant beauty --from 2026-10 --reason 'deck of October was wrong, see case 31'",
		RunE: onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			done, err := c.OpenBooks(cmd.Context(), c.Who, o.whose(), from, reason)
			return printClosings(cmd, done, err)
		}),
	}
	cmd.Flags().StringVar(&from, "from", "", "the first month that is opened")
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is logged")
	for _, name := range []string{"from", "reason"} {
		_ = cmd.MarkFlagRequired(name) // It fails only for a flag that does not exist.
	}
	o.register(cmd)
	return cmd
}

// printClosings says what was done, and after it what was not.
func printClosings(cmd *cobra.Command, done []ledger.Closing, err error) error {
	for _, d := range done {
		cmd.Printf("%s: closed till %s, before till %s\n", d.Account, dash(till(d.Till)), dash(till(d.Before)))
	}
	return err
}
