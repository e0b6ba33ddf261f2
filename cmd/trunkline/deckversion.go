package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/app/store"
	"trunkline/console"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

func newDeckUndoCommand() *cobra.Command {
	o := &deckImportOptions{}
	var to int64
	cmd := &cobra.Command{
		Use:   "undo --carrier ID",
		Short: "Take the last changes of a deck back, one by one or to a version",
		Long: `Undo puts the contents in force that the deck had before the last change that has not been undone yet; undoing again goes
one step further back. --to goes to a version that "deck versions" lists. Undoing is a change in its turn. What calls cost
meanwhile stays as it was.

Exit status 4: there is no change that could be undone, or somebody else changed the provisioning meanwhile.`,
		Example: "  trunkline deck undo --carrier rhein\n  trunkline deck undo --carrier rhein --to 17",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.onDeck(cmd.Context(), cmd.ErrOrStderr(), func(db *store.Stores, t *deckTarget) error {
				return o.undo(cmd.Context(), db, t, to, cmd.OutOrStdout())
			})
		},
	}
	o.target(cmd)
	cmd.Flags().Int64Var(&to, "to", 0, "revision of the version to go back to")
	return cmd
}

func (o *deckImportOptions) undo(ctx context.Context, db *store.Stores, t *deckTarget, to int64, out io.Writer) error {
	if to == 0 {
		versions, err := app.FileVersions(ctx, db.Provision, t.prices.Name)
		if err != nil {
			return err
		}
		before, ok := console.Undone(versions)
		if !ok {
			return withCode(exitConflict, errors.New("there is no change of the deck that could be undone"))
		}
		to = before.Revision
	}
	content, err := db.Provision.FileAt(ctx, t.prices.Name, to)
	if err != nil {
		return err
	}
	if content == nil {
		return withCode(exitUsage, fmt.Errorf("--to %d: the deck has no version of that revision; `trunkline deck versions` lists them", to))
	}
	return o.store(ctx, db, t, map[string][]byte{t.prices.Name: content}, out)
}

func newDeckVersionsCommand() *cobra.Command {
	o := &deckImportOptions{}
	cmd := &cobra.Command{
		Use:     "versions --carrier ID",
		Short:   "List what a deck was, the newest version first",
		Example: "  trunkline deck versions --carrier rhein",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.onDeck(cmd.Context(), cmd.ErrOrStderr(), func(db *store.Stores, t *deckTarget) error {
				return writeDeckVersions(cmd.Context(), db, t, cmd.OutOrStdout())
			})
		},
	}
	o.target(cmd)
	return cmd
}

func writeDeckVersions(ctx context.Context, db *store.Stores, t *deckTarget, out io.Writer) error {
	versions, err := app.FileVersions(ctx, db.Provision, t.prices.Name)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "revision\tat\tby\tcontents")
	for _, v := range versions {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%.12s\n", v.Revision, v.At.UTC().Format(time.RFC3339), v.By, v.SHA256)
	}
	return w.Flush()
}

// ratesOptions are the flags of `trunkline deck rates`.
type ratesOptions struct {
	deckImportOptions

	at       atOption
	revision int64
	whole    bool
	sheet    sheetOptions
}

func newDeckRatesCommand() *cobra.Command {
	o := &ratesOptions{}
	cmd := &cobra.Command{
		Use:   "rates --carrier ID",
		Short: "Write what a deck charges on a day, or a rate sheet to send, as CSV or XLSX",
		Long: `Rates writes the prices that were, or are to be, in force at a moment (--at, or now), by the version of the deck that was
provisioned then; --revision names another version, --whole writes past and future prices, too. --columns lays the sheet out as
whoever receives it wants it, and --changes-since leaves out what has been the same since a day.

A column is NAME or HEADING=NAME; the names are ` + sheetColumnNames() + `.`,
		Example: "  trunkline deck rates --carrier rhein --at 2026-11-30\n" +
			"  trunkline deck rates --tariff retail --to rates.xlsx --columns \"Code=prefix,Country=destination,Price per minute=rate,Valid from=effective_from\"\n" +
			"  trunkline deck rates --tariff wholesale --whole --changes-since 2026-11-01 --to changes.csv --delimiter \";\" --decimal ,",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			at, err := o.at.moment(time.Now().UTC())
			if err != nil {
				return err
			}
			return o.onDeck(cmd.Context(), cmd.ErrOrStderr(), func(db *store.Stores, t *deckTarget) error {
				return o.run(cmd.Context(), db, t, at, cmd.OutOrStdout())
			})
		},
	}
	o.target(cmd)
	f := cmd.Flags()
	f.StringVar(&o.at.text, "at", "", "moment at which the prices hold; now if it is not given")
	f.Int64Var(&o.revision, "revision", 0, "version of the deck; that of the moment if it is not given")
	f.BoolVar(&o.whole, "whole", false, "write past and future prices, too")
	o.sheet.register(f)
	return cmd
}

func (o *ratesOptions) run(ctx context.Context, db *store.Stores, t *deckTarget, at time.Time, out io.Writer) error {
	deck, err := o.deckAt(ctx, db, t, at, o.revision)
	if err != nil {
		return withCode(exitUsage, err)
	}
	request, err := o.sheet.request(at, o.whole)
	if err != nil {
		return withCode(exitUsage, err)
	}
	if !request.Since.IsZero() {
		if request.Before, err = o.deckAt(ctx, db, t, request.Since, 0); errors.Is(err, console.ErrNotFound) {
			request.Before, err = nil, nil // All is new since then.
		}
		if err != nil {
			return err
		}
	}
	return o.sheet.write(out, deck, request)
}

// deckAt reads the prices that were provisioned at a moment; those of the future are those of now.
func (o *ratesOptions) deckAt(ctx context.Context, db *store.Stores, t *deckTarget, at time.Time, revision int64) (*rating.Deck, error) {
	versions, err := app.FileVersions(ctx, db.Provision, t.prices.Name)
	if err != nil {
		return nil, err
	}
	if revision, err = console.VersionAt(versions, at, revision); err != nil {
		return nil, err
	}
	content, err := db.Provision.FileAt(ctx, t.prices.Name, revision)
	if err != nil {
		return nil, err
	}
	deck, _, err := deckfile.Load(ctx, bytes.NewReader(content), nil, deckfile.Options{Label: t.prices.ID, Currency: t.prices.Currency})
	return deck, err
}
