package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
)

func newAccountCommand() *cobra.Command {
	return group(&cobra.Command{Use: "account", Short: "Balances, statements, top-ups, corrections, suspension"},
		newAccountListCommand(), newStatementCommand(), newTopUpCommand(), newAdjustCommand(),
		newSuspendCommand("suspend", true, "Grant no calls to a tenant, and prolong none"),
		newSuspendCommand("resume", false, "Let a suspended tenant call again"))
}

func newAccountListCommand() *cobra.Command {
	kind := string(ledger.TenantAccount)
	cmd := &cobra.Command{Use: "list", Short: "Accounts with what is left of them"}
	format := formatFlag(cmd, "table", "csv", "json")
	cmd.Flags().StringVar(&kind, "kind", kind, "tenant, carrier, revenue, cost, payment or correction")
	return asking(cmd, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		states, err := c.AccountsOf(cmd.Context(), c.Who, ledger.Kind(kind))
		if err != nil {
			return err
		}
		t, err := terminal.Accounts(states)
		if err != nil {
			return err
		}
		return t.Write(cmd.OutOrStdout(), *format)
	})
}

func newStatementCommand() *cobra.Command {
	var whose console.Whose
	var from, until time.Time
	limit := 100
	cmd := listing(&cobra.Command{
		Use: "statement --tenant ID", Short: "Postings of a tenant or carrier with the running balance",
	}, terminal.Statement, func(ctx context.Context, c *app.Local, _ []string) ([]ledger.Line, error) {
		if until.IsZero() {
			until = clock.System{}.Now().Add(24 * time.Hour)
		}
		return c.StatementOf(ctx, c.Who, whose, from, until, limit)
	})
	f := cmd.Flags()
	momentVar(f, &from, "from", "first day or moment")
	momentVar(f, &until, "to", "day or moment after the last")
	formerFlag(f, "till", "to")
	f.IntVar(&limit, "limit", limit, "most lines")
	whoseFlags(cmd, &whose)
	return cmd
}

// postingCommand is a command that posts for a purpose to a tenant's account; what it needs beside amount and key is named.
func postingCommand(cmd *cobra.Command, purpose ledger.Purpose) *cobra.Command {
	p := console.Payment{Purpose: purpose}
	asking(cmd, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		posting, err := c.Pay(cmd.Context(), c.Who, p)
		if err != nil {
			return err
		}
		state, err := c.Account(cmd.Context(), c.Who, p.Tenant)
		if err != nil {
			return err
		}
		balance, err := state.Balance()
		return say(cmd, err, "posted %s to %s as %s; the balance is %s\n", p.Amount, state.Account, posting.Key, balance)
	})
	f := cmd.Flags()
	f.StringVar(&p.Tenant, "tenant", "", "tenant")
	readVar(f, &p.Amount, "amount", "amount in the currency of the account", money.ParseAmount)
	f.StringVar(&p.Key, "key", "", "your name for the posting, such as the number of the payment")
	f.StringVar(&p.Reason, "reason", "", "why")
	required(cmd, "tenant", "amount", "key")
	return cmd
}

func newTopUpCommand() *cobra.Command {
	return postingCommand(&cobra.Command{Use: "topup --tenant ID --amount A --key K", Short: "Put a payment on a tenant's account"}, ledger.TopUp)
}

func newAdjustCommand() *cobra.Command {
	return postingCommand(&cobra.Command{Use: "adjust --tenant ID --amount A --key K --reason WHY", Short: "Correct a tenant's account, up or down"},
		ledger.Adjustment)
}

func newSuspendCommand(use string, suspended bool, short string) *cobra.Command {
	var tenant, reason string
	cmd := asking(&cobra.Command{Use: use + " --tenant ID --reason WHY", Short: short}, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		return say(cmd, c.Suspend(cmd.Context(), c.Who, tenant, suspended, reason), "tenant %s: %s\n", tenant, use)
	})
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant")
	cmd.Flags().StringVar(&reason, "reason", "", "why")
	required(cmd, "tenant", "reason")
	return cmd
}
