package main

import (
	"context"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/ledger"
)

func newPeriodCommand() *cobra.Command {
	return group(&cobra.Command{Use: "period", Short: "Closed months: nothing is posted in them any more"},
		newPeriodListCommand(), newPeriodCloseCommand(), newPeriodOpenCommand())
}

func newPeriodListCommand() *cobra.Command {
	var whose console.Whose
	cmd := &cobra.Command{Use: "list", Short: "Up to when the books are closed; of one tenant or carrier what was closed and opened"}
	format := formatFlag(cmd, "table", "csv", "json")
	whoseFlags(cmd, &whose)
	return asking(cmd, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		ctx, out := cmd.Context(), cmd.OutOrStdout()
		if whose != (console.Whose{}) {
			list, err := c.Closings(ctx, c.Who, whose)
			if err != nil {
				return err
			}
			return terminal.Closings(list).Write(out, *format)
		}
		tenants, err := c.AccountsOf(ctx, c.Who, ledger.TenantAccount)
		if err != nil {
			return err
		}
		carriers, err := c.AccountsOf(ctx, c.Who, ledger.CarrierAccount)
		if err != nil {
			return err
		}
		return terminal.Closed(append(tenants, carriers...)).Write(out, *format)
	})
}

// booksCommand is a command that closes or opens books up to a month, which a flag names. It says what was done, and after it what was not.
func booksCommand(cmd *cobra.Command, flag, usage string,
	do func(ctx context.Context, c *app.Local, w console.Whose, month, reason string) ([]ledger.Closing, error),
) *cobra.Command {
	var whose console.Whose
	var month, reason string
	cmd.Flags().StringVar(&month, flag, "", usage)
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is logged")
	required(cmd, flag, "reason")
	whoseFlags(cmd, &whose)
	return asking(cmd, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		done, err := do(cmd.Context(), c, whose, month, reason)
		terminal.ClosedNow(cmd.OutOrStdout(), done)
		return err
	})
}

func newPeriodCloseCommand() *cobra.Command {
	return booksCommand(&cobra.Command{
		Use: "close --month M --reason WHY", Short: "Close a month and all before it, of one tenant or carrier, or of all",
	}, "month", "the last month that is closed",
		func(ctx context.Context, c *app.Local, w console.Whose, month, reason string) ([]ledger.Closing, error) {
			return c.CloseBooks(ctx, c.Who, w, month, reason)
		})
}

func newPeriodOpenCommand() *cobra.Command {
	return booksCommand(&cobra.Command{Use: "open --from M --reason WHY", Short: "Open a month and all after it again"},
		"from", "the first month that is opened",
		func(ctx context.Context, c *app.Local, w console.Whose, from, reason string) ([]ledger.Closing, error) {
			return c.OpenBooks(ctx, c.Who, w, from, reason)
		})
}
