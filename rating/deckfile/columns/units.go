package columns

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/rating/deckfile/heading"
)

// units settles what a price is for where its heading does not say: as it was said of the last list, or else somebody is asked when
// another column or the text above the table speaks of a unit.
func (r *resolver) units(l *Mapping) {
	at, ok := r.m.Columns[Rate]
	if !ok || r.answers.Unit != "" {
		return
	}
	if a := r.columns[at].attributes; a.Seconds != 0 || a.Cents {
		return
	}
	if l.Headings[Rate] != "" && l.Headings[Rate] == heading.Normal(r.columns[at].heading) {
		if r.m.Seconds, r.m.Cents = l.Seconds, l.Cents; l.Seconds > 0 || l.Cents {
			r.assumed = append(r.assumed, "prices are for the unit that was said of the last list (--unit)")
		}
		return
	}
	r.unitElsewhere()
}

// unitElsewhere asks where the text above the table or a column that is not used names a unit.
func (r *resolver) unitElsewhere() {
	for _, text := range r.header.above {
		if a := r.vocabulary.Attributes(text); a.Money && !a.Steps && unusual(a) {
			r.askUnit(nil, fmt.Sprintf("the text above the table says %q", text), a)
			return
		}
	}
	for i := range r.columns {
		if c := &r.columns[i]; c.used == "" && !c.ignored {
			if a, ok := r.unitCells(c.profile.cells); ok && unusual(a) {
				r.askUnit([]int{i}, fmt.Sprintf("column %s holds units (%s)", r.name(i), strings.Join(c.profile.samples, ", ")), a)
				return
			}
		}
	}
}

func unusual(a heading.Attributes) bool { return a.Cents || a.Seconds != 0 && a.Seconds != 60 }

// unitLetters is the longest name of a unit, in bytes.
const unitLetters = 24

// unitCells reports whether all cells are units, and returns one that is no minute, if there is any.
func (r *resolver) unitCells(cells []string) (found heading.Attributes, ok bool) {
	for _, text := range slices.Compact(slices.Clone(cells)) {
		if text == "" {
			continue
		}
		a := r.vocabulary.Attributes(text)
		if len(text) > unitLetters || strings.ContainsAny(text, "0123456789") && a.Seconds == 0 || a.Seconds == 0 && !a.Cents {
			return found, false
		}
		if ok = true; !unusual(found) {
			found = a
		}
	}
	return found, ok
}

func (r *resolver) askUnit(at []int, says string, a heading.Attributes) {
	unit := map[int]string{1: "second", 3600: "hour", 6000: "100 minutes"}[a.Seconds]
	if unit == "" {
		unit = "minute"
	}
	if a.Cents {
		unit = "cent " + unit
	}
	r.questions = append(r.questions, Question{
		About: "unit", Flag: fmt.Sprintf("--unit %q, or --unit minute", unit), Choices: at,
		Text: says + ", and the heading of the price does not: what are prices for?",
	})
}
