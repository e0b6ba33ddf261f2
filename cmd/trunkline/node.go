package main

import (
	"context"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console/terminal"
	"trunkline/ledger"
)

func newNodeCommand() *cobra.Command {
	return group(&cobra.Command{
		Use: "node", Short: "The proxies that hold money for calls, and those that are gone for good",
		Long: `A proxy is known by the identity of its data folder (node.json), which is made once; its name (TRUNKLINE_NODE) is a label. A second folder does not
get the name of one that was not given up, and when two processes run on copies of one folder, both say so.

A proxy that vanishes keeps the money that it holds for its calls until it is back and their legs are accounted for, however
long that takes: its journal and its spool have them. One whose disk is lost is given up by an operator.`,
	}, newNodeListCommand(), newNodeEventsCommand(), newNodeGiveUpCommand(), newNodeResolveCommand())
}

func newNodeListCommand() *cobra.Command {
	return listing(&cobra.Command{Use: "list", Short: "Proxies with their last sign of life and what they hold for calls that must be over", Example: "  trunkline node list"}, terminal.Nodes, func(ctx context.Context, c *app.Local, _ []string) ([]ledger.Node, error) {
		return c.Nodes(ctx, c.Who)
	})
}

func newNodeEventsCommand() *cobra.Command {
	limit := 100
	cmd := listing(&cobra.Command{Use: "events", Short: "What became of proxies and what was done about them, the latest first", Example: "  trunkline node events"}, terminal.NodeEvents, func(ctx context.Context, c *app.Local, _ []string) ([]ledger.NodeEvent, error) {
		return c.NodeEvents(ctx, c.Who, limit)
	})
	cmd.Flags().IntVar(&limit, "limit", limit, "most rows")
	return cmd
}

func newNodeResolveCommand() *cobra.Command {
	var reason string
	cmd := asking(&cobra.Command{
		Use: "resolve NAME --reason WHY", Short: "Say that one of two processes with one identity is stopped for good", Args: cobra.ExactArgs(1),
		Long: `When two processes run on copies of one data folder (a cloned machine, a restored backup), nothing is given back that is held for the calls of
either. Stop one of them for good, let the other go on, and say so: what the stopped one had and nobody else has is lost.`,
		Example: "  trunkline node resolve proxy-2 --reason 'the clone was switched off'",
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
		Long: `Give-up says that the journal and the spool of a proxy are lost, and with them the legs of its last calls: they will not be
charged. What is held for them is given back as soon as they must be over. If the proxy comes back all the same, its legs are
charged without their holds.`,
		Example: "  trunkline node give-up proxy-2 --reason 'its disk burnt'",
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		return say(cmd, c.GiveUpNode(cmd.Context(), c.Who, args[0], reason),
			"%s is given up; what it holds for calls that are over is given back as soon as they must be over\n", args[0])
	})
	reasonFlag(cmd, &reason)
	return cmd
}
