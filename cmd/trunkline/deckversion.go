package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
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
		RunE: onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			l, err := o.which(cmd.Context(), c)
			if err != nil {
				return err
			}
			revision, err := c.UndoDeck(cmd.Context(), c.Who, l, to)
			if err != nil {
				return err
			}
			return appliedAs(cmd.OutOrStdout(), cmp.Or(l.Tariff, l.Deck), revision)
		}),
	}
	o.target(cmd)
	cmd.Flags().Int64Var(&to, "to", 0, "revision of the version to go back to")
	return cmd
}

func newDeckVersionsCommand() *cobra.Command {
	o := &deckImportOptions{}
	cmd := &cobra.Command{
		Use:     "versions --carrier ID",
		Short:   "List what a deck was, the newest version first",
		Example: "  trunkline deck versions --carrier rhein",
		Args:    cobra.NoArgs,
		RunE: onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			l, err := o.which(cmd.Context(), c)
			if err != nil {
				return err
			}
			versions, err := c.PriceVersions(cmd.Context(), c.Who, l)
			if err != nil {
				return err
			}
			return writeDeckVersions(versions, cmd.OutOrStdout())
		}),
	}
	o.target(cmd)
	return cmd
}

func writeDeckVersions(versions []console.FileVersion, out io.Writer) error {
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
		RunE: onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			at, err := o.at.moment(c.Now().UTC())
			if err != nil {
				return err
			}
			return o.run(cmd.Context(), c, at, cmd.OutOrStdout())
		}),
	}
	o.target(cmd)
	f := cmd.Flags()
	f.StringVar(&o.at.text, "at", "", "moment at which the prices hold; now if it is not given")
	f.Int64Var(&o.revision, "revision", 0, "version of the deck; that of the moment if it is not given")
	f.BoolVar(&o.whole, "whole", false, "write past and future prices, too")
	o.sheet.register(f)
	return cmd
}

func (o *ratesOptions) run(ctx context.Context, c *app.Local, at time.Time, out io.Writer) error {
	l, err := o.which(ctx, c)
	if err != nil {
		return err
	}
	deck, err := c.PricesAt(ctx, c.Who, l, at, o.revision)
	if err != nil {
		return err
	}
	request, err := o.sheet.request(at, o.whole)
	if err != nil {
		return withCode(exitUsage, err)
	}
	if !request.Since.IsZero() {
		if request.Before, err = c.PricesAt(ctx, c.Who, l, request.Since, 0); errors.Is(err, console.ErrNotFound) {
			request.Before, err = nil, nil // All is new since then.
		}
		if err != nil {
			return err
		}
	}
	return o.sheet.write(out, deck, request)
}
