package columns

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"trunkline/internal/money"
	"trunkline/rating/deckfile/cell"
)

// settings finds everything that is not a column.
func (r *resolver) settings() error {
	a, l := r.answers, r.hints.Learned
	if l == nil {
		l = &Mapping{}
	}
	r.m.FirstRow, r.m.Heads = r.header.first, r.header.heads
	r.m.CountryCode = cmp.Or(a.CountryCode, r.m.CountryCode, l.CountryCode)
	r.m.Ends, r.m.FirstPrice = cmp.Or(a.Ends, l.Ends), cmp.Or(a.FirstPrice, l.FirstPrice)
	r.m.Zone, r.m.Increment = cmp.Or(a.Zone, l.Zone), cmp.Or(a.Increment, l.Increment)
	r.m.StatusIs = cmp.Or(a.StatusIs, r.m.StatusIs, l.StatusIs)
	r.m.Marks = l.clone().Marks
	if err := a.marks(&r.m); err != nil {
		return err
	}
	if err := a.unit(&r.m); err != nil {
		return err
	}
	r.units(l)
	if at, ok := r.m.Columns[EffectiveTo]; ok && r.columns[at].heading == string(EffectiveTo) {
		r.m.Ends = cmp.Or(r.m.Ends, EndsExclusive) // The name in lists that Trunkline writes, where an end is a moment.
	}
	r.decimal()
	r.dates(cmp.Or(a.Dates, l.Dates))
	r.currency()
	r.aboveSays()
	r.startAbove()
	r.northAmericaSaid()
	return nil
}

func (r *resolver) northAmericaSaid() {
	if r.m.CountryCode != "" && r.answers.CountryCode == "" {
		r.assumed = append(r.assumed, "the codes have no country code: "+r.m.CountryCode+" is put before them")
	}
}

// decimal tells which sign stands last in prices that have one.
func (r *resolver) decimal() {
	r.m.Decimal = cmp.Or(r.answers.Decimal, ".")
	if r.answers.Decimal != "" {
		return
	}
	commas, points, either := 0, 0, 0
	for c, position := range r.m.Columns {
		if c != Rate && c != FirstRate && c != ConnectFee && c != MinCharge && c != AttemptFee {
			continue
		}
		for _, text := range r.columns[position].profile.cells {
			countSigns(text, &commas, &points, &either)
		}
	}
	switch {
	case commas > points:
		r.m.Decimal = ","
	case commas+points == 0 && either > 0:
		if l := r.hints.Learned; l != nil && l.Decimal != "" {
			r.m.Decimal = l.Decimal
			return
		}
		r.questions = append(r.questions, Question{
			About: "decimal", Flag: "--decimal ,",
			Text: "the prices have a comma before three digits: is it the decimal sign, or does it group thousands?",
		})
	}
}

func countSigns(text string, commas, points, either *int) {
	number, _ := cell.CutCurrency(text)
	comma, point := strings.LastIndexByte(number, ','), strings.LastIndexByte(number, '.')
	switch {
	case comma > point && point < 0 && strings.Count(number, ",") == 1 && len(number)-comma == 4 && !strings.HasPrefix(number, "0") && comma > 0:
		*either++
	case comma > point:
		*commas++
	case point > comma:
		*points++
	}
}

// dates tells which of day and month stands first, by a date that can only be read in one way.
func (r *resolver) dates(said cell.Order) {
	if said != cell.Unsaid {
		r.m.Dates = said
		return
	}
	var seen orders
	for _, c := range [...]Column{EffectiveFrom, EffectiveTo} {
		if at, ok := r.m.Columns[c]; ok {
			seen.look(r.columns[at].profile.cells)
		}
	}
	if !seen.either && len(seen.found) == 0 {
		return
	}
	if len(seen.found) == 0 {
		for _, text := range r.header.above {
			seen.look(strings.Fields(text))
		}
	}
	found := seen.found
	if len(found) == 0 {
		found = r.spelled()
	}
	switch {
	case len(found) == 1:
		r.m.Dates = found[0]
	case len(found) == 0 && r.m.CountryCode == "1":
		r.m.Dates = cell.MonthFirst
		r.assumed = append(r.assumed, "dates have the month first, as in North America")
	default:
		r.questions = append(r.questions, DateQuestion(r.m.Columns, r.sampleDate()))
	}
}

// spelled are the orders of dates that headings spell, as "Effective Date (DD/MM/YYYY)".
func (r *resolver) spelled() []cell.Order {
	var out []cell.Order
	for _, c := range [...]Column{EffectiveFrom, EffectiveTo} {
		at, ok := r.m.Columns[c]
		if !ok {
			continue
		}
		a := r.columns[at].attributes
		if a.DayFirst && !slices.Contains(out, cell.DayFirst) {
			out = append(out, cell.DayFirst)
		}
		if a.MonthFirst && !slices.Contains(out, cell.MonthFirst) {
			out = append(out, cell.MonthFirst)
		}
	}
	return out
}

// orders are what dates say of the place of day and month.
type orders struct {
	found  []cell.Order // Orders of dates that can only be read in one way.
	either bool         // There are dates that can be read in two.
}

func (o *orders) look(texts []string) {
	for _, text := range texts {
		m, err := cell.ParseMoment(text, cell.Unsaid, time.UTC)
		if err != nil {
			continue
		}
		o.either = o.either || m.Either
		if m.Decides != cell.Unsaid && !slices.Contains(o.found, m.Decides) {
			o.found = append(o.found, m.Decides)
		}
	}
}

