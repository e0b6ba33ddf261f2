package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/app/pbx"
	"trunkline/app/store"
	"trunkline/cdr/importer"
	"trunkline/sql/postgres"
)

// importError gives the errors that an operator can do something about their exit code.
func importError(err error) error {
	switch {
	case errors.Is(err, importer.ErrUndoing), errors.Is(err, importer.ErrNothing), errors.Is(err, importer.ErrNoText):
		return withCode(exitConflict, err)
	case errors.Is(err, importer.ErrNone):
		return withCode(exitUsage, err)
	}
	return rerateError(err)
}

func newImportUndoCommand() *cobra.Command {
	o := &importSelection{}
	var reason string
	var resume int64
	cmd := &cobra.Command{
		Use: "undo [ID...] --reason WHY", Short: "Take imports back, or all calls of a PBX in a period",
		Long: `Undo takes the calls of imports back: their records are reversed, their money, allowances and limits given back, and what
is still on its way, or could not be rated, never counts. The records stay, with their reversals. Imports are chosen by their numbers,
or with --tenant and --pbx by --file; with --from and --to instead, all calls of the PBX that began in the period are taken
back, whichever import brought them.

A call that another import has brought, too, stays. Calls of closed periods, and those that an invoice stands for, are refused
before anything is changed: open the period first, or credit the invoice. Nothing of the PBX is imported meanwhile. One that was
killed goes on when it is run again, or with --resume. "import again" brings the calls back.

Exit status: 0 done; 2 an option is wrong; 4 it cannot be done as things are.`,
		Example: "  trunkline import undo 12 --reason 'wrong format'\n" +
			"  trunkline import undo --tenant beauty --pbx moscow --from 2026-11-01 --to 2026-11-08 --reason 'clock was wrong'",
		RunE: onStores(&o.config, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			m, keeper, err := pbx.NewUndoer(cmd.Context(), db)
			if err != nil {
				return err
			}
			if resume != 0 {
				return importError(resumeUndo(cmd, m, keeper, resume))
			}
			s, err := o.selection(cmd.Context(), m, args)
			if err != nil {
				return importError(err)
			}
			s.Reason, s.By = reason, operator()
			undo, err := m.Undoer.Undo(cmd.Context(), s)
			if err != nil {
				return importError(err)
			}
			printUndo(cmd, &undo)
			return nil
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept")
	cmd.Flags().Int64Var(&resume, "resume", 0, "go on with an undo that was broken off")
	cmd.MarkFlagsOneRequired("reason", "resume")
	o.register(cmd)
	return cmd
}

// selection is what is to be taken back: imports, or a period.
func (o *importSelection) selection(ctx context.Context, m *importer.Importer, args []string) (importer.Selection, error) {
	if err := o.window(); err != nil {
		return importer.Selection{}, err
	}
	f := &o.filter
	if len(args) == 0 && f.Origin == "" && f.Tenant != "" && f.PBX != "" && !f.From.IsZero() && !f.Till.IsZero() {
		return importer.Selection{Tenant: f.Tenant, PBX: f.PBX, From: f.From, Till: f.Till}, nil
	}
	if len(args) == 0 && f.Origin == "" {
		return importer.Selection{}, withCode(exitUsage, errors.New("give the numbers of imports, or --tenant and --pbx with --file, or with --from and --to"))
	}
	ids, err := o.pick(ctx, m, args)
	return importer.Selection{Imports: ids}, err
}

func resumeUndo(cmd *cobra.Command, m *importer.Importer, keeper *postgres.Imports, id int64) error {
	undo, err := keeper.Undo(cmd.Context(), id)
	if err != nil {
		return err
	}
	if err := m.Undoer.GoOn(cmd.Context(), &undo); err != nil {
		return err
	}
	printUndo(cmd, &undo)
	return nil
}

func printUndo(cmd *cobra.Command, u *importer.Undo) {
	cmd.Printf("undo %d: %d calls of PBX %s of %s taken back\n", u.ID, u.Legs, u.PBX, u.Tenant)
	if u.Shared > 0 {
		cmd.Printf("%d calls stay: other imports have brought them, too (%s)\n", u.Shared, strings.Trim(fmt.Sprint(u.Others), "[]"))
	}
}

func newImportAgainCommand() *cobra.Command {
	o := &importSelection{}
	var reason string
	var dryRun bool
	cmd := &cobra.Command{
		Use: "again [ID...] --reason WHY|--dry-run", Short: "Read imports anew by the settings of now",
		Long: `Again takes imports back, as "import undo" does, and reads the text that was kept of them anew: by the format, zone, prefix,
mappings and dial plan that are set up now. So a wrong setting is mended once and for all of its calls. Imports are chosen by
their numbers, or with --tenant and --pbx by --file, by --from and --to (every import with a call in the period, as a whole), or
by --changed: all that were read by other settings than those of now. --dry-run shows what would come of it.

Exit status: 0 done; 2 an option is wrong; 3 done, but some records could not be used; 4 it cannot be done as things are.`,
		Example: "  trunkline import again --tenant beauty --pbx moscow --changed --dry-run\n" +
			"  trunkline import again 12 --reason 'day before month'",
		RunE: onStores(&o.config, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			if dryRun == (reason != "") {
				return withCode(exitUsage, errors.New("give --dry-run, or a --reason"))
			}
			m, _, err := pbx.NewUndoer(cmd.Context(), db)
			if err != nil {
				return err
			}
			ids, err := o.pick(cmd.Context(), m, args)
			if err != nil {
				return importError(err)
			}
			if dryRun {
				return importError(previewAgain(cmd, m, ids))
			}
			producer, err := pbx.OpenLegs(cmd.Context(), db.Engines.Kafka, db.Log)
			if err != nil {
				return withCode(exitConflict, err)
			}
			defer func() { _ = producer.Close() }()
			m.Sender = producer
			return importError(importAgain(cmd, m, ids, reason))
		}),
	}
	f := cmd.Flags()
	f.StringVar(&reason, "reason", "", "why; it is kept")
	f.BoolVar(&dryRun, "dry-run", false, "show what would come of it")
	f.BoolVar(&o.changed, "changed", false, "those that were read by other settings than those of now")
	o.register(cmd)
	return cmd
}

func importAgain(cmd *cobra.Command, m *importer.Importer, ids []int64, reason string) error {
	fresh, undo, err := m.Again(cmd.Context(), ids, reason, operator())
	if undo.ID != 0 {
		printUndo(cmd, &undo)
	}
	var unusable int64
	for i := range fresh {
		f := &fresh[i]
		unusable += f.Unusable
		cmd.Printf("import %d: %s anew (%d): %d legs sent, %d records could not be used\n", f.ID, f.Origin, f.Again, f.Calls, f.Unusable)
	}
	if err == nil && unusable > 0 {
		err = withCode(exitPartial, fmt.Errorf("%d records could not be used: see `trunkline import errors`", unusable))
	}
	return err
}

func previewAgain(cmd *cobra.Command, m *importer.Importer, ids []int64) error {
	list, err := m.Preview(cmd.Context(), ids)
	if err != nil {
		return err
	}
	t := &table{of: "imports", columns: []string{"id", "file", "calls", "would_be", "unusable", "would_be_unusable", "first_call", "would_be_first", "last_call", "would_be_last"}}
	for i := range list {
		l := &list[i]
		t.add(strconv.FormatInt(l.Import.ID, 10), l.Import.Origin, strconv.FormatInt(l.Import.Calls, 10), strconv.FormatInt(l.Calls, 10),
			strconv.FormatInt(l.Import.Unusable, 10), strconv.FormatInt(l.Unusable, 10), till(l.Import.First), till(l.First), till(l.Import.Last), till(l.Last))
	}
	if err := t.write(cmd.OutOrStdout(), "table"); err != nil {
		return err
	}
	for i := range list {
		for _, why := range list[i].Reasons {
			cmd.PrintErrf("import %d: %s\n", list[i].Import.ID, why)
		}
	}
	return nil
}

// hintAgain says which imports were read by other settings than those that were just put in force.
func hintAgain(ctx context.Context, errOut io.Writer, db *store.Stores) error {
	snapshot, err := db.Snapshot(ctx)
	if err != nil {
		return err
	}
	m, err := pbx.NewImporter(db, snapshot)
	if err != nil {
		return err
	}
	list, why, err := m.Changed(ctx, importer.Filter{Limit: importsMost})
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b importer.Import) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.PBX, b.PBX))
	})
	for len(list) > 0 {
		first := list[0]
		n := slices.IndexFunc(list, func(i importer.Import) bool { return i.Tenant != first.Tenant || i.PBX != first.PBX })
		if n < 0 {
			n = len(list)
		}
		calls := int64(0)
		for i := range n {
			calls += list[i].Calls
		}
		fmt.Fprintf(errOut, "PBX %s of %s: %d imports with %d calls were read by other settings (%s); `trunkline import again --tenant %s --pbx %s --changed --dry-run` shows what reading them anew gives\n",
			first.PBX, first.Tenant, n, calls, strings.Join(why[first.ID], ", "), first.Tenant, first.PBX)
		list = list[n:]
	}
	return nil
}
