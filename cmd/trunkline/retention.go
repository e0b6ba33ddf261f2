package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/config"
	"trunkline/app/reporting"
	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/reports/retention"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
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

// keeping are the stores of retention, with the configuration.
type keeping struct {
	config config.Config
	holds  *postgres.Retention
	calls  *clickhouse.Retention
}

func (f *configFlags) newKeeping(db *store.Stores) (*keeping, error) {
	c, err := f.load()
	if err != nil {
		return nil, err
	}
	books, err := postgres.NewBooks(db.DB, clock.System{})
	if err != nil {
		return nil, err
	}
	exporter, err := reporting.Exporter(db)
	if err != nil {
		return nil, err
	}
	return &keeping{c, postgres.NewRetention(db.DB, books, clock.System{}), clickhouse.NewRetention(db.Records, exporter)}, nil
}

func (k *keeping) runner(archive string) *retention.Runner {
	return &retention.Runner{
		Rules: k.config.Retention, Clock: clock.System{}, Books: k.holds, Calls: k.calls, Columns: k.calls, Rows: k.holds, Log: k.holds, Holds: k.holds,
		Archives: retention.Archives{Dir: archive}, Alone: k.holds.Alone, Told: func(retention.Done) {},
	}
}

func (k *keeping) eraser() *retention.Eraser {
	return &retention.Eraser{
		Statutory: k.config.Retention.Statutory, Clock: clock.System{}, Holds: k.holds, Calls: k.calls,
		// Packed records before the store of calls, which may be filled again from them.
		Places: []retention.People{k.holds, k.calls}, Log: k.holds, Trail: k.holds, Alone: k.holds.Alone,
	}
}

// onKeeping runs a command with the stores of retention.
func onKeeping(f *configFlags, do func(cmd *cobra.Command, k *keeping, args []string) error) func(*cobra.Command, []string) error {
	return onStores(f, func(cmd *cobra.Command, db *store.Stores, args []string) error {
		k, err := f.newKeeping(db)
		if err != nil {
			return err
		}
		return retentionError(do(cmd, k, args))
	})
}

// retentionError gives the errors that an operator can do something about their exit code.
func retentionError(err error) error {
	switch {
	case errors.Is(err, retention.ErrArchive), errors.Is(err, retention.ErrHold), errors.Is(err, retention.ErrErasure):
		return withCode(exitConflict, err)
	}
	return err
}

func newRetentionShowCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use: "show", Short: "Each kind of record: how long it is kept, how much there is, and what would go", Args: cobra.NoArgs,
		Example: "  trunkline retention show\n  trunkline retention show --format json",
		RunE: onKeeping(&f, func(cmd *cobra.Command, k *keeping, _ []string) error {
			return k.show(cmd, format)
		}),
	}
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

// show prints the plan; why something stays goes below it.
func (k *keeping) show(cmd *cobra.Command, format string) error {
	plan, err := k.runner("").Plan(cmd.Context())
	if err != nil {
		return err
	}
	t := &table{of: "kinds", columns: []string{"kind", "kept", "oldest", "rows", "bytes", "rows_to_go", "bytes_to_go"}}
	for _, l := range plan {
		t.add(string(l.Kind), forEver(l.Keep), till(l.All.Oldest), figure(l.All.Rows), figure(l.All.Bytes), figure(l.Goes.Rows), figure(l.Goes.Bytes))
	}
	w := &k.config.Worker
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
		RunE: onKeeping(&f, func(cmd *cobra.Command, k *keeping, _ []string) error {
			if dryRun == apply {
				return withCode(exitUsage, errors.New("give --dry-run or --apply"))
			}
			if dryRun {
				return k.show(cmd, "table")
			}
			return k.run(cmd.Context(), cmd, archive)
		}),
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show what would go")
	cmd.Flags().BoolVar(&apply, "apply", false, "let it go")
	cmd.Flags().StringVar(&archive, "archive", "", "folder of Parquet files that get what goes; empty: it is dropped for good")
	f.register(cmd)
	return cmd
}

func (k *keeping) run(ctx context.Context, cmd *cobra.Command, archive string) (err error) {
	if archive != "" {
		if archive, err = filepath.Abs(archive); err != nil {
			return withCode(exitUsage, err)
		}
	}
	r := k.runner(archive)
	r.Told = func(d retention.Done) {
		day := "all days"
		if !d.Day.IsZero() {
			day = d.Day.Format(time.DateOnly)
		}
		cmd.Printf("%-8s %s  %d rows  %s\n", d.Kind, day, d.Rows, d.File)
	}
	if err := r.Run(ctx); err != nil {
		return fmt.Errorf("retention: %w", err)
	}
	return nil
}
