package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/doctor"
	"trunkline/cdr"
	"trunkline/cdr/spool"
	"trunkline/internal/disk"
	"trunkline/internal/frame"
	"trunkline/internal/node"
)

func newSpoolCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "spool", Short: "Legs on this proxy's disk, and what is damaged there",
		Long: `A leg waits in the spool until the stream has it. What of the spool or of the journal of calls cannot be read is kept aside, in files whose names
end in .damaged, and shown until somebody has dealt with it; as long as there is any, nothing is given back that is held for calls of this proxy
without a record. The commands work on the data folder of this machine, while the proxy runs, too.`,
	}
	cmd.AddCommand(newSpoolListCommand(), newSpoolShowCommand(), newSpoolSendCommand(), newSpoolSettleCommand())
	return cmd
}

func newSpoolListCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "List the files of the spool, and the damaged parts of spool and journal", Args: cobra.NoArgs,
		Example: "  trunkline spool list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			t, damaged, err := spoolTable(c.Data)
			if err != nil {
				return withCode(exitConflict, err)
			}
			if err := t.write(cmd.OutOrStdout(), format); err != nil {
				return err
			}
			if damaged > 0 {
				return withCode(exitPartial, fmt.Errorf("%d parts are damaged: see `trunkline spool show`, then `send` or `settle`", damaged))
			}
			return nil
		},
	}
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func spoolTable(data string) (*table, int, error) {
	t := &table{columns: []string{"of", "file", "bytes", "legs", "unsound", "state"}, of: "files"}
	damaged := 0
	files, err := spool.Files(disk.OS{}, filepath.Join(data, doctor.SpoolFolder))
	if err != nil {
		return nil, 0, err
	}
	for _, one := range files {
		state := ""
		if one.Damaged {
			state = "damaged"
			damaged++
		}
		t.add("spool", one.Name, strconv.FormatInt(one.Bytes, 10), strconv.Itoa(one.Legs), strconv.Itoa(one.Doubt), state)
	}
	parts, err := doctor.DamagedFiles(data)
	for _, p := range parts {
		if p.Of == "journal" {
			damaged++
			t.add(p.Of, filepath.Base(p.Path), strconv.FormatInt(p.Bytes, 10), "", "", "damaged")
		}
	}
	return t, damaged, err
}

// spoolPath finds a file of the spool or a damaged part by its name.
func spoolPath(data, name string) (path string, journal bool, err error) {
	if filepath.Base(name) != name {
		return "", false, withCode(exitUsage, fmt.Errorf("%s: give the name of a file as `trunkline spool list` shows it, without a folder", name))
	}
	for _, dir := range []string{doctor.SpoolFolder, doctor.JournalFolder} {
		path := filepath.Join(data, dir, name)
		f, err := disk.OS{}.Open(path)
		if err == nil {
			return path, dir == doctor.JournalFolder, f.Close()
		}
	}
	return "", false, withCode(exitUsage, fmt.Errorf("there is no file %s in the spool of %s: see `trunkline spool list`", name, data))
}

func newSpoolShowCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use: "show FILE", Short: "Show the legs in a file of the spool, as far as they can be read", Args: cobra.ExactArgs(1),
		Example: "  trunkline spool show 0000000000000007-9f1c2a3b4d5e6f70.legs@4096.damaged",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			path, journal, err := spoolPath(c.Data, args[0])
			if err != nil {
				return err
			}
			if journal {
				data, err := disk.OS{}.ReadFile(path)
				if err != nil {
					return err
				}
				cmd.Print(hex.Dump(data))
				return nil
			}
			found, err := spool.Read(disk.OS{}, path)
			if err != nil {
				return withCode(exitUsage, err)
			}
			for i := range found {
				showFound(cmd, &found[i])
			}
			return nil
		},
	}
	f.register(cmd)
	return cmd
}

func showFound(cmd *cobra.Command, one *spool.Found) {
	state := "sound"
	if !one.Sound {
		state = "UNSOUND: its checksum differs, any field may be wrong"
	}
	cmd.Printf("at byte %d, %d bytes, written %s: %s\n", one.Offset, len(one.Raw), one.At.Format(time.RFC3339), state)
	if one.Leg == nil {
		cmd.Print("no leg can be read\n" + hex.Dump(one.Raw[:min(len(one.Raw), messageShown)]))
		return
	}
	showLeg(func(name, value string) { cmd.Printf("  %-10s %s\n", name, dash(value)) }, one.Leg)
}

