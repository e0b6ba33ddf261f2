package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/pbx"
	"trunkline/cdr/importer"
	"trunkline/cdr/smdr"
	"trunkline/console"
	"trunkline/console/terminal"
)

func newImportCommand() *cobra.Command {
	return group(&cobra.Command{Use: "import", Short: "Call records of other systems: SMDR of PBXs, CDRs of other switches"},
		newParseCommand(), newFormatsCommand(), newImportFileCommand(), newImportErrorsCommand(),
		newImportListCommand(), newImportUndoCommand(), newImportAgainCommand())
}

func newParseCommand() *cobra.Command {
	var r pbx.Reading
	cmd := bare(&cobra.Command{
		Use: "parse FILE", Short: "Show the calls of a file as CSV or JSON; needs no engine", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, args []string) error {
		sum, err := r.Parse(cmd.Context(), args[0], cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		terminal.ReadRecords(cmd.ErrOrStderr(), &sum)
		return partial(sum.Faulty, "%d records could not be read", sum.Faulty)
	})
	f := cmd.Flags()
	f.StringVar(&r.Format, "format", "auto", "name of a format, a file with a description (./mine.yaml), or auto")
	f.StringVar(&r.Zone, "time-zone", "", "time zone of the system's clock, such as Europe/Moscow (default UTC)")
	f.StringVar(&r.Day, "day", "", "first day (YYYY-MM-DD) of records that have a time and no date")
	f.StringVar(&r.Charset, "charset", "utf-8", "of names and notes: "+strings.Join(smdr.Charsets(), ", "))
	f.StringVar(&r.Stamp, "stamp", "", "what the time of a record is, if not what the format says: start, answer or end")
	f.StringVar(&r.Out, "out", "csv", "csv or json (one object a line)")
	return cmd
}

func newFormatsCommand() *cobra.Command {
	return bare(&cobra.Command{
		Use: "formats [NAME]", Short: "List the formats that can be read, with what proves them", Args: cobra.MaximumNArgs(1),
	}, func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			f, err := smdr.BuiltIn(args[0])
			if err != nil {
				return withCode(exitUsage, err)
			}
			return terminal.RecordFormat(cmd.OutOrStdout(), f, true)
		}
		all, err := smdr.All()
		for _, f := range all {
			err = errors.Join(err, terminal.RecordFormat(cmd.OutOrStdout(), f, false))
		}
		return err
	})
}

// importFile are the flags of `trunkline import file`.
type importFile struct{ tenant, pbx, day string }

func newImportFileCommand() *cobra.Command {
	o := &importFile{}
	cmd := asking(&cobra.Command{
		Use: "file --tenant ID --pbx ID FILE...", Short: "Bring the calls of files into the system", Args: cobra.MinimumNArgs(1),
	}, o.run)
	cmd.Flags().StringVar(&o.tenant, "tenant", "", "tenant")
	cmd.Flags().StringVar(&o.pbx, "pbx", "", "PBX of the tenant")
	required(cmd, "tenant", "pbx")
	cmd.Flags().StringVar(&o.day, "day", "", "first day (YYYY-MM-DD) of records that have a time and no date")
	return cmd
}

func (o *importFile) run(cmd *cobra.Command, c *app.Local, files []string) error {
	var unused int64
	for _, name := range files {
		n, err := o.one(cmd, c, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		unused += n
	}
	return partial(unused, "%d records could not be used: see `trunkline import errors --tenant %s --pbx %s`", unused, o.tenant, o.pbx)
}

// one imports one file and returns how many of its records could not be used.
func (o *importFile) one(cmd *cobra.Command, c *app.Local, name string) (int64, error) {
	in, changed, err := pbx.OpenRecords(name, cmd.InOrStdin())
	if err != nil {
		return 0, err
	}
	defer in.Close()
	if _, err := pbx.FirstDay(o.day, time.UTC); err != nil {
		return 0, withCode(exitUsage, err)
	}
	done, err := c.ReadRecords(cmd.Context(), c.Who, console.RecordFile{
		Tenant: o.tenant, PBX: o.pbx, Name: filepath.Base(name), Reference: changed, Way: importer.WayFile, In: in,
	})
	if errors.Is(err, console.ErrMisread) {
		return 0, withCode(exitUsage, err)
	}
	if err != nil {
		return 0, err
	}
	cmd.Printf("%s: import %d, %d legs sent, %d calls could not be rated\n", name, done.Import, done.Totals.Sent, done.Totals.Refused)
	terminal.ReadRecords(cmd.OutOrStdout(), &done.Summary)
	return done.Totals.Unusable, nil
}

func newImportErrorsCommand() *cobra.Command {
	var query console.ImportQuery
	var settled []string
	cmd := asking(&cobra.Command{
		Use: "errors", Short: "List the records that could not be read or rated",
	}, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		if len(settled) > 0 {
			return settleFaults(cmd, c, settled)
		}
		faults, err := c.ImportFaults(cmd.Context(), c.Who, query)
		if err != nil {
			return err
		}
		return terminal.ImportFaults(cmd.OutOrStdout(), faults)
	})
	f := cmd.Flags()
	f.StringVar(&query.Tenant, "tenant", "", "tenant")
	f.StringVar(&query.PBX, "pbx", "", "PBX")
	f.Int64Var(&query.After, "after", 0, "ids above this one only")
	f.IntVar(&query.Limit, "limit", 100, "most rows")
	f.StringSliceVar(&settled, "settle", nil, "take these ids off the list")
	return cmd
}

func settleFaults(cmd *cobra.Command, c *app.Local, texts []string) error {
	return onIDs("import errors", func(cmd *cobra.Command, c *app.Local, ids []int64) error {
		n, err := c.SettleFaults(cmd.Context(), c.Who, ids)
		return say(cmd, err, "%d taken off the list\n", n)
	})(cmd, c, texts)
}
