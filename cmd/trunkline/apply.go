package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/provision"
)

// applyOptions are the flags of `trunkline apply`.
type applyOptions struct {
	file   string
	dryRun bool
	prune  bool
	choice provision.Choice
	config configFlags
}

func newApplyCommand() *cobra.Command {
	o := &applyOptions{}
	cmd := &cobra.Command{
		Use:   "apply -f OPERATOR.yaml",
		Short: "Bring the provisioning to what an operator's file says",
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
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.file, "file", "f", "", "operator's file (YAML)")
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would change")
	f.BoolVar(&o.prune, "prune", false, "delete what the file does not have")
	f.StringSliceVar(&o.choice.Keep, "keep", nil, "leave what is stored where both were changed; a name, or all")
	f.StringSliceVar(&o.choice.Overwrite, "overwrite", nil, "take what the file says where both were changed; a name, or all")
	o.config.register(cmd)
	_ = cmd.MarkFlagRequired("file") // It fails only for a flag that does not exist.
	return cmd
}

func (o *applyOptions) run(cmd *cobra.Command) (err error) {
	ctx, out, errOut := cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	bundle, err := readOperator(ctx, o.file)
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
	p, err := c.PlanApply(ctx, c.Who, bundle, console.ApplyOptions{Prune: o.prune, Choice: o.choice})
	if err != nil {
		return err
	}
	printKept(out, p.Reconciled.Kept)
	if err := printConflicts(ctx, c, errOut, p.Reconciled.Conflicts); err != nil {
		return err
	}
	printChanges(out, p.Changes)
	if err := printVersions(ctx, c, p, out, c.Now()); err != nil || o.dryRun {
		return err
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
	return hintAgain(ctx, errOut, c)
}

// readOperator reads and checks an operator's file; its faults are one line each.
func readOperator(ctx context.Context, file string) (*provision.Bundle, error) {
	bundle, err := provision.ReadBundle(os.DirFS(filepath.Dir(file)), filepath.Base(file))
	if err == nil {
		err = app.CheckBundle(ctx, bundle)
	}
	return bundle, withCode(exitUsage, err)
}

// fieldsShown bounds the fields that are listed of one object.
const fieldsShown = 12

func printChanges(out io.Writer, c *provision.Changes) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	counts := make(map[provision.Action]int)
	for i := range c.List {
		change := &c.List[i]
		counts[change.Action]++
		fmt.Fprintf(w, "%s\t%s\t%s\n", change.Action, change.Kind, change.ID)
		for n, f := range change.Fields {
			if n == fieldsShown {
				fmt.Fprintf(w, "\t\t  ... and %d more fields\n", len(change.Fields)-n)
				break
			}
			fmt.Fprintf(w, "\t\t  %s: %s -> %s\n", f.Path, quoteEmpty(f.Before), quoteEmpty(f.After))
		}
	}
	_ = w.Flush() // The command's output: nothing can be done about it.
	for name := range c.Files {
		fmt.Fprintf(out, "file    %s\n", name)
	}
	fmt.Fprintf(out, "%d to create, %d to update, %d to delete, %d kept, %d files\n",
		counts[provision.Create], counts[provision.Update], counts[provision.Delete], counts[provision.Keep], len(c.Files))
}

func quoteEmpty(s string) string {
	if strings.TrimSpace(s) == "" {
		return "(none)"
	}
	return s
}
