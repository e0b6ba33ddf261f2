package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/provision/inventory"
)

func newNumberCommand() *cobra.Command {
	return group(&cobra.Command{
		Use: "number", Short: "Telephone numbers of the house: state, supplier, cost; give them to clients, take them back",
	}, newNumberListCommand(), newNumberSetCommand(), newNumberAssignCommand(), newNumberReleaseCommand())
}

func newNumberListCommand() *cobra.Command {
	var filter console.StockFilter
	cmd := listingBy(&cobra.Command{Use: "list", Short: "Numbers as they are now"}, terminal.Numbers, &filter, (*console.Console).Stock)
	statusVar(cmd.Flags(), &filter.Status, "free, reserved, assigned, porting_in, porting_out or quarantine")
	f := cmd.Flags()
	f.StringVar(&filter.Class, "class", "", "class")
	f.StringVar(&filter.Region, "region", "", "ISO code of a country, digits, or a group of prefixes")
	f.StringVar(&filter.Tenant, "tenant", "", "client")
	f.StringVar(&filter.Prefix, "prefix", "", "digits that they begin with")
	f.IntVar(&filter.Limit, "limit", 1000, "most rows; 0: all")
	return cmd
}

// statusVar adds the flag --status.
func statusVar(f *pflag.FlagSet, to *inventory.Status, usage string) {
	readVar(f, to, "status", usage, func(text string) (inventory.Status, error) {
		if text == "" {
			return "", nil
		}
		return inventory.ParseStatus(text)
	})
}

func newNumberSetCommand() *cobra.Command {
	var o inventory.Change
	cmd := asking(&cobra.Command{
		Use: "set NUMBER...", Short: "Add numbers to the inventory, or say more of them", Args: cobra.MinimumNArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		numbers, err := console.ParseNumberList(strings.Join(args, ","))
		if err != nil {
			return err
		}
		known, err := c.Stock(cmd.Context(), c.Who, console.StockFilter{})
		if err != nil {
			return err
		}
		return say(cmd, c.PutStock(cmd.Context(), c.Who, o.Apply(known, numbers)), "%d numbers\n", len(numbers))
	})
	f := cmd.Flags()
	f.StringVar(&o.Class, "class", "", "one of the operator's number_classes")
	statusVar(f, &o.Status, "free, reserved, porting_in, porting_out or quarantine")
	f.StringVar(&o.Tenant, "tenant", "", "for whom it is reserved or ported")
	momentVar(f, &o.Until, "until", "day or moment: end of reservation or quarantine, or when the porting is expected")
	f.StringVar(&o.Supplier, "supplier", "", "whose capacity it is")
	f.StringVar(&o.Contract, "contract", "", "the supplier's contract or order")
	amountVar(f, &o.Setup, "setup", "what it cost once")
	amountVar(f, &o.Monthly, "monthly", "what it costs a month")
	readVar(f, &o.Currency, "currency", "of the costs", func(text string) (c money.Currency, err error) {
		if text != "" {
			c, err = money.ParseCurrency(text)
		}
		return c, err
	})
	f.StringVar(&o.Note, "note", "", "anything")
	return cmd
}

func newNumberAssignCommand() *cobra.Command {
	var a console.Assignment
	cmd := listing(&cobra.Command{
		Use: "assign [NUMBER...] --tenant ID", Short: "Give numbers to a client: those that are named, or so many that are free", Args: cobra.ArbitraryArgs,
	}, terminal.Numbers, func(ctx context.Context, c *app.Local, args []string) (_ []inventory.Number, err error) {
		if a.Numbers, err = console.ParseNumberList(strings.Join(args, ",")); err != nil {
			return nil, err
		}
		return c.AssignNumbers(ctx, c.Who, a)
	})
	f := cmd.Flags()
	f.StringVar(&a.Tenant, "tenant", "", "client")
	f.IntVar(&a.Count, "count", 0, "so many free ones, the lowest first")
	f.StringVar(&a.Class, "class", "", "with --count: of this class")
	f.StringVar(&a.Region, "region", "", "with --count: of this region")
	f.StringVar(&a.Branch, "branch", "", "branch that bears them")
	f.StringVar(&a.Extension, "extension", "", "where calls to them go")
	f.StringVar(&a.Group, "group", "", "or a group")
	f.StringVar(&a.Trunk, "trunk", "", "or a trunk")
	f.BoolVar(&a.DryRun, "dry-run", false, "only say which")
	required(cmd, "tenant")
	return cmd
}

func newNumberReleaseCommand() *cobra.Command {
	var r console.Release
	var days int
	cmd := listing(&cobra.Command{
		Use: "release NUMBER... --tenant ID", Short: "Take numbers from a client, into quarantine", Args: cobra.MinimumNArgs(1),
	}, terminal.Numbers, func(ctx context.Context, c *app.Local, args []string) (_ []inventory.Number, err error) {
		if r.Numbers, err = console.ParseNumberList(strings.Join(args, ",")); err != nil {
			return nil, err
		}
		if days > 0 {
			r.Until = clock.System{}.Now().AddDate(0, 0, days)
		}
		return c.ReleaseNumbers(ctx, c.Who, r)
	})
	f := cmd.Flags()
	f.StringVar(&r.Tenant, "tenant", "", "client")
	f.IntVar(&days, "quarantine", 30, "days for which nobody gets them; 0: they are free at once")
	f.BoolVar(&r.DryRun, "dry-run", false, "only say which")
	required(cmd, "tenant")
	return cmd
}
