package routing

import (
	"time"

	"trunkline/internal/money"
	"trunkline/lcr"
	"trunkline/rating"
)

// carrierQuotes is what a tenant would pay by each deck that a cost-plus price can be built on.
type carrierQuotes map[string]*rating.Quote

// hold adds what is held for the call if it is priced by a deck: money is held for the dearest of the carriers that may take it, and
// the one that does take it prices the call.
func (b carrierQuotes) hold(r *Route, deck string) {
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

// quotePerCarrier asks routing to price the call by what each carrier costs, where the tariff builds on that; nil: it does not.
func (rt *Table) quotePerCarrier(r *Route, p *party, request *lcr.Request) carrierQuotes {
	if r.Emergency || r.Quote != nil {
		return nil
	}
	tariff, err := rt.setup.TariffForCall(r.Tariff, request.At)
	if err != nil {
		return nil
	}
	over, ok := tariff.Builds()
	if !ok {
		return nil
	}
	built := make(carrierQuotes)
	request.Currency, request.OverCheapest = tariff.Currency(), over == rating.CheapestCarrier
	request.Sell = func(deck string, cost *rating.Rate) (money.Amount, lcr.Reason) {
		call := r.priced(request.At)
		call.Chosen, call.Cheapest = cost, cost
		quote, err := tariff.Quote(call, rating.Exhausted{})
		if err != nil {
			return money.Amount{}, unratableReason(err)
		}
		if aboveMaxPrice(p.tenant, &quote) != "" {
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

// isCostPlus reports whether a tariff prices calls by what a carrier costs.
func (rt *Table) isCostPlus(id string, at time.Time) bool {
	tariff, err := rt.setup.TariffForCall(id, at)
	if err != nil {
		return false
	}
	_, ok := tariff.Builds()
	return ok
}
