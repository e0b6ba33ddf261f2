package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"trunkline/console/terminal"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

func newDeckCommand() *cobra.Command {
	return group(&cobra.Command{Use: "deck", Short: "Check, compare, convert and import price lists"},
		newDeckCheckCommand(), newDeckDiffCommand(), newDeckExportCommand(),
		newDeckImportCommand(), newDeckUndoCommand(), newDeckVersionsCommand(), newDeckRatesCommand())
}

// listFlags say how a price list is to be read, where it does not say so itself.
func listFlags(f *pflag.FlagSet, answers *deckfile.Answers) {
	for _, name := range deckfile.AnswerNames() {
		f.Func(name.Name, name.Usage, func(value string) error { return answers.Set(name.Name, value) })
	}
}

// readList reads a price list; where it leaves a question open, it shows on out how it was understood so far.
func readList(ctx context.Context, file string, o deckfile.Options, out io.Writer) (*rating.Deck, *deckfile.Report, error) {
	if o.Answers.Currency != "" {
		var err error
		if o.Currency, err = money.ParseCurrency(o.Answers.Currency); err != nil {
			return nil, nil, withCode(exitUsage, err)
		}
	}
	o.Label = filepath.Base(file)
	deck, report, err := deckfile.ReadFile(ctx, file, o)
	if err != nil && report != nil {
		terminal.Reading(out, &report.Reading)
		err = openQuestions(err)
	}
	return deck, report, withCode(exitUsage, err)
}

// openQuestions is the error of a list whose questions were shown.
func openQuestions(err error) error {
	var open *deckfile.QuestionError
	if !errors.As(err, &open) {
		return err
	}
	return fmt.Errorf("%d questions are open: answer them with the flags above", len(open.Questions))
}

func faulty(r *deckfile.Report) error {
	if r.Faulty == 0 {
		return nil
	}
	return withCode(exitPartial, fmt.Errorf("%d of %d lines are faulty", r.Faulty, r.Lines))
}

func newDeckCheckCommand() *cobra.Command {
	var answers deckfile.Answers
	cmd := &cobra.Command{Use: "check FILE", Short: "Show how a price list is read and what is wrong with it", Args: cobra.ExactArgs(1)}
	format := formatFlag(cmd, "table", "csv", "json")
	cmd.Flags().Lookup("format").Usage = "table, csv (the faults) or json"
	listFlags(cmd.Flags(), &answers)
	return bare(cmd, func(cmd *cobra.Command, args []string) error {
		deck, report, err := readList(cmd.Context(), args[0], deckfile.Options{Answers: answers}, cmd.OutOrStdout())
		if err != nil {
			return err
		}
		if err := terminal.PriceList(cmd.OutOrStdout(), deck, report, *format); err != nil {
			return err
		}
		return faulty(report)
	})
}

func newDeckDiffCommand() *cobra.Command {
	var at time.Time
	var all bool
	var answers deckfile.Answers
	cmd := &cobra.Command{
		Use: "diff OLD NEW", Short: "Compare two price lists: new, dearer, cheaper, same, closed and faulty lines", Args: cobra.ExactArgs(2),
	}
	format := formatFlag(cmd, "table", "csv", "json")
	momentVar(cmd.Flags(), &at, "at", "moment at which the lists are compared; now if it is not given")
	cmd.Flags().BoolVar(&all, "all", false, "print the rates that stay the same, too")
	listFlags(cmd.Flags(), &answers)
	return bare(cmd, func(cmd *cobra.Command, args []string) error {
		old, _, err := deckfile.ReadFile(cmd.Context(), args[0], deckfile.Options{Label: args[0]})
		if err != nil {
			return withCode(exitUsage, err)
		}
		if at.IsZero() {
			at = clock.System{}.Now().UTC()
		}
		o := deckfile.Options{Answers: answers, Steps: deckfile.StepsAt(old, at), Increment: deckfile.Usual(old)}
		list, report, err := readList(cmd.Context(), args[1], o, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		next, err := deckfile.Apply(old, list, deckfile.Plan{Mode: deckfile.Full, Effective: at, Closed: report.Closed})
		if err != nil {
			return withCode(exitUsage, err)
		}
		diff := terminal.Diff{Changes: deckfile.Changes(old, next, at), New: report, All: all}
		if err := diff.Write(cmd.OutOrStdout(), *format); err != nil {
			return err
		}
		return faulty(report)
	})
}

func newDeckExportCommand() *cobra.Command {
	var to string
	var answers deckfile.Answers
	cmd := bare(&cobra.Command{
		Use: "export FILE", Short: "Write a price list in the standard form: one prefix a line, dates in RFC 3339", Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, args []string) error {
		deck, report, err := readList(cmd.Context(), args[0], deckfile.Options{Answers: answers}, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		terminal.Reading(cmd.ErrOrStderr(), &report.Reading)
		if err := deckfile.Spotless(args[0], report); err != nil {
			return withCode(exitUsage, err)
		}
		return writeTo(cmd, to, func(out io.Writer) error { return deckfile.Write(out, deck.Rates(), deck.Currency()) })
	})
	listFlags(cmd.Flags(), &answers)
	cmd.Flags().StringVar(&to, "to", "", "file to write; standard output if it is not given")
	return cmd
}
