package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/internal/money"
	"trunkline/reports/invoice"
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

func newChargeAddCommand() *cobra.Command {
	var f configFlags
	var one invoice.Charge
	var amount string
	cmd := &cobra.Command{
		Use: "add --tenant ID --text TEXT --amount AMOUNT", Short: "Charge a client for something, once", Args: cobra.NoArgs,
		Long: `Add keeps a charge. --key makes it safe to repeat: the same key with the same content is the same charge, with another one it is refused.

Exit status: 0 done; 2 an option is wrong; 4 the day's period is invoiced already, or the key is that of another charge.`,
		Example: "  trunkline invoice charge add --tenant beauty --text 'Telephone, model T2' --amount 89.90 --key order-4711\n" +
			"  trunkline invoice charge add --tenant beauty --branch kazan --day 2026-11-17 --text 'Outage of 16 November' --amount -25",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			var err error
			if one.Amount, err = money.ParseAmount(amount); err != nil {
				return withCode(exitUsage, fmt.Errorf("--amount: %w", err))
			}
			kept, err := c.AddCharge(cmd.Context(), c.Who, one)
			if err != nil {
				return err
			}
			cmd.Printf("charge %d: %s to %s on %s\n", kept.ID, kept.Amount, kept.Tenant, kept.Day)
			return nil
		}),
	}
	cmd.Flags().StringVar(&one.Tenant, "tenant", "", "client")
	cmd.Flags().StringVar(&one.Branch, "branch", "", "branch that bears it; shared out as fees of the whole company are, if empty")
	cmd.Flags().StringVar(&one.Day, "day", "", "day of the service, in the client's calendar; today if empty")
	cmd.Flags().StringVar(&one.Text, "text", "", "line of the invoice")
	cmd.Flags().StringVar(&amount, "amount", "", "amount in the client's currency, as prices are: without tax, unless they contain it")
	cmd.Flags().StringVar(&one.Key, "key", "", "what tells it from others, so that it may be repeated")
	for _, name := range []string{"tenant", "text", "amount"} {
		_ = cmd.MarkFlagRequired(name) // It fails only for a flag that does not exist.
	}
	f.register(cmd)
	return cmd
}

func newChargeListCommand() *cobra.Command {
	var f configFlags
	var tenant, format string
	cmd := &cobra.Command{
		Use: "list", Short: "What was charged by hand, with the invoices that it stands on", Args: cobra.NoArgs,
		Example: "  trunkline invoice charge list --tenant beauty",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			list, err := c.Charges(cmd.Context(), c.Who, tenant)
			if err != nil {
				return err
			}
			t := &table{columns: []string{"id", "tenant", "branch", "day", "text", "amount", "made", "by", "key", "invoice"}, of: "charges"}
			for _, l := range list {
				t.add(strconv.FormatInt(l.ID, 10), l.Tenant, l.Branch, l.Day, l.Text, l.Amount.String(), till(l.Created), l.By, l.Key, l.Number)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "client; all if empty")
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
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return withCode(exitUsage, fmt.Errorf("%q is no id: take it from `trunkline invoice charge list`", args[0]))
			}
			if err := c.TakeCharge(cmd.Context(), c.Who, tenant, id, reason); err != nil {
				return err
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
