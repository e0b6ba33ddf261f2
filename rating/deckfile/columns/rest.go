package columns

import (
	"fmt"
	"strings"

	"trunkline/rating/deckfile/heading"
)

// rest finds everything beside codes and prices.
func (r *resolver) rest() {
	r.steps()
	for _, one := range []struct {
		kind string
		c    Column
	}{
		{"connect_fee", ConnectFee},
		{"attempt_fee", AttemptFee},
		{"min_charge", MinCharge},
		{"grace", Grace},
		{"effective_from", EffectiveFrom},
		{"effective_to", EffectiveTo},
		{"currency", Currency},
		{"blocked", Blocked},
		{"origin", Origin},
		{"period", Period},
	} {
		r.takeBest(one.kind, one.c, true)
		r.unfit(one.kind, one.c)
	}
	r.destination()
	r.status()
	r.category()
	r.unusedMoney()
}

// category takes a column by what stands in it: some rows say that they hold for callers of some countries only.
func (r *resolver) category() {
	for i := range r.columns {
		if c := &r.columns[i]; c.used == "" && !c.ignored && c.profile.origined > 0 && !r.nowhere[Category] {
			r.take(Category, i)
			return
		}
	}
}

// fewCells is how many cells may all be wrong without a doubt about the column.
const fewCells = 3

// unfit looks for a column whose heading says clearly what it is and whose cells do not fit. A few wrong cells are faults of their
// lines; where nearly all are wrong, that is a question.
func (r *resolver) unfit(kind string, c Column) {
	if _, found := r.m.Columns[c]; found || r.nowhere[c] || r.asked(c) {
		return
	}
	for i := range r.columns {
		o := &r.columns[i]
		if o.used != "" || o.ignored || len(o.meanings) > 0 || o.sure != kind {
			continue
		}
		if o.profile.filled <= fewCells {
			r.take(c, i)
			return
		}
		if kind != "blocked" && kind != "origin" && kind != "period" && kind != "grace" {
			r.ask(c, []int{i}, fmt.Sprintf("column %d %q is called like the %s, but %s (%s): is it not to be used (--ignore %q)?",
				i+1, o.heading, says(c), o.why, strings.Join(o.profile.samples, ", "), o.heading))
			return
		}
	}
}

// steps finds the first and the next step of billing, apart or in one column.
func (r *resolver) steps() {
	both, hasBoth := r.pick("increment", Increment, true)
	pairs := hasBoth && r.columns[both].profile.pairs*2 > r.columns[both].profile.filled
	if pairs { // Rows without a pair may say it in the other columns.
		r.take(Increment, both)
	}
	first, hasFirst := r.pick("initial", Initial, true)
	next, hasNext := r.pick("next", Next, true)
	switch {
	case pairs && (!hasFirst || !hasNext):
		return
	case pairs:
	case hasFirst && !hasNext && hasBoth && both != first: // "Min time" beside "Increment".
		next, hasNext = both, true
	case !hasFirst && hasNext && hasBoth && both != next:
		first, hasFirst = both, true
	case !hasFirst && !hasNext && hasBoth:
		r.take(Increment, both)
		return
	}
	if hasFirst && (!hasNext || first != next) {
		r.take(Initial, first)
	}
	if hasNext {
		r.take(Next, next)
	}
}

// destination takes the name of the destination; where there are only a country and a network, both make it.
func (r *resolver) destination() {
	if r.takeBest("destination", Destination, false) {
		return
	}
	if !r.takeBest("country", Destination, false) {
		r.takeBest("network", Destination, false)
		return
	}
	r.takeBest("network", Network, false)
}

// status takes the column that says what becomes of a rate. "Active: no" ends it, "Blocked: no" does not.
func (r *resolver) status() {
	if _, said := r.m.Columns[Status]; !said {
		found := r.candidates("status")
		var telling []candidate
		for _, f := range found {
			if p := &r.columns[f.at].profile; p.closings > 0 || p.yesNo > 0 {
				telling = append(telling, f)
			}
		}
		switch {
		case len(telling) > 1:
			r.ask(Status, r.rivals(telling), "")
			return
		case len(telling) == 1:
			r.take(Status, telling[0].at)
		case len(found) > 0:
			r.take(Status, found[0].at)
		default:
			return
		}
	}
	at := r.m.Columns[Status]
	if p := &r.columns[at].profile; p.yesNo*2 > p.filled && p.filled > 0 {
		r.yesOrNo(at)
	}
}

// yesOrNo asks what a yes means, unless the heading says it.
func (r *resolver) yesOrNo(at int) {
	switch word := heading.Normal(r.columns[at].heading); word {
	case "active", "enabled", "is active", "aktiv", "actif", "activo", "attivo", "ativo", "активен", "активно":
		r.m.StatusIs = "active"
	case "inactive", "deleted", "closed", "disabled":
		r.m.StatusIs = "closed"
	default:
		if r.answers.StatusIs == "" && (r.hints.Learned == nil || r.hints.Learned.StatusIs == "") {
			r.questions = append(r.questions, Question{
				About: "status_is", Flag: "--status-is active",
				Text: fmt.Sprintf("column %q says yes or no: does yes mean that the rate is active, closed or blocked?", r.columns[at].heading),
			})
		}
	}
}

// unusedMoney warns of columns that nobody knows and that hold something like prices.
func (r *resolver) unusedMoney() {
	for i := range r.columns {
		c := &r.columns[i]
		if p := &c.profile; c.used == "" && c.why == "the heading is not known" && p.filled > 0 && p.fractions*2 > p.filled {
			c.why = "the heading is not known; it holds numbers like prices"
		}
	}
}
