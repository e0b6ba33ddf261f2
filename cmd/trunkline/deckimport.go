package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/store"
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
	yes       bool
	partial   bool
	drop      bool
	rejected  string
	list      listOptions
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
		Long: `Import reads a price list, shows how it read each column, compares it with the deck that is provisioned, and prints what
is new, dearer, cheaper, closed, dropped and faulty, each with the day: exactly what storing it does. With --apply it is stored,
all or nothing: rates that change end when the new ones begin (--effective, or now, where the list has no dates); what a call
cost before stays as it was. A running proxy uses it within a second.

--mode full closes what the list does not name. --mode update keeps it, and keeps changes that were announced for after those
of the list (--drop-announced takes them back). A list that ends more than 20 percent of the prices needs --yes. With --partial
the good lines go in although others are faulty, and nothing is closed because it is missing; --rejected writes the faulty lines
with their reasons to a file that can be mended and imported.

What the list leaves open is asked, with the flag that answers it. How the columns were read is remembered for the deck by their
headings, so the next list is read alike, and what is different in it is told; --forget finds out anew.

Exit status: 0 done; 2 the file or an option is wrong, or a question is open; 3 the list has faulty lines (with --partial the good
ones were stored); 4 somebody else changed the provisioning meanwhile, or no engine can be reached.`,
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
	f.BoolVar(&o.forget, "forget", false, "find the columns out anew")
	f.BoolVar(&o.yes, "yes", false, "it is meant that the list ends many prices")
	f.BoolVar(&o.partial, "partial", false, "store the good lines although others are faulty")
	f.BoolVar(&o.drop, "drop-announced", false, "with --mode update: take back what was announced for after the list")
	f.StringVar(&o.rejected, "rejected", "", "file for the faulty lines with their reasons, as CSV")
	o.list.register(f)
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
	return o.onDeck(ctx, errOut, func(db *store.Stores, t *deckTarget) error {
		list, report, err := o.readList(ctx, file, t.prices, errOut)
		if report != nil {
			writeReading(out, &report.Reading)
			writeNotes(out, report)
		}
		if err == nil && o.rejected != "" && report.Faulty > 0 {
			err = writeRejected(o.rejected, file, report)
		}
		if err != nil {
			return withCode(exitUsage, openQuestions(err))
		}
		l := &console.DeckList{Effective: effective, Mode: mode, Partial: o.partial, Yes: o.yes, DropAnnounced: o.drop}
		return o.putInForce(ctx, db, t, list, report, l, out)
	})
}

// putInForce shows what the list changes, and stores it if it is to.
func (o *deckImportOptions) putInForce(
	ctx context.Context, db *store.Stores, t *deckTarget, list *rating.Deck, report *deckfile.Report, l *console.DeckList, out io.Writer,
) error {
	if list.Len() == 0 && report.Faulty > 0 {
		writeFaults(out, report, deckfile.MaxFaults)
		return faulty(report)
	}
	preview, err := t.prices.Preview(list, report, l, clock.System{}.Now())
	if err != nil {
		return withCode(exitUsage, err)
	}
	show := diffOptions{format: "table", all: o.all}
	if err := show.write(out, preview.Changes(), deckfile.NewWatch(console.LargeChange), report); err != nil {
		return err
	}
	if !o.partial {
		if err := faulty(report); err != nil {
			return err
		}
	}
	if !o.apply {
		if preview.Refusal != nil {
			_, _ = fmt.Fprintln(out, "warning:", preview.Refusal)
		}
		return faulty(report)
	}
	if preview.Refusal != nil {
		return withCode(exitUsage, preview.Refusal)
	}
	files, err := t.prices.Files(preview.Next, report)
	if err != nil {
		return withCode(exitUsage, err)
	}
	if err := o.store(ctx, db, t, files, out); err != nil {
		return err
	}
	return faulty(report)
}

// writeRejected writes the faulty lines of a list to a file.
func writeRejected(name, list string, report *deckfile.Report) (err error) {
	in, err := os.Open(list) //nolint:gosec // The user names the file on his own command line.
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(name) //nolint:gosec // The user names the file on his own command line.
	if err != nil {
		return err
	}
	defer func() {
		if closed := out.Close(); err == nil {
			err = closed
		}
	}()
	return deckfile.WriteRejected(out, in, report)
}

// deckTarget is the file of prices that is to change, as it is provisioned.
type deckTarget struct {
	prices *console.PriceFile
	base   int64
}

// onDeck does something with the deck that the flags name.
func (o *deckImportOptions) onDeck(ctx context.Context, errOut io.Writer, do func(db *store.Stores, t *deckTarget) error) error {
	db, err := o.config.openStores(ctx, errOut)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	t, err := o.find(ctx, db)
	if err != nil {
		return err
	}
	return do(db, t)
}

func (o *deckImportOptions) find(ctx context.Context, db *store.Stores) (*deckTarget, error) {
	stored, err := db.Provision.Load(ctx)
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
	list, report, err := prices.Read(ctx, f, console.ListOptions{Name: filepath.Base(file), Answers: o.list.answers, Forget: o.forget, Now: clock.System{}.Now(), Told: func(lines int) {
		if lines >= next {
			next += often
			_, _ = fmt.Fprintf(errOut, "\r%d lines read", lines)
		}
	}})
	if next > often {
		_, _ = fmt.Fprintln(errOut)
	}
	return list, report, err
}

func (o *deckImportOptions) store(ctx context.Context, db *store.Stores, t *deckTarget, files map[string][]byte, out io.Writer) error {
	revision, err := db.Provision.Save(ctx, t.base, &provision.Changes{Files: files}, db.Clock.Now(), operator())
	if err != nil {
		return withCode(exitConflict, err)
	}
	_, err = fmt.Fprintf(out, "applied to %s as revision %d; `trunkline deck undo` takes it back\n", t.prices.ID, revision)
	return err
}
