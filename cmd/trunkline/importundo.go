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

	"trunkline/app"
	"trunkline/cdr/importer"
	"trunkline/console"
)

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
		RunE: onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, args []string) error {
			if resume != 0 {
				undo, err := c.ResumeUndo(cmd.Context(), c.Who, resume)
				if err != nil {
					return err
				}
				printUndo(cmd, &undo)
				return nil
			}
			s, err := o.selection(cmd.Context(), c, args)
			if err != nil {
				return err
			}
			undo, err := c.UndoImports(cmd.Context(), c.Who, s, reason)
			if err != nil {
				return err
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
func (o *importSelection) selection(ctx context.Context, c *app.Local, args []string) (console.ImportSelection, error) {
	if err := o.window(); err != nil {
		return console.ImportSelection{}, err
	}
	q := &o.query
	if len(args) == 0 && q.File == "" && q.Tenant != "" && q.PBX != "" && !q.From.IsZero() && !q.Till.IsZero() {
		return console.ImportSelection{Tenant: q.Tenant, PBX: q.PBX, From: q.From, Till: q.Till}, nil
	}
	if len(args) == 0 && q.File == "" {
		return console.ImportSelection{}, withCode(exitUsage, errors.New("give the numbers of imports, or --tenant and --pbx with --file, or with --from and --to"))
	}
	ids, err := o.pick(ctx, c, args)
	return console.ImportSelection{Imports: ids}, err
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
		RunE: onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, args []string) error {
			if dryRun == (reason != "") {
				return withCode(exitUsage, errors.New("give --dry-run, or a --reason"))
			}
			ids, err := o.pick(cmd.Context(), c, args)
			if err != nil {
				return err
			}
			if dryRun {
				return previewAgain(cmd, c, ids)
			}
			return importAgain(cmd, c, ids, reason)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&reason, "reason", "", "why; it is kept")
	f.BoolVar(&dryRun, "dry-run", false, "show what would come of it")
	f.BoolVar(&o.query.Changed, "changed", false, "those that were read by other settings than those of now")
	o.register(cmd)
	return cmd
}

func importAgain(cmd *cobra.Command, c *app.Local, ids []int64, reason string) error {
	fresh, undo, err := c.ImportsAgain(cmd.Context(), c.Who, ids, reason)
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

func previewAgain(cmd *cobra.Command, c *app.Local, ids []int64) error {
	list, err := c.PreviewImports(cmd.Context(), c.Who, ids)
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
func hintAgain(ctx context.Context, errOut io.Writer, c *app.Local) error {
	list, err := c.Imports(ctx, c.Who, console.ImportQuery{Changed: true, Standing: true, Limit: console.ImportsMost})
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b console.Import) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.PBX, b.PBX))
	})
	for len(list) > 0 {
		first := list[0]
		n := slices.IndexFunc(list, func(i console.Import) bool { return i.Tenant != first.Tenant || i.PBX != first.PBX })
		if n < 0 {
			n = len(list)
		}
		calls := int64(0)
		for i := range n {
			calls += list[i].Calls
		}
		fmt.Fprintf(errOut, "PBX %s of %s: %d imports with %d calls were read by other settings (%s); `trunkline import again --tenant %s --pbx %s --changed --dry-run` shows what reading them anew gives\n",
			first.PBX, first.Tenant, n, calls, strings.Join(first.Changed, ", "), first.Tenant, first.PBX)
		list = list[n:]
	}
	return nil
}
