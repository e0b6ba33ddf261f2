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
	cmd := bare(&cobra.Command{Use: "apply -f OPERATOR.yaml", Short: "Bring the provisioning to what an operator's file says"},
		func(cmd *cobra.Command, _ []string) error { return o.run(cmd) })
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
