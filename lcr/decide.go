package lcr

import (
	"cmp"
	"errors"
	"slices"

	"trunkline/internal/money"
	"trunkline/rating"
)

// Decide answers a request, in d, whose memory is used again. It allocates nothing when d has room for the verdicts.
func (w *World) Decide(q *Request, d *Decision) {
	d.reset(w, q)
	to, from := q.To.Key(), q.From.Key()
	for _, r := range w.plans[q.Plan] {
		if !r.matches(q, to, from) || (r.Policy == Block && q.Emergency) {
			continue
		}
		if d.rule == nil {
			d.rule = r
		}
		if r.Policy == Block {
			if d.count == 0 {
				d.refusal = ReasonBlocked
			}
			break
		}
		d.apply(w, r, to)
		if !r.Continue {
			break
		}
	}
	d.conclude()
}

// room is how many gateways of a rule are weighed without taking memory for it.
const room = 32

// quoted is what a deck asks for the call.
type quoted struct {
	cost   money.Amount // Of the assumed length, in the currency of the sale.
	nanos  int64        // Per minute, in the deck's own currency.
	digits int8         // Of the prefix.
	reason code         // Why there is no cost; 0 when there is.
}

// place is a gateway that passed the gates, with what its policy orders it by: the three keys in turn, each rising.
type place struct {
	keys    [3]int64
	target  uint16 // Position in the rule.
	verdict uint16 // Position in the decision.
}

// before reports whether the place comes before the other.
func (p *place) before(other *place) bool {
	for i := range p.keys {
		if p.keys[i] != other.keys[i] {
			return p.keys[i] < other.keys[i]
		}
	}
	return p.target < other.target
}

// apply adds the candidates of one rule in the order of its policy.
func (d *Decision) apply(w *World, r *rule, to uint64) {
	var quotedRoom [room]quoted
	var placeRoom [room]place
	quotes, found := quotedRoom[:0], placeRoom[:0]
	if !d.request.Emergency && !r.dedicated {
		quotes = d.quote(w, r, to, quotes)
	}
	cheapest := d.cheapest(r, quotes)
	quality := w.measures.quality.Load()
	d.verdicts = slices.Grow(d.verdicts, len(r.targets))
	for i := range r.targets {
		t := &r.targets[i]
		if d.count > 0 && d.has(t.gateway) {
			continue
		}
		v := d.judge(w, r, t, quotes, cheapest)
		var known *figures
		if v.reason == 0 && (r.Quality != nil || r.byQuality) {
			if known = quality.of(t.gateway, to, r.Quality.minCalls()); r.Quality != nil && !d.request.Emergency {
				v.demand(r.Quality, known)
			}
		}
		if v.reason == 0 {
			found = append(found, place{})
			p := &found[len(found)-1]
			p.keys, p.target, p.verdict = r.keys(v, t, known), uint16(i), uint16(len(d.verdicts)-1) //nolint:gosec // maxGateways bounds both.
		}
	}
	r.order(found, d.request.Simulated)
	d.take(r, found)
}

// quote asks the decks of a rule for the cost of the call.
func (d *Decision) quote(w *World, r *rule, to uint64, out []quoted) []quoted {
	var spotRoom [room]spot
	at, spots := d.request.At.Unix(), w.book.locate(r.decks, to, spotRoom[:0])
	for i, deck := range r.decks {
		out = append(out, quoted{})
		o, c := &out[i], w.book.decks[deck]
		if len(spots) > 0 {
			d.ask(o, c, w.book.rate(deck, &spots[i], to, at))
		} else {
			d.ask(o, c, c.shortNumber(to, at))
		}
		if from := w.currencies[deck]; from != d.currency && o.reason == 0 {
			var known bool
			if o.cost, known = w.exchange.convert(o.cost, from, d.currency, at); !known {
				o.reason = noExchange
			}
		}
	}
	return out
}

// ask works out what a deck asks by the rate that it has.
func (d *Decision) ask(o *quoted, c *Costs, rate rate) {
	o.nanos, o.digits = rate.nanos, int8(rate.digits) //nolint:gosec // At most 15.
	var err error
	switch {
	case rate.odd:
		err = o.price(c, &d.request)
	case rate.digits < 0:
		o.reason = noRate
	case rate.terms.Blocked:
		o.reason = blocked
	default:
		o.cost, err = rate.cost(d.request.Assumed)
	}
	if err != nil {
		o.reason = noRate
	}
}

// price asks the tariff, where the rate depends on more than number and time.
func (o *quoted) price(c *Costs, q *Request) error {
	charge, err := c.tariff.Price(rating.Call{From: q.From, To: q.To, Connect: q.At, Duration: q.Assumed}, rating.Exhausted{})
	var unratable *rating.UnratableError
	if errors.As(err, &unratable) && unratable.Reason == rating.Blocked {
		o.reason = blocked
		return nil
	}
	o.cost, o.nanos, o.digits = charge.Total, charge.PerMinute.Nanos(), int8(charge.Prefix.Len()) //nolint:gosec // At most 15.
	return err
}

// keys returns what the rule's policy orders a gateway by. Gateways stand in a rule that names none by their ids, and
// where all keys are equal they are tried in the order of the rule.
func (r *rule) keys(v *verdict, t *target, known *figures) [3]int64 {
	cost := v.cost.Micros()
	switch {
	case r.byPriority:
		return [3]int64{t.priority, cost}
	case r.byQuality && known == nil:
		return [3]int64{1, cost, t.priority}
	case r.byQuality:
		return [3]int64{-known.asr, known.pdd.Milliseconds(), cost}
	}
	return [3]int64{cost, t.priority}
}

// order puts the gateways in the order in which they are to be tried.
func (r *rule) order(found []place, simulated bool) {
	switch r.Policy {
	case LeastCost, Priority, BestFirst:
		pick(found, 2*r.MaxTries)
	case Weight, Percent, RoundRobin:
		r.share(found, simulated)
	case List, Dedicated, Block:
	}
}

// pick puts the best so many in front, in their order. The others are not sorted: nobody tries them.
func pick(found []place, most int) {
	for i := range min(most, len(found)-1) {
		best := i
		least := found[i].keys[0]
		for j := i + 1; j < len(found); j++ {
			if key := found[j].keys[0]; key < least || (key == least && found[j].before(&found[best])) {
				best, least = j, key
			}
		}
		found[i], found[best] = found[best], found[i]
	}
}

// take makes candidates of the first of the gateways found: twice as many as may be tried, so that one that turns out to
// be locked or full uses up no try.
func (d *Decision) take(r *rule, found []place) {
	d.tries = min(d.tries+r.MaxTries, maxCandidates)
	d.setup = cmp.Or(d.setup, r.SetupTime)
	for i := range found {
		if i < 2*r.MaxTries && d.count < len(d.order) {
			d.order[d.count] = found[i].verdict
			d.count++
			continue
		}
		d.verdicts[found[i].verdict].reason = outranked
	}
}
