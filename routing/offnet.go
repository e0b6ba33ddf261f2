package routing

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"trunkline/lcr"
	"trunkline/provision"
	"trunkline/rating"
)

// assumedDefault is the length of call that costs and margins are compared by where the operator says nothing.
const assumedDefault = time.Minute

// routeOffNet prices the call for the tenant and asks for gateways.
func (rt *Table) routeOffNet(r *Route, p *party, q *Question) *Route {
	request := lcr.Request{
		Plan: cmp.Or(p.tenant.RoutePlan, rt.setup.DefaultRoutePlan()), Tenant: r.Tenant, Branch: r.Branch, Extension: r.Extension,
		From: r.From, To: r.To, At: q.At, Emergency: r.Emergency,
		Assumed: cmp.Or(q.Assumed, rt.setup.Operator().Assumed, assumedDefault), Simulated: q.Simulated, Live: q.Live, Revision: rt.setup.Revision(),
	}
	if !r.Emergency { // Which nobody pays for.
		r.Tariff = p.tariff()
		if who := rt.barred(p, r.To); who != "" {
			r.Detail = "the number is barred by the " + who
			return refusal(r, lcr.ReasonBlocked, statusForbidden)
		}
		if !rt.price(r, p, &request) {
			return r
		}
	}
	built := rt.quotePerCarrier(r, p, &request)
	r.Trace = new(lcr.Decision)
	rt.setup.World().Decide(&request, r.Trace)
	if reason := r.Trace.Refusal(); reason != "" {
		explanation := r.Trace.Explain()
		r.Detail = explanation.Why()
		return refusal(r, reason, routingStatus(reason))
	}
	r.MaxTries, r.SetupTime = r.Trace.MaxTries(), r.Trace.SetupTime()
	r.Targets = make([]Target, 0, r.Trace.Len())
	for i := range r.Trace.Len() {
		c := r.Trace.Candidate(i)
		r.Targets = append(r.Targets, rt.target(r, c))
		built.hold(r, c.Base)
	}
	return r
}

// price works out what the tenant pays; false: the call is refused. What is built on a carrier's cost is worked out for each
// carrier: see quotePerCarrier.
func (rt *Table) price(r *Route, p *party, request *lcr.Request) bool {
	tariff, err := rt.setup.TariffForCall(r.Tariff, request.At)
	if err == nil {
		if _, built := tariff.Builds(); built {
			return true
		}
	}
	var quote rating.Quote
	if err == nil {
		quote, err = tariff.Quote(r.priced(request.At), rating.Exhausted{})
	}
	if err != nil {
		r.Detail = err.Error()
		refusal(r, unratableReason(err), statusForbidden)
		return false
	}
	if r.Detail = aboveMaxPrice(p.tenant, &quote); r.Detail != "" {
		refusal(r, lcr.ReasonMaxPrice, statusForbidden)
		return false
	}
	if request.Sale, err = quote.Cost(wholeSeconds(request.Assumed)); err != nil {
		r.Detail = err.Error()
		refusal(r, lcr.ReasonNoSale, statusForbidden)
		return false
	}
	request.Currency, r.Quote = quote.Currency(), &quote
	return true
}

// priced is the call as it is priced.
func (r *Route) priced(at time.Time) rating.Call {
	return rating.Call{From: r.From, To: r.To, Direction: r.Direction, Connect: at, Extension: r.Extension, Branch: r.Branch}
}

func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// target is a candidate with what the SIP side needs.
func (rt *Table) target(r *Route, c lcr.Candidate) Target {
	g, _ := rt.setup.Gateway(c.Gateway)
	carrier, _ := rt.setup.Carrier(g.Carrier)
	t := Target{
		Gateway: g, Carrier: carrier, Deck: c.Deck, Base: c.Base, ToSent: c.ToSent, FromSent: c.FromSent, RingTime: g.RingTime,
		Anonymous: r.Anonymous,
	}
	if !r.Anonymous || g.Trusted {
		t.AssertedID = c.FromSent
	}
	if g.Diversion && !r.Diverted.IsZero() {
		t.Diversion = provision.Rewrite(g.FromRules, r.Diverted.Digits())
	}
	return t
}

func unratableReason(err error) lcr.Reason {
	var unratable *rating.UnratableError
	if errors.As(err, &unratable) && unratable.Reason == rating.Blocked {
		return lcr.ReasonBlocked
	}
	return lcr.ReasonNoSale
}

// routingStatus tells a number that cannot be called from one that cannot be called now.
func routingStatus(reason lcr.Reason) int {
	if reason == lcr.ReasonBlocked {
		return statusForbidden
	}
	if reason == lcr.ReasonNoRule || reason == lcr.ReasonNoRate {
		return statusNotFound
	}
	return statusUnavailable
}

// aboveMaxPrice holds the price against the dearest that the client accepts, and says what is dearer.
func aboveMaxPrice(t *provision.Tenant, q *rating.Quote) string {
	if t.MaxPrice != nil && q.PerMinute().Cmp(*t.MaxPrice) > 0 {
		return fmt.Sprintf("%s per minute is above the %s that the client accepts", q.PerMinute(), *t.MaxPrice)
	}
	if t.MaxFee != nil && q.ConnectFee().Cmp(*t.MaxFee) > 0 {
		return fmt.Sprintf("a connect fee of %s is above the %s that the client accepts", q.ConnectFee(), *t.MaxFee)
	}
	return ""
}
