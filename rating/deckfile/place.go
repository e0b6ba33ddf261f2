package deckfile

import (
	"slices"
	"strings"
	"unicode"

	"trunkline/rating/deckfile/cell"
	"trunkline/rating/deckfile/heading"
	"trunkline/rating/deckfile/sheet"
)

// places are the positions of the columns in a row; -1 for those that a list does not have.
type places struct {
	prefix, area, codeTo, destination, network, rate, first, connect, attempt, minimum, initial, next, increment, grace int
	from, till, currency, origin, period, status, blocked, category                                                     int
	dearest                                                                                                             []int
}

func placesOf(m *Mapping) places {
	at := func(c Column) int {
		if position, ok := m.Columns[c]; ok {
			return position
		}
		return -1
	}
	return places{
		prefix: at(Prefix), area: at(Area), codeTo: at(CodeTo), destination: at(Destination), network: at(Network), rate: at(Rate), first: at(FirstRate),
		connect: at(ConnectFee), attempt: at(AttemptFee), minimum: at(MinCharge), initial: at(Initial), next: at(Next), increment: at(Increment), grace: at(Grace),
		from: at(EffectiveFrom), till: at(EffectiveTo), currency: at(Currency), origin: at(Origin), period: at(Period), status: at(Status), blocked: at(Blocked), category: at(Category),
		dearest: m.Dearest,
	}
}

// band are the places of the prices for another time: what the list does not say for it holds at any time.
func (p places) band(m map[Column]int) places {
	for c, at := range m {
		switch c { //nolint:exhaustive // The others do not depend on the time.
		case Rate:
			p.rate = at
		case FirstRate:
			p.first = at
		case ConnectFee:
			p.connect = at
		case Initial:
			p.initial = at
		case Next:
			p.next = at
		case Increment:
			p.increment = at
		case MinCharge:
			p.minimum = at
		}
	}
	p.dearest = nil
	return p
}

// skip leaves out blank rows, headers that are repeated, and lines of text that are no rates.
func (r *rowReader) skip(row sheet.Row) bool {
	filled, text := 0, ""
	for _, c := range row.Cells {
		if c = cell.Trim(c); c == "" {
			continue
		}
		if filled++; text == "" {
			text = c
		}
		if filled > 2 {
			break
		}
	}
	if filled == 0 {
		return true
	}
	if r.isForSome(row.Cells) {
		text = "it holds for callers of some countries only, which it does not name: " + strings.Join(row.Cells, " ")
	} else if !r.isNote(row, filled) && !r.isHeader(row.Cells) {
		return false
	}
	r.report.note(Note{Line: row.Line, Text: strings.Clone(text[:min(len(text), 200)])})
	return true
}

// isNote reports whether a row is text such as the name of a region, a total, or what is written below a table: it has neither a
// code nor a price.
func (r *rowReader) isNote(row sheet.Row, filled int) bool {
	if filled > 2 || strings.HasPrefix(row.Problem, "a quote") {
		return false
	}
	return r.noCode(r.of(row.Cells, r.at.prefix)) && r.noCode(r.of(row.Cells, r.at.area)) && r.noPrice(row.Cells)
}

// isForSome reports whether a row holds for callers of some countries only, and does not say of which. It is no price for everyone.
func (r *rowReader) isForSome(cells []string) bool {
	text := r.of(cells, r.at.category)
	if text == "" || r.of(cells, r.at.origin) != "" {
		return false
	}
	mark, ok := r.word(text)
	return ok && mark == cell.Origined
}

// noCode reports whether a cell holds words, or nothing, and no code.
func (r *rowReader) noCode(text string) bool {
	return !cell.Every(text) && (!hasDigit(text) || strings.ContainsFunc(text, unicode.IsLetter))
}

func (r *rowReader) noPrice(cells []string) bool {
	text := r.of(cells, r.at.rate)
	if !hasDigit(text) {
		return true
	}
	_, err := cell.Rate(text, r.mapping.Decimal, r.spreadsheet)
	return err != nil
}

// isHeader reports whether a row repeats the headings, as lists of several pages do.
func (r *rowReader) isHeader(cells []string) bool {
	if len(r.mapping.Heads) == 0 || hasDigit(r.of(cells, r.at.prefix)) || len(cells) < len(r.mapping.Heads) {
		return false
	}
	return slices.EqualFunc(cells[:len(r.mapping.Heads)], r.mapping.Heads, func(c, h string) bool { return heading.Normal(c) == heading.Normal(h) })
}

func (r *rowReader) of(cells []string, at int) string {
	if at < 0 || at >= len(cells) {
		return ""
	}
	return cell.Trim(cells[at])
}

func hasDigit(text string) bool { return strings.ContainsAny(text, "0123456789") }
