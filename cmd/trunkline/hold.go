package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/reports/retention"
)

func newHoldCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "hold", Short: "Legal holds: what neither retention nor erasure may touch",
	}
	cmd.AddCommand(newHoldAddCommand(), newHoldListCommand(), newHoldRemoveCommand())
	return cmd
}

func newHoldAddCommand() *cobra.Command {
	var f configFlags
	var h retention.Hold
	cmd := &cobra.Command{
		Use: "add --tenant ID|--number NUMBER --reason WHY", Short: "Hold the records of a tenant, or those that name a number", Args: cobra.NoArgs,
		Example: "  trunkline hold add --tenant beauty --reason 'court order 17'\n  trunkline hold add --number +4915112345678 --reason 'case 12'",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			made, err := c.AddHold(cmd.Context(), c.Who, h)
			if err != nil {
				return err
			}
			cmd.Printf("hold %d is in force\n", made.ID)
			return nil
		}),
	}
	cmd.Flags().StringVar(&h.Tenant, "tenant", "", "tenant")
	cmd.Flags().StringVar(&h.Number, "number", "", "or a number, E.164")
	cmd.Flags().StringVar(&h.Reason, "reason", "", "why; it is kept")
	f.register(cmd)
	return cmd
}

func newHoldListCommand() *cobra.Command {
	var f configFlags
	var all bool
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "List the holds in force", Args: cobra.NoArgs,
		Example: "  trunkline hold list\n  trunkline hold list --all --format csv",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			holds, err := c.Holds(cmd.Context(), c.Who, all)
			if err != nil {
				return err
			}
			t := &table{of: "holds", columns: []string{"id", "tenant", "number", "since", "by", "reason", "removed", "removed_by", "why"}}
			for i := range holds {
				h := &holds[i]
				t.add(figure(h.ID), h.Tenant, h.Number, h.Made.Format(time.RFC3339), h.By, h.Reason, till(h.Removed), h.Ender, h.Why)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().BoolVar(&all, "all", false, "also those that were removed")
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func newHoldRemoveCommand() *cobra.Command {
	var f configFlags
	var reason string
	cmd := &cobra.Command{
		Use: "remove ID --reason WHY", Short: "End a hold; it is kept with the reason", Args: cobra.ExactArgs(1),
		Example: "  trunkline hold remove 3 --reason 'case 12 is closed'",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return withCode(exitUsage, fmt.Errorf("%q is not the number of a hold, as `trunkline hold list` prints it", args[0]))
			}
			return c.RemoveHold(cmd.Context(), c.Who, id, reason)
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept")
	_ = cmd.MarkFlagRequired("reason") // It fails only for a flag that does not exist.
	f.register(cmd)
	return cmd
}
