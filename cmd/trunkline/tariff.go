package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/provision"
)

func newTariffCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "tariff", Short: "The versions of tariffs: what was in force when, what is announced",
		Long: `Every content that a tariff had is kept as a version, with the time that it was or will be in force for. Calls are priced by the version
of the moment when they were connected. A version begins with its effective_from; without one, when it was applied.`,
		Example: "  trunkline tariff versions retail\n  trunkline tariff show retail --at 2026-03-01 --dir old\n  trunkline tariff withdraw retail --revision 17",
	}
	cmd.AddCommand(newVersionsCommand(), newTariffShowCommand(), newTariffWithdrawCommand())
	return cmd
}

func newVersionsCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use: "versions TARIFF", Short: "All versions of a tariff, with when they are in force", Args: cobra.ExactArgs(1),
		Example: "  trunkline tariff versions retail\n  trunkline tariff versions retail --format csv",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			list, err := c.Versions(cmd.Context(), c.Who, provision.KindTariff, args[0])
			if err != nil {
				return err
			}
			t := &table{columns: []string{"revision", "version", "applied", "by", "begins", "ends", "state"}, of: "versions"}
			for i := range list {
				v := &list[i]
				begins, ends := "always", ""
				if v.ValidFrom != nil {
					begins = till(*v.ValidFrom)
				}
				if v.ValidUntil != nil {
					ends = till(*v.ValidUntil)
				}
				t.add(strconv.FormatInt(v.Revision, 10), v.Label, till(v.Applied), v.By, begins, ends, strings.ReplaceAll(v.State, "_", " "))
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func newTariffShowCommand() *cobra.Command {
	var f configFlags
	var at, dir string
	var revision int64
	cmd := &cobra.Command{
		Use: "show TARIFF", Short: "Print the file of a version, or write it with the decks that it names", Args: cobra.ExactArgs(1),
		Example: "  trunkline tariff show retail\n  trunkline tariff show retail --at 2026-03-01T12:00:00Z\n  trunkline tariff show retail --revision 12 --dir retail-12",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			files, err := c.VersionFiles(cmd.Context(), c.Who, args[0], func(line *provision.Timeline) (*provision.Version, error) {
				return pickVersion(line, at, revision)
			})
			if err != nil {
				return err
			}
			return writeVersion(cmd, files, dir)
		}),
	}
	cmd.Flags().StringVar(&at, "at", "", "the version in force at a day or moment; now if nothing is named")
	cmd.Flags().Int64Var(&revision, "revision", 0, "the version of a revision, as `versions` lists it")
	cmd.Flags().StringVar(&dir, "dir", "", "write the files into this folder in the place of printing the tariff")
	f.register(cmd)
	return cmd
}

func pickVersion(line *provision.Timeline, at string, revision int64) (*provision.Version, error) {
	if revision != 0 {
		for _, v := range line.All() {
			if v.Revision == revision {
				return v, nil
			}
		}
		return nil, fmt.Errorf("there is no version of revision %d: see `trunkline tariff versions`", revision)
	}
	moment := clock.System{}.Now()
	if at != "" {
		var err error
		if moment, err = parseMoment("at", at); err != nil {
			return nil, err
		}
	}
	return line.At(moment), nil
}

// writeVersion prints the first file of a version, or writes all of them into a folder.
func writeVersion(cmd *cobra.Command, files []console.VersionFile, dir string) error {
	if dir == "" {
		_, err := cmd.OutOrStdout().Write(files[0].Content)
		return err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.Base(f.Name))
		if err := os.WriteFile(path, f.Content, 0o600); err != nil {
			return err
		}
		cmd.Println(path)
	}
	return nil
}

func newTariffWithdrawCommand() *cobra.Command {
	var f configFlags
	var revision int64
	cmd := &cobra.Command{
		Use: "withdraw TARIFF --revision N", Short: "Take a version back that has not begun yet", Args: cobra.ExactArgs(1),
		Long: `Withdraw takes an announced version back. One that has begun cannot be: calls were priced by it. Apply another version with an
effective_from in its place.

Exit status: 0 done; 2 there is no such version; 4 it has begun, or the provisioning was changed meanwhile.`,
		Example: "  trunkline tariff versions retail\n  trunkline tariff withdraw retail --revision 17",
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			if err := c.WithdrawVersion(cmd.Context(), c.Who, args[0], revision); err != nil {
				return err
			}
			cmd.Printf("the version of revision %d is withdrawn\n", revision)
			return nil
		}),
	}
	cmd.Flags().Int64Var(&revision, "revision", 0, "the version's revision, as `versions` lists it")
	_ = cmd.MarkFlagRequired("revision") // It fails only for a flag that does not exist.
	f.register(cmd)
	return cmd
}
