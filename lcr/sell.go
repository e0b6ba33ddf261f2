package lcr

import (
	"time"

	"trunkline/internal/calls"
	"trunkline/internal/money"
	"trunkline/rating"
)

// cheapest returns which deck of a rule asks least for the call, where a price is built on that; -1: none asks anything, or it is
// not asked for.
func (d *Decision) cheapest(r *rule, quotes []quoted) int32 {
	best := int32(-1)
	if d.request.Sell == nil || !d.request.OverCheapest {
		return best
	}
	for i := range quotes {
		if quotes[i].reason == 0 && !r.idle(int32(i)) && (best < 0 || quotes[i].cost.Less(quotes[best].cost)) {
			best = int32(i)
		}
	}
	return best
}

// idle reports whether no gateway of a deck is switched on.
func (r *rule) idle(deck int32) bool {
	return r.ofDeck(deck) == nil
}

// ofDeck returns a gateway of the rule that is switched on and is charged for by a deck.
func (r *rule) ofDeck(deck int32) *gateway {
	for i := range r.targets {
		if t := &r.targets[i]; t.deck == deck && !t.gateway.Inactive {
			return t.gateway
		}
	}
	return nil
}

// build notes what the tenant would pay where that is built on what a deck of the rule asks.
func (d *Decision) build(w *World, v *verdict, deck int32) {
	g := v.rule.ofDeck(deck)
	if g == nil {
		v.reason = noSale
		return
	}
	q := &d.request
	rate, err := w.book.decks[g.deck].tariff.RateOf(rating.Call{From: q.From, To: q.To, Direction: calls.Outbound, Connect: q.At})
	if err != nil {
		v.reason = noSale
		return
	}
	rate, known := w.exchange.convertRate(rate, w.currencies[g.deck], d.currency, q.At.Unix())
	if !known {
		v.reason = noExchange
		return
	}
	var reason Reason
	v.sale, reason = q.Sell(g.Deck, &rate)
	if reason == "" {
		v.base = g.Deck
		return
	}
	if v.reason = noSale; reason == ReasonMaxPrice {
		v.reason = tooDear
	}
}

// InCurrency returns a carrier's rate in another currency, as it was exchanged at a moment: what prices are built on that are made of
// a carrier's cost. False: no exchange rate was known.
func (w *World) InCurrency(r rating.Rate, from, to money.Currency, at time.Time) (rating.Rate, bool) {
	if from == to {
		return r, true
	}
	return w.exchange.convertRate(r, w.exchange.position(from), w.exchange.position(to), at.Unix())
}

// convertRate changes a rate and its fees between two currencies, each rounded half to even.
func (x *exchange) convertRate(r rating.Rate, from, to int, at int64) (rating.Rate, bool) {
	if from == to && from >= 0 {
		return r, true
	}
	f, known := x.fraction(from, to, at)
	if !known {
		return r, false
	}
	var err error
	if r.PerMinute, err = r.PerMinute.MulDiv(f.num, f.den, money.HalfEven); err != nil {
		return r, false
	}
	for _, fee := range []*money.Amount{&r.ConnectFee, &r.AttemptFee, &r.MinCharge} {
		if *fee, err = fee.MulDiv(f.num, f.den, money.HalfEven); err != nil {
			return r, false
		}
	}
	return r, true
}
