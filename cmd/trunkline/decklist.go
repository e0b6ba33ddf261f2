package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/rating/deckfile"
	"trunkline/rating/deckfile/ratesheet"
)

// deckTarget is the deck or the tariff that flags name.
type deckTarget struct {
	console.DeckList

	carrier string // Whose deck is meant.
}

// flags registers the flags that name it.
func (t *deckTarget) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&t.Deck, "deck", "", "deck to change")
	f.StringVar(&t.carrier, "carrier", "", "carrier whose deck is to change")
	f.StringVar(&t.Tariff, "tariff", "", "tariff whose only deck file is to change")
	cmd.MarkFlagsOneRequired("deck", "carrier", "tariff")
	cmd.MarkFlagsMutuallyExclusive("deck", "carrier", "tariff")
}

// list is what is named, with the deck of a carrier found.
func (t *deckTarget) list(ctx context.Context, c *app.Local) (l console.DeckList, err error) {
	l = t.DeckList
	if t.carrier != "" {
		l.Deck, err = c.DeckOf(ctx, c.Who, t.carrier)
	}
	return l, err
}

// deckImport are the flags of `trunkline deck import`.
type deckImport struct {
	deckTarget

	mode     string
	apply    bool
	all      bool
	rejected string
}

func newDeckImportCommand() *cobra.Command {
	o := &deckImport{}
	cmd := asking(&cobra.Command{
		Use: "import FILE --carrier ID", Short: "Put a carrier's new price list, or a tariff's, in force", Args: cobra.ExactArgs(1),
	}, o.run)
	o.flags(cmd)
	momentVar(cmd.Flags(), &o.Effective, "effective", "start of rates without a date of their own; now if empty")
	listFlags(cmd.Flags(), &o.Answers)
	f := cmd.Flags()
	f.StringVar(&o.mode, "mode", "full", "full or update")
	f.BoolVar(&o.apply, "apply", false, "store it; without, it is only compared")
	f.BoolVar(&o.all, "all", false, "print the rates that stay the same, too")
	f.BoolVar(&o.Forget, "forget", false, "find the columns out anew")
	f.BoolVar(&o.Yes, "yes", false, "it is meant that the list ends many prices")
	f.BoolVar(&o.Partial, "partial", false, "store the good lines although others are faulty")
	f.BoolVar(&o.DropAnnounced, "drop-announced", false, "with --mode update: take back what was announced for after the list")
	f.StringVar(&o.rejected, "rejected", "", "file for the faulty lines with their reasons, as CSV")
	return cmd
}

func (o *deckImport) run(cmd *cobra.Command, c *app.Local, args []string) (err error) {
	out := cmd.OutOrStdout()
	if o.Mode, err = deckfile.ParseMode(o.mode); err != nil {
		return withCode(exitUsage, err)
	}
	list, err := o.read(cmd, c, args[0])
	if list != nil {
		terminal.Reading(out, &list.Report.Reading)
		terminal.Notes(out, list.Report)
		if list.Open != nil {
			err = withCode(exitUsage, openQuestions(list.Open))
		}
	}
	if err == nil && o.rejected != "" && list.Report.Faulty > 0 {
		err = withCode(exitUsage, o.writeRejected(cmd, args[0], list.Report))
	}
	if err != nil {
		return err
	}
	return o.putInForce(cmd.Context(), c, list, out)
}

// read reads the new list, with a count of lines for the patient.
func (o *deckImport) read(cmd *cobra.Command, c *app.Local, file string) (*console.ListInHand, error) {
	l, err := o.list(cmd.Context(), c)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(file) //nolint:gosec // Named on the command line.
	if err != nil {
		return nil, withCode(exitUsage, err)
	}
	defer f.Close()
	const often = 100_000
	next := often
	l.Told = func(lines int) {
		if lines >= next {
			next += often
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "\r%d lines read", lines)
		}
	}
	list, err := c.ReadDeckList(cmd.Context(), c.Who, l, filepath.Base(file), f)
	if next > often {
		_, _ = fmt.Fprintln(cmd.ErrOrStderr())
	}
	return list, err
}

// writeRejected writes the faulty lines of a list to a file.
func (o *deckImport) writeRejected(cmd *cobra.Command, list string, report *deckfile.Report) error {
	in, err := os.Open(list) //nolint:gosec // The user names the file on his own command line.
	if err != nil {
		return err
	}
	defer in.Close()
	return writeTo(cmd, o.rejected, func(out io.Writer) error { return deckfile.WriteRejected(out, in, report) })
}

// putInForce shows what the list changes, and stores it if it is to.
func (o *deckImport) putInForce(ctx context.Context, c *app.Local, list *console.ListInHand, out io.Writer) error {
	report := list.Report
	if list.Rates == 0 && report.Faulty > 0 {
		deckfile.WriteFaults(out, report, deckfile.MaxFaults)
		return faulty(report)
	}
	preview, err := c.PreviewDeckList(ctx, c.Who, list)
	if err != nil {
		return err
	}
	diff := terminal.Diff{Changes: preview.Changes(), New: report, All: o.all}
	if err := diff.Write(out, "table"); err != nil {
		return err
	}
	if !o.Partial && report.Faulty > 0 {
		return faulty(report)
	}
	if !o.apply {
		if preview.Refusal != nil {
			_, _ = fmt.Fprintln(out, "warning:", preview.Refusal)
		}
		return faulty(report)
	}
	revision, id, err := c.ApplyDeckList(ctx, c.Who, list, preview)
	if err != nil {
		return err
	}
	if err := appliedAs(out, id, revision); err != nil {
		return err
	}
	return faulty(report)
}

