package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/reports/invoice"
	"trunkline/sql/postgres"
)

func newInvoiceChargeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "charge", Short: "Lines of invoices by hand: work on site, a device, a credit in goodwill",
		Long: `A charge stands on the invoice of the period that its day is in, with the tax of that day. A day whose period is invoiced is refused.
An amount below zero is a credit.`,
		Example: "  trunkline invoice charge add --tenant beauty --day 2026-11-17 --text 'Telephone, model T2' --amount 89.90\n" +
			"  trunkline invoice charge list --tenant beauty\n  trunkline invoice charge remove 4 --tenant beauty --reason 'ordered twice'",
	}
	cmd.AddCommand(newChargeAddCommand(), newChargeListCommand(), newChargeRemoveCommand())
	return cmd
}

// chargedTenant is the account of a tenant and the zone of his days. A branch, if one is named, has to be his.
func chargedTenant(cmd *cobra.Command, db *store.Stores, id, branch string) (ledger.Account, *time.Location, error) {
	snapshot, err := db.Snapshot(cmd.Context())
	if err != nil {
		return ledger.Account{}, nil, err
	}
	t, ok := snapshot.Tenant(id)
	if !ok {
		return ledger.Account{}, nil, withCode(exitUsage, fmt.Errorf("there is no tenant %q", id))
	}
	if _, ok := snapshot.Branch(id, branch); !ok && branch != "" {
		return ledger.Account{}, nil, withCode(exitUsage, fmt.Errorf("the client %s has no branch %q", id, branch))
	}
	return ledger.Tenant(t.ID, t.Currency), snapshot.Zone(id), nil
}

func chargeError(err error) error {
	if errors.Is(err, invoice.ErrCharge) {
		return withCode(exitConflict, err)
	}
	return err
}

func newChargeAddCommand() *cobra.Command {
	var f configFlags
	var c invoice.Charge
	var amount string
	cmd := &cobra.Command{
		Use: "add --tenant ID --text TEXT --amount AMOUNT", Short: "Charge a client for something, once", Args: cobra.NoArgs,
		Long: `Add keeps a charge. --key makes it safe to repeat: the same key with the same content is the same charge, with another one it is refused.

Exit status: 0 done; 2 an option is wrong; 4 the day's period is invoiced already, or the key is that of another charge.`,
		Example: "  trunkline invoice charge add --tenant beauty --text 'Telephone, model T2' --amount 89.90 --key order-4711\n" +
			"  trunkline invoice charge add --tenant beauty --branch kazan --day 2026-11-17 --text 'Outage of 16 November' --amount -25",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
			account, zone, err := chargedTenant(cmd, db, c.Tenant, c.Branch)
			if err != nil {
				return err
			}
			if c.Amount, err = money.ParseAmount(amount); err != nil {
				return withCode(exitUsage, fmt.Errorf("--amount: %w", err))
			}
			if c.Day == "" {
				c.Day = clock.System{}.Now().In(zone).Format(time.DateOnly)
			}
			if err := c.Validate(); err != nil {
				return withCode(exitUsage, err)
			}
			c.By = operator()
			kept, err := postgres.NewInvoices(db.DB, clock.System{}).AddCharge(cmd.Context(), c, account, zone)
			if err != nil {
				return chargeError(err)
			}
			cmd.Printf("charge %d: %s %s to %s on %s\n", kept.ID, kept.Amount, account.Currency, kept.Tenant, kept.Day)
			return nil
		}),
	}
	cmd.Flags().StringVar(&c.Tenant, "tenant", "", "client")
	cmd.Flags().StringVar(&c.Branch, "branch", "", "branch that bears it; shared out as fees of the whole company are, if empty")
	cmd.Flags().StringVar(&c.Day, "day", "", "day of the service, in the client's calendar; today if empty")
	cmd.Flags().StringVar(&c.Text, "text", "", "line of the invoice")
	cmd.Flags().StringVar(&amount, "amount", "", "amount in the client's currency, as prices are: without tax, unless they contain it")
	cmd.Flags().StringVar(&c.Key, "key", "", "what tells it from others, so that it may be repeated")
	for _, name := range []string{"tenant", "text", "amount"} {
		_ = cmd.MarkFlagRequired(name) // It fails only for a flag that does not exist.
	}
	f.register(cmd)
	return cmd
}

func newChargeListCommand() *cobra.Command {
	var f configFlags
	var tenant, format string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "What was charged by hand, with the invoices that it stands on", Args: cobra.NoArgs,
		Example: "  trunkline invoice charge list --tenant beauty",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
			list, err := postgres.NewInvoices(db.DB, clock.System{}).Charges(cmd.Context(), tenant, limit)
			if err != nil {
				return err
			}
			t := &table{columns: []string{"id", "tenant", "branch", "day", "text", "amount", "made", "by", "key", "invoice"}, of: "charges"}
			for _, c := range list {
				t.add(strconv.FormatInt(c.ID, 10), c.Tenant, c.Branch, c.Day, c.Text, c.Amount.String(), till(c.Made), c.By, c.Key, c.Number)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "client; all if empty")
	cmd.Flags().IntVar(&limit, "limit", 1000, "most rows")
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func newChargeRemoveCommand() *cobra.Command {
	var f configFlags
	var tenant, reason string
	cmd := &cobra.Command{
		Use: "remove ID --tenant ID --reason WHY", Short: "Take a charge back that is not invoiced yet", Args: cobra.ExactArgs(1),
		Example: "  trunkline invoice charge remove 4 --tenant beauty --reason 'ordered twice'",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return withCode(exitUsage, fmt.Errorf("%q is no id: take it from `trunkline invoice charge list`", args[0]))
			}
			account, zone, err := chargedTenant(cmd, db, tenant, "")
			if err != nil {
				return err
			}
			if err := postgres.NewInvoices(db.DB, clock.System{}).TakeCharge(cmd.Context(), id, account, zone, operator(), reason); err != nil {
				return chargeError(err)
			}
			cmd.Printf("charge %d is taken back\n", id)
			return nil
		}),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "client")
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept")
	for _, name := range []string{"tenant", "reason"} {
		_ = cmd.MarkFlagRequired(name) // It fails only for a flag that does not exist.
	}
	f.register(cmd)
	return cmd
}
