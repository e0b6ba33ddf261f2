package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/provision/inventory"
)

func newNumberCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "number", Short: "Telephone numbers of the house: state, supplier, cost; give them to clients, take them back",
		Long: `Number keeps the numbers that the house has, whoever they lead to: free, reserved, assigned, being ported in or out, or in
quarantine until a day. Which client a number leads to is said by what is provisioned; assign and release change it, for many
numbers at once and all or none. Numbers are given one by one, or as ranges: +74951000000-99.`,
	}
	cmd.AddCommand(newNumberListCommand(), newNumberSetCommand(), newNumberAssignCommand(), newNumberReleaseCommand())
	return cmd
}

func numberTable(list []inventory.Number) *table {
	t := &table{columns: []string{"number", "status", "tenant", "until", "class", "supplier", "contract", "setup", "monthly", "currency", "note"}, of: "numbers"}
	for i := range list {
		n := &list[i]
		t.add(n.Number.String(), string(n.Status), n.Tenant, till(n.Until), n.Class, n.Supplier, n.Contract, n.Setup.String(), n.Monthly.String(), n.Currency.String(), n.Note)
	}
	return t
}

func newNumberListCommand() *cobra.Command {
	var f configFlags
	var filter console.StockFilter
	var status, format string
	cmd := &cobra.Command{
		Use: "list", Short: "Numbers as they are now", Args: cobra.NoArgs,
		Example: "  trunkline number list --status free --class city --region 7495\n  trunkline number list --tenant beauty --format csv",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			if status != "" {
				var err error
				if filter.Status, err = inventory.ParseStatus(status); err != nil {
					return withCode(exitUsage, err)
				}
			}
			list, err := c.Stock(cmd.Context(), c.Who, filter)
			if err != nil {
				return err
			}
			return numberTable(list).write(cmd.OutOrStdout(), format)
		}),
	}
	fl := cmd.Flags()
	fl.StringVar(&status, "status", "", "free, reserved, assigned, porting_in, porting_out or quarantine")
	fl.StringVar(&filter.Class, "class", "", "class")
	fl.StringVar(&filter.Region, "region", "", "ISO code of a country, digits, or a group of prefixes")
	fl.StringVar(&filter.Tenant, "tenant", "", "client")
	fl.StringVar(&filter.Prefix, "prefix", "", "digits that they begin with")
	fl.IntVar(&filter.Limit, "limit", 1000, "most rows; 0: all")
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

// numberSet are the flags of `trunkline number set`. What is not given stays as it is.
type numberSet struct {
	config                                                 configFlags
	class, status, tenant, until, supplier, contract, note string
	setup, monthly, currency                               string
}

func newNumberSetCommand() *cobra.Command {
	o := &numberSet{}
	cmd := &cobra.Command{
		Use: "set NUMBER...", Short: "Add numbers to the inventory, or say more of them", Args: cobra.MinimumNArgs(1),
		Long: `Set stores numbers, all or none. A number that is new is free unless --status says otherwise; of one that is known only what is
given changes.

Exit status: 0 done; 2 an option is wrong; 4 a number leads to a client: release it first.`,
		Example: "  trunkline number set +74951000000-99 --class city --supplier uplink --contract 17/2026 --monthly 30 --currency RUB\n" +
			"  trunkline number set +74951000007 --status reserved --tenant beauty --until 2026-12-31\n" +
			"  trunkline number set +78431234567 --status porting_in --tenant beauty --until 2026-12-15",
		RunE: onConsole(&o.config, o.run),
	}
	f := cmd.Flags()
	f.StringVar(&o.class, "class", "", "one of the operator's number_classes")
	f.StringVar(&o.status, "status", "", "free, reserved, porting_in, porting_out or quarantine")
	f.StringVar(&o.tenant, "tenant", "", "for whom it is reserved or ported")
	f.StringVar(&o.until, "until", "", "day or moment: end of reservation or quarantine, or when the porting is expected")
	f.StringVar(&o.supplier, "supplier", "", "whose capacity it is")
	f.StringVar(&o.contract, "contract", "", "the supplier's contract or order")
	f.StringVar(&o.setup, "setup", "", "what it cost once")
	f.StringVar(&o.monthly, "monthly", "", "what it costs a month")
	f.StringVar(&o.currency, "currency", "", "of the costs")
	f.StringVar(&o.note, "note", "", "anything")
	o.config.register(cmd)
	return cmd
}

func (o *numberSet) run(cmd *cobra.Command, c *app.Local, args []string) error {
	numbers, err := console.ParseNumberList(strings.Join(args, ","))
	if err != nil {
		return err
	}
	known, err := c.Stock(cmd.Context(), c.Who, console.StockFilter{})
	if err != nil {
		return err
	}
	at := make(map[string]inventory.Number, len(known))
	for i := range known {
		at[known[i].Number.Digits()] = known[i]
	}
	list := make([]inventory.Number, 0, len(numbers))
	for _, number := range numbers {
		n := at[number.Digits()]
		n.Number = number
		if err := o.change(&n); err != nil {
			return withCode(exitUsage, err)
		}
		list = append(list, n)
	}
	if err := c.PutStock(cmd.Context(), c.Who, list); err != nil {
		return err
	}
	cmd.Printf("%d numbers\n", len(list))
	return nil
}

