package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/internal/clock"
	"trunkline/provision"
)

func newTariffCommand() *cobra.Command {
	return group(&cobra.Command{Use: "tariff", Short: "The versions of tariffs: what was in force when, what is announced"},
		newVersionsCommand(), newTariffShowCommand(), newTariffWithdrawCommand())
}

func newVersionsCommand() *cobra.Command {
	return listing(&cobra.Command{
		Use: "versions TARIFF", Short: "All versions of a tariff, with when they are in force", Args: cobra.ExactArgs(1),
	}, terminal.TariffVersions, func(ctx context.Context, c *app.Local, args []string) ([]console.PriceVersion, error) {
		return c.Versions(ctx, c.Who, provision.KindTariff, args[0])
	})
}

func newTariffShowCommand() *cobra.Command {
	var at time.Time
	var dir string
	var revision int64
	cmd := asking(&cobra.Command{
		Use: "show TARIFF", Short: "Print the file of a version, or write it with the decks that it names", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		if at.IsZero() {
			at = clock.System{}.Now()
		}
		files, err := c.VersionFiles(cmd.Context(), c.Who, args[0], func(line *provision.Timeline) (*provision.Version, error) {
			return line.Pick(at, revision)
		})
		if err != nil {
			return err
		}
		if dir == "" {
			_, err := cmd.OutOrStdout().Write(files[0].Content)
			return err
		}
		return app.PutFiles(dir, files, func(path string) { cmd.Println(path) })
	})
	momentVar(cmd.Flags(), &at, "at", "the version in force at a day or moment; now if nothing is named")
	cmd.Flags().Int64Var(&revision, "revision", 0, "the version of a revision, as `versions` lists it")
	cmd.Flags().StringVar(&dir, "dir", "", "write the files into this folder in the place of printing the tariff")
	return cmd
}

func newTariffWithdrawCommand() *cobra.Command {
	var revision int64
	cmd := asking(&cobra.Command{
		Use: "withdraw TARIFF --revision N", Short: "Take a version back that has not begun yet", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		return say(cmd, c.WithdrawVersion(cmd.Context(), c.Who, args[0], revision), "the version of revision %d is withdrawn\n", revision)
	})
	cmd.Flags().Int64Var(&revision, "revision", 0, "the version's revision, as `versions` lists it")
	required(cmd, "revision")
	return cmd
}
