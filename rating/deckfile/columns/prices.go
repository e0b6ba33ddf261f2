package columns

import (
	"fmt"
	"slices"
	"strings"
)

// Scores of rules.txt for a new price and for one that is called current.
const (
	newScore     = 118
	currentScore = 70
	unclearScore = 80 // Words that nobody knows stand beside the price.
)

// prices finds the price per minute among old and new ones, first and next ones, and those in several currencies or units.
func (r *resolver) prices() {
	if _, said := r.m.Columns[Rate]; !said {
		r.priceByParts()
	}
	for i := range r.columns {
		c := &r.columns[i]
		if c.used == "" && len(c.meanings) > 0 && c.meanings[0].Kind == "old_rate" {
			c.why = "it is the old price"
		}
		if at, ok := r.m.Columns[Rate]; ok && c.used == "" && len(c.meanings) > 0 && c.meanings[0].Kind == "rate" && c.meanings[0].Variant == "" {
			if r.scoreOf(at, "rate") > r.scoreOf(i, "rate")+closeScore {
				c.why = "the price is in column " + r.name(at)
			}
		}
	}
	r.priceNotes()
}

func (r *resolver) priceByParts() {
	plain := r.candidates("rate")
	first, next := r.candidates("first_rate"), r.candidates("next_rate")
	if len(r.body) > 0 && len(first)+len(next)+len(plain) > 1 { // A column without a price is none beside another one.
		plain = slices.DeleteFunc(plain, func(c candidate) bool { return r.columns[c.at].profile.filled == 0 })
	}
	switch {
	case len(plain) > 0:
		r.plainPrice(plain)
		if len(first) > 0 && len(next) == 0 && !r.columns[first[0].at].profile.nothing() {
			r.ask(FirstRate, []int{first[0].at}, fmt.Sprintf("column %q has a price of its own for the beginning of a call: is it the price per minute of the first step (--column first_rate=%q), or is it paid once (--column connect_fee=%q)?",
				r.columns[first[0].at].heading, r.columns[first[0].at].heading, r.columns[first[0].at].heading))
		}
		if len(next) > 0 && len(first) == 0 {
			if at, ok := r.m.Columns[Rate]; ok && !r.columns[at].profile.same(&r.columns[next[0].at].profile) {
				r.untake(Rate)
				r.ask(Rate, []int{at, next[0].at}, "")
			}
		}
	case len(first) > 0 && len(next) > 0:
		r.firstAndNext(first[0].at, next[0].at)
	case len(first)+len(next) == 1:
		r.take(Rate, append(first, next...)[0].at)
	default:
		r.pricesByVariant()
	}
}

func (r *resolver) untake(c Column) {
	r.columns[r.m.Columns[c]].used = ""
	delete(r.m.Columns, c)
	delete(r.m.Headings, c)
}

// plainPrice takes the surest price; of several it takes the one in the deck's currency, and that per minute.
func (r *resolver) plainPrice(found []candidate) {
	rivals := r.rivals(found)
	if found[0].score < newScore && r.columns[found[0].at].from == "" { // Beside a new one, or one from a day on, the current price does not count.
		for _, f := range found[1:] {
			unclear := r.scoreOf(f.at, "rate") == currentScore || found[0].score < unclearScore // "EEA Rate" beside "Rest of World Rate".
			if !slices.Contains(rivals, f.at) && unclear && !r.columns[f.at].profile.same(&r.columns[found[0].at].profile) {
				rivals = append(rivals, f.at)
			}
		}
	}
	if len(rivals) > 1 && !r.hints.Currency.IsZero() {
		rivals = r.only(rivals, func(at int) bool { return r.columns[at].attributes.Currency == r.hints.Currency.String() })
	}
	if len(rivals) > 1 {
		rivals = r.only(rivals, func(at int) bool { return r.columns[at].attributes.Seconds == 60 })
	}
	if len(rivals) > 1 {
		r.ask(Rate, rivals, "")
		return
	}
	r.take(Rate, rivals[0])
}

// only keeps what fits, where something does and something does not.
func (r *resolver) only(list []int, fits func(at int) bool) []int {
	kept := slices.DeleteFunc(slices.Clone(list), func(at int) bool { return !fits(at) })
	if len(kept) == 0 {
		return list
	}
	return kept
}

// firstAndNext reads a price for the first step and one for the next steps. Where they are the same it is one price.
func (r *resolver) firstAndNext(first, next int) {
	r.take(Rate, next)
	r.take(FirstRate, first)
	if r.answers.FirstPrice != "" || r.columns[first].profile.same(&r.columns[next].profile) {
		return
	}
	if l := r.hints.Learned; l != nil && l.FirstPrice != "" {
		return
	}
	r.questions = append(r.questions, Question{
		About: "first_price", Flag: "--first-price connect_fee",
		Text: fmt.Sprintf("column %q has another price for the first step than %q for the next ones: is the difference to be kept as a connect fee, which gives every call the same price?",
			r.columns[first].heading, r.columns[next].heading),
	})
}

// pricesByVariant is for lists that have prices only by where a call comes from, or by the time of day.
func (r *resolver) pricesByVariant() {
	var found []int
	for i := range r.columns {
		if c := &r.columns[i]; c.used == "" && !c.ignored && slices.ContainsFunc(c.meanings, isVariantPrice) {
			found = append(found, i)
		}
	}
	switch len(found) {
	case 0:
	case 1:
		r.take(Rate, found[0])
	default:
		names := make([]string, len(found))
		for i, at := range found {
			names[i] = r.columns[at].heading
		}
		r.ask(Rate, found, fmt.Sprintf("the list has a price for each of %s: which one counts? Join several with + to take the dearest, as %q",
			strings.Join(names, ", "), strings.Join(names, "+")))
	}
}

// priceNotes reads the unit and the currency off the heading of the price.
func (r *resolver) priceNotes() {
	at, ok := r.m.Columns[Rate]
	if !ok {
		return
	}
	a := r.columns[at].attributes
	if a.Seconds != 60 {
		r.m.Seconds = a.Seconds
	}
	r.m.Cents, r.m.Currency, r.m.From = a.Cents, a.Currency, r.columns[at].from
	if r.m.From != "" {
		r.assumed = append(r.assumed, "prices without a date of their own begin on "+r.m.From+", as the heading "+r.name(at)+" says")
	}
}
