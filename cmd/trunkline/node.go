package main

import (
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/ledger"
)

func newNodeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "node", Short: "The proxies that hold money for calls, and those that are gone for good",
		Long: `A proxy that vanishes keeps the money that it holds for its calls until it is back and their legs are accounted for, however
long that takes: its journal and its spool have them. One whose disk is lost is given up by an operator.`,
	}
	cmd.AddCommand(newNodeListCommand(), newNodeGiveUpCommand())
	return cmd
}

func newNodeListCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "Proxies with their last sign of life and what they hold for calls that must be over", Args: cobra.NoArgs,
		Example: "  trunkline node list",
		RunE: onStores(&f, func(cmd *cobra.Command, db *stores, _ []string) error {
			nodes, err := db.ledger.Nodes(cmd.Context())
			if err != nil {
				return err
			}
			t := &table{columns: []string{"node", "seen", "calls_recorded_till", "accounted_till", "overdue_holds", "given_up"}, of: "proxies"}
			for i := range nodes {
				n := &nodes[i]
				t.add(n.Name, n.Seen.UTC().Format(time.RFC3339), till(n.Clean), till(n.Settled), strconv.FormatInt(n.Overdue, 10), n.Why)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	formatFlag(cmd, &format)
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
		RunE: onStores(&f, func(cmd *cobra.Command, db *stores, args []string) error {
			err := db.ledger.GiveUp(cmd.Context(), args[0], reason)
			if errors.Is(err, ledger.ErrNoNode) {
				return withCode(exitUsage, err)
			}
			if err != nil {
				return err
			}
			cmd.Printf("%s is given up; what it holds for calls that are over is given back within a minute\n", args[0])
			return nil
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept")
	_ = cmd.MarkFlagRequired("reason") // It fails only for a flag that does not exist.
	f.register(cmd)
	return cmd
}
