package main

import (
	"errors"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/reports/retention"
)

func newRetentionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "retention", Short: "How long records are kept: what would go, and let it go",
		Long: `Retention drops what is older than the section retention of the configuration says, kind by kind. What nothing is said of is kept for
ever. Amounts of money, postings, invoices and the sums by hour and day never go. See docs/retention.md.`,
	}
	cmd.AddCommand(newRetentionShowCommand(), newRetentionRunCommand())
	return cmd
}

func newRetentionShowCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use: "show", Short: "Each kind of record: how long it is kept, how much there is, and what would go", Args: cobra.NoArgs,
		Example: "  trunkline retention show\n  trunkline retention show --format json",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			return showRetention(cmd, c, &f, format)
		}),
	}
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

// showRetention prints the plan; why something stays goes below it.
func showRetention(cmd *cobra.Command, c *app.Local, f *configFlags, format string) error {
	plan, err := c.RetentionPlan(cmd.Context(), c.Who)
	if err != nil {
		return err
	}
	set, err := f.load()
	if err != nil {
		return err
	}
	t := &table{of: "kinds", columns: []string{"kind", "kept", "oldest", "rows", "bytes", "rows_to_go", "bytes_to_go"}}
	for _, l := range plan {
		t.add(string(l.Kind), forEver(l.Keep), till(l.All.Oldest), figure(l.All.Rows), figure(l.All.Bytes), figure(l.Goes.Rows), figure(l.Goes.Bytes))
	}
	w := &set.Worker
	for _, own := range [][2]string{
		{"packed (worker.keep_packed)", w.KeepPacked.String()}, {"identities (worker.keep_identities)", w.KeepIdentities.String()}, {"closed holds of money", app.ClosedAge.String()},
	} {
		t.add(own[0], own[1], "", "", "", "", "")
	}
	if err := t.write(cmd.OutOrStdout(), format); err != nil {
		return err
	}
	for _, l := range plan {
		for _, why := range l.Stays {
			cmd.PrintErrf("%s stay: %s\n", l.Kind, why)
		}
	}
	return nil
}

func forEver(s retention.Span) string {
	if s == 0 {
		return "for ever"
	}
	return s.String()
}

func figure(n int64) string { return strconv.FormatInt(n, 10) }

func newRetentionRunCommand() *cobra.Command {
	var f configFlags
	var dryRun, apply bool
	var archive string
	cmd := &cobra.Command{
		Use: "run --dry-run|--apply [--archive FOLDER]", Short: "Drop and blank what is older than it is kept", Args: cobra.NoArgs,
		Long: `Run drops what is old, a day of a kind at a time. With --archive each day is written to FOLDER/KIND/DAY.parquet first; the file is on
disk, was read back, and has the rows and sums of the store before a row is dropped. A run that was killed is ended by the next one:
nothing is lost, and nothing is archived twice. Calls of open periods, of legs that are not rated yet and of re-rates and undos that have not
ended stay; so does what a legal hold covers.

Exit status: 0 done; 2 an option is wrong; 4 what was archived is not what is there, or an engine cannot be reached.`,
		Example: "  trunkline retention run --dry-run\n  trunkline retention run --apply --archive /srv/archive",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			if dryRun == apply {
				return withCode(exitUsage, errors.New("give --dry-run or --apply"))
			}
			if dryRun {
				return showRetention(cmd, c, &f, "table")
			}
			return runRetention(cmd, c, archive)
		}),
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show what would go")
	cmd.Flags().BoolVar(&apply, "apply", false, "let it go")
	cmd.Flags().StringVar(&archive, "archive", "", "folder of Parquet files that get what goes; empty: it is dropped for good")
	f.register(cmd)
	return cmd
}

func runRetention(cmd *cobra.Command, c *app.Local, archive string) (err error) {
	if archive != "" {
		if archive, err = filepath.Abs(archive); err != nil {
			return withCode(exitUsage, err)
		}
	}
	return c.RunRetention(cmd.Context(), c.Who, archive, func(d retention.Done) {
		day := "all days"
		if !d.Day.IsZero() {
			day = d.Day.Format(time.DateOnly)
		}
		cmd.Printf("%-8s %s  %d rows  %s\n", d.Kind, day, d.Rows, d.File)
	})
}
