package routing

import (
	"trunkline/internal/calls"
	"trunkline/lcr"
	"trunkline/provision"
)

// routeOnNet leads a call to a number of another tenant, which needs no carrier. To the books it is two calls, an
// outbound one of the caller and an inbound one of the other client, each with its own price, bounds and records. False: it goes out.
func (rt *Table) routeOnNet(r *Route, p *party, q *Question) bool {
	own, ok := rt.setup.Number(r.To)
	if !ok || own.Tenant == p.tenant || !leads(own.Number) || r.Emergency || rt.setup.Operator().Between == provision.BetweenCarrier {
		return false
	}
	r.MaxTries = maxRings
	if who := rt.barred(p, r.To); who != "" {
		r.Detail = "the number is barred by the " + who
		refusal(r, lcr.ReasonBlocked, statusForbidden)
		return true
	}
	if r.Gratis = rt.setup.Operator().Between == provision.BetweenFree; !r.Gratis {
		request := lcr.Request{From: r.From, To: r.To, At: q.At, Assumed: assumedDefault}
		if r.Tariff = p.tariff(); rt.isCostPlus(r.Tariff, q.At) {
			r.Tariff, r.MaxTries = "", 0
			return false // Without a carrier there is no cost to build a price on.
		}
		if !rt.price(r, p, &request) {
			return true
		}
	}
	in := &Route{Direction: calls.Inbound, To: r.To, Anonymous: r.Anonymous}
	if !r.Anonymous {
		in.From = r.From
	}
	in.CallerID = in.From.String()
	rt.arrive(in, own, &Question{Caller: Caller{Kind: CallerGateway, Private: r.Anonymous}, CallerID: in.CallerID, At: q.At})
	r.Targets = []Target{{Forward: in, FromSent: in.CallerID, ToSent: r.To.Digits()}}
	return true
}
