package deckfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
)

// Options are what a file itself does not say.
type Options struct {
	Label     string           // Version label of the deck.
	Currency  money.Currency   // For files without a currency column; a line in another currency is faulty.
	Effective time.Time        // Start of lines without a date; zero: since ever.
	Location  *time.Location   // Zone of dates without one; nil: UTC.
	Increment rating.Increment // For files without one; zero: 60/60.
	Progress  func(lines int)  // Called every few thousand lines; may be nil.
}

// progressLines is how often Progress is called, and the context looked at.
const progressLines = 4096

// Read reads all rows of a table and gives every rate to add. What is wrong with a row goes into the report and the row is
// left out; the error is for what makes the file unreadable, for a cancelled context, and for what add returns.
func Read(ctx context.Context, t *Table, opts Options, add func(rating.Rate) error) (*Report, error) {
	r := &rowReader{opts: opts, mapping: t.mapping, spreadsheet: t.book != nil, report: &Report{Mapping: t.mapping, Currency: opts.Currency}, dates: make(map[string]time.Time)}
	if r.opts.Location == nil {
		r.opts.Location = time.UTC
	}
	row := 0
	err := t.rows(func(line int, cells []string) error {
		if row++; row <= t.mapping.FirstRow || blank(cells) {
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
		return r.row(line, cells, add)
	})
	if opts.Progress != nil {
		opts.Progress(r.report.Lines)
	}
	return r.report, err
}

// Load reads a whole file into a deck. Faulty, repeated and contradictory lines are left out and are in the report.
func Load(ctx context.Context, file io.Reader, mapping *Mapping, opts Options) (*rating.Deck, *Report, error) {
	t, err := Open(file, mapping)
	if err != nil {
		return nil, nil, err
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
			Remedy:  "remove one of the two, or give the older one an end",
		})
	}
	return deck.In(report.Currency), report, nil
}

type rowReader struct {
	opts        Options
	mapping     Mapping
	spreadsheet bool
	report      *Report
	line        int
	cells       []string
	failed      bool
	dates       map[string]time.Time // Cells that were read already: a list has few different dates.
}

// maxDates bounds the memory of dates; a list with more of them reads the rest anew.
const maxDates = 1000

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// row turns one row into rates.
func (r *rowReader) row(line int, cells []string, add func(rating.Rate) error) error {
	r.line, r.cells, r.failed = line, cells, false
	rate := r.rate()
	r.checkCurrency()
	prefixes := r.prefixes()
	if r.failed {
		return nil
	}
	for _, p := range prefixes {
		rate.Prefix = p
		err := add(rate)
		switch {
		case errors.Is(err, rating.ErrRate):
			r.fault(Prefix, p.String(), err.Error(), "correct the line")
			return nil
		case err != nil:
			return fmt.Errorf("line %d: %w", line, err)
		}
		r.report.Rates++
	}
	return nil
}

func (r *rowReader) cell(c Column) string {
	position, ok := r.mapping.Columns[c]
	if !ok || position >= len(r.cells) {
		return ""
	}
	return strings.TrimSpace(r.cells[position])
}

func (r *rowReader) prefixes() []e164.Prefix {
	cell, base := r.cell(Prefix), ""
	if _, two := r.mapping.Columns[Area]; two {
		cell, base = r.cell(Area), cell
	}
	if r.spreadsheet && strings.ContainsAny(cell, "eE") {
		if d, err := spreadsheetNumber(cell); err == nil && d.IsInteger() && len(d.String()) <= e164.MaxDigits {
			cell = d.String()
		}
	}
	prefixes, err := expandPrefixes(cell, base)
	if err != nil {
		r.fault(Prefix, cell, err.Error(), "write digits with the country code, for example 7495 or 49151-49157")
	} else if len(prefixes) == 0 {
		r.fault(Prefix, cell, "there is no prefix", "write digits with the country code, for example 7495")
	}
	return prefixes
}

