package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/backups"
	"trunkline/internal/backup"
)

func newBackupCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use: "backup FOLDER", Short: "Write one consistent set of all stores while calls go on", Args: cobra.ExactArgs(1),
		Long: `Backup writes what the embedded engines and the data folder have into a new folder, by the engines' own means, while the system
runs or stands: PostgreSQL's base backup with its write-ahead log, ClickHouse's BACKUP, the legs on the topic that the ledger has not
accounted for, and the journal, spool, identity and keys of the data folder. The order is such that every leg is in the set at least once.
A file backup.json is written last; it names every file with its SHA-256. The set holds passwords: keep it where the data folder
may be kept. 'trunkline restore' makes a data folder of it, 'trunkline backup verify' looks whether it is whole.

Engines of your own are backed up with their own tools: see docs/backup.md.`,
		Example: "  trunkline backup /backups/$(date +%F)\n  trunkline backup verify /backups/2026-12-01",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, log, err := f.quiet(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return backups.Make(cmd.Context(), c, args[0], buildVersion(), cmd.OutOrStdout(), log)
		},
	}
	cmd.AddCommand(newBackupVerifyCommand())
	f.register(cmd)
	return cmd
}

func newBackupVerifyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "verify FOLDER", Short: "Compare every file of a backup with its SHA-256", Args: cobra.ExactArgs(1),
		Example: "  trunkline backup verify /backups/2026-12-01",
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := backup.Open(args[0])
			if err != nil {
				return withCode(exitConflict, err)
			}
			m := &set.Manifest
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "whole: %d files, %s, of ledger %s, taken from %s to %s\n",
				len(m.Files), backups.Megabytes(set.Size()), m.Ledger, m.Begun.Format(time.RFC3339), m.Ended.Format(time.RFC3339))
			return err
		},
	}
}
