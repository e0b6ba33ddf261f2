package lcr

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"trunkline/internal/money"
	"trunkline/rating"
)

// defaultTries bounds the candidates of a rule that says nothing else.
const defaultTries = 4

// Decide answers a request. sale is what the tenant would pay; nil when that is nothing.
func (w *World) Decide(q Request, sale *rating.Quote) Decision {
	if q.Assumed <= 0 {
		q.Assumed = assumedDefault
	}
	d := Decision{From: q.From, To: q.To, Candidates: []Candidate{}, Skipped: []Skipped{}}
	plan, ok := w.plans[q.Plan]
	if !ok {
		d.Refusal = ReasonNoRule
		return d
	}
	limit := 0
	for i := range plan.Rules {
		r := &plan.Rules[i]
		if !r.matches(&q) {
			continue
		}
		if d.Rule == "" {
			d.Rule = plan.ID + "/" + r.ID
		}
		if r.Policy == Block {
			if len(d.Candidates) == 0 {
				d.Refusal = ReasonBlocked
			}
			break
		}
		limit += max(r.MaxTries, 0)
		if r.MaxTries == 0 {
			limit += defaultTries
		}
		w.apply(plan, r, &q, sale, &d)
		if !r.Continue {
			break
		}
	}
	w.finish(&d, limit)
	return d
}

func (w *World) finish(d *Decision, limit int) {
	if len(d.Candidates) > limit {
		for _, c := range d.Candidates[limit:] {
			d.Skipped = append(d.Skipped, Skipped{
				Carrier: c.Carrier, Gateway: c.Gateway, Reason: ReasonLimit,
				Detail: fmt.Sprintf("beyond the %d tries of the rule", limit),
			})
		}
		d.Candidates = d.Candidates[:limit]
	}
	if len(d.Candidates) > 0 || d.Refusal != "" {
		return
	}
	switch {
	case d.Rule == "":
		d.Refusal = ReasonNoRule
	case len(d.Skipped) > 0:
		d.Refusal = d.Skipped[0].Reason
	default:
		d.Refusal = ReasonNoRate
	}
}

// ranked is a candidate with what its policy orders it by.
type ranked struct {
	Candidate
	priority int
	weight   int
	compared money.Amount // The cost in the currency of the sale.
}

// apply adds the candidates of one rule in the order of its policy.
func (w *World) apply(plan *Plan, r *Rule, q *Request, sale *rating.Quote, d *Decision) {
	price, saleErr := salePrice(sale, q)
	found := make([]ranked, 0, 8)
	consider := func(g *Gateway, t Target) {
		if slices.ContainsFunc(d.Candidates, func(c Candidate) bool { return c.Gateway == g.ID }) {
			return
		}
		c, reason, detail := w.candidate(g, r, q, sale, price)
		if reason == "" && saleErr != nil {
			reason, detail = ReasonNoSale, saleErr.Error()
		}
		if reason != "" {
			d.Skipped = append(d.Skipped, Skipped{Carrier: g.Carrier, Gateway: g.ID, Reason: reason, Detail: detail})
			return
		}
		c.priority, c.weight = cmp.Or(t.Priority, g.Priority), cmp.Or(t.Weight, g.Weight, 1)
		found = append(found, c)
	}
	if len(r.Targets) == 0 {
		for i := range w.gateways {
			if w.gateways[i].Cost != nil {
				consider(&w.gateways[i], Target{})
			}
		}
	}
	for _, t := range r.Targets {
		consider(&w.gateways[w.byID[t.Gateway]], t)
	}
	w.order(plan, r, found)
	for i := range found {
		d.Candidates = append(d.Candidates, found[i].Candidate)
	}
}

// salePrice is what the tenant would pay for the assumed call.
func salePrice(sale *rating.Quote, q *Request) (money.Amount, error) {
	if sale == nil {
		return money.Amount{}, nil
	}
	return sale.Cost(int64(q.Assumed.Seconds()))
}

