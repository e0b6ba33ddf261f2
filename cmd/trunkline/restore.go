package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/app/backups"
	"trunkline/app/config"
)

func newRestoreCommand() *cobra.Command {
	var f configFlags
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
		RunE: func(cmd *cobra.Command, args []string) error {
			if only != "" && !slices.Contains(backups.Stores(), only) {
				return withCode(exitUsage, fmt.Errorf("--only %q: want %s", only, strings.Join(backups.Stores(), ", ")))
			}
			if only == "" && f.data == "" && os.Getenv(config.EnvPrefix+"DATA") == "" {
				return withCode(exitUsage, errors.New("name the new folder with --data"))
			}
			c, log, err := f.quiet(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return backups.Restore(cmd.Context(), c, args[0], only, cmd.OutOrStdout(), log)
		},
	}
	cmd.Flags().StringVar(&only, "only", "", "put back one store of a data folder that is there: postgres, clickhouse or kafka")
	f.register(cmd)
	return cmd
}
