package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
)

// importSelection are the flags that say which imports are meant.
type importSelection struct {
	query      console.ImportQuery
	from, till string
	config     configFlags
}

func (o *importSelection) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.query.Tenant, "tenant", "", "tenant")
	f.StringVar(&o.query.PBX, "pbx", "", "PBX of the tenant")
	f.StringVar(&o.query.File, "file", "", "name of the file or capture")
	f.StringVar(&o.from, "from", "", "day or moment, UTC, of the first call")
	f.StringVar(&o.till, "to", "", "day or moment, UTC, after the last call")
	o.config.register(cmd)
}

// window reads --from and --to.
func (o *importSelection) window() (err error) {
	if o.query.From, err = parseMoment("from", o.from); err != nil {
		return withCode(exitUsage, err)
	}
	if o.query.Till, err = parseMoment("to", o.till); err != nil {
		return withCode(exitUsage, err)
	}
	if !o.query.From.IsZero() && !o.query.Till.IsZero() && !o.query.From.Before(o.query.Till) {
		return withCode(exitUsage, errors.New("--from must be before --to"))
	}
	return nil
}

// importIDs reads numbers of imports.
func importIDs(args []string) ([]int64, error) {
	ids := make([]int64, 0, len(args))
	for _, a := range args {
		id, err := strconv.ParseInt(a, 10, 64)
		if err != nil || id < 1 {
			return nil, withCode(exitUsage, fmt.Errorf("%q is no number of an import: take it from `trunkline import list`", a))
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// pick finds the imports that arguments and flags mean: those of the numbers, or all that stand and fit the flags.
func (o *importSelection) pick(ctx context.Context, c *app.Local, args []string) ([]int64, error) {
	ids, err := importIDs(args)
	if err != nil || len(ids) > 0 {
		return ids, err
	}
	if o.query.PBX == "" || o.query.Tenant == "" {
		return nil, withCode(exitUsage, errors.New("give the numbers of imports, or --tenant and --pbx with --file, --from and --to, or --changed"))
	}
	if err := o.window(); err != nil {
		return nil, err
	}
	q := o.query
	q.Standing, q.Limit = true, console.ImportsMost
	list, err := c.Imports(ctx, c.Who, q)
	if err == nil && len(list) == 0 {
		err = withCode(exitUsage, errors.New("there is no such import that stands: see `trunkline import list`"))
	}
	for i := range list {
		ids = append(ids, list[i].ID)
	}
	return ids, err
}

func newImportListCommand() *cobra.Command {
	o := &importSelection{}
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "List what was imported, the newest first", Args: cobra.NoArgs,
		Long: `List shows what was imported: files, uploads, and the streams that are collected, with their calls, and what has become of
them. The column changed names the settings of the PBX that are others now than when the import was read: "import again"
reads it anew by those of now.`,
		Example: "  trunkline import list --tenant beauty --pbx moscow\n  trunkline import list --file smdr-2026-11-05.log",
		RunE: onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			if err := o.window(); err != nil {
				return err
			}
			list, err := c.Imports(cmd.Context(), c.Who, o.query)
			if err != nil {
				return err
			}
			return importTable(list).write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().IntVar(&o.query.Limit, "limit", 100, "most rows")
	formatFlag(cmd, &format)
	o.register(cmd)
	return cmd
}

func importTable(list []console.Import) *table {
	t := &table{of: "imports", columns: []string{
		"id", "begun", "tenant", "pbx", "file", "way", "calls", "unusable", "first_call", "last_call", "state", "changed", "by",
	}}
	for i := range list {
		m := &list[i]
		state := m.State
		if m.ReimportOf != 0 {
			state += fmt.Sprintf("; %d anew", m.ReimportOf)
		}
		t.add(strconv.FormatInt(m.ID, 10), till(m.Started), m.Tenant, m.PBX, m.File, m.Method, strconv.FormatInt(m.Calls, 10),
			strconv.FormatInt(m.Unusable, 10), till(m.First), till(m.Last), state, strings.Join(m.Changed, " "), m.By)
	}
	return t
}
