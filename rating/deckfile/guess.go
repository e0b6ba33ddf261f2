package deckfile

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// headerRows is how deep the header may lie below titles and addresses.
const headerRows = 30

// guess finds the header and the columns in the first rows.
func guess(rows [][]string) (Mapping, error) {
	m := Mapping{Decimal: ".", Dates: DayFirst}
	for i, row := range rows[:min(len(rows), headerRows)] {
		if columns := namedColumns(row); columns != nil {
			m.FirstRow, m.Columns = i+1, columns
			break
		}
	}
	if m.Columns == nil {
		m.FirstRow, m.Columns = bareColumns(rows)
	}
	body := rows[min(m.FirstRow, len(rows)):]
	m.Decimal = guessDecimal(columnCells(body, m.Columns, Rate))
	m.Dates = guessOrder(append(columnCells(body, m.Columns, EffectiveFrom), columnCells(body, m.Columns, EffectiveTo)...))
	if err := m.Validate(); err != nil {
		return m, fmt.Errorf("%w (the header may be in the first %d rows)", err, headerRows)
	}
	return m, nil
}

func columnCells(rows [][]string, columns map[Column]int, c Column) []string {
	position, ok := columns[c]
	if !ok {
		return nil
	}
	var out []string
	for _, row := range rows {
		if position < len(row) && row[position] != "" {
			out = append(out, row[position])
		}
	}
	return out
}

// guessDecimal counts which sign stands last in the cells that have one.
func guessDecimal(cells []string) string {
	commas, points := 0, 0
	for _, c := range cells {
		switch comma, point := strings.LastIndexByte(c, ','), strings.LastIndexByte(c, '.'); {
		case comma > point:
			commas++
		case point > comma:
			points++
		}
	}
	if commas > points {
		return ","
	}
	return "."
}

// namedColumns returns the columns of a header row, or nil for a row that is none.
func namedColumns(row []string) map[Column]int {
	columns := make(map[Column]int)
	for i, cell := range row {
		c, ok := columnOf(cell)
		if !ok {
			continue
		}
		if _, taken := columns[c]; !taken {
			columns[c] = i
		}
	}
	_, hasPrefix := columns[Prefix]
	_, hasArea := columns[Area]
	_, hasRate := columns[Rate]
	if !hasRate || !hasPrefix && !hasArea {
		return nil
	}
	if !hasPrefix { // An area code alone is the whole prefix.
		columns[Prefix] = columns[Area]
		delete(columns, Area)
	}
	return columns
}

// columnOf recognises a heading in English, Russian or German: the whole of it first, then by its words.
func columnOf(heading string) (Column, bool) {
	h := normal(heading)
	if h == "" {
		return "", false
	}
	for _, s := range synonyms() {
		if slices.Contains(s.names, h) {
			return s.column, true
		}
	}
	for _, s := range synonyms() {
		for _, part := range s.parts {
			if strings.Contains(h, part) {
				return s.column, true
			}
		}
	}
	return "", false
}

// normal lowers a heading and turns everything but letters and digits into single spaces.
func normal(heading string) string {
	words := strings.FieldsFunc(strings.ToLower(heading), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, " ")
}

type synonym struct {
	column Column
	names  []string // Whole headings.
	parts  []string // Parts of longer ones, tried in the order of the list.
}

func synonyms() []synonym {
	return []synonym{
		{ConnectFee, []string{"connect fee", "setup fee", "connection fee", "setup"}, []string{"connect", "setup", "соединен", "verbindung"}},
		{AttemptFee, []string{"attempt fee"}, []string{"attempt", "попытк"}},
		{MinCharge, []string{"min charge", "minimum charge"}, []string{"minimum c", "min charge", "минимальн", "mindest"}},
		{Grace, []string{"grace", "grace seconds", "grace time", "free seconds"}, []string{"grace"}},
		{
			EffectiveFrom,
			[]string{"effective from", "effective date", "effective", "from date", "valid from", "start date", "date", "дата", "с"},
			[]string{"effective f", "effective d", "valid from", "start", "дата нач", "действует с", "gültig ab"},
		},
		{
			EffectiveTo,
			[]string{"effective to", "effective till", "valid to", "valid till", "end date", "expires", "по"},
			[]string{"effective t", "expir", "valid t", "end", "дата оконч", "действует до", "gültig bis"},
		},
		{
			Initial,
			[]string{"initial", "initial increment", "first increment", "min duration", "minimum duration", "initial seconds", "interval 1"},
			[]string{"initial", "first in", "начальн"},
		},
		{Next, []string{"next", "next increment", "interval n", "subsequent", "additional increment"}, []string{"next", "subseq", "следующ"}},
		{
			Increment,
			[]string{"increment", "increments", "billing", "billing increment", "billing increments", "rounding", "interval", "тарификация", "takt"},
			[]string{"increment", "тарификац", "шаг", "taktung"},
		},
		{Currency, []string{"currency", "curr", "ccy", "валюта", "währung"}, []string{"currency", "валют"}},
		{Origin, []string{"origin", "origin prefix", "origination", "source prefix", "a number prefix", "caller prefix"}, []string{"origin"}},
		{Period, []string{"period", "time class", "time of day", "период", "zeitraum"}, []string{"time class", "период"}},
		{Blocked, []string{"blocked", "status", "state", "заблокировано"}, []string{"block", "блокир", "gesperrt"}},
		{
			Rate,
			[]string{"rate", "price", "rate per minute", "price per minute", "cost", "tariff", "цена", "стоимость", "тариф", "preis"},
			[]string{"rate", "price", "per min", "цена", "стоимост", "руб", "preis"},
		},
		{Area, []string{"area code", "area", "area codes", "city code", "city codes", "код города", "ortsvorwahl"}, []string{"area", "код гор"}},
		{
			Prefix,
			[]string{"prefix", "prefixes", "code", "codes", "dial code", "dialcode", "dial codes", "country code", "digits", "e164", "код", "коды", "префикс", "vorwahl"},
			[]string{"prefix", "code", "код", "префикс", "vorwahl"},
		},
		{
			Destination,
			[]string{"destination", "destination name", "name", "country", "zone", "description", "направление", "страна", "название", "ziel", "land"},
			[]string{"destination", "name", "country", "направлен", "ziel"},
		},
	}
}

// bareColumns makes the columns out by their contents, for files without a header.
func bareColumns(rows [][]string) (firstRow int, columns map[Column]int) {
	columns = make(map[Column]int)
	scores := make(map[Column]int)
	width := 0
	for _, row := range rows {
		width = max(width, len(row))
	}
	for position := range width {
		counts := make(map[Column]int)
		for _, row := range rows {
			if position < len(row) {
				counts[contentOf(row[position])]++
			}
		}
		for c, n := range counts {
			if c != "" && n*2 > len(rows) && n > scores[c] {
				scores[c], columns[c] = n, position
			}
		}
	}
	return 0, columns
}

// contentOf says what a single cell looks like.
func contentOf(cell string) Column {
	cell = strings.TrimSpace(cell)
	switch {
	case cell == "":
		return ""
	case strings.ContainsFunc(cell, unicode.IsLetter):
		return Destination
	case strings.Count(cell, "/") == 1 && strings.Trim(cell, "0123456789/") == "":
		return Increment
	}
	if _, err := parseDate(cell, DayFirst, time.UTC); err == nil && strings.ContainsAny(cell, "./-") && strings.Count(cell, ".") != 1 {
		return EffectiveFrom
	}
	if strings.Trim(cell, "0123456789") == "" || strings.Contains(cell, "-") {
		return Prefix
	}
	return Rate
}
