package console

import (
	"context"
	"fmt"
	"time"

	"trunkline/access"
	"trunkline/lcr"
	"trunkline/provision"
	"trunkline/routing"
)

// RouteQuestion is a call that somebody wants to know the way of.
type RouteQuestion struct {
	Tenant    string
	Extension string // Of the tenant; or
	Branch    string
	Gateway   string // The gateway that it comes in by.
	Dialled   string
	CallerID  string
	At        time.Time     // Zero: now.
	Assumed   time.Duration // The length of call that costs are compared by; 0: the operator's.
}

// RouteAnswer is what would happen to a call.
type RouteAnswer struct {
	From      string          `json:"from" access:"open,personal"`
	To        string          `json:"to" access:"open,personal"`
	Direction string          `json:"direction" access:"open"`
	Refusal   string          `json:"refusal,omitempty" access:"open"`
	Status    int             `json:"status,omitempty" access:"open"` // SIP status of the refusal.
	Detail    string          `json:"detail,omitempty" access:"open,mentions"`
	Decision  lcr.Explanation `json:"decision" access:"open"`
	Rings     []Ring          `json:"rings,omitempty" access:"open"` // Where it reaches phones of the house.
}

// Ring is one stage of a call to phones.
type Ring struct {
	Extensions []string     `json:"extensions,omitempty" access:"open"`
	Seconds    int64        `json:"seconds,omitempty" access:"open"`
	Forwarded  *RouteAnswer `json:"forwarded,omitempty" access:"open"`
}

// Simulate tells what would happen to a call, with every candidate and why not. Nothing is noted.
func (c *Console) Simulate(_ context.Context, who *access.Principal, q RouteQuestion) (*RouteAnswer, error) {
	if err := may(who, access.ReadRouting); err != nil {
		return nil, err
	}
	if q.Dialled == "" || len(q.Dialled) > 64 {
		return nil, invalid("dialled: give the number as it is dialled, such as 84951234567")
	}
	if q.At.IsZero() {
		q.At = c.d.Clock.Now()
	}
	table := c.d.Routes()
	caller, err := callerOf(table, q)
	if err != nil {
		return nil, err
	}
	var states map[string]lcr.GatewayState
	if c.d.Switch != nil {
		states = c.d.Switch.States()
	}
	a := newRouteAnswer(table.Answer(&routing.Question{
		Caller: caller, Dialled: q.Dialled, CallerID: q.CallerID, At: q.At, Assumed: q.Assumed, Simulated: true, Live: states,
	}))
	if !who.May(access.ReadCost) {
		a.hidePrices()
	}
	rules := rulesFor(who)
	rules.Mask = nil // The numbers are those that were asked about.
	redactorBy[RouteAnswer](rules).Redact(a)
	return a, nil
}

// callerOf finds who calls.
func callerOf(table *routing.Table, q RouteQuestion) (routing.Caller, error) {
	s := table.Setup()
	if q.Gateway != "" {
		for _, g := range s.Gateways() {
			if g.ID == q.Gateway {
				return routing.Caller{Kind: routing.CallerGateway, Gateway: g.ID, Carrier: g.Carrier}, nil
			}
		}
		return routing.Caller{}, fmt.Errorf("%w: there is no gateway %q", ErrNotFound, q.Gateway)
	}
	if _, ok := s.Tenant(q.Tenant); !ok {
		return routing.Caller{}, missing(provision.KindTenant, q.Tenant)
	}
	if q.Extension == "" {
		return routing.Caller{Kind: routing.CallerTrunk, Tenant: q.Tenant, Branch: q.Branch, AnyFrom: true}, nil
	}
	e, ok := s.Extension(q.Tenant, q.Extension)
	if !ok {
		return routing.Caller{}, fmt.Errorf("%w: tenant %q has no extension %q", ErrNotFound, q.Tenant, q.Extension)
	}
	caller, ok := table.Login(e.Login)
	if !ok {
		return caller, invalid("extension: %q or its tenant is inactive", q.Extension)
	}
	return caller, nil
}

func newRouteAnswer(r *routing.Route) *RouteAnswer {
	a := &RouteAnswer{
		From: r.From.String(), To: r.To.String(), Direction: r.Direction.String(), Refusal: string(r.Refusal), Status: r.Status, Detail: r.Detail,
		Decision: lcr.Explanation{Candidates: []lcr.Candidate{}, Skipped: []lcr.Skipped{}},
	}
	if r.Trace != nil {
		a.Decision = r.Trace.Explain()
	}
	for i := range r.Targets {
		t := &r.Targets[i]
		switch {
		case t.Trunk != nil:
			a.Rings = append(a.Rings, Ring{Extensions: []string{"trunk " + t.Trunk.ID + " as " + t.ToSent}, Seconds: int64(t.RingTime / time.Second)})
		case t.Gateway != nil:
		case t.Forward != nil:
			a.Rings = append(a.Rings, Ring{Forwarded: newRouteAnswer(t.Forward)})
		default:
			ring := Ring{Extensions: []string{t.Extension}, Seconds: int64(t.RingTime / time.Second)}
			for _, other := range t.Others {
				ring.Extensions = append(ring.Extensions, other.Extension)
			}
			a.Rings = append(a.Rings, ring)
		}
	}
	return a
}

// hidePrices takes out why a call is refused where that tells of prices.
func (a *RouteAnswer) hidePrices() {
	if lcr.Reason(a.Refusal).TellsPrices() {
		a.Detail = ""
	}
	for i := range a.Rings {
		if f := a.Rings[i].Forwarded; f != nil {
			f.hidePrices()
		}
	}
}