func newSpoolSendCommand() *cobra.Command {
	var f configFlags
	var reason string
	var unsound bool
	cmd := &cobra.Command{
		Use: "send FILE --reason WHY", Short: "Send the legs of a file once more", Args: cobra.ExactArgs(1),
		Long: `Send brings the legs in a file of the spool to the stream: those that are sound, and with --unsound those as well that can be read although their checksum
differs. Look at them first (trunkline spool show): a number or a time in them may be wrong. A leg that was accounted for already is not accounted for
again. A damaged part of which every leg was sent is settled with that.`,
		Example: "  trunkline spool send 0000000000000007-9f1c2a3b4d5e6f70.legs@4096.damaged --unsound --reason 'looked at: only the trace is damaged'",
		RunE: onConsole(&f, func(cmd *cobra.Command, l *app.Local, args []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			path, journal, err := spoolPath(c.Data, args[0])
			if err != nil {
				return err
			}
			if journal {
				return withCode(exitUsage, errors.New("the journal has no legs: see `trunkline spool settle`"))
			}
			return sendFile(cmd, l, c.Data, path, reason, unsound)
		}),
	}
	cmd.Flags().BoolVar(&unsound, "unsound", false, "send legs, too, that can be read although they are damaged")
	reasonFlag(cmd, &reason)
	f.register(cmd)
	return cmd
}

func reasonFlag(cmd *cobra.Command, reason *string) {
	cmd.Flags().StringVar(reason, "reason", "", "why; it is kept")
	_ = cmd.MarkFlagRequired("reason") // It fails only for a flag that does not exist.
}

func sendFile(cmd *cobra.Command, l *app.Local, data, path, reason string, unsound bool) error {
	found, err := spool.Read(disk.OS{}, path)
	if err != nil {
		return withCode(exitUsage, err)
	}
	var legs []cdr.Envelope
	for i := range found {
		if one := &found[i]; one.Leg != nil && (one.Sound || unsound) {
			legs = append(legs, one.Envelope)
		}
	}
	left := len(found) - len(legs)
	if len(legs) > 0 {
		if err := l.SendLegs(cmd.Context(), legs); err != nil {
			return withCode(exitConflict, err)
		}
	}
	if err := noteDamage(cmd, l, data, "damage_sent", fmt.Sprintf("%s: %d legs sent, %d not: %s", filepath.Base(path), len(legs), left, reason)); err != nil {
		return err
	}
	cmd.Printf("%d legs sent, %d parts cannot be read or are unsound\n", len(legs), left)
	if left > 0 {
		return withCode(exitPartial, fmt.Errorf("%d parts were not sent: see `trunkline spool show`, and `trunkline spool settle` when nothing more can be done", left))
	}
	if !frame.IsAside(path) {
		return nil
	}
	return frame.Settle(disk.OS{}, path)
}

// noteDamage writes down what was done about a damaged part of this machine's data folder.
func noteDamage(cmd *cobra.Command, l *app.Local, data, what, reason string) error {
	id, err := node.Read(disk.OS{}, data)
	if err != nil {
		return withCode(exitUsage, err)
	}
	return l.NoteDamage(cmd.Context(), l.Who, id.ID, what, reason)
}

func newSpoolSettleCommand() *cobra.Command {
	var f configFlags
	var reason string
	cmd := &cobra.Command{
		Use: "settle FILE --reason WHY", Short: "Say that a damaged part was dealt with", Args: cobra.ExactArgs(1),
		Long: `Settle says that nothing more can be had of a damaged part: the legs in it are lost, or were brought otherwise. The file stays under another name; what was
held for the calls in it is given back like that of any call without a record.`,
		Example: "  trunkline spool settle 0000000000000007-9f1c2a3b4d5e6f70.legs@4096.damaged --reason 'the call was charged by hand'",
		RunE: onConsole(&f, func(cmd *cobra.Command, l *app.Local, args []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			path, _, err := spoolPath(c.Data, args[0])
			if err != nil {
				return err
			}
			if !frame.IsAside(path) {
				return withCode(exitUsage, fmt.Errorf("%s is no damaged part: their names end in .damaged", args[0]))
			}
			if err := noteDamage(cmd, l, c.Data, "damage_settled", args[0]+": "+reason); err != nil {
				return err
			}
			if err := frame.Settle(disk.OS{}, path); err != nil {
				return withCode(exitConflict, err)
			}
			cmd.Printf("%s is settled\n", args[0])
			return nil
		}),
	}
	reasonFlag(cmd, &reason)
	f.register(cmd)
	return cmd
}
