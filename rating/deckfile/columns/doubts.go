package columns

import (
	"fmt"
	"slices"
	"strings"
)

// moreCodes asks for columns that narrow the codes down, and that nothing uses: without them a whole country gets the price of one
// network, or a range that of its first code.
func (r *resolver) moreCodes() {
	prefix, found := r.m.Columns[Prefix]
	_, area := r.m.Columns[Area]
	_, span := r.m.Columns[CodeTo]
	if _, said := r.answers.Columns[Prefix]; !found || said || area || span || r.asked(Area) || r.nowhere[Area] {
		return
	}
	p := &r.columns[prefix]
	country := len(p.meanings) > 0 && p.meanings[0].Kind == "country_code"
	for i := range r.columns {
		c := &r.columns[i]
		if c.used != "" || c.ignored || c.profile.filled == 0 || c.profile.share(c.profile.codes) < fitMost {
			continue
		}
		switch {
		case c.attributes.Codes && !c.attributes.Foreign && (r.top(i) == "prefix" || len(c.meanings) == 0 && c.sure == "") && !c.profile.within(&p.profile):
			r.questions = append(r.questions, Question{
				About: "ignore", Choices: []int{i}, Flag: fmt.Sprintf("--ignore %q, or --column prefix=%q instead of %s", c.heading, c.heading, r.name(prefix)),
				Text: fmt.Sprintf("column %d %q holds codes, too (%s): those of column %s are used; is it not to be used?", i+1, c.heading, strings.Join(c.profile.samples, ", "), r.name(prefix)),
			})
			c.why = "it is asked for"
		case c.profile.fractions > 0:
			continue
		case r.top(i) == "code_to" && !r.nowhere[CodeTo]:
			r.ask(CodeTo, []int{i}, fmt.Sprintf("column %d %q ends a range of codes (%s): does it begin in column %s, or is it not to be used (--ignore %q)?",
				i+1, c.heading, strings.Join(c.profile.samples, ", "), r.name(prefix), c.heading))
		case r.top(i) == "area" && !c.profile.within(&p.profile), country && len(c.meanings) == 0 && c.sure == "" && !c.attributes.Foreign && !c.attributes.Money && !onlySteps(&c.profile):
			r.ask(Area, []int{i}, fmt.Sprintf("column %d %q holds digits (%s), and column %s codes of countries: do they stand behind the country code, or is it not to be used (--ignore %q)?",
				i+1, c.heading, strings.Join(c.profile.samples, ", "), r.name(prefix), c.heading))
		default:
			continue
		}
		return
	}
}

// top is the surest meaning of a column; empty text: it has none.
func (r *resolver) top(at int) string {
	if len(r.columns[at].meanings) == 0 {
		return ""
	}
	return r.columns[at].meanings[0].Kind
}

// within reports whether the codes of another column have those of this one already.
func (p *profile) within(whole *profile) bool {
	for i, text := range p.cells {
		if i >= len(whole.cells) || !strings.HasSuffix(whole.cells[i], text) {
			return false
		}
	}
	return true
}

// stepsByCells takes a column by what stands in it, such as 30/6, where no heading speaks of steps.
func (r *resolver) stepsByCells() {
	if r.hasSteps() || r.asked(Increment) || r.asked(Initial) || r.asked(Next) || r.nowhere[Increment] {
		return
	}
	var found []int
	for i := range r.columns {
		if c := &r.columns[i]; c.used == "" && !c.ignored && len(c.meanings) == 0 && !c.attributes.Old && c.profile.usualSteps() {
			found = append(found, i)
		}
	}
	switch {
	case len(found) == 1:
		r.take(Increment, found[0])
	case len(found) > 1:
		r.ask(Increment, found, "")
	}
	if len(found) > 0 {
		return
	}
	for _, kind := range [...]Column{Increment, Initial, Next} {
		r.unfit(string(kind), kind)
	}
}

// otherSteps asks for seconds under a heading that nobody knows, beside a column with only one of the two steps.
func (r *resolver) otherSteps() {
	one, n := -1, 0
	for _, c := range [...]Column{Increment, Initial, Next} {
		if at, ok := r.m.Columns[c]; ok {
			one, n = at, n+1
		}
	}
	if n != 1 || r.columns[one].profile.pairs > 0 {
		return
	}
	for i := range r.columns {
		c := &r.columns[i]
		if c.used != "" || c.ignored || len(c.meanings) > 0 || c.attributes.Foreign || c.why != unknownHeading || !onlySteps(&c.profile) || c.profile.nothing() || c.profile.yesNo == c.profile.filled || c.profile.same(&r.columns[one].profile) {
			continue
		}
		r.ask(Initial, []int{i}, fmt.Sprintf("column %s holds seconds as of steps (%s): is it the first step (--column initial=%d) or the next one (--column next=%d), or is it not to be used (--ignore %d)?",
			r.name(i), strings.Join(c.profile.samples, ", "), i+1, i+1, i+1))
		return
	}
}

// usualSteps reports whether all cells are pairs of steps that people bill by.
func (p *profile) usualSteps() bool {
	for _, text := range p.cells {
		if text != "" && !steps(strings.ReplaceAll(text, " ", "")) {
			return false
		}
	}
	return p.filled > 0
}

// unknownDates asks for dates under a heading that nobody knows: prices must not be in force before or behind them.
func (r *resolver) unknownDates() {
	for i := range r.columns {
		c := &r.columns[i]
		if c.used != "" || c.ignored || len(c.meanings) > 0 || c.sure != "" || c.attributes.Foreign || c.profile.filled == 0 || c.profile.share(c.profile.days) < fitMost {
			continue
		}
		about := EffectiveFrom
		if _, found := r.m.Columns[about]; found || r.nowhere[about] || r.asked(about) {
			about = EffectiveTo
		}
		if _, found := r.m.Columns[about]; found || r.nowhere[about] || r.asked(about) {
			continue
		}
		r.ask(about, []int{i}, fmt.Sprintf("column %s holds dates (%s), and its heading does not tell which: do prices begin then (--column effective_from=%d), or end (--column effective_to=%d), or is it not to be used (--ignore %d)?",
			r.name(i), strings.Join(c.profile.samples, ", "), i+1, i+1, i+1))
	}
}

// unknownWords asks for a column that is called like a status, and whose words nobody knows.
func (r *resolver) unknownWords() {
	if _, found := r.m.Columns[Status]; found || r.nowhere[Status] || r.asked(Status) {
		return
	}
	for i := range r.columns {
		c := &r.columns[i]
		if c.used != "" || c.ignored || len(c.meanings) > 0 || c.sure != "status" || c.profile.words*2 <= c.profile.filled || c.profile.ofAmerica() {
			continue
		}
		r.ask(Status, []int{i}, fmt.Sprintf("column %d %q is called like a status, and its words are not known (%s): say what they mean (--column status=%q, and --mark WORD=kept, closed or blocked for each), or leave it out (--ignore %q)",
			i+1, c.heading, strings.Join(c.profile.samples, ", "), c.heading, c.heading))
		return
	}
}

// ofAmerica reports whether all cells are two capitals, as for the states of America.
func (p *profile) ofAmerica() bool {
	return !slices.ContainsFunc(p.cells, func(text string) bool {
		return text != "" && (len(text) != 2 || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "")
	})
}
