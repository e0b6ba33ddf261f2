package deckfile

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"trunkline/internal/money"
	"trunkline/rating/deckfile/cell"
	"trunkline/rating/deckfile/columns"
	"trunkline/rating/deckfile/sheet"
)

// delimitersTried is how many signs are tried as what parts the cells of a text.
const delimitersTried = 3

// Table is a price list as rows of text, and how they are read. It can be read many times.
type Table struct {
	file    *sheet.File
	mapping Mapping
	reading Reading
}

// Open looks at the beginning of a file and finds out how to read it; mapping, if it is not nil, is how to read it. What the list
// leaves open is an error that wraps ErrMapping and asks; the table is returned beside it, to show what was understood.
func Open(r io.Reader, mapping *Mapping, opts Options) (*Table, error) {
	file, err := sheet.Open(r)
	if err != nil {
		return nil, err
	}
	t := &Table{file: file}
	if mapping != nil {
		t.mapping = *mapping
		return t, t.mapping.Validate()
	}
	hints := columns.Hints{Learned: opts.Learned, Answers: opts.Answers, Currency: opts.Currency}
	if file.Text() {
		err = t.understandText(hints)
	} else {
		err = t.understandSheets(hints)
	}
	if err != nil {
		return t, err
	}
	if err := t.settleDates(); err != nil {
		return t, err
	}
	t.settleCurrency(opts)
	t.mapping = t.reading.Mapping
	return t, t.reading.Err()
}

// Mapping returns how the table is read.
func (t *Table) Mapping() Mapping { return t.mapping }

// Reading returns how the table was understood; the zero one for a table that was opened with a mapping.
func (t *Table) Reading() Reading { return t.reading }

// Close frees what the table holds. It does not close the reader given to Open.
func (t *Table) Close() error { return nil }

// understandText tries the signs that could part the cells, the most even one first.
func (t *Table) understandText(hints columns.Hints) error {
	encoding := hints.Answers.Encoding
	if encoding == "" {
		var err error
		if encoding, err = t.file.GuessEncoding(); err != nil {
			return err
		}
	}
	delimiters := []string{hints.Answers.Delimiter}
	if hints.Answers.Delimiter == "" {
		var err error
		if delimiters, err = t.file.Delimiters(encoding); err != nil {
			return err
		}
	}
	for i, d := range delimiters[:min(len(delimiters), delimitersTried)] {
		reading, err := t.understand(sheet.Form{Encoding: encoding, Delimiter: d}, hints)
		if err != nil {
			return err
		}
		reading.Mapping.Encoding, reading.Mapping.Delimiter = encoding, d
		if i == 0 || usable(reading) {
			t.reading = *reading
		}
		if usable(reading) {
			return nil
		}
	}
	return nil
}

func (t *Table) understand(form sheet.Form, hints columns.Hints) (*Reading, error) {
	sample, err := t.file.Sample(form)
	if err != nil {
		return nil, err
	}
	rows := make([][]string, len(sample))
	for i := range sample {
		if rows[i] = sample[i].Cells; sample[i].Problem != "" && i > 0 {
			rows[i] = nil // It says nothing that can be trusted.
		}
	}
	return columns.Understand(rows, hints)
}

// usable reports whether a list was understood, perhaps but for a question.
func usable(r *Reading) bool { return len(r.Questions) > 0 || r.Mapping.Validate() == nil }

// understandSheets looks at all sheets that are to be seen. It takes the only one with rates, or that of the last list.
func (t *Table) understandSheets(hints columns.Hints) error {
	var names, lists []string
	found := make(map[string]*Reading)
	for _, s := range t.file.Sheets() {
		if s.Hidden && !strings.EqualFold(s.Name, hints.Answers.Sheet) {
			continue
		}
		names = append(names, s.Name)
		if hints.Answers.Sheet != "" && !strings.EqualFold(s.Name, hints.Answers.Sheet) {
			continue
		}
		reading, err := t.understand(sheet.Form{Sheet: s.Name}, hints)
		if err != nil {
			return err
		}
		reading.Mapping.Sheet = s.Name
		if found[s.Name] = reading; usable(reading) {
			lists = append(lists, s.Name)
		}
	}
	return t.chooseSheet(names, lists, found, hints)
}

