package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
)

func newAccountCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "account", Short: "Balances, statements, top-ups, corrections, suspension",
		Long: `Account works on the ledger's accounts of tenants and carriers. Every posting is final: a mistake is corrected by
another posting. --key names a posting of yours: the same key with the same amount is posted once, however often the
command is run; with another amount it is refused.`,
	}
	cmd.AddCommand(newAccountListCommand(), newStatementCommand(), newTopUpCommand(), newAdjustCommand(),
		newSuspendCommand("suspend", true, "Grant no calls to a tenant, and prolong none"),
		newSuspendCommand("resume", false, "Let a suspended tenant call again"))
	return cmd
}

func newAccountListCommand() *cobra.Command {
	var f configFlags
	var format string
	kind := string(ledger.TenantAccount)
	cmd := &cobra.Command{
		Use: "list", Short: "Accounts with what is left of them", Args: cobra.NoArgs,
		Example: "  trunkline account list\n  trunkline account list --kind carrier --format csv",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			states, err := c.AccountsOf(cmd.Context(), c.Who, ledger.Kind(kind))
			if err != nil {
				return err
			}
			t, err := accountTable(states)
			if err != nil {
				return err
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().StringVar(&kind, "kind", kind, "tenant, carrier, revenue, cost, payment or correction")
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func accountTable(states []ledger.State) (*table, error) {
	t := &table{columns: []string{"account", "balance", "held_for_calls", "credit", "left", "closed_until", "state"}, of: "accounts"}
	for i := range states {
		s := &states[i]
		balance, err := s.Balance()
		if err != nil {
			return nil, err
		}
		left, err := s.Available()
		if err != nil {
			return nil, err
		}
		state := "open"
		if s.Suspended {
			state = "suspended: " + s.Reason
		}
		t.add(s.String(), balance.String(), s.Pending.String(), s.CreditLimit.String(), left.String(), till(s.ClosedTill), state)
	}
	return t, nil
}

func newStatementCommand() *cobra.Command {
	o := &accountOptions{}
	var from, until, format string
	limit := 100
	cmd := &cobra.Command{
		Use: "statement --tenant ID", Short: "Postings of a tenant or carrier with the running balance", Args: cobra.NoArgs,
		Long: `Statement lists what was put on the account and what was taken from it. Usage is posted by quarters of an hour, UTC: the
calls behind a line are in ` + "`trunkline report cdr`" + ` for that quarter. The balance of a carrier is what we owe it.`,
		Example: "  trunkline account statement --tenant beauty --from 2026-11-01\n  trunkline account statement --carrier rhein --format csv",
		RunE: func(cmd *cobra.Command, args []string) error {
			first, err := parseMoment("from", from)
			if err != nil {
				return withCode(exitUsage, err)
			}
			last, err := parseMoment("to", until)
			if err != nil {
				return withCode(exitUsage, err)
			}
			if last.IsZero() {
				last = clock.System{}.Now().Add(24 * time.Hour)
			}
			return onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, _ []string) error {
				lines, err := c.StatementOf(cmd.Context(), c.Who, o.whose(), first, last, limit)
				if err != nil {
					return err
				}
				return statementTable(lines).write(cmd.OutOrStdout(), format)
			})(cmd, args)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "first day or moment")
	cmd.Flags().StringVar(&until, "to", "", "day or moment after the last")
	formerFlag(cmd.Flags(), "till", "to")
	cmd.Flags().IntVar(&limit, "limit", limit, "most lines")
	formatFlag(cmd, &format)
	o.register(cmd)
	return cmd
}

func statementTable(lines []ledger.Line) *table {
	t := &table{columns: []string{"time_utc", "what", "calls", "change", "balance", "key", "reason"}, of: "lines"}
	for i := range lines {
		l := &lines[i]
		reason := l.Reason
		if l.Late {
			reason = "late, of a closed period"
		}
		t.add(l.Slot.UTC().Format("2006-01-02 15:04"), string(l.Purpose), strconv.FormatInt(l.Legs, 10), l.Change.String(), l.Balance.String(), l.Key, reason)
	}
	return t
}

// entryOptions are the flags of the commands that post.
type entryOptions struct {
	tenant string
	amount string
	key    string
	reason string
	config configFlags
}

func (o *entryOptions) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.tenant, "tenant", "", "tenant")
	cmd.Flags().StringVar(&o.amount, "amount", "", "amount in the currency of the account")
	cmd.Flags().StringVar(&o.key, "key", "", "your name for the posting, such as the number of the payment")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why")
	for _, name := range []string{"tenant", "amount", "key"} {
		_ = cmd.MarkFlagRequired(name) // It fails only for a flag that does not exist.
	}
	o.config.register(cmd)
}

func (o *entryOptions) post(purpose ledger.Purpose) func(*cobra.Command, []string) error {
	return onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		ctx := cmd.Context()
		amount, err := money.ParseAmount(o.amount)
		if err != nil {
			return withCode(exitUsage, fmt.Errorf("--amount: %w", err))
		}
		posting, err := c.Pay(ctx, c.Who, console.Payment{Tenant: o.tenant, Purpose: purpose, Amount: amount, Key: o.key, Reason: o.reason})
		if err != nil {
			return err
		}
		state, err := c.Account(ctx, c.Who, o.tenant)
		if err != nil {
			return err
		}
		balance, err := state.Balance()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "posted %s to %s as %s; the balance is %s\n", amount, state.Account, posting.Key, balance)
		return err
	})
}

func newTopUpCommand() *cobra.Command {
	o := &entryOptions{}
	cmd := &cobra.Command{
		Use: "topup --tenant ID --amount A --key K", Short: "Put a payment on a tenant's account", Args: cobra.NoArgs,
		Example: "  trunkline account topup --tenant beauty --amount 5000 --key bank-2026-11-0042",
	}
	o.register(cmd)
	cmd.RunE = o.post(ledger.TopUp)
	return cmd
}

func newAdjustCommand() *cobra.Command {
	o := &entryOptions{}
	cmd := &cobra.Command{
		Use: "adjust --tenant ID --amount A --key K --reason WHY", Short: "Correct a tenant's account, up or down", Args: cobra.NoArgs,
		Example: "  trunkline account adjust --tenant beauty --amount -12.50 --key case-77 --reason 'call 019a... was our fault'",
	}
	o.register(cmd)
	cmd.RunE = o.post(ledger.Adjustment)
	return cmd
}

func newSuspendCommand(use string, suspended bool, short string) *cobra.Command {
	o := &entryOptions{}
	cmd := &cobra.Command{
		Use: use + " --tenant ID --reason WHY", Short: short, Args: cobra.NoArgs,
		Example: "  trunkline account " + use + " --tenant beauty --reason 'unpaid since October'",
		RunE: onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			if err := c.Suspend(cmd.Context(), c.Who, o.tenant, suspended, o.reason); err != nil {
				return err
			}
			cmd.Printf("tenant %s: %s\n", o.tenant, use)
			return nil
		}),
	}
	cmd.Flags().StringVar(&o.tenant, "tenant", "", "tenant")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why")
	for _, name := range []string{"tenant", "reason"} {
		_ = cmd.MarkFlagRequired(name) // It fails only for a flag that does not exist.
	}
	o.config.register(cmd)
	return cmd
}
