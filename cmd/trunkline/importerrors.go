package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/cdr/importer"
	"trunkline/internal/clock"
	"trunkline/sql/postgres"
)

func newImportErrorsCommand() *cobra.Command {
	var f configFlags
	var filter importer.FaultFilter
	var settled []string
	cmd := &cobra.Command{
		Use:   "errors",
		Short: "List the records that could not be read or rated",
		Long: `Errors lists, with file, line and reason, the records of PBXs and other switches that could not be used. Mend the cause (the
format, the dial plan) and import them again (trunkline import again, or the file itself): what could be used then leaves the
list by itself. --settle takes off what never will.`,
		Example: "  trunkline import errors --tenant beauty\n  trunkline import errors --settle 17,18",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			db, err := f.openStores(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer func() { err = endStores(db, cmd, args, err) }()
			store, err := postgres.NewImports(db.DB, clock.System{})
			if err != nil {
				return err
			}
			if len(settled) > 0 {
				return settleFaults(cmd, store, settled)
			}
			faults, err := store.Faults(cmd.Context(), filter)
			if err != nil {
				return err
			}
			return printFaults(cmd.OutOrStdout(), faults)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&filter.Tenant, "tenant", "", "tenant")
	flags.StringVar(&filter.PBX, "pbx", "", "PBX")
	flags.Int64Var(&filter.After, "after", 0, "ids above this one only")
	flags.IntVar(&filter.Limit, "limit", 100, "most rows")
	flags.StringSliceVar(&settled, "settle", nil, "take these ids off the list")
	f.register(cmd)
	return cmd
}

func settleFaults(cmd *cobra.Command, store *postgres.Imports, texts []string) error {
	ids := make([]int64, 0, len(texts))
	for _, t := range texts {
		id, err := strconv.ParseInt(t, 10, 64)
		if err != nil {
			return withCode(exitUsage, fmt.Errorf("%q is no id: take it from `trunkline import errors`", t))
		}
		ids = append(ids, id)
	}
	n, err := store.Settle(cmd.Context(), ids)
	if err != nil {
		return err
	}
	cmd.Printf("%d taken off the list\n", n)
	return nil
}

func printFaults(out io.Writer, faults []importer.Fault) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "ID\tFOUND\tTENANT\tPBX\tFILE\tLINE\tREASON\tRECORD\n")
	for i := range faults {
		f := &faults[i]
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", f.ID, f.Found.UTC().Format(time.RFC3339), f.Tenant, f.PBX, f.Origin, f.Line, f.Reason, shortened(f.Raw))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d records\n", len(faults))
	return err
}
