package deckfile

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
	"trunkline/rating/deckfile/cell"
	"trunkline/rating/deckfile/columns"
	"trunkline/rating/deckfile/sheet"
)

// rowReader turns rows into rates.
type rowReader struct {
	opts        Options
	mapping     *Mapping
	at          places
	bands       map[string]places
	steps       rating.Increment // Of rows that say none.
	kept        map[e164.Prefix]rating.Increment
	location    *time.Location
	marks       *cell.Marks
	words       map[string]known
	spreadsheet bool
	days1904    bool
	report      *Report
	line        int
	cells       []string
	failed      bool
	moments     map[string]cell.Moment // Cells that were read already: a list has few different dates.
}

// maxDates bounds the memory of dates; a list with more of them reads the rest anew.
const maxDates = 1000

func newRowReader(t *Table, opts Options) (*rowReader, error) {
	r := &rowReader{
		opts: opts, mapping: &t.mapping, at: placesOf(&t.mapping), spreadsheet: t.file.Spreadsheet(), days1904: t.file.Date1904(), marks: cell.NewMarks(), words: make(map[string]known),
		report: &Report{Mapping: t.mapping, Reading: t.reading, Currency: opts.Currency}, moments: make(map[string]cell.Moment), bands: make(map[string]places),
	}
	if r.report.Currency.IsZero() {
		r.report.Currency = currencyOf(&t.mapping)
	}
	if at := t.mapping.Start(); !at.IsZero() {
		r.opts.Effective = at
	}
	for period, m := range t.mapping.Bands {
		r.bands[period] = r.at.band(m)
	}
	r.steps = t.mapping.Steps()
	if r.steps.IsZero() {
		r.steps = opts.Increment
		if r.at.increment < 0 && r.at.initial < 0 && r.at.next < 0 {
			r.kept = opts.Steps
		}
	}
	if r.steps.IsZero() {
		r.steps = rating.PerMinuteSteps()
	}
	var err error
	if r.location = opts.Location; r.location == nil || t.mapping.Zone != "" {
		r.location, err = t.mapping.Location()
	}
	return r, err
}

// row turns one row into rates, or into what it says ends.
func (r *rowReader) row(row sheet.Row, add func(rating.Rate) error) error {
	r.line, r.cells, r.failed = row.Line, row.Cells, false
	if row.Problem != "" {
		r.fault("", r.shown(), row.Problem, "mend the line as it should stand in the list")
		return nil
	}
	prefixes := r.prefixes()
	mark := r.mark()
	if mark == cell.Closed {
		r.close(prefixes)
		return nil
	}
	if err := r.rates(r.at, "", prefixes, mark, add); err != nil {
		return err
	}
	for period, at := range r.bands {
		if err := r.rates(at, period, prefixes, mark, add); err != nil {
			return err
		}
	}
	return nil
}

// shown is the beginning of a row.
func (r *rowReader) shown() string {
	text := strings.Join(r.cells, " | ")
	if runes := []rune(text); len(runes) > 80 {
		return string(runes[:80]) + "..."
	}
	return text
}

// rates gives the rates of one row for one time of the week.
func (r *rowReader) rates(at places, period string, prefixes []e164.Prefix, mark cell.Mark, add func(rating.Rate) error) error {
	rate := r.rate(at, mark)
	if period != "" {
		rate.Period = period
	}
	origins := r.origins()
	if r.failed {
		return nil
	}
	for _, o := range origins {
		for _, p := range prefixes {
			rate.Prefix, rate.Origin = p, o
			if kept, ok := r.kept[p]; ok {
				rate.Increment = kept
			}
			err := add(rate)
			switch {
			case errors.Is(err, rating.ErrRate):
				r.fault(Prefix, p.String(), err.Error(), "correct the line")
				return nil
			case err != nil:
				return fmt.Errorf("line %d: %w", r.line, err)
			}
			r.report.Rates++
		}
	}
	return nil
}

// mark reads what becomes of the rate.
func (r *rowReader) mark() cell.Mark {
	if text := r.of(r.cells, r.at.blocked); text != "" {
		switch mark, ok := r.word(text); {
		case ok && (mark == cell.Blocked || mark == cell.Yes || mark == cell.Closed):
			return cell.Blocked
		case !ok:
			r.fault(Blocked, text, "neither yes nor no", "write yes or no")
		}
	}
	text := r.of(r.cells, r.at.status)
	if text == "" {
		return cell.Unmarked
	}
	if mark, ok := r.mapping.Marks[strings.ToLower(text)]; ok {
		return mark
	}
	mark, ok := r.word(text)
	switch {
	case !ok && strings.Trim(text, "0123456789.,%+-") == "": // By how much it changes.
		return cell.Kept
	case !ok:
		r.fault(Status, text, "nobody knows what it means", "say it once with --mark "+text+"=kept, closed or blocked")
	case mark == cell.Yes || mark == cell.No:
		return r.yesOrNo(mark)
	}
	return mark
}

// known is what a word that was looked at already means.
type known struct {
	mark cell.Mark
	ok   bool
}

