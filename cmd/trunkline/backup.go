package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/backups"
	"trunkline/app/config"
	"trunkline/internal/backup"
)

func newBackupCommand() *cobra.Command {
	cmd := configured(&cobra.Command{
		Use: "backup FOLDER", Short: "Write one consistent set of all stores while calls go on", Args: cobra.ExactArgs(1),
		Long: `Backup writes what the embedded engines and the data folder have into a new folder, by the engines' own means, while the system
runs or stands: PostgreSQL's base backup with its write-ahead log, ClickHouse's BACKUP, the legs on the topic that the ledger has not
accounted for, and the journal, spool, identity and keys of the data folder. The order is such that every leg is in the set at least once.
A file backup.json is written last; it names every file with its SHA-256. The set holds passwords: keep it where the data folder
may be kept. 'trunkline restore' makes a data folder of it, 'trunkline backup verify' looks whether it is whole.

Engines of your own are backed up with their own tools: see docs/backup.md.`,
		Example: "  trunkline backup /backups/$(date +%F)\n  trunkline backup verify /backups/2026-12-01",
	}, func(cmd *cobra.Command, set *config.Config, log *slog.Logger, args []string) error {
		return backups.Make(cmd.Context(), set, args[0], buildVersion(), cmd.OutOrStdout(), log)
	})
	return group(cmd, newBackupVerifyCommand())
}

func newBackupVerifyCommand() *cobra.Command {
	return bare(&cobra.Command{
		Use: "verify FOLDER", Short: "Compare every file of a backup with its SHA-256", Args: cobra.ExactArgs(1),
		Example: "  trunkline backup verify /backups/2026-12-01",
	}, func(cmd *cobra.Command, args []string) error {
		set, err := backup.Open(args[0])
		if err != nil {
			return withCode(exitConflict, err)
		}
		m := &set.Manifest
		return say(cmd, nil, "whole: %d files, %s, of ledger %s, taken from %s to %s\n",
			len(m.Files), backups.Megabytes(set.Size()), m.Ledger, m.Begun.Format(time.RFC3339), m.Ended.Format(time.RFC3339))
	})
}

func newRestoreCommand() *cobra.Command {
	var only string
	cmd := &cobra.Command{
		Use: "restore FOLDER --data NEW", Short: "Make a new data folder of a backup", Args: cobra.ExactArgs(1),
		Long: `Restore looks whether a backup is whole, makes a data folder of it that must be new or empty, brings its stores into agreement, and
compares their sums. Nothing is changed in the backup, and nothing anywhere else. Start the system on the new folder afterwards: the
worker accounts for the legs that were on the topic and in the spool.

With --only one store of a data folder that is there is put back, while the system stands, and brought into agreement with the
others: what they have that is newer is not lost. What the store had is kept beside it.

Exit status: 0 restored, and the sums are equal; 2 the folder is not empty; 4 the backup is not whole, or the sums differ.`,
		Example: "  trunkline restore /backups/2026-12-01 --data /srv/trunkline-new\n  trunkline serve --data /srv/trunkline-new\n" +
			"  trunkline restore /backups/2026-12-01 --only clickhouse --data ./var",
	}
	f := newConfigFlags(cmd)
	cmd.Flags().StringVar(&only, "only", "", "put back one store of a data folder that is there: postgres, clickhouse or kafka")
	return bare(cmd, func(cmd *cobra.Command, args []string) error {
		if only != "" && !slices.Contains(backups.Stores(), only) {
			return withCode(exitUsage, fmt.Errorf("--only %q: want %s", only, strings.Join(backups.Stores(), ", ")))
		}
		if only == "" && f.data == "" && os.Getenv(config.EnvPrefix+"DATA") == "" {
			return withCode(exitUsage, errors.New("name the new folder with --data"))
		}
		set, log, err := f.quiet(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		return backups.Restore(cmd.Context(), set, args[0], only, cmd.OutOrStdout(), log)
	})
}
