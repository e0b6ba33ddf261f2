package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/internal/money"
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
	list, report, err := o.readList(ctx, file, t, errOut)
	if err != nil {
		return withCode(exitUsage, err)
	}
	show := diffOptions{format: "table", all: o.all}
	if err := show.write(out, t.old, list, effective, report); err != nil {
		return err
	}
	if err := faulty(report); err != nil || !o.apply {
		return err
	}
	next, err := deckfile.Apply(t.old, list, mode, effective, t.id)
	if err != nil {
		return withCode(exitUsage, err)
	}
	var content bytes.Buffer
	if err := deckfile.Write(&content, next.Rates(), next.Currency()); err != nil {
		return err
	}
	mapping, err := json.Marshal(report.Mapping)
	if err != nil {
		return err
	}
	return o.store(ctx, db, t, map[string][]byte{t.file: content.Bytes(), t.file + console.MappingSuffix: mapping}, out)
}

// deckTarget is the deck that is to change, as it is provisioned.
type deckTarget struct {
	id       string
	file     string
	currency money.Currency
	old      *rating.Deck
	mapping  *deckfile.Mapping
	base     int64
}

// find looks up which file holds the deck, and reads it.
func (o *deckImportOptions) find(ctx context.Context, db *stores) (*deckTarget, error) {
	stored, err := db.provision.Load(ctx)
	if err != nil {
		return nil, err
	}
	bundle, err := provision.NewBundle(stored.Objects, stored.Files)
	if err != nil {
		return nil, err
	}
	t := &deckTarget{base: stored.Revision}
	if t.id, t.file, t.currency, err = o.locate(ctx, bundle); err != nil {
		return nil, withCode(exitUsage, err)
	}
	content, ok := stored.Files[t.file]
	if !ok {
		return nil, withCode(exitConflict, fmt.Errorf("the file %s of deck %s is not stored: apply the operator's file first", t.file, t.id))
	}
	if t.old, _, err = deckfile.Load(ctx, bytes.NewReader(content), nil, deckfile.Options{Label: t.id, Currency: t.currency}); err != nil {
		return nil, err
	}
	if text, ok := stored.Files[t.file+console.MappingSuffix]; ok && !o.forget {
		t.mapping = new(deckfile.Mapping)
		if err := json.Unmarshal(text, t.mapping); err != nil {
			return nil, fmt.Errorf("how lists of %s are read: %w: use --forget", t.id, err)
		}
	}
	return t, nil
}

func (o *deckImportOptions) locate(ctx context.Context, b *provision.Bundle) (id, file string, currency money.Currency, err error) {
	deck := o.deck
	for i := range b.Operator.Carriers {
		if c := &b.Operator.Carriers[i]; o.carrier != "" && c.ID == o.carrier {
			deck = c.Deck
		}
	}
	for i := range b.Operator.Decks {
		if d := &b.Operator.Decks[i]; deck != "" && d.ID == deck {
			return d.ID, d.File, d.Currency, nil
		}
	}
	for i := range b.Operator.Tariffs {
		if t := &b.Operator.Tariffs[i]; o.tariff != "" && t.ID == o.tariff {
			file, currency, err = console.TariffDeck(ctx, t, b.Files)
			return t.ID, file, currency, err
		}
	}
	return "", "", currency, fmt.Errorf("there is no deck of that name: %q: look at `trunkline apply --dry-run`, or declare it", o.deck+o.carrier+o.tariff)
}

// readList reads the new list as the last one of the deck was read, with a count of lines for the patient.
func (o *deckImportOptions) readList(ctx context.Context, file string, t *deckTarget, errOut io.Writer) (*rating.Deck, *deckfile.Report, error) {
	f, err := os.Open(file) //nolint:gosec // The user names the file on his own command line.
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	const often = 100_000
	next := often
	deck, report, err := deckfile.Load(ctx, f, t.mapping, deckfile.Options{
		Label: file, Currency: t.currency,
		Progress: func(lines int) {
			if lines >= next {
				next += often
				_, _ = fmt.Fprintf(errOut, "\r%d lines read", lines)
			}
		},
	})
	if next > often {
		_, _ = fmt.Fprintln(errOut)
	}
	if err != nil {
		return nil, report, fmt.Errorf("%s: %w", file, err)
	}
	return deck, report, nil
}

func (o *deckImportOptions) store(ctx context.Context, db *stores, t *deckTarget, files map[string][]byte, out io.Writer) error {
	revision, err := storeChanges(ctx, db, t.base, &provision.Changes{Files: files})
	if err != nil {
		return withCode(exitConflict, err)
	}
	_, err = fmt.Fprintf(out, "applied to %s as revision %d; `trunkline deck undo` takes it back\n", t.id, revision)
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
	versions, err := db.provision.FileVersions(ctx, t.file)
	if err != nil {
		return err
	}
	if len(versions) < 2 {
		return withCode(exitConflict, errors.New("the deck has not been changed since it was first provisioned"))
	}
	return o.store(ctx, db, t, map[string][]byte{t.file: versions[1].Content}, out)
}
