package lcr

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// Explanation is a Decision in words. As JSON it is stored with the call as its trace; amounts are in the tenant's currency,
// rates in the carriers'.
type Explanation struct {
	From       e164.Number `json:"from" access:"open,personal"`
	To         e164.Number `json:"to" access:"open,personal"`
	Rule       string      `json:"rule" access:"open"` // The rule of the route plan that matched, "plan/rule".
	Candidates []Candidate `json:"candidates" access:"open"`
	Skipped    []Skipped   `json:"skipped" access:"open"`
	Refusal    Reason      `json:"refusal,omitempty" access:"open"` // Why there is no candidate at all, as one of the Reason words.
	// Revision is that of what was set up when it was decided: `trunkline history --revision` shows the plans of then.
	Revision int64 `json:"revision,omitempty" access:"open"`
}

// Candidate is one gateway to try. Order in Explanation.Candidates is the order of trying.
type Candidate struct {
	Carrier  string       `json:"carrier" access:"open"`
	Gateway  string       `json:"gateway" access:"open"`
	Deck     string       `json:"deck,omitempty" access:"open"`
	Prefix   e164.Prefix  `json:"prefix" access:"open"`
	Rate     money.Rate   `json:"rate" access:"cost"`      // What the carrier charges, per minute, in its currency.
	Cost     money.Amount `json:"cost" access:"cost"`      // What the carrier would charge for the assumed duration, in the currency of the sale.
	Sale     money.Amount `json:"sale" access:"sale,cost"` // What the tenant would pay for the assumed duration.
	Margin   money.Amount `json:"margin" access:"sale,cost"`
	ToSent   string       `json:"to_sent" access:"personal"`   // The called number as the gateway wants it.
	FromSent string       `json:"from_sent" access:"personal"` // The caller's number as the gateway wants it.
	Version  string       `json:"version,omitempty" access:"open"`
	Base     string       `json:"base,omitempty" access:"open"` // The deck that a cost-plus price is built on.
}

// Skipped is a gateway that was considered and will not be tried.
type Skipped struct {
	Carrier string `json:"carrier" access:"open"`
	Gateway string `json:"gateway" access:"open"`
	Reason  Reason `json:"reason" access:"open"`
	Detail  string `json:"detail,omitempty" access:"cost,mentions"`
}

// Explain puts the decision into words.
func (d *Decision) Explain() Explanation {
	e := Explanation{
		From: d.request.From, To: d.request.To, Refusal: d.refusal, Revision: d.request.Revision,
		Candidates: make([]Candidate, 0, d.count), Skipped: make([]Skipped, 0, len(d.verdicts)-d.count),
	}
	if d.rule != nil {
		e.Rule = d.rule.name
	}
	for i := range d.count {
		e.Candidates = append(e.Candidates, d.Candidate(i))
	}
	for _, v := range d.skipped() {
		e.Skipped = append(e.Skipped, Skipped{
			Carrier: v.gateway.Carrier, Gateway: v.gateway.ID, Reason: v.reason.reason(), Detail: d.detail(v),
		})
	}
	return e
}

// Why says of one gateway what stood in the way of a call that is refused.
func (e *Explanation) Why() string {
	for _, s := range e.Skipped {
		if s.Reason == e.Refusal {
			return s.Gateway + ": " + s.Detail
		}
	}
	return ""
}

// skipped returns the verdicts on the gateways that are not to be tried: those that were good enough first.
func (d *Decision) skipped() []*verdict {
	var out []*verdict
	for i := range d.verdicts {
		if d.verdicts[i].reason != 0 {
			out = append(out, &d.verdicts[i])
		}
	}
	slices.SortStableFunc(out, func(a, b *verdict) int {
		if a.reason == outranked && b.reason == outranked {
			return a.cost.Cmp(b.cost)
		}
		return cmp.Compare(notLimit(a), notLimit(b))
	})
	return out
}

func notLimit(v *verdict) int {
	if v.reason == outranked {
		return 0
	}
	return 1
}

// detail says with figures what the reason means for this gateway.
func (d *Decision) detail(v *verdict) string {
	g, r := v.gateway, v.rule
	switch v.reason {
	case noRate:
		if !g.priced {
			return "the carrier has no deck"
		}
		return "deck " + g.Deck + " has no rate for the number at that time"
	case blocked:
		return "by deck " + g.Deck
	case noSale:
		return "the tariff builds on a carrier's cost and makes no price of this one"
	case tooDear:
		return "what the tenant would pay is dearer than they accept"
	case noExchange:
		return fmt.Sprintf("no exchange rate from %s to %s", g.money, d.currencyName())
	case lowMargin:
		return r.marginDetail(v, d.margin(v))
	case lowQuality:
		return r.Quality.detail(v)
	case wrongTime:
		return "rule " + r.name + " uses the gateway at other hours"
	case callerID:
		return "the carrier does not accept the caller's number " + d.request.From.String()
	case inDebt:
		return fmt.Sprintf("%s is owed to the carrier, the limit is %s", money.FromMicros(v.measured), *g.DebtLimit)
	case locked:
		return "until " + time.Unix(v.measured, 0).UTC().Format(time.RFC3339)
	case full:
		return fmt.Sprintf("%d of %d calls in progress", v.measured, g.MaxCalls)
	case tooFast:
		return fmt.Sprintf("%d of %d calls in this second", v.measured, g.MaxCPS)
	case outranked:
		return "at a cost of " + v.cost.String() + " it comes after enough others"
	case inactive:
		return "switched off"
	}
	return ""
}

// currencyName returns the currency that costs were to be compared in.
func (d *Decision) currencyName() money.Currency {
	if d.request.Currency.IsZero() && d.currency >= 0 {
		return d.exchange.currencies[d.currency]
	}
	return d.request.Currency
}

func (r *rule) marginDetail(v *verdict, margin money.Amount) string {
	if r.MinMargin != nil && margin.Less(*r.MinMargin) {
		return "margin " + margin.String() + " is below " + r.MinMargin.String()
	}
	if r.MinPct != nil {
		return fmt.Sprintf("margin %s is below %d %% of the cost %s", margin, *r.MinPct, v.cost)
	}
	return "the margin is beyond any amount"
}

// detail names the figure that closed the gate, what was measured and what is demanded.
func (q *QualityGate) detail(v *verdict) string {
	ms := time.Duration(v.measured) * time.Millisecond
	share := fmt.Sprintf("%d.%d %%", v.measured/10, v.measured%10)
	var text string
	switch v.figure {
	case figureASR:
		text = fmt.Sprintf("ASR %s is below %d %%", share, q.MinASR)
	case figureNER:
		text = fmt.Sprintf("NER %s is below %d %%", share, q.MinNER)
	case figureACD:
		text = fmt.Sprintf("ACD %s is below %s", ms, q.MinACD)
	case figurePDD:
		text = fmt.Sprintf("PDD %s is above %s", ms, q.MaxPDD)
	case figureShort:
		text = fmt.Sprintf("short calls %s are above %d %%", share, q.MaxShort)
	}
	return fmt.Sprintf("%s over %d calls", text, v.calls)
}
