package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
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
		RunE: onConsole(&o.config, func(cmd *cobra.Command, c *app.Local, args []string) error {
			return o.run(cmd, c, args[0])
		}),
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

func (o *deckImportOptions) run(cmd *cobra.Command, c *app.Local, file string) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	l, err := o.order(ctx, c)
	if err != nil {
		return err
	}
	list, err := o.readList(cmd, c, l, file)
	if list != nil {
		writeReading(out, &list.Report.Reading)
		writeNotes(out, list.Report)
		if list.Open != nil {
			err = withCode(exitUsage, openQuestions(list.Open))
		}
	}
	if err == nil && o.rejected != "" && list.Report.Faulty > 0 {
		err = withCode(exitUsage, writeRejected(o.rejected, file, list.Report))
	}
	if err != nil {
		return err
	}
	return o.putInForce(ctx, c, list, out)
}

// order says what the list is for and how it is put in force.
func (o *deckImportOptions) order(ctx context.Context, c *app.Local) (l console.DeckList, err error) {
	if l, err = o.which(ctx, c); err != nil {
		return l, err
	}
	if l.Effective, err = parseMoment("effective", o.effective); err != nil {
		return l, withCode(exitUsage, err)
	}
	if l.Mode, err = deckfile.ParseMode(o.mode); err != nil {
		return l, withCode(exitUsage, err)
	}
	l.Answers, l.Forget, l.Partial, l.Yes, l.DropAnnounced = o.list.answers, o.forget, o.partial, o.yes, o.drop
	return l, nil
}

// putInForce shows what the list changes, and stores it if it is to.
func (o *deckImportOptions) putInForce(ctx context.Context, c *app.Local, list *console.ListInHand, out io.Writer) error {
	report := list.Report
	if list.Rates == 0 && report.Faulty > 0 {
		deckfile.WriteFaults(out, report, deckfile.MaxFaults)
		return faulty(report)
	}
	preview, err := c.PreviewDeckList(ctx, c.Who, list)
	if err != nil {
		return err
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

// which is the deck or the tariff that the flags name.
func (o *deckImportOptions) which(ctx context.Context, c *app.Local) (console.DeckList, error) {
	if o.carrier == "" {
		return console.DeckList{Deck: o.deck, Tariff: o.tariff}, nil
	}
	deck, err := c.DeckOf(ctx, c.Who, o.carrier)
	return console.DeckList{Deck: deck}, err
}

// readList reads the new list, with a count of lines for the patient.
func (o *deckImportOptions) readList(cmd *cobra.Command, c *app.Local, l console.DeckList, file string) (*console.ListInHand, error) {
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
