package main

import (
	"encoding/hex"
	"log/slog"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/config"
	"trunkline/app/doctor"
	"trunkline/cdr/spool"
	"trunkline/console/terminal"
	"trunkline/internal/disk"
)

func newSpoolCommand() *cobra.Command {
	return group(&cobra.Command{Use: "spool", Short: "Legs on this proxy's disk, and what is damaged there"},
		newSpoolListCommand(), newSpoolShowCommand(), newSpoolSendCommand(), newSpoolSettleCommand())
}

func newSpoolListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the files of the spool, and the damaged parts of spool and journal"}
	format := formatFlag(cmd, "table", "csv", "json")
	return configured(cmd, func(cmd *cobra.Command, set *config.Config, _ *slog.Logger, _ []string) error {
		files, journal, err := doctor.Spooled(set.Data)
		if err != nil {
			return withCode(exitConflict, err)
		}
		if err := terminal.Spooled(files, journal).Write(cmd.OutOrStdout(), *format); err != nil {
			return err
		}
		damaged := len(journal)
		for _, one := range files {
			if one.Damaged {
				damaged++
			}
		}
		return partial(damaged, "%d parts are damaged: see `trunkline spool show`, then `send` or `settle`", damaged)
	})
}

func newSpoolShowCommand() *cobra.Command {
	return configured(&cobra.Command{
		Use: "show FILE", Short: "Show the legs in a file of the spool, as far as they can be read", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, set *config.Config, _ *slog.Logger, args []string) error {
		path, journal, err := doctor.FindSpooled(set.Data, args[0])
		if err != nil {
			return err
		}
		if journal {
			data, err := disk.OS{}.ReadFile(path)
			return say(cmd, err, "%s", hex.Dump(data))
		}
		found, err := spool.Read(disk.OS{}, path)
		for i := range found {
			terminal.SpooledLeg(cmd.OutOrStdout(), &found[i])
		}
		return withCode(exitUsage, err)
	})
}

func newSpoolSendCommand() *cobra.Command {
	var reason string
	var unsound bool
	cmd := asking(&cobra.Command{
		Use: "send FILE --reason WHY", Short: "Send the legs of a file once more", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		sent, err := c.SendSpooled(cmd.Context(), args[0], reason, unsound)
		if err != nil {
			return err
		}
		cmd.Printf("%d legs sent, %d parts cannot be read or are unsound\n", sent.Legs, sent.Left)
		return partial(sent.Left, "%d parts were not sent: see `trunkline spool show`, and `trunkline spool settle` when nothing more can be done", sent.Left)
	})
	cmd.Flags().BoolVar(&unsound, "unsound", false, "send legs, too, that can be read although they are damaged")
	reasonFlag(cmd, &reason)
	return cmd
}

func newSpoolSettleCommand() *cobra.Command {
	var reason string
	cmd := asking(&cobra.Command{
		Use: "settle FILE --reason WHY", Short: "Say that a damaged part was dealt with", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c *app.Local, args []string) error {
		return say(cmd, c.SettleDamage(cmd.Context(), args[0], reason), "%s is settled\n", args[0])
	})
	reasonFlag(cmd, &reason)
	return cmd
}
