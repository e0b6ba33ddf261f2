package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

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
	cmd := &cobra.Command{
		Use: "list", Short: "All tenants' accounts with what is left of them", Example: "  trunkline account list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, err := f.openStores(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer db.close(cmd.Context())
			states, err := db.ledger.States(cmd.Context(), ledger.TenantAccount)
			if err != nil {
				return err
			}
			return printAccounts(cmd.OutOrStdout(), states)
		},
	}
	f.register(cmd)
	return cmd
}

func printAccounts(out io.Writer, states []ledger.State) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "ACCOUNT\tBALANCE\tHELD FOR CALLS\tCREDIT\tLEFT\tSTATE\t\n")
	for i := range states {
		s := &states[i]
		balance, err := s.Balance()
		if err != nil {
			return err
		}
		left, err := s.Available()
		if err != nil {
			return err
		}
		state := "open"
		if s.Suspended {
			state = "suspended"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t\n", s.Account, balance, s.Pending, s.CreditLimit, left, state)
	}
	return w.Flush()
}

// tenantAccount finds the account of a provisioned tenant.
func tenantAccount(ctx context.Context, db *stores, tenant string) (ledger.Account, error) {
	snapshot, err := db.snapshot(ctx)
	if err != nil {
		return ledger.Account{}, err
	}
	t, ok := snapshot.Tenant(tenant)
	if !ok {
		return ledger.Account{}, withCode(exitUsage, fmt.Errorf("there is no tenant %q", tenant))
	}
	return ledger.Tenant(t.ID, t.Currency), nil
}

func newStatementCommand() *cobra.Command {
	var f configFlags
	var tenant, from, till string
	limit := 100
	cmd := &cobra.Command{
		Use: "statement --tenant ID", Short: "Postings of a tenant with the running balance", Args: cobra.NoArgs,
		Long: `Statement lists what was put on the account and what was taken from it. Usage is posted by quarters of an hour, UTC: the
calls behind a line are in ` + "`trunkline report cdr`" + ` for that quarter.`,
		Example: "  trunkline account statement --tenant beauty --from 2026-11-01",
		RunE: func(cmd *cobra.Command, _ []string) error {
			first, err := parseMoment("from", from)
			if err != nil {
				return withCode(exitUsage, err)
			}
			last, err := parseMoment("till", till)
			if err != nil {
				return withCode(exitUsage, err)
			}
			if last.IsZero() {
				last = clock.System{}.Now().Add(24 * time.Hour)
			}
			db, err := f.openStores(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer db.close(cmd.Context())
			account, err := tenantAccount(cmd.Context(), db, tenant)
			if err != nil {
				return err
			}
			lines, err := db.ledger.Statement(cmd.Context(), account, first, last, limit)
			if err != nil {
				return err
			}
			return printStatement(cmd.OutOrStdout(), lines)
		},
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant")
	cmd.Flags().StringVar(&from, "from", "", "first day or moment")
	cmd.Flags().StringVar(&till, "till", "", "day or moment after the last")
	cmd.Flags().IntVar(&limit, "limit", limit, "most lines")
	_ = cmd.MarkFlagRequired("tenant") // It fails only for a flag that does not exist.
	f.register(cmd)
	return cmd
}

func printStatement(out io.Writer, lines []ledger.Line) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "TIME, UTC\tWHAT\tCALLS\tCHANGE\tBALANCE\tREASON\t\n")
	for i := range lines {
		l := &lines[i]
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t\n", l.Slot.UTC().Format("2006-01-02 15:04"), l.Purpose, l.Legs, l.Change, l.Balance, l.Reason)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d lines\n", len(lines))
	return err
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

func (o *entryOptions) post(ctx context.Context, purpose ledger.Purpose, out, errOut io.Writer) error {
	amount, err := money.ParseAmount(o.amount)
	if err != nil {
		return withCode(exitUsage, fmt.Errorf("--amount: %w", err))
	}
	db, err := o.config.openStores(ctx, errOut)
	if err != nil {
		return err
	}
	defer db.close(ctx)
	account, err := tenantAccount(ctx, db, o.tenant)
	if err != nil {
		return err
	}
	posting, err := db.ledger.Post(ctx, ledger.Entry{
		Account: account, Purpose: purpose, Amount: amount, At: clock.System{}.Now(), Key: o.key, Reason: o.reason,
	})
	switch {
	case errors.Is(err, ledger.ErrKeyConflict):
		return withCode(exitConflict, err)
	case errors.Is(err, ledger.ErrPosting):
		return withCode(exitUsage, err)
	case err != nil:
		return err
	}
	state, err := db.ledger.State(ctx, account)
	if err != nil {
		return err
	}
	balance, err := state.Balance()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "posted %s to %s as %s; the balance is %s\n", amount, account, posting.Key, balance)
	return err
}

func newTopUpCommand() *cobra.Command {
	o := &entryOptions{}
	cmd := &cobra.Command{
		Use: "topup --tenant ID --amount A --key K", Short: "Put a payment on a tenant's account", Args: cobra.NoArgs,
		Example: "  trunkline account topup --tenant beauty --amount 5000 --key bank-2026-11-0042",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.post(cmd.Context(), ledger.TopUp, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.register(cmd)
	return cmd
}

func newAdjustCommand() *cobra.Command {
	o := &entryOptions{}
	cmd := &cobra.Command{
		Use: "adjust --tenant ID --amount A --key K --reason WHY", Short: "Correct a tenant's account, up or down", Args: cobra.NoArgs,
		Example: "  trunkline account adjust --tenant beauty --amount -12.50 --key case-77 --reason 'call 019a... was our fault'",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.post(cmd.Context(), ledger.Adjustment, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.register(cmd)
	return cmd
}

func newSuspendCommand(use string, suspended bool, short string) *cobra.Command {
	o := &entryOptions{}
	cmd := &cobra.Command{
		Use: use + " --tenant ID --reason WHY", Short: short, Args: cobra.NoArgs,
		Example: "  trunkline account " + use + " --tenant beauty --reason 'unpaid since October'",
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, err := o.config.openStores(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer db.close(cmd.Context())
			account, err := tenantAccount(cmd.Context(), db, o.tenant)
			if err != nil {
				return err
			}
			if err := db.ledger.Suspend(cmd.Context(), account, suspended, o.reason); err != nil {
				return withCode(exitConflict, err)
			}
			cmd.Printf("%s: %s\n", account, use)
			return nil
		},
	}
	cmd.Flags().StringVar(&o.tenant, "tenant", "", "tenant")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why")
	for _, name := range []string{"tenant", "reason"} {
		_ = cmd.MarkFlagRequired(name) // It fails only for a flag that does not exist.
	}
	o.config.register(cmd)
	return cmd
}
