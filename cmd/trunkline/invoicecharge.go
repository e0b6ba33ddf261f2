package main

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/internal/money"
	"trunkline/reports/invoice"
)

func newInvoiceChargeCommand() *cobra.Command {
	return group(&cobra.Command{Use: "charge", Short: "Lines of invoices by hand: work on site, a device, a credit in goodwill"},
		newChargeAddCommand(), newChargeListCommand(), newChargeRemoveCommand())
}

func newChargeAddCommand() *cobra.Command {
	var one invoice.Charge
	cmd := asking(&cobra.Command{
		Use: "add --tenant ID --text TEXT --amount AMOUNT", Short: "Charge a client for something, once",
	}, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		kept, err := c.AddCharge(cmd.Context(), c.Who, one)
		return say(cmd, err, "charge %d: %s to %s on %s\n", kept.ID, kept.Amount, kept.Tenant, kept.Day)
	})
	readVar(cmd.Flags(), &one.Amount, "amount", "amount in the client's currency, as prices are: without tax, unless they contain it", money.ParseAmount)
	f := cmd.Flags()
	f.StringVar(&one.Tenant, "tenant", "", "client")
	f.StringVar(&one.Branch, "branch", "", "branch that bears it; shared out as fees of the whole company are, if empty")
	f.StringVar(&one.Day, "day", "", "day of the service, in the client's calendar; today if empty")
	f.StringVar(&one.Text, "text", "", "line of the invoice")
	f.StringVar(&one.Key, "key", "", "what tells it from others, so that it may be repeated")
	required(cmd, "tenant", "text", "amount")
	return cmd
}

func newChargeListCommand() *cobra.Command {
	var tenant string
	cmd := listingBy(&cobra.Command{Use: "list", Short: "What was charged by hand, with the invoices that it stands on"},
		terminal.Charges, &tenant, (*console.Console).Charges)
	cmd.Flags().StringVar(&tenant, "tenant", "", "client; all if empty")
	return cmd
}

func newChargeRemoveCommand() *cobra.Command {
	var tenant, reason string
	cmd := asking(&cobra.Command{
		Use: "remove ID --tenant ID --reason WHY", Short: "Take a charge back that is not invoiced yet", Args: cobra.ExactArgs(1),
	}, onIDs("invoice charge list", func(cmd *cobra.Command, c *app.Local, ids []int64) error {
		return say(cmd, c.TakeCharge(cmd.Context(), c.Who, tenant, ids[0], reason), "charge %d is taken back\n", ids[0])
	}))
	cmd.Flags().StringVar(&tenant, "tenant", "", "client")
	reasonFlag(cmd, &reason)
	required(cmd, "tenant")
	return cmd
}

func newInvoiceProfileCommand() *cobra.Command {
	return group(&cobra.Command{
		Use: "profile", Short: "How tenants are invoiced: parties, tax, due days, language, numbers, sharing of fees, looks",
	}, newProfileApplyCommand(), newProfileShowCommand())
}

func newProfileApplyCommand() *cobra.Command {
	var correct bool
	cmd := applying(&cobra.Command{
		Use: "apply -f FILE", Short: "Store the profiles of a YAML file, one document each",
	}, "YAML file, or - for what is piped in", invoice.ParseProfiles, func(cmd *cobra.Command, c *app.Local, profiles []invoice.Profile) error {
		return say(cmd, c.PutProfiles(cmd.Context(), c.Who, profiles, correct), "%d profiles\n", len(profiles))
	})
	cmd.Flags().BoolVar(&correct, "correct-tax", false, "let the tax of days that are past change")
	return cmd
}

func newProfileShowCommand() *cobra.Command {
	return asking(&cobra.Command{
		Use: "show [TENANT]", Short: "Stored profiles, or what is in force for a tenant", Args: cobra.MaximumNArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		profiles, err := c.Profiles(cmd.Context(), c.Who)
		if err != nil {
			return err
		}
		enc := yaml.NewEncoder(cmd.OutOrStdout())
		defer func() { _ = enc.Close() }()
		if len(args) == 1 {
			return enc.Encode(profiles[args[0]].Over(profiles[""]))
		}
		for _, tenant := range slices.Sorted(maps.Keys(profiles)) {
			if err := enc.Encode(profiles[tenant]); err != nil {
				return err
			}
		}
		return nil
	})
}

func newInvoiceCounterCommand() *cobra.Command {
	var r invoice.Reading
	cmd := asking(&cobra.Command{
		Use: "counter TENANT COUNTER=VALUE...", Short: "Store what others count for a tenant: storage, recording, modules", Args: cobra.MinimumNArgs(2),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		list, err := invoice.ParseReadings(args[1:], r)
		if err != nil {
			return withCode(exitUsage, err)
		}
		return say(cmd, c.PutReadings(cmd.Context(), c.Who, args[0], list), "%d readings\n", len(list))
	})
	momentVar(cmd.Flags(), &r.At, "at", "day or moment; now if empty")
	cmd.Flags().StringVar(&r.Branch, "branch", "", "branch that it was counted in")
	return cmd
}
