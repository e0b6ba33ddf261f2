package deckfile

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
	"trunkline/rating/deckfile/sheet"
)

// Options are what a file itself does not say.
type Options struct {
	Label     string                           // Version label of the deck.
	Currency  money.Currency                   // For files without a currency; a line in another currency is faulty.
	Effective time.Time                        // Start of lines without a date; zero: since ever.
	Location  *time.Location                   // Zone of dates without one, where the mapping says none; nil: UTC.
	Increment rating.Increment                 // For files without one; zero: 60/60.
	Steps     map[e164.Prefix]rating.Increment // For prefixes of a file without any; nil: Increment for all.
	Learned   *Mapping                         // How the last list was read, by its headings; nil: not known.
	Answers   Answers                          // What somebody says about the list.
	Progress  func(lines int)                  // Called every few thousand lines; may be nil.
}

// progressLines is how often Progress is called, and the context looked at.
const progressLines = 4096

// Read reads all rows of a table and gives every rate to add. What is wrong with a row goes into the report and the row is
// left out; the error is for what makes the file unreadable, for a cancelled context, and for what add returns.
func Read(ctx context.Context, t *Table, opts Options, add func(rating.Rate) error) (*Report, error) {
	r, err := newRowReader(t, opts)
	if err != nil {
		return nil, err
	}
	err = t.rows(func(row sheet.Row) error {
		if r.skip(row) {
			return nil
		}
		r.report.Lines++
		if r.report.Lines%progressLines == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if opts.Progress != nil {
				opts.Progress(r.report.Lines)
			}
		}
		return r.row(row, add)
	})
	if opts.Progress != nil {
		opts.Progress(r.report.Lines)
	}
	return r.report, err
}

// Load reads a whole file into a deck. Faulty, repeated and contradictory lines are left out and are in the report. Where the list
// leaves a question open, the report has how it was understood so far, and the error asks.
func Load(ctx context.Context, file io.Reader, mapping *Mapping, opts Options) (*rating.Deck, *Report, error) {
	t, err := Open(file, mapping, opts)
	if err != nil {
		if t == nil {
			return nil, nil, err
		}
		return nil, &Report{Mapping: t.mapping, Reading: t.reading, Currency: opts.Currency}, err
	}
	b := rating.NewDeckBuilder(opts.Label, opts.Currency)
	report, err := Read(ctx, t, opts, b.Add)
	if err = errors.Join(err, t.Close()); err != nil {
		return nil, report, err
	}
	deck, overlaps, repeated, err := b.BuildReporting()
	if err != nil {
		return nil, report, err
	}
	report.Repeated = repeated
	for _, o := range overlaps {
		report.fault(Fault{
			Line: o.Lines[1], Column: Prefix, Value: o.Prefix.String(),
			Problem: "another rate of the same prefix is in force then, on line " + strconv.Itoa(o.Lines[0]),
			Remedy:  "remove one of the two, or give the older one an end (a day as an end counts as a whole; --ends exclusive says otherwise)",
		})
	}
	return deck.In(report.Currency), report, nil
}