func (t *Table) chooseSheet(names, lists []string, found map[string]*Reading, hints columns.Hints) error {
	all := strings.Join(names, ", ")
	switch {
	case len(found) == 0:
		return fmt.Errorf("%w: there is no sheet %q: the file has %s", ErrMapping, hints.Answers.Sheet, all)
	case len(lists) == 0 && len(names) > 1 && hints.Answers.Sheet == "":
		return fmt.Errorf("%w: none of the sheets %s has a price and a code: say --sheet to see how one of them is read", ErrMapping, all)
	case len(lists) == 0:
		for _, reading := range found {
			t.reading = *reading
		}
		return nil
	}
	chosen := lists[0]
	if l := hints.Learned; l != nil && slices.Contains(lists, l.Sheet) {
		chosen, lists = l.Sheet, lists[:1]
	}
	t.reading = *found[chosen]
	if len(lists) > 1 {
		t.reading.Questions = append(t.reading.Questions, Question{
			About: "sheet", Flag: fmt.Sprintf("--sheet %q", chosen), Text: fmt.Sprintf("the sheets %s have prices, of %s: which is the list?", strings.Join(lists, ", "), all),
		})
	} else if len(names) > 1 {
		t.reading.Assumed = append(t.reading.Assumed, fmt.Sprintf("of the sheets %s, the list is %s (--sheet)", all, chosen))
	}
	return nil
}

// settleDates looks through the whole list for a date that can only be read in one way, if its beginning has none.
func (t *Table) settleDates() error {
	asked := slices.IndexFunc(t.reading.Questions, func(q Question) bool { return q.About == "dates" })
	if asked < 0 {
		return nil
	}
	m := &t.reading.Mapping
	var found []DateOrder
	err := t.file.Rows(m.Form(t.file.Text()), func(r sheet.Row) error {
		for _, c := range [...]Column{EffectiveFrom, EffectiveTo} {
			at, ok := m.Columns[c]
			if !ok || at >= len(r.Cells) || r.Line <= m.FirstRow || r.Problem != "" {
				continue
			}
			if one, err := cell.ParseMoment(r.Cells[at], cell.Unsaid, time.UTC); err == nil && one.Decides != cell.Unsaid && !slices.Contains(found, one.Decides) {
				found = append(found, one.Decides)
			}
		}
		if len(found) > 1 {
			return io.EOF
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(found) == 1 {
		m.Dates = found[0]
		t.reading.Questions = slices.Delete(t.reading.Questions, asked, asked+1)
	}
	return nil
}

// settleCurrency asks where a list says that it is in another currency than the deck.
func (t *Table) settleCurrency(opts Options) {
	says := t.reading.Mapping.Currency
	if says == "" || opts.Currency.IsZero() || says == opts.Currency.String() || !opts.Answers.Exchange.IsZero() {
		return
	}
	t.reading.Questions = append(t.reading.Questions, Question{
		About: "currency", Flag: fmt.Sprintf("--exchange RATE to convert it, or --currency %s if the list is wrong", opts.Currency),
		Text: fmt.Sprintf("the list is in %s and the deck in %s: at which rate is it to be converted?", says, opts.Currency),
	})
}

// rows calls f for every row below the header.
func (t *Table) rows(f sheet.RowFunc) error {
	row := 0
	return t.file.Rows(t.mapping.Form(t.file.Text()), func(r sheet.Row) error {
		if row++; row <= t.mapping.FirstRow {
			return nil
		}
		return f(r)
	})
}

// currencyOf is the currency that a mapping names; the zero one for none.
func currencyOf(m *Mapping) money.Currency {
	c, err := money.ParseCurrency(m.Currency)
	if err != nil {
		return money.Currency{}
	}
	return c
}
