package main

import (
	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
)

func newNodeCommand() *cobra.Command {
	return group(&cobra.Command{Use: "node", Short: "The proxies that hold money for calls, and those that are gone for good"},
		newNodeListCommand(), newNodeEventsCommand(), newNodeGiveUpCommand(), newNodeResolveCommand())
}

func newNodeListCommand() *cobra.Command {
	return listingAll(&cobra.Command{Use: "list", Short: "Proxies with their last sign of life and what they hold for calls that must be over"},
		terminal.Nodes, (*console.Console).Nodes)
}

func newNodeEventsCommand() *cobra.Command {
	limit := 100
	cmd := listingBy(&cobra.Command{Use: "events", Short: "What became of proxies and what was done about them, the latest first"},
		terminal.NodeEvents, &limit, (*console.Console).NodeEvents)
	cmd.Flags().IntVar(&limit, "limit", limit, "most rows")
	return cmd
}

func newNodeResolveCommand() *cobra.Command {
	var reason string
	cmd := asking(&cobra.Command{
		Use: "resolve NAME --reason WHY", Short: "Say that one of two processes with one identity is stopped for good", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		return say(cmd, c.ResolveNode(cmd.Context(), c.Who, args[0], reason), "%s is one again\n", args[0])
	})
	reasonFlag(cmd, &reason)
	return cmd
}

func newNodeGiveUpCommand() *cobra.Command {
	var reason string
	cmd := asking(&cobra.Command{
		Use: "give-up NAME --reason WHY", Short: "Give back what a proxy holds that will never come back", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		return say(cmd, c.GiveUpNode(cmd.Context(), c.Who, args[0], reason),
			"%s is given up; what it holds for calls that are over is given back as soon as they must be over\n", args[0])
	})
	reasonFlag(cmd, &reason)
	return cmd
}
