package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/backups"
	"trunkline/app/config"
	"trunkline/internal/backup"
	"trunkline/internal/build"
)

func newBackupCommand() *cobra.Command {
	cmd := configured(&cobra.Command{
		Use: "backup FOLDER", Short: "Write one consistent set of all stores while calls go on", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, set *config.Config, log *slog.Logger, args []string) error {
		info, _ := debug.ReadBuildInfo()
		return backups.Make(cmd.Context(), set, args[0], build.Commit(info), cmd.OutOrStdout(), log)
	})
	return group(cmd, newBackupVerifyCommand())
}

func newBackupVerifyCommand() *cobra.Command {
	return bare(&cobra.Command{
		Use: "verify FOLDER", Short: "Compare every file of a backup with its SHA-256", Args: cobra.ExactArgs(1),
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
	cmd := &cobra.Command{Use: "restore FOLDER --data NEW", Short: "Make a new data folder of a backup", Args: cobra.ExactArgs(1)}
	f := newConfigFlags(cmd)
	cmd.Flags().StringVar(&only, "only", "", "put back one store of a data folder that is there: postgres, clickhouse or kafka")
	return bare(cmd, func(cmd *cobra.Command, args []string) error {
		if only != "" && !slices.Contains(backups.Stores(), only) {
			return withCode(exitUsage, fmt.Errorf("--only %q: want %s", only, strings.Join(backups.Stores(), ", ")))
		}
		if only == "" && f.data == "" && os.Getenv(config.EnvPrefix+"DATA") == "" {
			return withCode(exitUsage, errors.New("name the new folder with --data"))
		}
		set, log, err := f.open(cmd.ErrOrStderr(), false)
		if err != nil {
			return err
		}
		return backups.Restore(cmd.Context(), set, args[0], only, cmd.OutOrStdout(), log)
	})
}
