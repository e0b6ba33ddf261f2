package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/app/pbx"
	"trunkline/app/store"
	"trunkline/cdr/importer"
)

// importSelection are the flags that say which imports are meant.
type importSelection struct {
	filter     importer.Filter
	from, till string
	changed    bool
	config     configFlags
}

func (o *importSelection) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.filter.Tenant, "tenant", "", "tenant")
	f.StringVar(&o.filter.PBX, "pbx", "", "PBX of the tenant")
	f.StringVar(&o.filter.Origin, "file", "", "name of the file or capture")
	f.StringVar(&o.from, "from", "", "day or moment, UTC, of the first call")
	f.StringVar(&o.till, "to", "", "day or moment, UTC, after the last call")
	o.config.register(cmd)
}

// window reads --from and --to.
func (o *importSelection) window() (err error) {
	if o.filter.From, err = parseMoment("from", o.from); err != nil {
		return withCode(exitUsage, err)
	}
	if o.filter.Till, err = parseMoment("to", o.till); err != nil {
		return withCode(exitUsage, err)
	}
	if !o.filter.From.IsZero() && !o.filter.Till.IsZero() && !o.filter.From.Before(o.filter.Till) {
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
func (o *importSelection) pick(ctx context.Context, m *importer.Importer, args []string) ([]int64, error) {
	ids, err := importIDs(args)
	if err != nil || len(ids) > 0 {
		return ids, err
	}
	if o.filter.PBX == "" || o.filter.Tenant == "" {
		return nil, withCode(exitUsage, errors.New("give the numbers of imports, or --tenant and --pbx with --file, --from and --to, or --changed"))
	}
	if err := o.window(); err != nil {
		return nil, err
	}
	f := o.filter
	f.Standing, f.Limit = true, importsMost
	var list []importer.Import
	if o.changed {
		list, _, err = m.Changed(ctx, f)
	} else {
		list, err = m.Store.Imports(ctx, f)
	}
	if err == nil && len(list) == 0 {
		err = withCode(exitUsage, fmt.Errorf("%w that stands and fits: see `trunkline import list`", importer.ErrNone))
	}
	for i := range list {
		ids = append(ids, list[i].ID)
	}
	return ids, err
}

// importsMost bounds the imports of one command.
const importsMost = 10_000

func newImportListCommand() *cobra.Command {
	o := &importSelection{}
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "List what was imported, the newest first", Args: cobra.NoArgs,
		Long: `List shows what was imported: files, uploads, and the streams that are collected, with their calls, and what has become of
them. The column changed names the settings of the PBX that are others now than when the import was read: "import again"
reads it anew by those of now.`,
		Example: "  trunkline import list --tenant beauty --pbx moscow\n  trunkline import list --file smdr-2026-11-05.log",
		RunE: onStores(&o.config, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
			if err := o.window(); err != nil {
				return err
			}
			snapshot, err := db.Snapshot(cmd.Context())
			if err != nil {
				return err
			}
			m, err := pbx.NewImporter(db, snapshot)
			if err != nil {
				return err
			}
			list, changed, err := m.List(cmd.Context(), o.filter)
			if err != nil {
				return err
			}
			return importTable(list, changed).write(cmd.OutOrStdout(), format)
		}),
	}
	cmd.Flags().IntVar(&o.filter.Limit, "limit", 100, "most rows")
	formatFlag(cmd, &format)
	o.register(cmd)
	return cmd
}

func importTable(list []importer.Import, changed map[int64][]string) *table {
	t := &table{of: "imports", columns: []string{
		"id", "begun", "tenant", "pbx", "file", "way", "calls", "unusable", "first_call", "last_call", "state", "changed", "by",
	}}
	for i := range list {
		m := &list[i]
		state := m.State()
		if m.Again != 0 {
			state += fmt.Sprintf("; %d anew", m.Again)
		}
		t.add(strconv.FormatInt(m.ID, 10), till(m.Begun), m.Tenant, m.PBX, m.Origin, m.Way, strconv.FormatInt(m.Calls, 10),
			strconv.FormatInt(m.Unusable, 10), till(m.First), till(m.Last), state, strings.Join(changed[m.ID], " "), m.By)
	}
	return t
}
