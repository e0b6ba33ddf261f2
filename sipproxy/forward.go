package sipproxy

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/routing"
	"trunkline/sipproxy/callstate"
)

// forwarding is the call that a call goes on as when it is forwarded to a number outside. To the books it is a call of its
// own, of whoever forwards it: with its own id, price, limits and records. On the wire it is the same call.
type forwarding struct {
	id       calls.ID
	route    *routing.Route
	began    time.Time
	why      diversion
	first    int  // The first of the call's attempts that are its own.
	reserved bool // Money may be held for it.
	decided  decided
}

// onwardMost is how often a call may go on as another one: to another client of the house, who forwards it outside.
const onwardMost = 2

// last is the call that this one went on as last; nil: it did not.
func (c *call) last() *forwarding {
	if n := len(c.onward); n > 0 {
		return c.onward[n-1]
	}
	return nil
}

// wants reports whether a target is to be tried after what became of the phones so far.
func (c *call) wants(t *routing.Target) bool {
	if t.After == 0 || t.After == routing.AfterAny {
		return true
	}
	return !c.diverted && (c.outcome == 0 || t.After&c.outcome != 0)
}

// wantsMore reports whether any target is left that is to be tried.
func (c *call) wantsMore() bool {
	for i := c.next; i < len(c.targets); i++ {
		if c.wants(&c.targets[i]) {
			return true
		}
	}
	return false
}

// outcomeOf tells what the failure of a phone is to forwarding.
func outcomeOf(f failure) routing.Trigger {
	switch {
	case f.silent:
		return routing.AfterUnavailable
	case f.status == sip.StatusBusyHere, f.status == sip.StatusGlobalBusyEverywhere, f.status == sip.StatusGlobalDecline:
		return routing.AfterBusy
	case f.cause == causeNoAnswer:
		return routing.AfterNoAnswer
	}
	return routing.AfterUnavailable
}

// forwardAs lets the call go on as another one; false: that one cannot be placed.
func (c *call) forwardAs(r *routing.Route, why diversion) bool {
	if r.Refusal != "" {
		c.log.Info("the call cannot be forwarded", "to", r.To.String(), "reason", string(r.Refusal), "detail", r.Detail)
		c.best = better(c.best, failure{status: r.Status})
		return false
	}
	id, err := calls.NewID()
	if err != nil || len(c.onward) >= onwardMost {
		c.best = better(c.best, failure{status: sip.StatusInternalServerError})
		return false
	}
	held, reason := c.sh.slots.takeAll(r.Capacities)
	if reason != "" {
		c.best = better(c.best, failure{status: sip.StatusBusyHere})
		return false
	}
	c.slots = append(c.slots, held...)
	f := &forwarding{
		id: id, route: r, why: why, began: c.now(), first: len(c.attempts), reserved: r.Quote != nil && !r.Emergency,
	}
	c.onward = append(c.onward, f)
	c.targets, c.next, c.tries = r.Targets, 0, len(c.attempts)+max(r.MaxTries, 1)
	c.sh.flows.Link(f.began, id.String(), c.caller.callID)
	c.log.Info("forwarded", "to", r.To.String(), "as", id.String(), "extension", r.Extension)
	if err := c.keep(); !c.mayBegin(err) {
		c.refuse(reasonJournal, sip.StatusServiceUnavailable)
		return true
	}
	if !f.reserved {
		c.tryNext()
		return true
	}
	c.ask(c.sh.cfg.FirstStretch, c.forwardGrant)
	return true
}

// forwardGrant takes the ledger's answer for the call that this one goes on as.
func (c *call) forwardGrant(g Grant, err error) {
	switch {
	case c.state == stateOver:
		c.releaseHold() // The caller hung up while the ledger was asked.
	case err != nil:
		c.log.Error("the ledger does not answer; the call is not forwarded", "error", err)
		c.refuse("ledger", sip.StatusServiceUnavailable)
	case g.full():
		c.refuseFull(g)
	case g.Refusal != "":
		c.refuse(g.Refusal, sip.StatusTemporarilyUnavailable)
	default:
		c.grant = g
		c.tryNext()
	}
}

