package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/pbx"
	"trunkline/cdr/importer"
	"trunkline/console"
)

// importOptions are the flags of `trunkline import file`.
type importOptions struct {
	tenant string
	pbx    string
	read   readOptions
	config configFlags
}

func newImportFileCommand() *cobra.Command {
	o := &importOptions{}
	cmd := &cobra.Command{
		Use:   "file --tenant ID --pbx ID FILE...",
		Short: "Bring the calls of files into the system",
		Long: `File reads the records of a PBX that the operator's file declares under pbxs, gives every call to the branch and extension
that made it, and sends it to the topic of legs, from where the worker rates it like any other. A call has its identity from
what the PBX recorded: importing a file twice changes nothing. What cannot be read or rated is kept (trunkline import errors).

Exit status: 0 done; 2 an option is wrong; 3 done, but some records could not be used; 4 no engine can be reached.`,
		Example: "  trunkline import file --tenant beauty --pbx moscow smdr-2026-11-*.log",
		Args:    cobra.MinimumNArgs(1),
		RunE:    onConsole(&o.config, o.run),
	}
	f := cmd.Flags()
	f.StringVar(&o.tenant, "tenant", "", "tenant")
	f.StringVar(&o.pbx, "pbx", "", "PBX of the tenant")
	f.StringVar(&o.read.day, "day", "", "first day (YYYY-MM-DD) of records that have a time and no date")
	_ = cmd.MarkFlagRequired("tenant")
	_ = cmd.MarkFlagRequired("pbx")
	o.config.register(cmd)
	return cmd
}

func (o *importOptions) run(cmd *cobra.Command, c *app.Local, files []string) error {
	var unused int64
	for _, name := range files {
		n, err := o.one(cmd, c, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		unused += n
	}
	if unused > 0 {
		return withCode(exitPartial, fmt.Errorf("%d records could not be used: see `trunkline import errors --tenant %s --pbx %s`", unused, o.tenant, o.pbx))
	}
	return nil
}

// one imports one file and returns how many of its records could not be used.
func (o *importOptions) one(cmd *cobra.Command, c *app.Local, name string) (int64, error) {
	in, changed, err := pbx.OpenRecords(name, cmd.InOrStdin())
	if err != nil {
		return 0, err
	}
	defer in.Close()
	options, err := o.read.options(changed)
	if err != nil {
		return 0, err
	}
	done, err := c.ReadRecords(cmd.Context(), c.Who, console.RecordFile{
		Tenant: o.tenant, PBX: o.pbx, Name: filepath.Base(name), Reference: options.Reference, Way: importer.WayFile, In: in,
	})
	if errors.Is(err, console.ErrMisread) {
		return 0, withCode(exitUsage, err)
	}
	if err != nil {
		return 0, err
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s: import %d, %d legs sent, %d calls could not be rated\n", name, done.Import, done.Totals.Sent, done.Totals.Refused)
	printSummary(out, &done.Summary)
	return done.Totals.Unusable, nil
}
