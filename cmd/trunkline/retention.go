package main

import (
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/reports/retention"
)

func newRetentionCommand() *cobra.Command {
	return group(&cobra.Command{Use: "retention", Short: "How long records are kept: what would go, and let it go"},
		newRetentionShowCommand(), newRetentionRunCommand())
}

func newRetentionShowCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "show", Short: "Each kind of record: how long it is kept, how much there is, and what would go"}
	format := formatFlag(cmd, "table", "csv", "json")
	return asking(cmd, func(cmd *cobra.Command, c *app.Local, _ []string) error { return showRetention(cmd, c, *format) })
}

// showRetention prints the plan; why something stays goes below it.
func showRetention(cmd *cobra.Command, c *app.Local, format string) error {
	plan, err := c.RetentionPlan(cmd.Context(), c.Who)
	if err != nil {
		return err
	}
	if err := terminal.Retention(plan, c.OwnSpans()).Write(cmd.OutOrStdout(), format); err != nil {
		return err
	}
	for _, l := range plan {
		for _, why := range l.Stays {
			cmd.PrintErrf("%s stay: %s\n", l.Kind, why)
		}
	}
	return nil
}

func newRetentionRunCommand() *cobra.Command {
	var dryRun, apply bool
	var archive string
	cmd := asking(&cobra.Command{
		Use: "run --dry-run|--apply [--archive FOLDER]", Short: "Drop and blank what is older than it is kept",
	}, func(cmd *cobra.Command, c *app.Local, _ []string) (err error) {
		if dryRun == apply {
			return withCode(exitUsage, errors.New("give --dry-run or --apply"))
		}
		if dryRun {
			return showRetention(cmd, c, "table")
		}
		if archive != "" {
			if archive, err = filepath.Abs(archive); err != nil {
				return withCode(exitUsage, err)
			}
		}
		return c.RunRetention(cmd.Context(), c.Who, archive, func(d retention.Done) { terminal.Dropped(cmd.OutOrStdout(), d) })
	})
	f := cmd.Flags()
	f.BoolVar(&dryRun, "dry-run", false, "show what would go")
	f.BoolVar(&apply, "apply", false, "let it go")
	f.StringVar(&archive, "archive", "", "folder of Parquet files that get what goes; empty: it is dropped for good")
	return cmd
}

// eraseOptions are the flags of `trunkline erase`.
type eraseOptions struct {
	retention.Erasure

	number string
	also   []string
	dryRun bool
}

func newEraseCommand() *cobra.Command {
	o := &eraseOptions{}
	cmd := asking(&cobra.Command{Use: "erase --number NUMBER --reason WHY", Short: "Take a person's number out of all records"}, o.run)
	f := cmd.Flags()
	f.StringVar(&o.number, "number", "", "the number, E.164")
	f.StringSliceVar(&o.also, "also", nil, "another spelling of it, digits only")
	f.StringVar(&o.Reason, "reason", "", "why, without the number; it is kept")
	f.StringVar(&o.Force, "force-reason", "", "why calls are erased that the law obliges to keep; it is kept")
	f.BoolVar(&o.dryRun, "dry-run", false, "show where it is, and change nothing")
	required(cmd, "number")
	return cmd
}

func (o *eraseOptions) run(cmd *cobra.Command, c *app.Local, _ []string) (err error) {
	if o.Person, err = retention.NewPerson(o.number, o.also); err != nil {
		return withCode(exitUsage, err)
	}
	if !o.dryRun && o.Reason == "" {
		return withCode(exitUsage, errors.New("give a --reason, or --dry-run"))
	}
	var found []retention.Found
	if o.dryRun {
		found, err = c.FindPerson(cmd.Context(), c.Who, o.Person)
	} else {
		found, err = c.ErasePerson(cmd.Context(), c.Who, o.Erasure)
	}
	if err != nil {
		return err
	}
	if err := terminal.Found(found).Write(cmd.OutOrStdout(), "table"); err != nil {
		return err
	}
	unreached, err := c.Unreached(cmd.Context(), c.Who)
	for _, u := range unreached {
		cmd.Printf("not reached: %s\n", u)
	}
	return err
}

func newHoldCommand() *cobra.Command {
	return group(&cobra.Command{Use: "hold", Short: "Legal holds: what neither retention nor erasure may touch"},
		newHoldAddCommand(), newHoldListCommand(), newHoldRemoveCommand())
}

func newHoldAddCommand() *cobra.Command {
	var h retention.Hold
	cmd := asking(&cobra.Command{
		Use: "add --tenant ID|--number NUMBER --reason WHY", Short: "Hold the records of a tenant, or those that name a number",
	}, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		made, err := c.AddHold(cmd.Context(), c.Who, h)
		return say(cmd, err, "hold %d is in force\n", made.ID)
	})
	f := cmd.Flags()
	f.StringVar(&h.Tenant, "tenant", "", "tenant")
	f.StringVar(&h.Number, "number", "", "or a number, E.164")
	f.StringVar(&h.Reason, "reason", "", "why; it is kept")
	return cmd
}

func newHoldListCommand() *cobra.Command {
	var all bool
	cmd := listingBy(&cobra.Command{Use: "list", Short: "List the holds in force"}, terminal.Holds, &all, (*console.Console).Holds)
	cmd.Flags().BoolVar(&all, "all", false, "also those that were removed")
	return cmd
}

func newHoldRemoveCommand() *cobra.Command {
	var reason string
	cmd := asking(&cobra.Command{
		Use: "remove ID --reason WHY", Short: "End a hold; it is kept with the reason", Args: cobra.ExactArgs(1),
	}, onIDs("hold list", func(cmd *cobra.Command, c *app.Local, ids []int64) error {
		return c.RemoveHold(cmd.Context(), c.Who, ids[0], reason)
	}))
	reasonFlag(cmd, &reason)
	return cmd
}
