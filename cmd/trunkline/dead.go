package main

import (
	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
)

func newDeadCommand() *cobra.Command {
	return group(&cobra.Command{Use: "dead", Short: "Legs that could not be rated"},
		newDeadListCommand(), newDeadShowCommand(), newDeadRetryCommand(), newDeadMendCommand(), newDeadWriteOffCommand())
}

func newDeadListCommand() *cobra.Command {
	var filter console.DeadQuery
	cmd := listingBy(&cobra.Command{Use: "list", Short: "List them, the oldest first"}, terminal.DeadLegs, &filter, (*console.Console).Dead)
	f := cmd.Flags()
	f.StringVar(&filter.Tenant, "tenant", "", "tenant")
	f.StringVar(&filter.Carrier, "carrier", "", "carrier")
	f.StringVar(&filter.Reason, "reason", "", "reason, such as no_rate")
	f.IntVar(&filter.Limit, "limit", 100, "most rows")
	return cmd
}

func newDeadRetryCommand() *cobra.Command {
	return asking(&cobra.Command{
		Use: "retry ID...", Short: "Price them again", Args: cobra.MinimumNArgs(1),
	}, onIDs("dead list", func(cmd *cobra.Command, c *app.Local, ids []int64) error {
		left, err := c.RetryDead(cmd.Context(), c.Who, ids)
		if err != nil {
			return err
		}
		cmd.Printf("%d priced, %d still cannot be rated\n", len(ids)-left, left)
		return partial(left, "%d legs still cannot be rated: see `trunkline dead list`", left)
	}))
}

func newDeadMendCommand() *cobra.Command {
	var m console.Mending
	cmd := asking(&cobra.Command{
		Use: "mend ID --reason WHY", Short: "Give a leg other times, where its own are impossible, and price it", Args: cobra.ExactArgs(1),
	}, onIDs("dead list", func(cmd *cobra.Command, c *app.Local, ids []int64) error {
		left, err := c.MendDead(cmd.Context(), c.Who, ids[0], m)
		if err == nil {
			err = partial(left, "it is mended and still cannot be rated: see `trunkline dead show %d`", ids[0])
		}
		return say(cmd, err, "%d is mended and priced\n", ids[0])
	}))
	instantVar(cmd.Flags(), &m.Setup, "setup", "when the call began (RFC 3339)")
	instantVar(cmd.Flags(), &m.Connect, "connect", "when it was answered")
	instantVar(cmd.Flags(), &m.Disconnect, "disconnect", "when it ended")
	reasonFlag(cmd, &m.Reason)
	return cmd
}

func newDeadWriteOffCommand() *cobra.Command {
	var reason string
	cmd := asking(&cobra.Command{
		Use: "write-off ID... --reason WHY", Short: "Say that legs are never to be rated", Args: cobra.MinimumNArgs(1),
	}, onIDs("dead list", func(cmd *cobra.Command, c *app.Local, ids []int64) error {
		n, err := c.WriteOffDead(cmd.Context(), c.Who, ids, reason)
		if err != nil {
			return err
		}
		cmd.Printf("%d legs are written off\n", n)
		return partial(len(ids)-n, "%d did not wait: they were rated or written off before", len(ids)-n)
	}))
	reasonFlag(cmd, &reason)
	return cmd
}

func newDeadShowCommand() *cobra.Command {
	return asking(&cobra.Command{
		Use: "show ID", Short: "All that is known of one of them, and why it could not be rated", Args: cobra.ExactArgs(1),
	}, onIDs("dead list", func(cmd *cobra.Command, c *app.Local, ids []int64) error {
		leg, err := c.DeadLeg(cmd.Context(), c.Who, ids[0])
		if err != nil {
			return err
		}
		return terminal.DeadLeg(cmd.OutOrStdout(), &leg)
	}))
}
