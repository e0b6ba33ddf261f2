package routing

import (
	"time"

	"trunkline/lcr"
)

// The SIP statuses of refusals.
const (
	statusForbidden   = 403
	statusNotFound    = 404
	statusIncomplete  = 484
	statusUnavailable = 503
)

// Question is a call that a route is asked for.
type Question struct {
	Caller   Caller
	Dialled  string
	CallerID string // What the caller gave as its number.
	At       time.Time
	Assumed  time.Duration // The length of call that costs and margins are compared by; 0: the operator's.

	Simulated bool                        // Nothing is noted: no gateway loses its turn.
	Live      map[string]lcr.GatewayState // What is known of the gateways, for explanations; a proxy looks when it tries.
}

// Route decides about one call. callerID is what the caller gave as its number.
func (rt *Table) Route(caller Caller, dialled, callerID string, at time.Time) *Route {
	return rt.Answer(&Question{Caller: caller, Dialled: dialled, CallerID: callerID, At: at})
}

// RouteFor is Route, simulated, with the length of call that costs and margins are compared by; 0 takes the operator's.
func (rt *Table) RouteFor(caller Caller, dialled, callerID string, at time.Time, assumed time.Duration) *Route {
	return rt.Answer(&Question{Caller: caller, Dialled: dialled, CallerID: callerID, At: at, Assumed: assumed, Simulated: true})
}

// Answer decides about one call.
func (rt *Table) Answer(q *Question) *Route {
	switch q.Caller.Kind {
	case CallerGateway:
		return rt.routeInbound(q)
	case CallerExtension, CallerTrunk:
		return rt.routeOriginating(q)
	}
	return refusal(&Route{}, RefusedUnknown, statusForbidden)
}

func refusal(r *Route, reason lcr.Reason, status int) *Route {
	r.Refusal, r.Status = reason, status
	return r
}
