package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/app/inforce"
	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/sql/postgres"
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

// timelineOf finds the versions of a tariff.
func timelineOf(s *provision.Snapshot, id string) (*provision.Timeline, error) {
	line := s.Timeline(provision.KindTariff, id)
	if len(line.All()) == 0 {
		return nil, withCode(exitUsage, fmt.Errorf("there is no tariff %q", id))
	}
	return line, nil
}

// storedTimeline is timelineOf of what is stored.
func storedTimeline(ctx context.Context, db *store.Stores, id string) (*provision.Timeline, error) {
	snapshot, err := db.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return timelineOf(snapshot, id)
}

func newVersionsCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use: "versions TARIFF", Short: "All versions of a tariff, with when they are in force", Args: cobra.ExactArgs(1),
		Example: "  trunkline tariff versions retail\n  trunkline tariff versions retail --format csv",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			line, err := storedTimeline(cmd.Context(), db, args[0])
			if err != nil {
				return err
			}
			t := &table{columns: []string{"revision", "version", "applied", "by", "begins", "ends", "state"}, of: "versions"}
			now := clock.System{}.Now()
			for _, v := range line.All() {
				t.add(strconv.FormatInt(v.Revision, 10), v.Label, till(v.Applied), v.By, begins(v), till(v.Ends), strings.ReplaceAll(line.State(v, now), "_", " "))
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func begins(v *provision.Version) string {
	if v.Begins.IsZero() {
		return "always"
	}
	return till(v.Begins)
}

func newTariffShowCommand() *cobra.Command {
	var f configFlags
	var at, dir string
	var revision int64
	cmd := &cobra.Command{
		Use: "show TARIFF", Short: "Print the file of a version, or write it with the decks that it names", Args: cobra.ExactArgs(1),
		Example: "  trunkline tariff show retail\n  trunkline tariff show retail --at 2026-03-01T12:00:00Z\n  trunkline tariff show retail --revision 12 --dir retail-12",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			line, err := storedTimeline(cmd.Context(), db, args[0])
			if err != nil {
				return err
			}
			v, err := pickVersion(line, at, revision)
			if err != nil {
				return withCode(exitUsage, err)
			}
			return writeVersion(cmd, db.Provision, v, dir)
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

// writeVersion prints the file of a version, or writes all its files into a folder.
func writeVersion(cmd *cobra.Command, archive provision.Archive, v *provision.Version, dir string) error {
	names, sums := v.FileSums()
	for i, name := range names {
		content, err := archive.Content(cmd.Context(), sums[i])
		if err != nil {
			return err
		}
		if dir == "" {
			_, err := cmd.OutOrStdout().Write(content)
			return err
		}
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(path, content, 0o600); err != nil {
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
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			return withdraw(cmd.Context(), cmd, db, provision.Withdrawal{Kind: provision.KindTariff, ID: args[0], Revision: revision})
		}),
	}
	cmd.Flags().Int64Var(&revision, "revision", 0, "the version's revision, as `versions` lists it")
	_ = cmd.MarkFlagRequired("revision") // It fails only for a flag that does not exist.
	f.register(cmd)
	return cmd
}

func withdraw(ctx context.Context, cmd *cobra.Command, db *store.Stores, w provision.Withdrawal) error {
	stored, err := db.Provision.Load(ctx)
	if err != nil {
		return err
	}
	bundle, err := stored.Bundle()
	if err != nil {
		return err
	}
	snapshot, err := provision.NewCompiler().Compile(ctx, bundle)
	if err != nil {
		return err
	}
	if _, err := timelineOf(snapshot, w.ID); err != nil {
		return err
	}
	changes, err := provision.Withdraw(ctx, snapshot, stored.Objects, w, clock.System{}.Now())
	if err != nil {
		return withCode(exitConflict, err)
	}
	number, err := inforce.Store(ctx, db, stored.Revision, changes, operator())
	if errors.Is(err, postgres.ErrRevision) {
		return withCode(exitConflict, err)
	}
	if err != nil {
		return err
	}
	cmd.Printf("the version of revision %d is withdrawn by revision %d\n", w.Revision, number)
	return nil
}