// hold is money that is held for a call.
type hold struct {
	id    calls.ID
	route *routing.Route
	draw  cdr.Draw
}

// holds returns what money is held for: the call, and those that it went on as.
func (c *call) holds() []hold {
	var out []hold
	if c.reserved {
		out = append(out, hold{c.id, c.route, c.grant.Draw})
	}
	for _, f := range c.onward {
		if f.reserved {
			out = append(out, hold{id: f.id, route: f.route})
		}
	}
	return out
}

// reserveAll reserves for all of them, and grants what is granted to each. Several are asked of the ledger itself.
func reserveAll(ctx context.Context, credit Credit, holds []hold, upTo time.Duration) (Grant, error) {
	var all Grant
	for i, h := range holds {
		g, err := credit.Reserve(ctx, Reservation{Call: h.id, Route: h.route, UpTo: upTo, Has: h.draw})
		if err != nil || g.Refusal != "" || g.Stop != "" {
			return g, err
		}
		if g.Granted > 0 && (all.Granted == 0 || g.Granted < all.Granted) {
			all.Granted = g.Granted
		}
		all.Final, all.Lent = all.Final || g.Final, all.Lent || g.Lent
		if i == 0 {
			all.Draw = g.Draw
		}
	}
	return all, nil
}

// forwardLeg is the side of whoever forwards, which is what the forwarded call is charged by.
func (c *call) forwardLeg(f *forwarding) *cdr.Leg {
	leg := c.ingressLeg(f.id, f.route, &f.decided)
	leg.Setup, leg.CallerID, leg.Dialled = f.began, f.route.CallerID, f.route.To.Digits()
	if !leg.Progress.IsZero() && leg.Progress.Before(f.began) {
		leg.Progress = f.began
	}
	leg.Reserved, leg.Granted, leg.Draw = f.reserved && !c.grant.Lent, 0, cdr.Draw{}
	if f.reserved {
		leg.Granted = c.grant.Granted
	}
	return leg
}

func (c *call) forwardSnapshot(at int) *callstate.Forward {
	if at >= len(c.onward) {
		return nil
	}
	f := c.onward[at]
	route := *f.route
	route.Quote, route.Targets, route.Trace = nil, nil, nil
	text, err := json.Marshal(route)
	if err != nil {
		c.log.Error("the way of a forwarded call could not be written to the journal", "error", err)
		return nil
	}
	return &callstate.Forward{ID: f.id.String(), Began: callstate.InstantOf(f.began), First: f.first, Reserved: f.reserved, Route: text}
}

// restoreForward takes a forwarded call back. Its price is looked up in the route as it is found now; when that no longer
// leads there, what was granted is all that it gets.
func (c *call) restoreForward(m *callstate.Forward, why map[string][]byte) error {
	if m == nil {
		return nil
	}
	var then routing.Route
	if err := json.Unmarshal(m.Route, &then); err != nil {
		return fmt.Errorf("the way of the forwarded call: %w", err)
	}
	id, err := calls.ParseID(m.ID)
	if err != nil {
		return fmt.Errorf("the forwarded call: %w", err)
	}
	f := &forwarding{
		id: id, route: &then, began: m.Began.Time(), first: m.First, reserved: m.Reserved,
		decided: decided{text: why[callstate.DecisionKey(id)]},
	}
	from := c.route
	if before := c.last(); before != nil {
		from = before.route
	}
	c.onward = append(c.onward, f)
	for i := range from.Targets {
		if now := from.Targets[i].Forward; now != nil && now.To == then.To && now.Refusal == "" {
			f.route = now
			return nil
		}
	}
	c.grant.Final = true
	return nil
}