// candidate prices the call at one gateway and holds it against the rule's gates.
func (w *World) candidate(g *Gateway, r *Rule, q *Request, sale *rating.Quote, price money.Amount) (ranked, Reason, string) {
	if g.Inactive {
		return ranked{}, ReasonInactive, ""
	}
	c := ranked{Candidate: Candidate{
		Carrier: g.Carrier, Gateway: g.ID, Deck: g.Deck, Sale: price,
		ToSent: Rewrite(g.To, q.To.Digits()), FromSent: Rewrite(g.From, q.From.Digits()),
	}}
	if q.Emergency {
		return c, "", ""
	}
	if g.Cost == nil {
		return ranked{}, ReasonNoRate, "the carrier has no deck"
	}
	charge, err := g.Cost.Price(rating.Call{From: q.From, To: q.To, Connect: q.At, Duration: q.Assumed}, rating.Exhausted{})
	if err != nil {
		var unratable *rating.UnratableError
		if errors.As(err, &unratable) && unratable.Reason == rating.Blocked {
			return ranked{}, ReasonBlocked, "by the carrier's deck"
		}
		return ranked{}, ReasonNoRate, err.Error()
	}
	c.Prefix, c.Rate, c.Cost, c.Version = charge.Prefix, charge.PerMinute, charge.Total, charge.Deck
	c.compared = c.Cost
	if sale == nil {
		return c, "", ""
	}
	var ok bool
	if c.compared, ok = w.exchange.Convert(c.Cost, charge.Currency, sale.Currency(), q.At); !ok {
		return ranked{}, ReasonCurrency, fmt.Sprintf("no exchange rate from %s to %s", charge.Currency, sale.Currency())
	}
	if c.Margin, err = price.Sub(c.compared); err != nil {
		return ranked{}, ReasonMargin, err.Error()
	}
	if reason, detail := guard(r, c.Margin, c.compared); reason != "" {
		return ranked{}, reason, detail
	}
	return c, "", ""
}

// guard holds the margin against what the rule demands.
func guard(r *Rule, margin, cost money.Amount) (Reason, string) {
	if r.MinMargin != nil && margin.Cmp(*r.MinMargin) < 0 {
		return ReasonMargin, fmt.Sprintf("margin %s is below %s", margin, *r.MinMargin)
	}
	if r.MinPct == nil {
		return "", ""
	}
	least, err := cost.MulDiv(int64(*r.MinPct), 100, money.Ceiling)
	if err != nil || margin.Cmp(least) < 0 {
		return ReasonMargin, fmt.Sprintf("margin %s is below %d %% of the cost %s", margin, *r.MinPct, cost)
	}
	return "", ""
}

// order sorts the candidates of a rule as its policy says.
func (w *World) order(plan *Plan, r *Rule, found []ranked) {
	byCost := func(a, b ranked) int {
		return cmp.Or(a.compared.Cmp(b.compared), cmp.Compare(a.priority, b.priority), cmp.Compare(a.Gateway, b.Gateway))
	}
	switch r.Policy {
	case LeastCost:
		slices.SortFunc(found, byCost)
	case Priority:
		slices.SortFunc(found, func(a, b ranked) int { return cmp.Or(cmp.Compare(a.priority, b.priority), byCost(a, b)) })
	case Weight, Percent, RoundRobin:
		w.share(plan, r, found)
	case List, Block:
	}
}

// share puts the gateway whose turn it is first and the others after it by their weight. The turns follow the smooth
// weighted round robin, so over any full cycle every gateway has had exactly its share.
func (w *World) share(plan *Plan, r *Rule, found []ranked) {
	if len(found) < 2 {
		return
	}
	total := 0
	for i := range found {
		if r.Policy == RoundRobin {
			found[i].weight = 1
		}
		total += found[i].weight
	}
	turn := int(w.rotations.next(plan.ID+"/"+r.ID) % uint64(total)) //nolint:gosec // Below total.
	first := smooth(found, turn)
	chosen := found[first]
	rest := slices.Delete(slices.Clone(found), first, first+1)
	slices.SortStableFunc(rest, func(a, b ranked) int { return cmp.Compare(b.weight, a.weight) })
	found[0] = chosen
	copy(found[1:], rest)
}

// smooth returns which gateway has the given turn of a cycle: at each turn every gateway gains its weight, the richest
// takes the turn and pays the total.
func smooth(found []ranked, turn int) int {
	credit := make([]int, len(found))
	total := 0
	for i := range found {
		total += found[i].weight
	}
	best := 0
	for range turn + 1 {
		best = 0
		for i := range found {
			credit[i] += found[i].weight
			if credit[i] > credit[best] {
				best = i
			}
		}
		credit[best] -= total
	}
	return best
}
