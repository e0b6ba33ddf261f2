package columns

import (
	"fmt"
	"strings"

	"trunkline/rating/deckfile/cell"
	"trunkline/rating/deckfile/heading"
)

// rest finds everything beside codes and prices.
func (r *resolver) rest() {
	r.steps()
	r.stepsByCells()
	r.otherSteps()
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
	r.allTimes()
	r.someCallers()
	r.destination()
	r.status()
	r.unknownWords()
	r.unknownDates()
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
		if o.used != "" || o.ignored || len(o.meanings) > 0 && o.meanings[0].Score >= sureScore || o.sure != kind {
			continue
		}
		if kind == "blocked" || kind == "origin" || kind == "period" || kind == "grace" {
			continue
		}
		if o.profile.filled <= fewCells {
			r.take(c, i)
			return
		}
		r.ask(c, []int{i}, fmt.Sprintf("column %d %q is called like the %s, but %s (%s): is it not to be used (--ignore %q)?",
			i+1, o.heading, says(c), o.why, strings.Join(o.profile.samples, ", "), o.heading))
		return
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
		}
	}
	r.statusElsewhere()
	at, found := r.m.Columns[Status]
	if !found {
		return
	}
	if p := &r.columns[at].profile; p.yesNo*2 > p.filled && p.filled > 0 {
		r.yesOrNo(at)
	}
}

// statusElsewhere looks for words such as "deleted" in columns whose headings do not say that they are there, such as remarks.
func (r *resolver) statusElsewhere() {
	if _, found := r.m.Columns[Status]; found || r.nowhere[Status] || r.asked(Status) {
		return
	}
	for i := range r.columns {
		c := &r.columns[i]
		if p := &c.profile; c.used != "" || c.ignored || p.closings+p.remarks == 0 || p.yesNo > 0 || p.codes > 0 {
			continue
		}
		if p := &c.profile; p.share(p.marks) >= fitMost {
			r.take(Status, i)
			return
		}
		r.ask(Status, []int{i}, fmt.Sprintf("column %d %q says of some rows that they are closed (%s): is that so, or is it not to be used (--ignore %q)?",
			i+1, c.heading, strings.Join(c.profile.samples, ", "), c.heading))
		return
	}
}

// allTimes leaves a column of periods out that says of every row that it holds at any time. Names of times that are not the tariff's
// periods would keep a rate from ever holding, so they are asked for.
func (r *resolver) allTimes() {
	at, ok := r.m.Columns[Period]
	if _, said := r.answers.Columns[Period]; !ok || said || r.columns[at].heading == string(Period) {
		return
	}
	c := &r.columns[at]
	other := ""
	for _, text := range c.profile.cells {
		if text != "" && !cell.AnyTime(text) {
			other = text
			break
		}
	}
	l := r.hints.Learned
	switch {
	case other == "":
		r.untake(Period)
		c.why = "it says that prices hold at any time"
	case l != nil && l.Headings[Period] == heading.Normal(c.heading):
	default:
		r.untake(Period)
		r.ask(Period, []int{at}, fmt.Sprintf("column %d %q names times, such as %q: are they the names of the tariff's periods, or is it not to be used (--ignore %q)?", at+1, c.heading, other, c.heading))
	}
}

// someCallers asks for a column that says for which callers a price holds, and names no codes of theirs.
func (r *resolver) someCallers() {
	if _, found := r.m.Columns[Origin]; found || r.nowhere[Origin] || r.asked(Origin) {
		if at := r.m.Columns[Origin]; found && r.answers.Columns[Origin] == "" && r.columns[at].profile.words > r.columns[at].profile.codes {
			r.untake(Origin)
			r.askCallers(at)
		}
		return
	}
	for i := range r.columns {
		if c := &r.columns[i]; c.used == "" && !c.ignored && c.attributes.Origin && len(c.meanings) == 0 && c.profile.words > 0 && c.profile.codes == 0 {
			r.askCallers(i)
			return
		}
	}
}

func (r *resolver) askCallers(at int) {
	c := &r.columns[at]
	r.ask(Origin, []int{at}, fmt.Sprintf("column %d %q says for which callers a price holds (%s), and not by their codes: leave the column out with --ignore %q if it holds for all, or the rows that hold for some",
		at+1, c.heading, strings.Join(c.profile.samples, ", "), c.heading))
}

// yesOrNo asks what a yes means, unless the heading says it.
func (r *resolver) yesOrNo(at int) {
	switch word := strings.TrimPrefix(heading.Normal(r.columns[at].heading), "is "); word {
	case "active", "enabled", "valid", "available", "in force", "live", "aktiv", "aktiviert", "actif", "activo", "activado", "habilitado", "attivo", "abilitato", "ativo", "активен", "активна", "активно":
		r.m.StatusIs = "active"
	case "inactive", "deleted", "closed", "disabled", "discontinued", "removed", "withdrawn", "ceased", "cancelled", "canceled", "deactivated", "suspended":
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

// unusedMoney asks for columns that speak of money and of nothing that is known, and warns of others that hold something like prices.
func (r *resolver) unusedMoney() {
	for i := range r.columns {
		c := &r.columns[i]
		p := &c.profile
		if c.used != "" || c.ignored || len(c.meanings) > 0 || p.filled == 0 || (p.fractions+p.integers)*2 <= p.filled || p.nothing() || p.signed > 0 {
			continue
		}
		if c.attributes.Money && !c.attributes.Foreign && c.sure == "" {
			r.questions = append(r.questions, Question{
				About: "ignore", Choices: []int{i}, Flag: fmt.Sprintf("--ignore %q, or --column NAME=%q", c.heading, c.heading),
				Text: fmt.Sprintf("column %d %q (%s) speaks of money: is it a fee, and which?", i+1, c.heading, strings.Join(p.samples, ", ")),
			})
			c.why = "it is asked for"
		} else if p.fractions*2 > p.filled && !c.attributes.Foreign {
			c.why = "the heading is not known; it holds numbers like prices"
		}
	}
}
