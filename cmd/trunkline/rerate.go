package main

import (
	"errors"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
)

func newRerateCommand() *cobra.Command {
	var order console.RerateOrder
	var dryRun, apply bool
	cmd := &cobra.Command{
		Use: "rerate --from DAY --to DAY [--tenant ID|--carrier ID|--deck ID] --dry-run|--apply", Short: "Price calls again by the tariffs and decks of now",
	}
	format := formatFlag(cmd, "table", "csv", "json")
	momentVar(cmd.Flags(), &order.From, "from", "first day or moment that the calls count in, UTC")
	momentVar(cmd.Flags(), &order.Till, "to", "day or moment after the last")
	f := cmd.Flags()
	f.StringVar(&order.Deck, "deck", "", "or only the cost of calls by this deck")
	f.BoolVar(&dryRun, "dry-run", false, "show what would change")
	f.BoolVar(&apply, "apply", false, "change it")
	f.StringVar(&order.Reason, "reason", "", "why; it is kept")
	required(cmd, "from", "to")
	whoseFlags(cmd, &order.Whose)
	work := onConsole(newConfigFlags(cmd), func(cmd *cobra.Command, c *app.Local, _ []string) error {
		r, err := c.Rerate(cmd.Context(), c.Who, order, apply)
		if err != nil {
			return err
		}
		if err := terminal.Rerated(&r).Write(cmd.OutOrStdout(), *format); err != nil {
			return err
		}
		terminal.RerateOutcome(cmd.ErrOrStderr(), &r)
		if len(r.Refused) > 0 {
			return withCode(exitConflict, errors.Join(r.Refused...))
		}
		return partial(len(r.Failed), "%d calls have no price any more and stay as they are", len(r.Failed))
	})
	bare(cmd, func(cmd *cobra.Command, args []string) error {
		if dryRun == apply {
			return withCode(exitUsage, errors.New("give --dry-run or --apply"))
		}
		if apply && order.Reason == "" {
			return withCode(exitUsage, errors.New("--apply needs a --reason"))
		}
		return work(cmd, args)
	})
	return group(cmd, newRerateListCommand(), newRerateUndoCommand())
}

func newRerateListCommand() *cobra.Command {
	return listingAll(&cobra.Command{Use: "list", Short: "What was priced again, the newest first"}, terminal.RerateRuns, (*console.Console).RerateRuns)
}

func newRerateUndoCommand() *cobra.Command {
	var reason string
	cmd := asking(&cobra.Command{
		Use: "undo ID --reason WHY", Short: "Take a run back", Args: cobra.ExactArgs(1),
	}, onIDs("rerate list", func(cmd *cobra.Command, c *app.Local, ids []int64) error {
		n, err := c.UndoRerate(cmd.Context(), c.Who, ids[0], reason)
		return say(cmd, err, "run %d is undone: %d batches\n", ids[0], n)
	}))
	reasonFlag(cmd, &reason)
	return cmd
}