// DateQuestion asks whether the day or the month stands first.
func DateQuestion(columns map[Column]int, example string) Question {
	var at []int
	for _, c := range [...]Column{EffectiveFrom, EffectiveTo} {
		if position, ok := columns[c]; ok {
			at = append(at, position)
		}
	}
	return Question{
		About: "dates", Flag: "--dates dmy, or --dates mdy", Choices: at,
		Text: fmt.Sprintf("does the day or the month stand first in %q? No date of the list tells", example),
	}
}

func (r *resolver) sampleDate() string {
	for _, c := range [...]Column{EffectiveFrom, EffectiveTo} {
		at, ok := r.m.Columns[c]
		if !ok {
			continue
		}
		for _, text := range r.columns[at].profile.cells {
			if m, err := cell.ParseMoment(text, cell.Unsaid, time.UTC); err == nil && m.Either {
				return text
			}
		}
	}
	return ""
}

// currency is what the heading of the price, the signs in its cells, or the text above say.
func (r *resolver) currency() {
	if r.answers.Currency != "" {
		r.m.Currency = strings.ToUpper(r.answers.Currency)
		return
	}
	at, ok := r.m.Columns[Rate]
	if _, apart := r.m.Columns[Currency]; !ok || apart {
		r.m.Currency = ""
		return
	}
	var found []string
	for _, text := range r.columns[at].profile.cells {
		if _, code := cell.CutCurrency(text); code != "" && !slices.Contains(found, code) {
			found = append(found, code)
		}
	}
	if len(found) == 1 {
		r.m.Currency = r.dollars(cmp.Or(r.m.Currency, found[0]))
		return
	}
	if r.m.Currency == "USD" && strings.Contains(r.columns[at].heading, "$") {
		r.m.Currency = r.dollars("$")
	}
}

// dollars reads the sign of a dollar as that of the deck's currency, if that is a dollar.
func (r *resolver) dollars(code string) string {
	if code != "$" {
		return code
	}
	if deck := r.hints.Currency.String(); slices.Contains([]string{"CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "ARS", "CLP", "COP"}, deck) {
		return deck
	}
	return "USD"
}

// aboveSays takes the currency and the steps from the text above the table, where the table itself does not say them.
func (r *resolver) aboveSays() {
	text := strings.Join(r.header.above, "\n")
	_, apart := r.m.Columns[Currency]
	if found := r.vocabulary.Currencies(text); r.m.Currency == "" && !apart && len(found) == 1 {
		if c, err := money.ParseCurrency(found[0]); err == nil {
			r.m.Currency = c.String()
			r.assumed = append(r.assumed, "prices are in "+found[0]+", as the text above the table says")
		}
	}
	if r.hasSteps() || r.m.Increment != "" {
		return
	}
	var found []string
	for word := range strings.FieldsFuncSeq(text, func(c rune) bool {
		return cell.IsSpace(c) || c == '\n' || c == ',' || c == ';' || c == ':' || c == '(' || c == ')'
	}) {
		word = strings.Trim(word, ".")
		if steps(word) && !slices.Contains(found, word) {
			found = append(found, word)
		}
	}
	switch len(found) {
	case 0:
		r.assumed = append(r.assumed, "the list does not say in which steps calls are billed: they stay as they are in the deck, or are 60/60 (--increment)")
	case 1:
		r.m.Increment = found[0]
		r.assumed = append(r.assumed, "calls are billed in steps of "+found[0]+", as the text above the table says")
	default:
		r.questions = append(r.questions, Question{
			About: "increment", Flag: "--increment " + found[0],
			Text: "the text above the table names several steps of billing, " + strings.Join(found, " and ") + ": which holds?",
		})
	}
}

func (r *resolver) hasSteps() bool {
	for _, c := range [...]Column{Increment, Initial, Next} {
		if _, ok := r.m.Columns[c]; ok {
			return true
		}
	}
	return false
}

// steps reports whether a word is a pair of steps that people bill by.
func steps(word string) bool {
	first, second, ok := strings.Cut(strings.Replace(word, "+", "/", 1), "/")
	usual := []string{"0", "1", "6", "10", "12", "15", "20", "30", "36", "60"}
	return ok && slices.Contains(usual, first) && slices.Contains(usual, second) && second != "0"
}

// reading puts together what was found.
func (r *resolver) reading() *Reading {
	out := &Reading{Mapping: r.m, Questions: r.questions, Differences: r.different, Assumed: r.assumed, Above: r.header.above}
	for i := range r.columns {
		c := &r.columns[i]
		seen := Seen{Position: i, Heading: c.heading, Samples: c.profile.samples, Used: c.used, Band: c.band}
		if c.used == "" {
			seen.Why = cmp.Or(c.why, r.unusedWhy(c))
		}
		out.Columns = append(out.Columns, seen)
	}
	return out
}

// unusedWhy says of a column that is known why it is not used all the same.
func (r *resolver) unusedWhy(c *column) string {
	if c.profile.filled == 0 {
		return "it is empty"
	}
	if len(c.meanings) > 0 {
		for i := range r.columns {
			if r.columns[i].used != "" && string(r.columns[i].used) == c.meanings[0].Kind || r.columns[i].used == Destination && (c.meanings[0].Kind == "country" || c.meanings[0].Kind == "network") {
				return "column " + r.name(i) + " says it better"
			}
		}
		return "prices do not depend on it"
	}
	return "the heading is not known"
}
