package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/provision"
)

// applyOptions are the flags of `trunkline apply`.
type applyOptions struct {
	console.ApplyOptions

	file   string
	dryRun bool
	config *configFlags
}

func newApplyCommand() *cobra.Command {
	o := &applyOptions{}
	cmd := bare(&cobra.Command{
		Use: "apply -f OPERATOR.yaml", Short: "Bring the provisioning to what an operator's file says",
		Long: `Apply compares an operator's file, and the decks and tariffs that it names, with what is provisioned, prints what is
new, changed or gone, and stores it: all or nothing. Applying the same file again changes nothing. Calls in progress are
not touched; a running proxy uses the new state within a second.

Another content of a tariff or deck is another version. It is in force from its effective_from, or from now on; calls of before keep
the price of their time. What is announced for later stays announced: see "trunkline tariff versions" and "trunkline tariff withdraw".

What was changed at another place since the file was applied last, on a page or by "trunkline deck import", stays as it is there where
the file has not changed. Where both have, apply refuses and shows it: --keep NAME leaves what is stored, --overwrite NAME takes what
the file says; NAME is as it is printed, such as tenant/beauty or file/decks/one.csv, or all.

What is provisioned but not in the file is kept, unless --prune says to delete it.

Exit status: 0 done, or nothing to do; 2 the file is wrong (each fault is printed with file, line, field and remedy);
4 something was changed at another place too, somebody else changed the provisioning meanwhile, or no engine can be reached.`,
		Example: "  trunkline apply -f demo/operator.yaml --dry-run\n  trunkline apply -f demo/operator.yaml\n" +
			"  trunkline apply -f operator.yaml --keep file/decks/one.csv --overwrite tenant/beauty",
	}, func(cmd *cobra.Command, _ []string) error { return o.run(cmd) })
	o.config = newConfigFlags(cmd)
	f := cmd.Flags()
	f.StringVarP(&o.file, "file", "f", "", "operator's file (YAML)")
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would change")
	f.BoolVar(&o.Prune, "prune", false, "delete what the file does not have")
	f.StringSliceVar(&o.Choice.Keep, "keep", nil, "leave what is stored where both were changed; a name, or all")
	f.StringSliceVar(&o.Choice.Overwrite, "overwrite", nil, "take what the file says where both were changed; a name, or all")
	required(cmd, "file")
	return cmd
}

func (o *applyOptions) run(cmd *cobra.Command) (err error) {
	ctx, out, errOut := cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	bundle, err := app.ReadOperator(ctx, o.file)
	if err != nil {
		return err
	}
	for _, w := range bundle.Warnings() {
		fmt.Fprintf(errOut, "warning: %s\n", w)
	}
	c, err := o.config.openLocal(cmd) // Where nothing can be put in force, applying a file may mend it.
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	p, err := c.PlanApply(ctx, c.Who, bundle, o.ApplyOptions)
	if err != nil {
		return err
	}
	terminal.Kept(out, p.Reconciled.Kept)
	if err := refuseConflicts(cmd, c, p.Reconciled.Conflicts); err != nil {
		return err
	}
	terminal.Changes(out, p.Changes)
	after, err := c.AfterApply(ctx, c.Who, p, c.Now())
	if err != nil {
		return err
	}
	if terminal.NewVersions(out, after, p.Revision(), c.Now()); o.dryRun {
		return nil
	}
	revision, err := c.Apply(ctx, c.Who, p)
	if err != nil || p.Changes.Empty() {
		return err
	}
	if _, err := fmt.Fprintf(out, "applied as revision %d\n", revision); err != nil {
		return err
	}
	if c.Refresh(ctx); c.Broken != nil {
		return c.Broken
	}
	list, err := c.Imports(ctx, c.Who, console.ImportQuery{Changed: true, Standing: true, Limit: console.ImportsMost})
	terminal.ReadOtherwise(errOut, list)
	return err
}

// refuseConflicts shows what was changed both in the file and elsewhere, and refuses it with how to choose.
func refuseConflicts(cmd *cobra.Command, c *app.Local, list []provision.Conflict) error {
	for i := range list {
		at, by, err := c.LastChange(cmd.Context(), c.Who, list[i].Name)
		if err != nil {
			return err
		}
		terminal.Conflict(cmd.ErrOrStderr(), &list[i], by, at)
	}
	if len(list) == 0 {
		return nil
	}
	return withCode(exitConflict, fmt.Errorf("%d things were changed at another place too, and nothing was applied: --keep %s leaves what is stored, "+
		"--overwrite %s takes what the file says", len(list), list[0].Name, list[0].Name))
}
