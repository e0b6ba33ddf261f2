package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

// deckImportOptions are the flags of `trunkline deck import` and `deck undo`.
type deckImportOptions struct {
	deck      string
	carrier   string
	tariff    string
	effective string
	mode      string
	apply     bool
	all       bool
	forget    bool
	config    configFlags
}

func (o *deckImportOptions) target(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.deck, "deck", "", "deck to change")
	f.StringVar(&o.carrier, "carrier", "", "carrier whose deck is to change")
	f.StringVar(&o.tariff, "tariff", "", "tariff whose only deck file is to change")
	o.config.register(cmd)
	cmd.MarkFlagsOneRequired("deck", "carrier", "tariff")
	cmd.MarkFlagsMutuallyExclusive("deck", "carrier", "tariff")
}

func newDeckImportCommand() *cobra.Command {
	o := &deckImportOptions{}
	cmd := &cobra.Command{
		Use:   "import FILE --carrier ID",
		Short: "Put a carrier's new price list, or a tariff's, in force",
		Long: `Import reads a price list, compares it with the deck that is provisioned, and prints what is new, dearer, cheaper,
closed and faulty. With --apply it is stored, all or nothing: rates that change end at --effective (now, if it is not
given) and the new ones begin; what a call cost before stays as it was. A running proxy uses it within a second.

--mode full closes what the list does not name, --mode update keeps it. How the columns were read is remembered for the
deck, so the next list of the carrier is read alike; --forget guesses anew.

Exit status: 0 done; 2 the file or an option is wrong; 3 the list has faulty lines, and nothing was stored; 4 somebody else
changed the provisioning meanwhile, or no engine can be reached.`,
		Example: "  trunkline deck import april.xlsx --carrier rhein --effective 2026-12-01T00:00:00Z\n" +
			"  trunkline deck import april.xlsx --carrier rhein --effective 2026-12-01T00:00:00Z --apply",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.target(cmd)
	f := cmd.Flags()
	f.StringVar(&o.effective, "effective", "", "start of rates without a date of their own; now if empty")
	f.StringVar(&o.mode, "mode", "full", "full or update")
	f.BoolVar(&o.apply, "apply", false, "store it; without, it is only compared")
	f.BoolVar(&o.all, "all", false, "print the rates that stay the same, too")
	f.BoolVar(&o.forget, "forget", false, "guess the columns anew")
	return cmd
}

func (o *deckImportOptions) run(ctx context.Context, file string, out, errOut io.Writer) error {
	effective, err := parseMoment("effective", o.effective)
	if err != nil {
		return withCode(exitUsage, err)
	}
	if effective.IsZero() {
		effective = clock.System{}.Now().Truncate(time.Second)
	}
	mode, err := deckfile.ParseMode(o.mode)
	if err != nil {
		return withCode(exitUsage, err)
	}
	db, err := o.config.openStores(ctx, errOut)
	if err != nil {
		return err
	}
	defer db.close(ctx)
	t, err := o.find(ctx, db)
	if err != nil {
		return err
	}
	list, report, err := o.readList(ctx, file, t.prices, errOut)
	if err != nil {
		return withCode(exitUsage, err)
	}
	show := diffOptions{format: "table", all: o.all}
	if err := show.write(out, t.prices.Deck, list, effective, report); err != nil {
		return err
	}
	if err := faulty(report); err != nil || !o.apply {
		return err
	}
	files, err := t.prices.Changed(list, report, mode, effective)
	if err != nil {
		return withCode(exitUsage, err)
	}
	return o.store(ctx, db, t, files, out)
}

// deckTarget is the file of prices that is to change, as it is provisioned.
type deckTarget struct {
	prices *console.PriceFile
	base   int64
}

func (o *deckImportOptions) find(ctx context.Context, db *stores) (*deckTarget, error) {
	stored, err := db.provision.Load(ctx)
	if err != nil {
		return nil, err
	}
	bundle, err := provision.NewBundle(stored.Objects, stored.Files)
	if err != nil {
		return nil, err
	}
	kind, id, err := o.thing(bundle)
	if err != nil {
		return nil, withCode(exitUsage, err)
	}
	prices, err := console.ReadPriceFile(ctx, bundle, kind, id)
	if err != nil {
		return nil, withCode(exitUsage, fmt.Errorf("%w; `trunkline apply --dry-run` tells what there is", err))
	}
	if o.forget {
		prices.Mapping = nil
	}
	return &deckTarget{prices: prices, base: stored.Revision}, nil
}

// thing is the deck or the tariff that the flags name.
func (o *deckImportOptions) thing(b *provision.Bundle) (provision.Kind, string, error) {
	switch {
	case o.tariff != "":
		return provision.KindTariff, o.tariff, nil
	case o.carrier == "":
		return provision.KindDeck, o.deck, nil
	}
	i := slices.IndexFunc(b.Operator.Carriers, func(c provision.Carrier) bool { return c.ID == o.carrier })
	if i < 0 {
		return "", "", fmt.Errorf("there is no carrier %q", o.carrier)
	}
	if b.Operator.Carriers[i].Deck == "" {
		return "", "", fmt.Errorf("carrier %s has no deck: give it one first", o.carrier)
	}
	return provision.KindDeck, b.Operator.Carriers[i].Deck, nil
}

// readList reads the new list, with a count of lines for the patient.
func (o *deckImportOptions) readList(ctx context.Context, file string, prices *console.PriceFile, errOut io.Writer) (*rating.Deck, *deckfile.Report, error) {
	f, err := os.Open(file) //nolint:gosec // The user names the file on his own command line.
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	const often = 100_000
	next := often
	list, report, err := prices.Read(ctx, f, nil, file, func(lines int) {
		if lines >= next {
			next += often
			_, _ = fmt.Fprintf(errOut, "\r%d lines read", lines)
		}
	})
	if next > often {
		_, _ = fmt.Fprintln(errOut)
	}
	return list, report, err
}

func (o *deckImportOptions) store(ctx context.Context, db *stores, t *deckTarget, files map[string][]byte, out io.Writer) error {
	revision, err := storeChanges(ctx, db, t.base, &provision.Changes{Files: files})
	if err != nil {
		return withCode(exitConflict, err)
	}
	_, err = fmt.Fprintf(out, "applied to %s as revision %d; `trunkline deck undo` takes it back\n", t.prices.ID, revision)
	return err
}

func newDeckUndoCommand() *cobra.Command {
	o := &deckImportOptions{}
	cmd := &cobra.Command{
		Use:   "undo --carrier ID",
		Short: "Take the last change of a deck back",
		Long: `Undo puts the contents in force that the deck had before its last change. It is a change in its turn, so undoing
twice does it again. What calls cost meanwhile stays as it was.`,
		Example: "  trunkline deck undo --carrier rhein",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.undo(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.target(cmd)
	return cmd
}

func (o *deckImportOptions) undo(ctx context.Context, out, errOut io.Writer) error {
	db, err := o.config.openStores(ctx, errOut)
	if err != nil {
		return err
	}
	defer db.close(ctx)
	t, err := o.find(ctx, db)
	if err != nil {
		return err
	}
	versions, err := db.provision.FileVersions(ctx, t.prices.Name)
	if err != nil {
		return err
	}
	if len(versions) < 2 {
		return withCode(exitConflict, errors.New("the deck has not been changed since it was first provisioned"))
	}
	return o.store(ctx, db, t, map[string][]byte{t.prices.Name: versions[1].Content}, out)
}
