package columns

import (
	"strings"
	"time"
	"unicode"

	"trunkline/internal/money"
	"trunkline/rating/deckfile/cell"
)

// profile counts what the cells of a column look like.
type profile struct {
	filled     int
	empty      int
	codes      int // One code, a range or several.
	npanxx     int // Six digits as of North America, without the country code.
	fractions  int // Numbers with a decimal sign.
	integers   int
	steps      int // Whole numbers that are seconds of billing steps.
	pairs      int // "30/6"
	dates      int
	days       int // Dates that are no numbers.
	words      int // Something with letters that is nothing of the rest.
	currencies int
	marks      int // Words for what becomes of a rate.
	closings   int // Such as say that it ends, or is blocked.
	yesNo      int
	remarks    int // Sentences with a word that says that something ends.
	origined   int // Words that say that a row is for some callers only.
	signed     int // Numbers below zero or with a plus, and percentages.
	samples    []string
	cells      []string
}

// samplesMost is how many cells are shown of a column.
const samplesMost = 3

// profileOf looks at the cells of one column in the rows below the header.
func profileOf(rows [][]string, position int, marks *cell.Marks) profile {
	var p profile
	for _, row := range rows {
		text := ""
		if position < len(row) {
			text = cell.Trim(row[position])
		}
		p.cells = append(p.cells, text)
		if text == "" {
			p.empty++
			continue
		}
		p.filled++
		if len(p.samples) < samplesMost {
			p.samples = append(p.samples, text)
		}
		p.count(text, marks)
	}
	return p
}

// count looks at one cell. It may count as several things.
func (p *profile) count(text string, marks *cell.Marks) {
	p.countNumber(text)
	letters := strings.ContainsFunc(text, unicode.IsLetter)
	if looksLikeCode(text) {
		p.codes++
		if northAmerican(text) {
			p.npanxx++
		}
	}
	if m, err := cell.ParseMoment(text, cell.Unsaid, time.UTC); err == nil && (!m.Time.IsZero() || letters) {
		p.dates++
		if !m.Time.IsZero() && (letters || strings.ContainsAny(text, "-/:") || strings.Count(text, ".") == 2) {
			p.days++
		}
		letters = letters && m.Time.IsZero()
	}
	if strings.ContainsAny(text, "/+-:\\ x") && (!letters || strings.HasSuffix(text, "from zero")) {
		if _, err := cell.Increment(text); err == nil {
			p.pairs++
		}
	}
	if len(text) == 3 {
		if _, err := money.ParseCurrency(text); err == nil {
			p.currencies++
		}
	}
	p.countMark(text, marks)
	if letters {
		p.words++
	}
}

// countMark counts words that say what becomes of a rate.
func (p *profile) countMark(text string, marks *cell.Marks) {
	mark, ok := marks.Of(text)
	if !ok {
		if marks.Ends(text) {
			p.remarks++
		}
		return
	}
	switch mark {
	case cell.Yes, cell.No:
		p.yesNo++
	case cell.Closed, cell.Blocked:
		p.closings++
		p.marks++
	case cell.Kept:
		p.marks++
	case cell.Origined:
		p.origined++
	case cell.Unmarked:
	}
}

func (p *profile) countNumber(text string) {
	number, _ := cell.CutCurrency(text)
	if strings.HasSuffix(text, "%") || strings.HasPrefix(number, "-") || strings.HasPrefix(number, "+") {
		p.signed++
	}
	if number == "" || !strings.ContainsAny(number, "0123456789") || strings.Trim(number, "0123456789.,' \u00a0eE-+") != "" {
		if _, err := cell.Increment(text); err == nil { // "60 sec"
			p.steps++
		}
		return
	}
	if strings.ContainsAny(number, ".,") {
		p.fractions++
		return
	}
	p.integers++
	if n, err := cell.Seconds(number); err == nil && n <= 3600 {
		p.steps++
	}
}

// looksLikeCode reports whether a cell holds codes: digits and what stands between them.
func looksLikeCode(text string) bool {
	if cell.Every(text) {
		return true
	}
	if strings.Trim(text, "0123456789+-–—,;|/()*. &='\"\n\u00a0") != "" || !strings.ContainsAny(text, "0123456789") {
		return false
	}
	if whole, fraction, point := strings.Cut(text, "."); point && strings.Trim(whole+fraction, "0123456789") == "" {
		return false
	}
	return true
}

// northAmerican reports whether digits are an area code and an exchange of North America without the country code.
func northAmerican(text string) bool {
	if len(text) == 7 && (text[3] == '-' || text[3] == ' ') {
		text = text[:3] + text[4:]
	}
	return len(text) == 6 && strings.Trim(text, "0123456789") == "" && text[0] >= '2' && text[3] >= '2'
}

// same reports whether two columns hold the same in every row.
func (p *profile) same(other *profile) bool {
	for i := range p.cells {
		if i >= len(other.cells) || p.cells[i] != other.cells[i] {
			return false
		}
	}
	return len(p.cells) > 0
}

// nothing reports whether all cells are empty or zero.
func (p *profile) nothing() bool {
	for _, text := range p.cells {
		if strings.Trim(text, "0.,- ") != "" {
			return false
		}
	}
	return true
}

// letters is how long all cells are together.
func (p *profile) letters() int {
	n := 0
	for _, text := range p.cells {
		n += len(text)
	}
	return n
}