// word looks a word up that stands in many rows.
func (r *rowReader) word(text string) (cell.Mark, bool) {
	if w, seen := r.words[text]; seen {
		return w.mark, w.ok
	}
	mark, ok := r.marks.Of(text)
	if len(r.words) < maxDates {
		r.words[strings.Clone(text)] = known{mark, ok}
	}
	return mark, ok
}

// yesOrNo is what a yes means in this list.
func (r *rowReader) yesOrNo(mark cell.Mark) cell.Mark {
	switch r.mapping.StatusIs {
	case "active":
		if mark == cell.No {
			return cell.Closed
		}
	case "closed":
		if mark == cell.Yes {
			return cell.Closed
		}
	case "blocked":
		if mark == cell.Yes {
			return cell.Blocked
		}
	default:
		r.fault(Status, string(mark), "yes or no to what?", "say --status-is active, closed or blocked")
	}
	return cell.Kept
}

// close takes what the row says ends, from its date on.
func (r *rowReader) close(prefixes []e164.Prefix) {
	from := r.moment(EffectiveFrom, r.at.from).Time
	if from.IsZero() {
		from = r.opts.Effective
	}
	if till := r.till(); !till.IsZero() {
		from = till
	}
	origins := r.origins()
	if r.failed {
		return
	}
	for _, o := range origins {
		for _, p := range prefixes {
			r.report.Closed = append(r.report.Closed, Closure{
				Prefix: p, Origin: o, Period: strings.Clone(r.of(r.cells, r.at.period)), From: from, Name: r.name(), Line: r.line,
			})
		}
	}
}

// prefixes reads the codes of the row.
func (r *rowReader) prefixes() []e164.Prefix {
	text, base := r.whole(r.of(r.cells, r.at.prefix)), r.mapping.CountryCode
	if r.at.area >= 0 {
		text, base = r.whole(r.of(r.cells, r.at.area)), base+strings.TrimLeft(text, "+")
	}
	if r.at.codeTo >= 0 {
		if to := r.whole(r.of(r.cells, r.at.codeTo)); to != "" {
			return r.span(text, to)
		}
	}
	if strings.ContainsAny(text, "eE") && !r.spreadsheet && hasDigit(text) {
		r.fault(Prefix, text, "a spreadsheet has cut its digits off", "ask for the list with codes as text")
		return nil
	}
	if base == "1" && len(text) == 7 && text[3] == '-' { // NPA-NXX
		text = text[:3] + text[4:]
	}
	prefixes, err := cell.Codes(text, base)
	if err != nil {
		r.fault(Prefix, text, err.Error(), "write digits with the country code, for example 7495 or 49151-49157")
	} else if len(prefixes) == 0 {
		r.fault(Prefix, text, "there is no prefix", "write digits with the country code, for example 7495")
	}
	return prefixes
}

// whole turns what a spreadsheet stores for a large number into its digits.
func (r *rowReader) whole(text string) string {
	if !r.spreadsheet || !strings.ContainsAny(text, "eE.") {
		return text
	}
	if d, err := cell.Decimal(text, ".", true); err == nil && d.IsInteger() && len(d.String()) <= e164.MaxDigits {
		return d.String()
	}
	return text
}

func (r *rowReader) span(from, to string) []e164.Prefix {
	texts, err := cell.Span(from, to)
	if err != nil {
		r.fault(columns.CodeTo, from+"-"+to, err.Error(), "write both with as many digits, the smaller first")
		return nil
	}
	var out []e164.Prefix
	for _, text := range texts {
		p, err := cell.Codes(text, r.mapping.CountryCode)
		if err != nil {
			r.fault(Prefix, text, err.Error(), "write digits with the country code")
			return nil
		}
		out = append(out, p...)
	}
	return out
}

// origins reads for which callers the row holds.
func (r *rowReader) origins() []e164.Prefix {
	text := r.whole(r.of(r.cells, r.at.origin))
	if text == "" || cell.Every(text) {
		return []e164.Prefix{{}}
	}
	out, err := cell.Codes(text, "")
	if err != nil || len(out) == 0 {
		r.fault(Origin, text, "not a prefix", "write the digits with which the caller's number begins, or leave the column out")
	}
	return out
}

// checkCurrency takes the currency of the file from its first line, where the caller gave none.
func (r *rowReader) checkCurrency() {
	text := r.of(r.cells, r.at.currency)
	if text == "" {
		return
	}
	c, err := money.ParseCurrency(text)
	if err != nil {
		if _, code := cell.CutCurrency(text); code != "" {
			c, err = money.ParseCurrency(code)
		}
	}
	switch {
	case err != nil:
		r.fault(Currency, text, "not a currency", "write a code of ISO 4217, for example EUR")
	case !r.opts.Answers.Exchange.IsZero():
	case r.report.Currency.IsZero():
		r.report.Currency = c
	case c != r.report.Currency:
		r.fault(Currency, text, "the rest of the file is in "+r.report.Currency.String(), "one file has one currency")
	}
}

func (r *rowReader) fault(c Column, value, problem, remedy string) {
	r.failed = true
	r.report.fault(Fault{Line: r.line, Column: c, Value: strings.Clone(value), Problem: problem, Remedy: remedy})
}
