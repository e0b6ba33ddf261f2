package sipproxy

import (
	"context"
	"slices"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/lcr"
	"trunkline/routing"
)

// refuseFull ends a call that has no place among those of all proxies, like one that has none here.
func (c *call) refuseFull(g Grant) {
	c.log.Info("as many calls as there may be at a time", "bound", g.Refusal)
	c.refuse(string(lcr.ReasonCapacity), c.fullStatus())
}

// fullStatus answers a call for which there is no place. A switch takes another way then, which it would not if the called party were busy.
func (c *call) fullStatus() int {
	if c.from.Kind == routing.CallerTrunk {
		return sip.StatusServiceUnavailable // With cause 34 (RFC 3398, section 8.2.6.1).
	}
	return sip.StatusBusyHere
}

func (c *call) takeCapacity() bool {
	if c.route.Emergency {
		return true
	}
	if !c.enterLoop() {
		c.refuse("loop", sip.StatusLoopDetected)
		return false
	}
	held, reason := c.sh.slots.takeAll(c.route.Capacities)
	if reason == "" {
		c.slots = held
		return true
	}
	status := c.fullStatus()
	if reason == lcr.ReasonCPS {
		status = sip.StatusServiceUnavailable
	}
	c.refuse(string(reason), status)
	return false
}

// ask reserves money until upTo after the connection, and calls then with the answer.
func (c *call) ask(upTo time.Duration, then func(Grant, error)) {
	holds := c.holds()
	c.sh.order.Begin(c.id)
	c.asked = true
	if fresh := c.grant == (Grant{}); len(holds) == 1 && c.reserved && (fresh || !c.grant.Draw.IsZero()) { // A call has a hold, or it draws on a quota.
		if g, ok := c.sh.credit.Draw(Reservation{Call: c.id, Route: c.route, UpTo: upTo, Has: c.grant.Draw}); ok {
			then(g, nil)
			return
		}
	}
	c.asking = true
	c.keepFirst() // Before the ledger knows of it.
	c.sh.async(func(ctx context.Context) func() {
		behind := !c.sh.releases.Idle()
		grant, err := reserveAll(ctx, c.sh.credit, holds, upTo)
		if grant.full() && (behind || !c.sh.releases.Idle()) && c.sh.releases.Settle(ctx) { // The ledger may have counted calls that are over.
			grant, err = reserveAll(ctx, c.sh.credit, holds, upTo)
		}
		return func() {
			c.asking = false
			then(grant, err)
		}
	})
}

func (c *call) firstGrant(g Grant, err error) {
	if c.state == stateOver {
		c.releaseHold() // The caller hung up while the ledger was asked.
		return
	}
	switch {
	case err != nil:
		c.log.Error("the ledger does not answer; the call is refused", "error", err)
		c.refuse("ledger", sip.StatusServiceUnavailable)
		return
	case g.full():
		c.refuseFull(g)
		return
	case g.Refusal != "":
		c.refuse(g.Refusal, sip.StatusPaymentRequired)
		return
	}
	c.grant = g
	c.hunt()
}

// releaseHold gives the hold of a call back that was never connected. The worker does the same when it settles the
// call's record; here it is done early, so that the money is free for the next call. Of a call that was connected only the
// place is free.
func (c *call) releaseHold() {
	holds, log := slices.DeleteFunc(c.holds(), func(h hold) bool { return !h.draw.IsZero() }), c.log // The record gives back what was drawn on a quota.
	if !c.connect.IsZero() {
		for _, h := range holds {
			c.sh.releases.Add(h.id)
		}
		return
	}
	if len(holds) == 0 {
		return
	}
	done := c.sh.releases.Begin()
	c.sh.async(func(ctx context.Context) func() {
		defer done()
		for _, h := range holds {
			if err := c.sh.credit.Release(ctx, h.id); err != nil {
				log.WarnContext(ctx, "the hold could not be released early; it ends with the call's record", "error", err)
				c.sh.releases.Add(h.id)
			}
		}
		return func() {}
	})
}
