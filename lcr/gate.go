package lcr

import (
	"math"
	"slices"

	"trunkline/internal/money"
)

// judge notes a gateway's cost and margin and holds them against the gates, all but that of quality. The verdict is valid
// until the next is appended.
func (d *Decision) judge(w *World, r *rule, t *target, quotes []quoted, cheapest int32) *verdict {
	q, g := &d.request, t.gateway
	n := len(d.verdicts)
	d.verdicts = d.verdicts[:n+1] // apply made room.
	v := &d.verdicts[n]
	*v = verdict{gateway: g, rule: r, digits: -1}
	switch {
	case g.Inactive:
		v.reason = inactive
	case q.Emergency:
	case t.hours != nil && !t.hours.Contain(q.At):
		v.reason = wrongTime
	case len(g.Permitted) > 0 && g.CallerID == "" && !g.permits(q.From.Digits()):
		v.reason = callerID
	case r.dedicated:
	case t.deck < 0:
		v.reason = noRate
	default:
		if d.weigh(v, &quotes[t.deck]); v.reason == 0 && !q.Currency.IsZero() {
			d.sell(w, v, t.deck, cheapest)
		}
	}
	if v.reason == 0 && !q.Emergency {
		d.hold(w.measures, v)
	}
	return v
}

// weigh notes what the gateway costs.
func (d *Decision) weigh(v *verdict, o *quoted) {
	v.nanos, v.digits, v.reason = o.nanos, o.digits, o.reason
	if v.reason != 0 {
		return
	}
	v.cost = o.cost
}

// sell notes what the tenant would pay and holds the margin against what the rule demands.
func (d *Decision) sell(w *World, v *verdict, deck, cheapest int32) {
	v.sale = d.request.Sale
	if d.request.Sell != nil {
		if d.request.OverCheapest {
			deck = cheapest
		}
		if d.build(w, v, deck); v.reason != 0 {
			return
		}
	}
	if margin, err := v.sale.Sub(v.cost); err != nil || !v.rule.accepts(margin, v.cost) {
		v.reason = lowMargin
	}
}

// accepts holds a margin against what the rule demands.
func (r *rule) accepts(margin, cost money.Amount) bool {
	if r.MinMargin != nil && margin.Less(*r.MinMargin) {
		return false
	}
	if r.MinPct == nil {
		return true
	}
	m, c, pct := margin.Micros(), cost.Micros(), int64(*r.MinPct)
	const safe = math.MaxInt64 / 1000
	if max(m, -m, c) < safe && pct <= 1000 && pct >= -1000 {
		return m*100 >= c*pct
	}
	least, err := cost.MulDiv(pct, 100, money.Ceiling)
	return err == nil && !margin.Less(least)
}

// hold holds a gateway against what is owed to its carrier and against its state, where that is known.
func (d *Decision) hold(m *Measures, v *verdict) {
	g := v.gateway
	if g.DebtLimit != nil {
		if owed := m.owed(g); !owed.Less(*g.DebtLimit) {
			v.reason, v.measured = inDebt, owed.Micros()
			return
		}
	}
	if d.request.Live == nil {
		return
	}
	s := d.request.Live[g.ID]
	switch {
	case s.LockedUntil.After(d.request.At):
		v.reason, v.measured = locked, s.LockedUntil.Unix()
	case g.MaxCalls > 0 && s.Calls >= g.MaxCalls:
		v.reason, v.measured = full, int64(s.Calls)
	case g.MaxCPS > 0 && s.CPS >= g.MaxCPS:
		v.reason, v.measured = tooFast, int64(s.CPS)
	}
}

// demand holds a gateway's figures against the rule's gate. Without enough calls it is let through: closed, it would never
// have more.
func (v *verdict) demand(gate *QualityGate, known *figures) {
	if known == nil {
		return
	}
	if figure, value := gate.failing(known); figure != 0 {
		v.reason, v.figure, v.measured, v.calls = lowQuality, figure, value, int32(min(known.calls, math.MaxInt32)) //nolint:gosec // Bounded.
	}
}

// permits reports whether the carrier accepts the caller's number.
func (g *Gateway) permits(digits string) bool {
	return slices.ContainsFunc(g.Permitted, func(pattern string) bool { return matchDigits(pattern, digits) })
}

// FromSent returns the caller's number as the gateway is shown it.
func (g *Gateway) FromSent(digits string) string {
	if len(g.Permitted) > 0 && g.CallerID != "" && !g.permits(digits) {
		digits = g.CallerID
	}
	return Rewrite(g.From, digits)
}