func (r *rowReader) rate() rating.Rate {
	out := rating.Rate{Line: r.line, Destination: strings.Clone(r.cell(Destination)), Period: strings.Clone(r.cell(Period))}
	out.ConnectFee, out.AttemptFee, out.MinCharge = r.amount(ConnectFee), r.amount(AttemptFee), r.amount(MinCharge)
	out.Grace = r.seconds(Grace, 0)
	out.Increment = r.increment()
	out.Blocked = isBlocked(r.cell(Blocked)) || isYes(r.cell(Blocked))
	out.From, out.Till = r.date(EffectiveFrom), r.date(EffectiveTo)
	if out.From.IsZero() {
		out.From = r.opts.Effective
	}
	var err error
	if cell := r.cell(Origin); cell != "" {
		if out.Origin, err = e164.ParsePrefix(cell); err != nil {
			r.fault(Origin, cell, "not a prefix", "write the digits with which the caller's number begins")
		}
	}
	cell := r.cell(Rate)
	if isBlocked(cell) || cell == "" && out.Blocked {
		out.Blocked = true
		return out
	}
	if out.PerMinute, err = parseRate(cell, r.mapping.Decimal, r.spreadsheet); err != nil {
		r.fault(Rate, cell, reason(err), "write a price per minute with at most 9 decimal places, for example 0"+r.mapping.Decimal+"0125")
	}
	return out
}

func isBlocked(cell string) bool {
	switch strings.ToLower(cell) {
	case "blocked", "block", "closed", "заблокировано", "закрыто", "gesperrt":
		return true
	}
	return false
}

func isYes(cell string) bool {
	switch strings.ToLower(cell) {
	case "yes", "true", "1", "y", "да", "ja":
		return true
	}
	return false
}

func (r *rowReader) amount(c Column) money.Amount {
	cell := r.cell(c)
	if cell == "" {
		return money.Amount{}
	}
	a, err := parseAmount(cell, r.mapping.Decimal, r.spreadsheet)
	if err != nil {
		r.fault(c, cell, reason(err), "write an amount with at most 6 decimal places")
	}
	return a
}

func (r *rowReader) seconds(c Column, otherwise int32) int32 {
	cell := r.cell(c)
	if cell == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(cell, 10, 32)
	if err != nil {
		r.fault(c, cell, "not a whole number of seconds", "write seconds, for example 60")
	}
	return int32(n)
}

// increment reads "30/6" in one column, or two columns; what is missing is 60/60, or what the options say.
func (r *rowReader) increment() rating.Increment {
	inc := r.opts.Increment
	if inc.IsZero() {
		inc = rating.PerMinuteSteps()
	}
	if cell := r.cell(Increment); cell != "" {
		slashed := cell
		for _, sign := range [...]string{"+", "-", "\\"} {
			slashed = strings.ReplaceAll(slashed, sign, "/")
		}
		parsed, err := rating.ParseIncrement(slashed)
		if err != nil {
			r.fault(Increment, cell, reason(err), "write it as 30/6")
			return inc
		}
		return parsed
	}
	inc.Initial, inc.Next = r.seconds(Initial, inc.Initial), r.seconds(Next, inc.Next)
	if err := inc.Validate(); err != nil {
		r.fault(Initial, inc.String(), reason(err), "write seconds, for example 60 and 60")
		return rating.PerMinuteSteps()
	}
	return inc
}

func (r *rowReader) date(c Column) time.Time {
	cell := r.cell(c)
	if cell == "" {
		return time.Time{}
	}
	if t, known := r.dates[cell]; known {
		return t
	}
	t, err := parseDate(cell, r.mapping.Dates, r.opts.Location)
	if err != nil {
		r.fault(c, cell, "not a date", "write it as 2026-03-31")
	} else if len(r.dates) < maxDates {
		r.dates[strings.Clone(cell)] = t
	}
	return t
}

// checkCurrency takes the currency of the file from its first line, where the caller gave none.
func (r *rowReader) checkCurrency() {
	cell := r.cell(Currency)
	if cell == "" {
		return
	}
	c, err := money.ParseCurrency(cell)
	switch {
	case err != nil:
		r.fault(Currency, cell, "not a currency", "write a code of ISO 4217, for example EUR")
	case r.report.Currency.IsZero():
		r.report.Currency = c
	case c != r.report.Currency:
		r.fault(Currency, cell, "the rest of the file is in "+r.report.Currency.String(), "one file has one currency")
	}
}

// reason is the cause of an error without the value, which the fault has already.
func reason(err error) string {
	for _, known := range []error{money.ErrSyntax, money.ErrPrecision, money.ErrOverflow, errNumber, rating.ErrIncrement} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return err.Error()
}

func (r *rowReader) fault(c Column, value, problem, remedy string) {
	r.failed = true
	r.report.fault(Fault{Line: r.line, Column: c, Value: strings.Clone(value), Problem: problem, Remedy: remedy})
}
