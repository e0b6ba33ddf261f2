package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
)

func newImportErrorsCommand() *cobra.Command {
	var f configFlags
	var query console.ImportQuery
	var settled []string
	cmd := &cobra.Command{
		Use:   "errors",
		Short: "List the records that could not be read or rated",
		Long: `Errors lists, with file, line and reason, the records of PBXs and other switches that could not be used. Mend the cause (the
format, the dial plan) and import them again (trunkline import again, or the file itself): what could be used then leaves the
list by itself. --settle takes off what never will.`,
		Example: "  trunkline import errors --tenant beauty\n  trunkline import errors --settle 17,18",
		Args:    cobra.NoArgs,
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			if len(settled) > 0 {
				return settleFaults(cmd, c, settled)
			}
			faults, err := c.ImportFaults(cmd.Context(), c.Who, query)
			if err != nil {
				return err
			}
			return printFaults(cmd.OutOrStdout(), faults)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&query.Tenant, "tenant", "", "tenant")
	flags.StringVar(&query.PBX, "pbx", "", "PBX")
	flags.Int64Var(&query.After, "after", 0, "ids above this one only")
	flags.IntVar(&query.Limit, "limit", 100, "most rows")
	flags.StringSliceVar(&settled, "settle", nil, "take these ids off the list")
	f.register(cmd)
	return cmd
}

func settleFaults(cmd *cobra.Command, c *app.Local, texts []string) error {
	ids := make([]int64, 0, len(texts))
	for _, t := range texts {
		id, err := strconv.ParseInt(t, 10, 64)
		if err != nil {
			return withCode(exitUsage, fmt.Errorf("%q is no id: take it from `trunkline import errors`", t))
		}
		ids = append(ids, id)
	}
	n, err := c.SettleFaults(cmd.Context(), c.Who, ids)
	if err != nil {
		return err
	}
	cmd.Printf("%d taken off the list\n", n)
	return nil
}

func printFaults(out io.Writer, faults []console.ImportFault) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "ID\tFOUND\tTENANT\tPBX\tFILE\tLINE\tREASON\tRECORD\n")
	for i := range faults {
		f := &faults[i]
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", f.ID, f.Found.UTC().Format(time.RFC3339), f.Tenant, f.PBX, f.File, f.Line, f.Reason, shortened(f.Record))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d records\n", len(faults))
	return err
}
