package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
)

// rerateOptions are the flags of `trunkline rerate`.
type rerateOptions struct {
	accounts   accountOptions
	deck       string
	from, till string
	dryRun     bool
	apply      bool
	reason     string
	format     string
}

func newRerateCommand() *cobra.Command {
	o := &rerateOptions{}
	cmd := &cobra.Command{
		Use: "rerate --from DAY --to DAY [--tenant ID|--carrier ID|--deck ID] --dry-run|--apply", Short: "Price calls again by the tariffs and decks of now",
		Long: `Rerate prices the calls again that count in [from, to), and says by account and destination what would change. With --apply
it writes it: of each call that changes the reversal of its record and a new one, and postings of the difference, all of an
account in one step. What was paid stays; nothing is overwritten, and 'rerate undo' takes it back.

Calls of a tenant with allowances or volume tiers are priced again to this day, in the order in which they ended, because
each takes from what the next one finds. Calls of closed periods, and calls that an invoice stands for, are refused before
anything is changed: open the period first, or credit the invoice as a whole. A dry run shows what they would come to all the
same. A run that was killed has changed whole accounts, or whole days of them, and nothing else: run it again. A second run
finds nothing to change.

Exit status: 0 done; 2 an option is wrong; 3 some calls have no price any more and stayed as they were; 4 calls that would
change are in a closed period or on an invoice, or calls are on their way that have to be stored first.`,
		Example: "  trunkline rerate --from 2026-11-01 --to 2026-11-15 --tenant beauty --dry-run\n" +
			"  trunkline rerate --from 2026-11-01 --to 2026-12-01 --carrier rhein --apply --reason 'wrong deck, case 31'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.dryRun == o.apply {
				return withCode(exitUsage, errors.New("give --dry-run or --apply"))
			}
			if o.apply && o.reason == "" {
				return withCode(exitUsage, errors.New("--apply needs a --reason"))
			}
			return onConsole(&o.accounts.config, o.run)(cmd, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "", "first day or moment that the calls count in, UTC")
	f.StringVar(&o.till, "to", "", "day or moment after the last")
	f.StringVar(&o.deck, "deck", "", "or only the cost of calls by this deck")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would change")
	f.BoolVar(&o.apply, "apply", false, "change it")
	f.StringVar(&o.reason, "reason", "", "why; it is kept")
	for _, name := range []string{"from", "to"} {
		_ = cmd.MarkFlagRequired(name) // It fails only for a flag that does not exist.
	}
	formatFlag(cmd, &o.format)
	o.accounts.register(cmd)
	cmd.AddCommand(newRerateListCommand(), newRerateUndoCommand())
	return cmd
}

func (o *rerateOptions) run(cmd *cobra.Command, c *app.Local, _ []string) error {
	order := console.RerateOrder{Whose: o.accounts.whose(), Deck: o.deck, Reason: o.reason}
	var err error
	if order.From, err = parseMoment("from", o.from); err != nil {
		return withCode(exitUsage, err)
	}
	if order.Till, err = parseMoment("to", o.till); err != nil {
		return withCode(exitUsage, err)
	}
	report, err := c.Rerate(cmd.Context(), c.Who, order, o.apply)
	if err != nil {
		return err
	}
	return o.report(cmd, &report)
}

func (o *rerateOptions) report(cmd *cobra.Command, r *console.RerateReport) error {
	t := &table{columns: []string{"account", "destination", "calls", "before", "after", "difference"}, of: "lines"}
	for _, l := range r.Lines {
		t.add(l.Account.String(), l.Destination, strconv.FormatInt(l.Calls, 10), l.Before.String(), l.After.String(), l.Difference.String())
	}
	if err := t.write(cmd.OutOrStdout(), o.format); err != nil {
		return err
	}
	if r.Run != 0 {
		cmd.PrintErrf("%d of %d calls changed; `trunkline rerate undo %d --reason WHY` takes it back\n", r.Changed, r.Legs, r.Run)
	} else {
		cmd.PrintErrf("%d of %d calls would change\n", r.Changed, r.Legs)
	}
	if len(r.Refused) > 0 {
		return withCode(exitConflict, errors.Join(r.Refused...))
	}
	if len(r.Failed) > 0 {
		for _, line := range r.Failed[:min(len(r.Failed), failedShown)] {
			cmd.PrintErrln(line)
		}
		return withCode(exitPartial, fmt.Errorf("%d calls have no price any more and stay as they are", len(r.Failed)))
	}
	return nil
}

// failedShown bounds the calls that are listed as having no price.
const failedShown = 20

func newRerateListCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "What was priced again, the newest first", Args: cobra.NoArgs, Example: "  trunkline rerate list",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			all, err := c.RerateRuns(cmd.Context(), c.Who)
			if err != nil {
				return err
			}
			t := &table{columns: []string{"id", "begun", "scope", "from", "to", "calls_changed", "state", "reason", "by"}, of: "runs"}
			for i := range all {
				r := &all[i]
				t.add(strconv.FormatInt(r.ID, 10), till(r.Begun), r.Scope, till(r.From), till(r.Till), strconv.FormatInt(r.Legs, 10), r.State, r.Reason, r.By)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func newRerateUndoCommand() *cobra.Command {
	var f configFlags
	var reason string
	cmd := &cobra.Command{
		Use: "undo ID --reason WHY", Short: "Take a run back", Args: cobra.ExactArgs(1),
		Long: `Undo puts the records in force again that the run has reversed, in a run of its own. Runs over the same calls are undone the
last one first. Calls of closed periods, and those that an invoice stands for, are refused before anything is changed.

Exit status: 0 done; 2 an option is wrong; 4 it cannot be undone as things are.`,
		Example: "  trunkline rerate undo 3 --reason 'the old deck was right'",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return withCode(exitUsage, fmt.Errorf("%q is no id: take it from `trunkline rerate list`", args[0]))
			}
			n, err := c.UndoRerate(cmd.Context(), c.Who, id, reason)
			if err != nil {
				return err
			}
			cmd.Printf("run %d is undone: %d batches\n", id, n)
			return nil
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept")
	_ = cmd.MarkFlagRequired("reason") // It fails only for a flag that does not exist.
	f.register(cmd)
	return cmd
}
