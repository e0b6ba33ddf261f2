package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/store"
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
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
			states, err := db.Ledger.States(cmd.Context(), ledger.Kind(kind))
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
	t := &table{columns: []string{"account", "balance", "held_for_calls", "credit", "left", "closed_till", "state"}, of: "accounts"}
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

// tenantAccount finds the account of a provisioned tenant.
func tenantAccount(ctx context.Context, db *store.Stores, tenant string) (ledger.Account, error) {
	snapshot, err := db.Snapshot(ctx)
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
			last, err := parseMoment("till", until)
			if err != nil {
				return withCode(exitUsage, err)
			}
			if last.IsZero() {
				last = clock.System{}.Now().Add(24 * time.Hour)
			}
			return onStores(&o.config, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
				account, err := o.account(cmd.Context(), db)
				if err != nil {
					return err
				}
				lines, err := db.Ledger.Statement(cmd.Context(), account, first, last, limit)
				if err != nil {
					return err
				}
				return statementTable(lines).write(cmd.OutOrStdout(), format)
			})(cmd, args)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "first day or moment")
	cmd.Flags().StringVar(&until, "till", "", "day or moment after the last")
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

func (o *entryOptions) post(cmd *cobra.Command, purpose ledger.Purpose) (err error) {
	ctx := cmd.Context()
	amount, err := money.ParseAmount(o.amount)
	if err != nil {
		return withCode(exitUsage, fmt.Errorf("--amount: %w", err))
	}
	db, err := o.config.openStores(ctx, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer func() { err = endStores(db, cmd, nil, err) }()
	account, err := tenantAccount(ctx, db, o.tenant)
	if err != nil {
		return err
	}
	posting, err := db.Ledger.Post(ctx, ledger.Entry{
		Account: account, Purpose: purpose, Amount: amount, At: clock.System{}.Now(), Key: o.key, Reason: o.reason,
	})
	switch {
	case errors.Is(err, ledger.ErrKeyConflict), errors.Is(err, ledger.ErrClosedPeriod):
		return withCode(exitConflict, err)
	case errors.Is(err, ledger.ErrPosting):
		return withCode(exitUsage, err)
	case err != nil:
		return err
	}
	state, err := db.Ledger.State(ctx, account)
	if err != nil {
		return err
	}
	balance, err := state.Balance()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "posted %s to %s as %s; the balance is %s\n", amount, account, posting.Key, balance)
	return err
}

func newTopUpCommand() *cobra.Command {
	o := &entryOptions{}
	cmd := &cobra.Command{
		Use: "topup --tenant ID --amount A --key K", Short: "Put a payment on a tenant's account", Args: cobra.NoArgs,
		Example: "  trunkline account topup --tenant beauty --amount 5000 --key bank-2026-11-0042",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.post(cmd, ledger.TopUp)
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
			return o.post(cmd, ledger.Adjustment)
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
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			db, err := o.config.openStores(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer func() { err = endStores(db, cmd, args, err) }()
			account, err := tenantAccount(cmd.Context(), db, o.tenant)
			if err != nil {
				return err
			}
			if err := db.Ledger.Suspend(cmd.Context(), account, suspended, o.reason, operator()); err != nil {
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
