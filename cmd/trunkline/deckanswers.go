package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/pflag"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

// listOptions are the flags that say how a price list is to be read, where it does not say so itself.
type listOptions struct {
	answers deckfile.Answers
	kept    map[e164.Prefix]rating.Increment // Steps of a list that does not say them.
	usual   rating.Increment
}

func (o *listOptions) register(f *pflag.FlagSet) {
	for _, name := range deckfile.AnswerNames() {
		f.Func(name.Name, name.Usage, func(value string) error { return o.answers.Set(name.Name, value) })
	}
}

// options puts the flags together. A list that nobody compares is in the currency that the flags say.
func (o *listOptions) options(label string) (deckfile.Options, error) {
	out := deckfile.Options{Label: label, Answers: o.answers, Steps: o.kept, Increment: o.usual}
	if o.answers.Currency == "" {
		return out, nil
	}
	c, err := money.ParseCurrency(o.answers.Currency)
	out.Currency = c
	return out, err
}

// writeReading shows how each column was understood, what is left unused, and what is asked, with the flag that answers it.
func writeReading(out io.Writer, r *deckfile.Reading) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(r.Columns) > 0 {
		_, _ = fmt.Fprintln(w, "column\theading\tsample\tread as")
	}
	for i := range r.Columns {
		c := &r.Columns[i]
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", c.Position+1, short(c.Heading), short(strings.Join(c.Samples, "; ")), usedAs(c))
	}
	_ = w.Flush() // A tabwriter has no errors of its own.
	for _, text := range r.Differences {
		_, _ = fmt.Fprintln(out, "other than the last list:", text)
	}
	for _, text := range r.Assumed {
		_, _ = fmt.Fprintln(out, "assumed:", text)
	}
	for _, q := range r.Questions {
		_, _ = fmt.Fprintf(out, "question: %s\n  answer: %s\n", q.Text, q.Flag)
	}
}

func usedAs(c *deckfile.Seen) string {
	switch {
	case c.Used == "":
		return "not used: " + c.Why
	case c.Band != "":
		return string(c.Used) + " in the period " + c.Band
	}
	return string(c.Used)
}

// short cuts a text that would make a table unreadable.
func short(text string) string {
	const most = 48
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// openQuestions is the error of a list whose questions were shown.
func openQuestions(err error) error {
	var open *deckfile.QuestionError
	if !errors.As(err, &open) {
		return err
	}
	return fmt.Errorf("%d questions are open: answer them with the flags above", len(open.Questions))
}
