package main

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
)

func newNodeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "node", Short: "The proxies that hold money for calls, and those that are gone for good",
		Long: `A proxy is known by the identity of its data folder (node.json), which is made once; its name (TRUNKLINE_NODE) is a label. A second folder does not
get the name of one that was not given up, and when two processes run on copies of one folder, both say so.

A proxy that vanishes keeps the money that it holds for its calls until it is back and their legs are accounted for, however
long that takes: its journal and its spool have them. One whose disk is lost is given up by an operator.`,
	}
	cmd.AddCommand(newNodeListCommand(), newNodeEventsCommand(), newNodeGiveUpCommand(), newNodeResolveCommand())
	return cmd
}

func newNodeListCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "Proxies with their last sign of life and what they hold for calls that must be over", Args: cobra.NoArgs,
		Example: "  trunkline node list",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			nodes, err := c.Nodes(cmd.Context(), c.Who)
			if err != nil {
				return err
			}
			t := &table{columns: []string{"node", "identity", "seen", "recorded_till_hold", "accounted_till_hold", "overdue_holds", "disputed", "given_up"}, of: "proxies"}
			for i := range nodes {
				n := &nodes[i]
				t.add(n.Name, n.ID, n.Seen.UTC().Format(time.RFC3339), ordinal(n.Clean), ordinal(n.Settled), strconv.FormatInt(n.Overdue, 10), till(n.Disputed), n.Why)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

// ordinal is the number of a hold; -1 is none.
func ordinal(n int64) string {
	if n < 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func newNodeEventsCommand() *cobra.Command {
	var f configFlags
	var format string
	limit := 100
	cmd := &cobra.Command{
		Use: "events", Short: "What became of proxies and what was done about them, the latest first", Args: cobra.NoArgs,
		Example: "  trunkline node events",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			events, err := c.NodeEvents(cmd.Context(), c.Who, limit)
			if err != nil {
				return err
			}
			t := &table{columns: []string{"at", "node", "identity", "what", "reason"}, of: "events"}
			for _, e := range events {
				t.add(e.At.UTC().Format(time.RFC3339), e.Name, e.Node, e.What, e.Reason)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	formatFlag(cmd, &format)
	cmd.Flags().IntVar(&limit, "limit", limit, "most rows")
	f.register(cmd)
	return cmd
}

func newNodeResolveCommand() *cobra.Command {
	var f configFlags
	var reason string
	cmd := &cobra.Command{
		Use: "resolve NAME --reason WHY", Short: "Say that one of two processes with one identity is stopped for good", Args: cobra.ExactArgs(1),
		Long: `When two processes run on copies of one data folder (a cloned machine, a restored backup), nothing is given back that is held for the calls of
either. Stop one of them for good, let the other go on, and say so: what the stopped one had and nobody else has is lost.`,
		Example: "  trunkline node resolve proxy-2 --reason 'the clone was switched off'",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			if err := c.ResolveNode(cmd.Context(), c.Who, args[0], reason); err != nil {
				return err
			}
			cmd.Printf("%s is one again\n", args[0])
			return nil
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept")
	_ = cmd.MarkFlagRequired("reason") // It fails only for a flag that does not exist.
	f.register(cmd)
	return cmd
}

func newNodeGiveUpCommand() *cobra.Command {
	var f configFlags
	var reason string
	cmd := &cobra.Command{
		Use: "give-up NAME --reason WHY", Short: "Give back what a proxy holds that will never come back", Args: cobra.ExactArgs(1),
		Long: `Give-up says that the journal and the spool of a proxy are lost, and with them the legs of its last calls: they will not be
charged. What is held for them is given back as soon as they must be over. If the proxy comes back all the same, its legs are
charged without their holds.`,
		Example: "  trunkline node give-up proxy-2 --reason 'its disk burnt'",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			if err := c.GiveUpNode(cmd.Context(), c.Who, args[0], reason); err != nil {
				return err
			}
			cmd.Printf("%s is given up; what it holds for calls that are over is given back as soon as they must be over\n", args[0])
			return nil
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept")
	_ = cmd.MarkFlagRequired("reason") // It fails only for a flag that does not exist.
	f.register(cmd)
	return cmd
}
