package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/rerate"
	"trunkline/app/store"
	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/rating/worker"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
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
			return onStores(&o.accounts.config, o.run)(cmd, args)
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

func (o *rerateOptions) run(cmd *cobra.Command, db *store.Stores, _ []string) error {
	ctx := cmd.Context()
	from, till, err := o.window()
	if err != nil {
		return withCode(exitUsage, err)
	}
	r, err := rerate.New(ctx, db)
	if err != nil {
		return err
	}
	r.Deck = o.deck
	accounts, err := o.accounts.accounts(r.Snapshot)
	if err != nil {
		return err
	}
	picked := slices.DeleteFunc(rerate.SortedAccounts(accounts), func(a ledger.Account) bool { return o.deck != "" && a.Kind == ledger.TenantAccount })
	if o.apply {
		return o.write(cmd, r, picked, from, till)
	}
	sum := rerate.NewSum()
	if err := r.Accounts(ctx, picked, from, till, sum); err != nil {
		return rerateError(err)
	}
	return o.report(cmd, 0, sum)
}

// write prices accounts again and writes it, after it has looked whether anything is in the way of any of them.
func (o *rerateOptions) write(cmd *cobra.Command, r *rerate.Rerater, picked []ledger.Account, from, till time.Time) error {
	ctx := cmd.Context()
	if err := r.MayChange(ctx, picked, from, till); err != nil {
		return rerateError(err)
	}
	var err error
	r.Job, err = r.Books.BeginRerate(ctx, postgres.Rerate{Scope: o.scope(), From: from, Till: till, Reason: o.reason, By: operator()})
	if err != nil {
		return err
	}
	sum := rerate.NewSum()
	if err := r.Accounts(ctx, picked, from, till, sum); err != nil {
		return r.Failed(ctx, rerateError(err))
	}
	if err := r.Books.EndRerate(ctx, r.Job); err != nil {
		return err
	}
	return o.report(cmd, r.Job, sum)
}

func (o *rerateOptions) window() (from, till time.Time, err error) {
	if from, err = parseMoment("from", o.from); err != nil {
		return from, till, err
	}
	if till, err = parseMoment("to", o.till); err != nil {
		return from, till, err
	}
	if !from.Before(till) || !from.Equal(from.Truncate(cdr.SlotLength)) || !till.Equal(till.Truncate(cdr.SlotLength)) {
		return from, till, errors.New("--from must be before --to, and both whole quarters of an hour")
	}
	return from, till, nil
}

func (o *rerateOptions) scope() string {
	switch {
	case o.deck != "":
		return "deck " + o.deck
	case o.accounts.tenant != "":
		return "tenant " + o.accounts.tenant
	case o.accounts.carrier != "":
		return "carrier " + o.accounts.carrier
	}
	return "all"
}

func (o *rerateOptions) report(cmd *cobra.Command, job int64, sum *rerate.Sum) error {
	t, err := rerateTable(sum)
	if err != nil {
		return err
	}
	if err := t.write(cmd.OutOrStdout(), o.format); err != nil {
		return err
	}
	if job != 0 {
		cmd.PrintErrf("%d of %d calls changed; `trunkline rerate undo %d --reason WHY` takes it back\n", sum.Changed, sum.Legs, job)
	} else {
		cmd.PrintErrf("%d of %d calls would change\n", sum.Changed, sum.Legs)
	}
	if len(sum.Refused) > 0 {
		return withCode(exitConflict, errors.Join(sum.Refused...))
	}
	if len(sum.Failed) > 0 {
		for _, line := range sum.Failed[:min(len(sum.Failed), failedShown)] {
			cmd.PrintErrln(line)
		}
		return withCode(exitPartial, fmt.Errorf("%d calls have no price any more and stay as they are", len(sum.Failed)))
	}
	return nil
}

// failedShown bounds the calls that are listed as having no price.
const failedShown = 20

// rerateError gives the errors that an operator can do something about their exit code.
func rerateError(err error) error {
	switch {
	case errors.Is(err, ledger.ErrClosedPeriod), errors.Is(err, ledger.ErrInvoiced), errors.Is(err, worker.ErrStale), errors.Is(err, worker.ErrUsesUnknown), errors.Is(err, postgres.ErrUndo):
		return withCode(exitConflict, err)
	case errors.Is(err, clickhouse.ErrTooMany):
		return withCode(exitUsage, err)
	}
	return err
}

func newRerateListCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "What was priced again, the newest first", Args: cobra.NoArgs, Example: "  trunkline rerate list",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
			books, err := postgres.NewBooks(db.DB, clock.System{})
			if err != nil {
				return err
			}
			all, err := books.Rerates(cmd.Context(), 0)
			if err != nil {
				return err
			}
			t := &table{columns: []string{"id", "begun", "scope", "from", "to", "calls_changed", "state", "reason", "by"}, of: "runs"}
			for i := range all {
				r := &all[i]
				t.add(strconv.FormatInt(r.ID, 10), till(r.Begun), r.Scope, till(r.From), till(r.Till), strconv.FormatInt(r.Legs, 10), rerateState(r), r.Reason, r.By)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func rerateState(r *postgres.Rerate) string {
	switch {
	case r.UndoneBy != 0 && r.Undone:
		return fmt.Sprintf("undone by %d", r.UndoneBy)
	case r.UndoneBy != 0:
		return fmt.Sprintf("undone in part by %d: undo it again", r.UndoneBy)
	case r.Done.IsZero() && r.Failure != "" && r.Legs == 0:
		return "failed, nothing was changed: " + r.Failure
	case r.Done.IsZero() && r.Failure != "":
		return "failed in part: " + r.Failure
	case r.Done.IsZero() && r.WentOn != 0:
		return fmt.Sprintf("not finished; %d went on with it", r.WentOn)
	case r.Done.IsZero():
		return "not finished: run it again"
	case r.Undoes != 0:
		return fmt.Sprintf("undoes %d", r.Undoes)
	}
	return "done"
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
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return withCode(exitUsage, fmt.Errorf("%q is no id: take it from `trunkline rerate list`", args[0]))
			}
			r, err := rerate.New(cmd.Context(), db)
			if err != nil {
				return err
			}
			n, err := r.Undo(cmd.Context(), id, reason, operator())
			if err != nil {
				return rerateError(err)
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

func rerateTable(s *rerate.Sum) (*table, error) {
	t := &table{columns: []string{"account", "destination", "calls", "before", "after", "difference"}, of: "lines"}
	for _, k := range s.Sorted() {
		l := s.Lines[k]
		difference, err := l.After.Sub(l.Before)
		if err != nil {
			return nil, err
		}
		t.add(k.Account.String(), k.Destination, strconv.FormatInt(l.Calls, 10), l.Before.String(), l.After.String(), difference.String())
	}
	return t, nil
}
