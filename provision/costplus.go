package provision

import (
	"time"

	"trunkline/internal/money"
	"trunkline/lcr"
	"trunkline/rating"
)

// builtSale is what a tenant would pay by each deck that a cost-plus price can be built on.
type builtSale map[string]*rating.Quote

// hold adds what is held for the call if it is priced by a deck: money is held for the dearest of the carriers that may take it, and
// the one that does take it prices the call.
func (b builtSale) hold(r *Route, deck string) {
	quote, ok := b[deck]
	switch {
	case !ok:
	case r.Quote == nil:
		r.Quote = quote
	default:
		both := r.Quote.Or(*quote)
		r.Quote = &both
	}
	delete(b, deck) // Several gateways of a carrier are priced alike.
}

// sellOnCost asks routing to price the call by what each carrier costs, where the tariff builds on that; nil: it does not.
func (s *Snapshot) sellOnCost(r *Route, p *party, request *lcr.Request) builtSale {
	if r.Emergency || r.Quote != nil {
		return nil
	}
	tariff, err := s.tariffFor(r.Tariff, request.At)
	if err != nil {
		return nil
	}
	over, ok := tariff.Builds()
	if !ok {
		return nil
	}
	built := make(builtSale)
	request.Currency, request.OverCheapest = tariff.Currency(), over == rating.CheapestCarrier
	request.Sell = func(deck string, cost *rating.Rate) (money.Amount, lcr.Reason) {
		call := r.priced(request.At)
		call.Chosen, call.Cheapest = cost, cost
		quote, err := tariff.Quote(call, rating.Exhausted{})
		if err != nil {
			return money.Amount{}, unratableReason(err)
		}
		if tooDear(p.tenant, &quote) != "" {
			return money.Amount{}, lcr.ReasonMaxPrice
		}
		sale, err := quote.Cost(wholeSeconds(request.Assumed))
		if err != nil {
			return money.Amount{}, lcr.ReasonNoSale
		}
		built[deck] = &quote
		return sale, ""
	}
	return built
}

// buildsOnCost reports whether a tariff prices calls by what a carrier costs.
func (s *Snapshot) buildsOnCost(id string, at time.Time) bool {
	tariff, err := s.tariffFor(id, at)
	if err != nil {
		return false
	}
	_, ok := tariff.Builds()
	return ok
}

// BaseRate returns what a carrier's deck asks for a call, in the currency of a tariff that builds on it: the same as routing
// offered the call for. False: the deck has no rate for it, or no exchange rate was known.
func (s *Snapshot) BaseRate(cost *rating.Tariff, call rating.Call, in money.Currency) (*rating.Rate, bool) {
	call.Direction = rating.Outbound
	rate, err := cost.RateOf(call)
	if err != nil {
		return nil, false
	}
	rate, ok := s.world.InCurrency(rate, cost.Currency(), in, call.Connect)
	return &rate, ok
}
