package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/cdr/importer"
	"trunkline/console"
	"trunkline/console/terminal"
)

// importFlags say which imports are meant.
type importFlags struct{ app.ImportWords }

func (o *importFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.Tenant, "tenant", "", "tenant")
	f.StringVar(&o.PBX, "pbx", "", "PBX of the tenant")
	f.StringVar(&o.File, "file", "", "name of the file or capture")
	momentVar(f, &o.From, "from", "day or moment, UTC, of the first call")
	momentVar(f, &o.Till, "to", "day or moment, UTC, after the last call")
}

// pick finds the imports that arguments and flags mean: those of the numbers, or all that stand and fit the flags.
func (o *importFlags) pick(ctx context.Context, c *app.Local, args []string) ([]int64, error) {
	ids, err := readIDs(args, "import list")
	if err != nil || len(ids) > 0 {
		return ids, err
	}
	return o.Standing(ctx, c)
}

func newImportListCommand() *cobra.Command {
	o := &importFlags{}
	cmd := listing(&cobra.Command{
		Use: "list", Short: "List what was imported, the newest first",
	}, terminal.Imports, func(ctx context.Context, c *app.Local, _ []string) ([]console.Import, error) {
		if err := o.CheckWindow(); err != nil {
			return nil, err
		}
		return c.Imports(ctx, c.Who, o.ImportQuery)
	})
	o.register(cmd)
	cmd.Flags().IntVar(&o.Limit, "limit", 100, "most rows")
	return cmd
}

func newImportUndoCommand() *cobra.Command {
	o := &importFlags{}
	var reason string
	var resume int64
	cmd := asking(&cobra.Command{
		Use: "undo [ID...] --reason WHY", Short: "Take imports back, or all calls of a PBX in a period", Args: cobra.ArbitraryArgs,
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		undo, err := o.undo(cmd.Context(), c, args, reason, resume)
		if err == nil {
			terminal.ImportsUndone(cmd.OutOrStdout(), &undo)
		}
		return err
	})
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept")
	cmd.Flags().Int64Var(&resume, "resume", 0, "go on with an undo that was broken off")
	cmd.MarkFlagsOneRequired("reason", "resume")
	o.register(cmd)
	return cmd
}

// undo takes back what the arguments and flags mean, or goes on with an undo that was broken off.
func (o *importFlags) undo(ctx context.Context, c *app.Local, args []string, reason string, resume int64) (undo importer.Undo, err error) {
	if resume != 0 {
		return c.ResumeUndo(ctx, c.Who, resume)
	}
	s, err := o.selection(ctx, c, args)
	if err != nil {
		return undo, err
	}
	return c.UndoImports(ctx, c.Who, s, reason)
}

// selection is what is to be taken back: imports, or a period.
func (o *importFlags) selection(ctx context.Context, c *app.Local, args []string) (s console.ImportSelection, err error) {
	if len(args) == 0 && o.File == "" {
		return o.Period()
	}
	if err := o.CheckWindow(); err != nil {
		return s, err
	}
	s.Imports, err = o.pick(ctx, c, args)
	return s, err
}

func newImportAgainCommand() *cobra.Command {
	o := &importFlags{}
	var reason string
	var dryRun bool
	cmd := asking(&cobra.Command{
		Use: "again [ID...] --reason WHY|--dry-run", Short: "Read imports anew by the settings of now", Args: cobra.ArbitraryArgs,
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
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
	})
	f := cmd.Flags()
	f.StringVar(&reason, "reason", "", "why; it is kept")
	f.BoolVar(&dryRun, "dry-run", false, "show what would come of it")
	f.BoolVar(&o.Changed, "changed", false, "those that were read by other settings than those of now")
	o.register(cmd)
	return cmd
}

func importAgain(cmd *cobra.Command, c *app.Local, ids []int64, reason string) error {
	fresh, undo, err := c.ImportsAgain(cmd.Context(), c.Who, ids, reason)
	if undo.ID != 0 {
		terminal.ImportsUndone(cmd.OutOrStdout(), &undo)
	}
	var unusable int64
	for i := range fresh {
		f := &fresh[i]
		unusable += f.Unusable
		cmd.Printf("import %d: %s anew (%d): %d legs sent, %d records could not be used\n", f.ID, f.Origin, f.Again, f.Calls, f.Unusable)
	}
	if err == nil {
		err = partial(unusable, "%d records could not be used: see `trunkline import errors`", unusable)
	}
	return err
}

func previewAgain(cmd *cobra.Command, c *app.Local, ids []int64) error {
	list, err := c.PreviewImports(cmd.Context(), c.Who, ids)
	if err != nil {
		return err
	}
	if err := terminal.ImportsAnew(list).Write(cmd.OutOrStdout(), "table"); err != nil {
		return err
	}
	for i := range list {
		for _, why := range list[i].Reasons {
			cmd.PrintErrf("import %d: %s\n", list[i].Import.ID, why)
		}
	}
	return nil
}
