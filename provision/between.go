package provision

import (
	"trunkline/lcr"
	"trunkline/rating"
)

// How calls between clients of the house are priced: Operator.Between.
const (
	BetweenTariff  = "tariff"  // As any call to that number.
	BetweenFree    = "free"    // They cost nothing.
	BetweenCarrier = "carrier" // They go out by a carrier, and come back.
)

// routeBetween leads a call to a number of another client, which stays in the house: it needs no carrier. To the books it is two calls, an
// outbound one of the caller and an inbound one of the other client, each with its own price, bounds and records. False: it goes out.
func (s *Snapshot) routeBetween(r *Route, p *party, q *Question) bool {
	own, ok := s.numbers[r.To]
	if !ok || own.tenant == p.tenant || !own.number.leads() || r.Emergency || s.operator.Between == BetweenCarrier {
		return false
	}
	r.MaxTries = maxRings
	if who := s.barred(p, r.To); who != "" {
		r.Detail = "the number is barred by the " + who
		refusal(r, lcr.ReasonBlocked, statusForbidden)
		return true
	}
	if r.Gratis = s.operator.Between == BetweenFree; !r.Gratis {
		request := lcr.Request{From: r.From, To: r.To, At: q.At, Assumed: assumedDefault}
		if r.Tariff = p.tariff(); s.buildsOnCost(r.Tariff, q.At) {
			r.Tariff, r.MaxTries = "", 0
			return false // Without a carrier there is no cost to build a price on.
		}
		if !s.price(r, p, &request) {
			return true
		}
	}
	in := &Route{Direction: rating.Inbound.String(), To: r.To, Anonymous: r.Anonymous}
	if !r.Anonymous {
		in.From = r.From
	}
	in.CallerID = in.From.String()
	s.arrive(in, own, &Question{Caller: Caller{Kind: CallerGateway, Private: r.Anonymous}, CallerID: in.CallerID, At: q.At})
	r.Targets = []Target{{Forward: in, FromSent: in.CallerID, ToSent: r.To.Digits()}}
	return true
}

// between checks how calls between clients are priced.
func (c *checker) between(o *Operator) {
	switch o.Between {
	case "", BetweenTariff, BetweenFree, BetweenCarrier:
		return
	}
	c.add("between_clients", "\""+o.Between+"\" is no way", "use tariff, free or carrier")
}
