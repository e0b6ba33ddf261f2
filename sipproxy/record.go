package sipproxy

import (
	"bytes"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/lcr"
	"trunkline/routing"
)

const (
	traceMost = 256 << 10 // The largest decision that is stored with a call: with it, a leg has to fit into the spool and the stream.
)

// postpone records a call that was refused because of the disk when there is room again. Calls in progress need what room is left.
func (s *shard) postpone(c *call, legs []*cdr.Leg) {
	if s.load.postponed.Add(1) > refusedWaiting {
		s.load.postponed.Add(-1)
		s.metrics.unrecorded.Inc()
		c.log.Warn("the refused call is not recorded: too many wait for room on the disk")
		return
	}
	s.work.background.Go(func() {
		defer s.load.postponed.Add(-1)
		for clock.Sleep(s.work.lifetime, s.clock, recordRetry) == nil {
			if s.halt() == "" && s.recorder.Record(s.work.lifetime, legs) == nil {
				return
			}
		}
	})
}

// legs makes the records of the call: the caller's side first, then every attempt.
func (c *call) legs() []*cdr.Leg {
	legs := make([]*cdr.Leg, 0, 2+len(c.attempts))
	first := c.ingressLeg(c.id, c.route, &c.decided)
	first.Trunk = c.cameBy() // What is forwarded takes no other line on this side.
	legs = append(legs, first)
	id, route, from := c.id, c.route, 0
	for _, f := range c.onward {
		legs = c.attemptLegs(legs, from, f.first, id, route)
		legs = append(legs, c.forwardLeg(f))
		id, route, from = f.id, f.route, f.first
	}
	return c.attemptLegs(legs, from, len(c.attempts), id, route)
}

// cameBy is the trunk or the gateway that the call came by; empty: a phone.
func (c *call) cameBy() string {
	if c.from.Kind == routing.CallerGateway {
		return cdr.CameBy(c.from.Gateway)
	}
	return c.from.Trunk
}

// attemptLegs adds the records of some attempts, which are those of one call of the books.
func (c *call) attemptLegs(legs []*cdr.Leg, from, till int, id calls.ID, r *routing.Route) []*cdr.Leg {
	for _, a := range c.attempts[from:till] {
		legs = append(legs, a.leg(id, r))
	}
	return legs
}

// common is what all legs of a call have in common.
func (c *call) common(id calls.ID, r *routing.Route) cdr.Leg {
	tariff := r.Tariff
	switch {
	case r.Emergency:
		tariff = cdr.FreeEmergency
	case r.Gratis:
		tariff = cdr.FreeBetween
	}
	return cdr.Leg{
		Call: id, Direction: r.Direction, Source: cdr.SourceSIP, Node: c.sh.cfg.Node,
		Tenant: r.Tenant, Branch: r.Branch, Extension: r.Extension, Number: r.Number,
		Tariff: tariff, From: r.From, To: r.To,
	}
}

// ingressLeg is the caller's side.
func (c *call) ingressLeg(id calls.ID, r *routing.Route, d *decided) *cdr.Leg {
	leg := c.common(id, r)
	leg.Kind = cdr.Ingress
	leg.CallerID, leg.Dialled = c.callerID, c.dialled
	leg.Setup, leg.Progress, leg.Connect, leg.Disconnect = c.setup, c.progress, c.connect, c.endedAt
	leg.Reserved, leg.Draw = c.reserved && !c.grant.Lent, c.grant.Draw
	if c.reserved {
		leg.Granted = c.grant.Granted
	}
	leg.Cause, leg.ReleasedBy, leg.Reason = c.finished.cause, c.finished.side, c.finished.reason
	leg.SIPStatus = statusNumber(c.finished.status)
	if !c.connect.IsZero() {
		leg.SIPStatus = 200
	}
	leg.SIPCallID, leg.Remote = c.caller.callID, c.caller.flow.Remote().String()
	if f := c.last(); c.winner != nil && (f == nil || r == f.route) {
		if c.winner.target.Trunk == nil {
			leg.Gateway = c.winner.gatewayID()
		}
		if c.winner.target.Carrier != nil {
			leg.Carrier = c.winner.target.Carrier.ID
		}
		leg.Deck = c.winner.target.Base
	}
	leg.Trace = c.trace(r, d)
	return &leg
}

func statusNumber(status int) uint16 {
	return uint16(min(max(status, 0), 999))
}

// decided is the routing decision about a call as it is stored, and how many gateways had been skipped when it was written.
type decided struct {
	text    []byte
	skipped int
	kept    int // Length of what the journal has of it.
}

// trace is the routing decision as it was carried out: what the router said, and the gateways that were skipped then
// because they were full, locked or out of reach. What was decided before a restart stands.
func (c *call) trace(r *routing.Route, d *decided) []byte {
	if d.text != nil && d.skipped == len(c.skipped) {
		return d.text
	}
	if r.Trace == nil {
		return nil
	}
	decision := r.Trace.Explain()
	for _, s := range c.skipped {
		decision.Skipped = append(decision.Skipped, lcr.Skipped{
			Carrier: s.target.Gateway.Carrier, Gateway: s.target.Gateway.ID, Reason: s.reason, Detail: "when tried",
		})
	}
	room := decision.AppendJSON(c.sh.room[:0])
	for len(room) > traceMost && len(decision.Skipped) > 0 { // What was skipped last says least.
		decision.Skipped = decision.Skipped[:len(decision.Skipped)/2]
		room = decision.AppendJSON(room[:0])
	}
	data := bytes.Clone(room)
	c.sh.room = room
	d.text, d.skipped = data, len(c.skipped)
	return data
}

func (a *attempt) leg(id calls.ID, r *routing.Route) *cdr.Leg {
	leg := a.call.common(id, r)
	leg.Kind = cdr.Egress
	leg.Seq = uint16(a.seq)    //nolint:gosec // A handful of attempts.
	if a.target.Trunk == nil { // A client's own switch is no carrier's gateway.
		leg.Gateway = a.gatewayID()
	} else {
		leg.Trunk = a.target.Trunk.ID
	}
	if a.target.Carrier != nil {
		leg.Carrier = a.target.Carrier.ID
	}
	if a.target.Extension != "" && a.target.Gateway == nil {
		leg.Extension = a.target.Extension
	}
	leg.Deck = a.target.Deck
	leg.CallerID, leg.Dialled = a.target.FromSent, a.target.ToSent
	leg.Setup, leg.Progress, leg.Connect, leg.Disconnect = a.setup, a.progress, a.connect, a.disconnect
	leg.SIPStatus, leg.Cause, leg.ReleasedBy, leg.Reason = statusNumber(a.status), a.cause, a.side, a.reason
	leg.SIPCallID, leg.Remote = a.dialog.callID, a.remote
	return &leg
}
