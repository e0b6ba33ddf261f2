package lcr

import (
	"cmp"
	"time"

	"trunkline/internal/money"
)

// Decision is the answer to a Request in a compact form; Explain puts it into words. It may be kept for the length of a call:
// it holds on to the rules and gateways of its world, and not to the decks. A finished decision may be read by many. The zero
// value is ready for World.Decide.
type Decision struct {
	exchange *exchange
	request  Request
	currency int   // Position of the currency of all costs.
	rule     *rule // The first that matched.
	verdicts []verdict
	order    [maxCandidates]uint16 // The verdicts on the candidates, in the order of trying.
	count    int
	tries    int
	setup    time.Duration
	refusal  Reason
}

// verdict is what became of one gateway.
type verdict struct {
	gateway  *gateway
	rule     *rule
	cost     money.Amount
	sale     money.Amount
	base     string // The deck that the sale is built on; empty: on none.
	nanos    int64  // The carrier's rate per minute.
	measured int64  // What closed the gate, in the unit of the reason.
	calls    int32  // That a figure of quality was made of.
	reason   code   // Why it is not to be tried; 0 for a candidate.
	figure   figure
	digits   int8 // Of the deck's prefix; -1: there is none.
}

func (d *Decision) reset(w *World, q *Request) {
	*d = Decision{exchange: w.exchange, request: *q, verdicts: d.verdicts[:0]}
	d.request.Assumed = cmp.Or(max(q.Assumed, 0), assumedDefault)
	d.currency = w.exchange.position(q.Currency)
	if q.Currency.IsZero() {
		d.currency = w.exchange.base // The costs need only one currency between them.
	}
}

func (d *Decision) has(g *gateway) bool {
	for _, at := range d.order[:d.count] {
		if d.verdicts[at].gateway == g {
			return true
		}
	}
	return false
}

// conclude finds the reason of a call that no gateway takes.
func (d *Decision) conclude() {
	d.request.Sell = nil // It holds on to more than the decision may.
	if d.count > 0 || d.refusal != "" {
		return
	}
	d.refusal = ReasonNoRate
	if d.rule == nil {
		d.refusal = ReasonNoRule
	}
	farthest := code(0)
	for i := range d.verdicts {
		farthest = max(farthest, d.verdicts[i].reason)
	}
	if farthest != 0 {
		d.refusal = farthest.reason()
	}
}

// Refusal is why there is no candidate; empty when there is one.
func (d *Decision) Refusal() Reason { return d.refusal }

// Len returns the number of candidates.
func (d *Decision) Len() int { return d.count }

// MaxTries is how many of the candidates may be tried; there can be more, for those that turn out to be locked or full.
func (d *Decision) MaxTries() int { return min(d.tries, d.count) }

// SetupTime bounds the time from the INVITE to the end of hunting; zero leaves it to the proxy.
func (d *Decision) SetupTime() time.Duration { return d.setup }

// Candidate returns the i-th gateway to be tried.
func (d *Decision) Candidate(i int) Candidate {
	v := &d.verdicts[d.order[i]]
	g := v.gateway
	c := Candidate{
		Carrier: g.Carrier, Gateway: g.ID, Rate: money.PerMinute(v.nanos), Cost: v.cost, Sale: v.sale, Margin: d.margin(v),
		ToSent: g.toSent(&d.request), FromSent: g.FromSent(d.request.From.Digits()),
	}
	if v.digits >= 0 {
		c.Deck, c.Version, c.Prefix = g.Deck, g.version, d.request.To.Prefix(int(v.digits))
	}
	c.Base = v.base
	return c
}

// serviceDigits are those that a number has at most which has no international form, such as 112 and 116117.
const serviceDigits = 6

// toSent is the called number as the gateway wants it. A rule that makes numbers international makes nothing of 112.
func (g *gateway) toSent(q *Request) string {
	digits := q.To.Digits()
	if q.Emergency {
		if sent := Rewrite(g.Emergency, digits); sent != digits || len(digits) <= serviceDigits {
			return sent
		}
	}
	return Rewrite(g.To, digits)
}

// margin is what is left of the sale; nothing where nobody pays or there is no cost.
func (d *Decision) margin(v *verdict) money.Amount {
	if d.request.Currency.IsZero() || v.digits < 0 {
		return money.Amount{}
	}
	margin, err := v.sale.Sub(v.cost)
	if err != nil {
		return money.Amount{}
	}
	return margin
}

// MarshalJSON writes the explanation.
func (d *Decision) MarshalJSON() ([]byte, error) {
	e := d.Explain()
	return e.AppendJSON(make([]byte, 0, ordinaryTrace)), nil
}