func appliedAs(out io.Writer, id string, revision int64) error {
	_, err := fmt.Fprintf(out, "applied to %s as revision %d; `trunkline deck undo` takes it back\n", id, revision)
	return err
}

func newDeckUndoCommand() *cobra.Command {
	var target deckTarget
	var to int64
	cmd := asking(&cobra.Command{
		Use: "undo --carrier ID", Short: "Take the last changes of a deck back, one by one or to a version",
	}, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		l, err := target.list(cmd.Context(), c)
		if err != nil {
			return err
		}
		revision, err := c.UndoDeck(cmd.Context(), c.Who, l, to)
		if err != nil {
			return err
		}
		return appliedAs(cmd.OutOrStdout(), cmp.Or(l.Tariff, l.Deck), revision)
	})
	target.flags(cmd)
	cmd.Flags().Int64Var(&to, "to", 0, "revision of the version to go back to")
	return cmd
}

func newDeckVersionsCommand() *cobra.Command {
	var target deckTarget
	cmd := asking(&cobra.Command{
		Use: "versions --carrier ID", Short: "List what a deck was, the newest version first",
	}, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		l, err := target.list(cmd.Context(), c)
		if err != nil {
			return err
		}
		versions, err := c.PriceVersions(cmd.Context(), c.Who, l)
		if err != nil {
			return err
		}
		return terminal.DeckVersions(cmd.OutOrStdout(), versions)
	})
	target.flags(cmd)
	return cmd
}

// rateSheet are the flags of `trunkline deck rates`.
type rateSheet struct {
	deckTarget
	ratesheet.Request

	revision int64
	layout   ratesheet.Words
	to       string
}

func newDeckRatesCommand() *cobra.Command {
	o := &rateSheet{}
	cmd := asking(&cobra.Command{
		Use: "rates --carrier ID", Short: "Write what a deck charges on a day, or a rate sheet to send, as CSV or XLSX",
		Long: `Rates writes the prices that were, or are to be, in force at a moment (--at, or now), by the version of the deck that was
provisioned then; --revision names another version, --whole writes past and future prices, too. --columns lays the sheet out as
whoever receives it wants it, and --changes-since leaves out what has been the same since a day.

A column is NAME or HEADING=NAME; the names are ` + ratesheet.FieldNames() + `.`,
	}, o.run)
	o.flags(cmd)
	f := cmd.Flags()
	momentVar(f, &o.At, "at", "moment at which the prices hold; now if it is not given")
	momentVar(f, &o.Since, "changes-since", "leave out what has been the same since this day or moment")
	f.Int64Var(&o.revision, "revision", 0, "version of the deck; that of the moment if it is not given")
	f.BoolVar(&o.Whole, "whole", false, "write past and future prices, too")
	f.StringVar(&o.to, "to", "", "file to write; standard output if it is not given")
	f.StringVar(&o.layout.Columns, "columns", "", "columns in their order, HEADING=NAME or NAME, with commas between them")
	f.StringVar(&o.layout.Format, "format", "", "csv or xlsx; by the name of the file if it is not given")
	f.StringVar(&o.layout.Delimiter, "delimiter", ",", "sign between the cells of CSV")
	f.StringVar(&o.layout.Decimal, "decimal", ".", "decimal sign of CSV")
	f.StringVar(&o.layout.Dates, "dates", "", "form of dates in CSV, written for 2 January 2006 15:04:05, such as 02.01.2006")
	f.StringVar(&o.layout.Zone, "zone", "UTC", "time zone of dates")
	f.BoolVar(&o.layout.Grouped, "grouped", false, "one row for a destination, with all its codes in one cell")
	return cmd
}

func (o *rateSheet) run(cmd *cobra.Command, c *app.Local, _ []string) error {
	ctx := cmd.Context()
	if o.At.IsZero() {
		o.At = c.Now().UTC()
	}
	l, err := o.list(ctx, c)
	if err != nil {
		return err
	}
	deck, err := c.PricesAt(ctx, c.Who, l, o.At, o.revision)
	if err != nil {
		return err
	}
	if !o.Since.IsZero() {
		if o.Before, err = c.PricesAt(ctx, c.Who, l, o.Since, 0); errors.Is(err, console.ErrNotFound) {
			o.Before, err = nil, nil // All is new since then.
		}
		if err != nil {
			return err
		}
	}
	layout, err := o.layout.Layout(o.to)
	if err != nil {
		return withCode(exitUsage, err)
	}
	return writeTo(cmd, o.to, func(out io.Writer) error { return ratesheet.Write(out, deck, o.Request, layout) })
}
