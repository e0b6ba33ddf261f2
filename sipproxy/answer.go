package sipproxy

import (
	"strconv"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/routing"
	"trunkline/sipproxy/txn"
)

// progressed passes ringing and early media on to the caller. Our To tag is one and the same for all forks, so the
// caller sees one early dialog.
func (c *call) progressed(a *attempt, res *sip.Response) {
	if c.state != stateHunting || (c.tx != nil && c.tx.Final()) {
		return
	}
	if c.progress.IsZero() {
		c.progress = c.now()
	}
	if c.tx == nil {
		c.transferLeg.progress(res)
		return
	}
	a.dialog.media.pass(c.sh, true, res, replyPart(c.invite), func(ok bool) {
		if ok && c.state == stateHunting && !c.tx.Final() {
			c.ring(a, res)
		}
	})
}

// ring passes a provisional answer on.
func (c *call) ring(a *attempt, res *sip.Response) {
	c.fork(a, res)
	out := c.tx.NewResponse(res.StatusCode, res.Reason)
	out.AppendHeader(ourContact(c.caller.flow, ""))
	out.AppendHeader(c.caller.allow())
	if number := c.early.note(a, res); number != 0 {
		out.AppendHeader(sip.NewHeader("Require", reliableOption))
		out.AppendHeader(sip.NewHeader("RSeq", strconv.FormatUint(uint64(number), 10)))
	}
	pass(res, out)
	if c.caller.timed() || a.dialog.timed() {
		untimed(out)
	}
	c.sh.carryHeaders(res, out, a.dialog, c.caller)
	c.dressFor(c.caller, out, c.route)
	c.tx.Respond(out)
}

// fork gives the caller another early dialog when another one than before talks: the caller takes one description for each only, and would
// hear nobody (RFC 3261, sections 12.1 and 13.2.1).
func (c *call) fork(a *attempt, res *sip.Response) {
	if c.tx == nil || !describes(res) {
		return
	}
	if c.talks != nil && c.talks != a && a.tag == "" {
		a.tag = sip.GenerateTagN(12)
		c.caller.alias(c.talks.tag)
		c.caller.alias(a.tag)
	}
	if c.talks == nil {
		a.tag = c.tx.Tag()
	}
	c.talks = a
	c.tx.SetTag(a.tag)
	c.caller.local.Params = c.caller.local.Params.Clone()
	c.caller.local.Params.Add("tag", a.tag)
}

// answered joins the caller with the attempt that took the call.
func (c *call) answered(a *attempt, res *sip.Response) {
	c.state = stateAnswered
	c.winner = a
	c.connect = a.connect
	c.sh.lastTaken.took(&a.target, a.connect)
	c.setupTimer.Stop()
	c.setupTimer = nil
	c.leaveLoop()
	for _, other := range c.attempts {
		if other != a {
			other.drop(sip.StatusRequestTerminated, cdr.SideRouting, causeAnsweredElsewhere, "answered_elsewhere")
		}
	}
	if c.tx != nil {
		c.caller.attachMedia(a.dialog.media, false)
	}
	c.caller.heard, a.dialog.heard = a.connect, a.connect
	_ = c.keep() // The call is there, whether it is on disk or not.
	if c.tx == nil {
		c.transferLeg.offered(a.dialog, c.caller, res)
	} else {
		c.connectBoth(a, res)
	}
	c.invite, c.tx, c.targets = nil, nil, nil
	c.early = earlyAnswers{}
	c.route = decidedUpon(c.route)
	for _, f := range c.onward {
		f.route = decidedUpon(f.route)
	}
	c.log.Info("answered", "gateway", a.gatewayID(), "granted", int64(c.grant.Granted.Seconds()))
	c.sh.metrics.answered.Inc()
	c.runClock()
	c.watchEnds(c.sh.cfg.SessionCheck)
}

// decidedUpon is what an answered call keeps of its route, for as long as it lasts: not where else it might have gone, nor why, which the
// journal has by now.
func decidedUpon(r *routing.Route) *routing.Route {
	kept := *r
	kept.Targets, kept.Capacities, kept.Trace = nil, nil, nil
	return &kept
}

// connectBoth lets the caller and the one who has answered talk, through the media relay where there is one.
func (c *call) connectBoth(a *attempt, res *sip.Response) {
	c.fork(a, res)
	tx, seq, invite := c.tx, c.invite.CSeq().SeqNo, c.invite
	c.accepted = tx
	a.dialog.media.pass(c.sh, true, res, replyPart(c.invite), func(ok bool) {
		switch {
		case c.state != stateAnswered:
		case !ok:
			c.end(ending{side: cdr.SideFault, cause: causeNoCircuit, reason: "media"})
		default:
			c.accept(tx, seq, invite, res)
		}
	})
}

// accept answers the caller's INVITE.
func (c *call) accept(tx *txn.Server, seq uint32, invite *sip.Request, res *sip.Response) {
	c.accepted = nil
	out := tx.NewResponse(sip.StatusOK, "OK")
	out.AppendHeader(ourContact(c.caller.flow, ""))
	out.AppendHeader(c.caller.allow())
	pass(res, out)
	if c.caller.timed() || c.winner.dialog.timed() {
		untimed(out)
	}
	c.caller.grantSession(invite, out)
	c.sh.carryHeaders(res, out, c.winner.dialog, c.caller)
	c.dressFor(c.caller, out, c.route)
	c.caller.answered, c.caller.answeredSeq = tx, seq
	tx.OnUnheard(func() {
		c.caller.answered = nil
		c.end(ending{side: cdr.SideTimer, cause: causeRecovery, reason: "no_ack"})
	})
	tx.Respond(out)
}