// change applies what is given.
func (o *numberSet) change(n *inventory.Number) (err error) {
	if o.status != "" {
		if n.Status, err = inventory.ParseStatus(o.status); err != nil {
			return err
		}
		n.Tenant, n.Until = o.tenant, time.Time{}
	}
	n.Status, n.Tenant = cmp.Or(n.Status, inventory.Free), cmp.Or(o.tenant, n.Tenant)
	n.Class, n.Supplier, n.Contract, n.Note = cmp.Or(o.class, n.Class), cmp.Or(o.supplier, n.Supplier), cmp.Or(o.contract, n.Contract), cmp.Or(o.note, n.Note)
	if o.until != "" {
		if n.Until, err = parseMoment("until", o.until); err != nil {
			return err
		}
	}
	for _, cost := range []struct {
		given string
		to    *money.Amount
	}{{o.setup, &n.Setup}, {o.monthly, &n.Monthly}} {
		if cost.given == "" {
			continue
		}
		if *cost.to, err = money.ParseAmount(cost.given); err != nil {
			return fmt.Errorf("cost %q: %w", cost.given, err)
		}
	}
	if o.currency != "" {
		n.Currency, err = money.ParseCurrency(o.currency)
	}
	return err
}

func newNumberAssignCommand() *cobra.Command {
	var f configFlags
	var a console.Assignment
	var format string
	cmd := &cobra.Command{
		Use: "assign [NUMBER...] --tenant ID", Short: "Give numbers to a client: those that are named, or so many that are free",
		Long: `Assign gives numbers of the inventory to a client in one change of what is provisioned: all or none. They have to be free, or
reserved or ported in for him. With the same numbers it may be repeated; with --count it takes more each time. A client has no
more numbers than his max_numbers.

Exit status: 0 done; 2 an option is wrong; 4 a number is not to be had, or not so many are free.`,
		Example: "  trunkline number assign +74951000010-19 --tenant beauty --branch moscow\n" +
			"  trunkline number assign --count 5 --class city --region 7495 --tenant beauty --branch moscow --group sales --dry-run",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) (err error) {
			if a.Numbers, err = console.ParseNumberList(strings.Join(args, ",")); err != nil {
				return err
			}
			list, err := c.AssignNumbers(cmd.Context(), c.Who, a)
			if err != nil {
				return err
			}
			return numberTable(list).write(cmd.OutOrStdout(), format)
		}),
	}
	fl := cmd.Flags()
	fl.StringVar(&a.Tenant, "tenant", "", "client")
	fl.IntVar(&a.Count, "count", 0, "so many free ones, the lowest first")
	fl.StringVar(&a.Class, "class", "", "with --count: of this class")
	fl.StringVar(&a.Region, "region", "", "with --count: of this region")
	fl.StringVar(&a.Branch, "branch", "", "branch that bears them")
	fl.StringVar(&a.Extension, "extension", "", "where calls to them go")
	fl.StringVar(&a.Group, "group", "", "or a group")
	fl.StringVar(&a.Trunk, "trunk", "", "or a trunk")
	fl.BoolVar(&a.DryRun, "dry-run", false, "only say which")
	_ = cmd.MarkFlagRequired("tenant") // It fails only for a flag that does not exist.
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func newNumberReleaseCommand() *cobra.Command {
	var f configFlags
	var r console.Release
	var days int
	var format string
	cmd := &cobra.Command{
		Use: "release NUMBER... --tenant ID", Short: "Take numbers from a client, into quarantine", Args: cobra.MinimumNArgs(1),
		Example: "  trunkline number release +74951000010-19 --tenant beauty --quarantine 90",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) (err error) {
			if r.Numbers, err = console.ParseNumberList(strings.Join(args, ",")); err != nil {
				return err
			}
			r.Until = quarantine(days)
			list, err := c.ReleaseNumbers(cmd.Context(), c.Who, r)
			if err != nil {
				return err
			}
			return numberTable(list).write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().StringVar(&r.Tenant, "tenant", "", "client")
	cmd.Flags().IntVar(&days, "quarantine", 30, "days for which nobody gets them; 0: they are free at once")
	cmd.Flags().BoolVar(&r.DryRun, "dry-run", false, "only say which")
	_ = cmd.MarkFlagRequired("tenant") // It fails only for a flag that does not exist.
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func quarantine(days int) time.Time {
	if days <= 0 {
		return time.Time{}
	}
	return clock.System{}.Now().AddDate(0, 0, days)
}
