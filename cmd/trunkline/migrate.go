package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"trunkline/app/config"
	"trunkline/app/store"
	"trunkline/internal/embedded"
)

func newMigrateCommand() *cobra.Command {
	return configured(&cobra.Command{
		Use: "migrate", Short: "Bring the schemas of PostgreSQL and ClickHouse up to date",
	}, func(cmd *cobra.Command, set *config.Config, log *slog.Logger, _ []string) error {
		db, err := store.Open(cmd.Context(), set, store.Migrate, log)
		if err != nil {
			return err
		}
		defer db.Close(cmd.Context())
		return say(cmd, nil, "the schemas are up to date\n")
	})
}

// newClickHouseCommand is what the embedded ClickHouse runs as: this program, started again as a child.
func newClickHouseCommand() *cobra.Command {
	return &cobra.Command{
		Use: "clickhouse", Short: "The embedded ClickHouse engine; started by the program itself", Hidden: true, DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error { return embedded.RunClickHouse(args...) },
	}
}
