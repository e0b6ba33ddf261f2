package sipproxy

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/lcr"
	"trunkline/routing"
	"trunkline/sipproxy/number"
	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

const (
	askTimeout = 2 * time.Second // For the ledger to answer.
	drainRetry = 30 * time.Second
	busyRetry  = 5 * time.Second
)

// invite takes a new call.
func (s *shard) invite(req *sip.Request, flow wire.Flow, tx *txn.Server) {
	if s.refuseEarly(req, tx) {
		return
	}
	caller, ok := s.identify(req, flow, tx, proxyChallenge)
	if !ok {
		return
	}
	if tooShort(req, tx) {
		return
	}
	tx.Reply(sip.StatusTrying, "Trying")
	id, err := calls.NewID()
	if err != nil {
		tx.Reply(sip.StatusInternalServerError, "Internal Server Error")
		return
	}
	caller.Private = wantsPrivacy(req)
	c := &call{
		sh: s, id: id, from: caller, invite: req, tx: tx, state: stateReserving, setup: s.clock.Now().Round(0), began: s.clock.Elapsed(),
		dialled: dialledUser(req), callerID: callerIdentity(req),
		log: s.log.With("call", id.String()),
	}
	c.caller = newServerDialog(s, req, flow, tx.Tag())
	c.caller.call, c.caller.web, c.caller.behind = c, flow.Web(), s.callerBehindNAT(caller, req, flow)
	c.caller.form = caller.Form
	if caller.Kind != routing.CallerGateway {
		c.caller.confine(caller.Contacts)
	}
	c.caller.register()
	c.mergeKey = mergeKey(req)
	s.merged[c.mergeKey] = true
	s.flows.Link(c.setup, id.String(), c.caller.callID)
	s.calls[id] = c
	s.inProgress.Add(1)
	tx.OnCancel(func(cancel *sip.Request) { c.cancelled(cancel) })
	c.place()
}

// refuseEarly answers what must not become a call.
func (s *shard) refuseEarly(req *sip.Request, tx *txn.Server) bool {
	switch {
	case s.draining.Load() && !mayBeDistress(req):
		tx.Reply(sip.StatusServiceUnavailable, "Service Unavailable", retryAfter(drainRetry))
	case s.overloaded() && !mayBeDistress(req):
		s.metrics.refused.WithLabelValues("overload").Inc()
		tx.Reply(sip.StatusServiceUnavailable, "Service Unavailable", retryAfter(busyRetry))
	case req.MaxForwards() != nil && req.MaxForwards().Val() == 0:
		tx.Reply(sip.StatusTooManyHops, "Too Many Hops")
	case s.merged[mergeKey(req)]:
		tx.Reply(sip.StatusLoopDetected, "Loop Detected")
	default:
		return false
	}
	return true
}

// mayBeDistress reports whether a call may be one to an emergency service, which no overload stands in the way of: their numbers are short.
// Whether it is one tells its route.
func mayBeDistress(req *sip.Request) bool {
	const short = 4
	dialled := dialledUser(req)
	return len(dialled) <= short || strings.EqualFold(req.Recipient.Scheme, "urn")
}

// overloaded reports whether there are more calls, or more that wait for the ledger, than there may be.
func (s *shard) overloaded() bool {
	return s.inProgress.Load() >= int64(s.cfg.MaxCalls) || s.asking.Load() >= int64(s.cfg.MaxAsking)
}

// mergeKey is the same for requests that are one and came by several ways (RFC 3261, section 8.2.2.2).
func mergeKey(req *sip.Request) string {
	tag, _ := req.From().Params.Get("tag")
	return req.CallID().Value() + "|" + tag + "|" + strconv.FormatUint(uint64(req.CSeq().SeqNo), 10)
}

// dialledUser is what was dialled: the user part of the Request-URI, or of the To header where that has none.
func dialledUser(req *sip.Request) string {
	if strings.EqualFold(req.Recipient.Scheme, "urn") { // Of a service (RFC 5031).
		return req.Recipient.String()
	}
	if user := number.User(&req.Recipient); user != "" {
		return user
	}
	return number.User(&req.To().Address)
}

// callerIdentity is the number that the caller gives: the asserted one, the one that it prefers (RFC 3325), or that of the older
// Remote-Party-ID, before the From header. Whether it may show it is for its route to say.
func callerIdentity(req *sip.Request) string {
	for _, name := range [...]string{"P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID"} {
		for h := range named(req, name) {
			for _, one := range splitAddresses(h.Value()) {
				var uri sip.Uri
				params := sip.HeaderParams{}
				_, err := sip.ParseAddressValue(one, &uri, &params)
				party, _ := params.Get("party")
				if err == nil && number.User(&uri) != "" && !strings.EqualFold(party, "called") {
					return number.User(&uri)
				}
			}
		}
	}
	return number.User(&req.From().Address)
}

// wantsPrivacy reports whether the caller asks that its identity be hidden (RFC 3323, section 4.2; RFC 3325, section 9.3).
func wantsPrivacy(req *sip.Request) bool {
	if strings.EqualFold(req.From().Address.Host, "anonymous.invalid") {
		return true
	}
	for h := range named(req, "Privacy") {
		for value := range strings.SplitSeq(h.Value(), ";") {
			switch strings.ToLower(strings.TrimSpace(value)) {
			case "id", "user", "header":
				return true
			}
		}
	}
	return false
}

// place routes the call, takes its capacity and asks the ledger.
func (c *call) place() {
	c.route = c.sh.router.Route(c.from, c.dialled, c.callerID, c.setup)
	c.targets = c.route.Targets
	c.log.Info("call", "tenant", c.route.Tenant, "extension", c.route.Extension, "direction", c.route.Direction,
		"from", c.route.From.String(), "to", c.route.To.String(), "dialled", c.dialled, "targets", len(c.targets))
	c.reserved = c.route.Refusal == "" && c.route.Quote != nil && !c.route.Emergency
	halt := c.sh.halt()
	if halt == "" || !c.costs() {
		_ = c.keep()
	}
	if c.route.Refusal != "" {
		c.refuse(string(c.route.Refusal), c.route.Status)
		return
	}
	if !c.route.Emergency && c.transferLeg == nil && (c.sh.draining.Load() || c.sh.inProgress.Load() > int64(c.sh.cfg.MaxCalls)) {
		c.refuse("overload", sip.StatusServiceUnavailable)
		return
	}
	if c.route.Set != nil {
		c.apply(*c.route.Set)
		return
	}
	if halt != "" && c.costs() {
		c.log.Error("the call is refused: what it costs could be lost", "reason", halt)
		c.refuse(halt, sip.StatusServiceUnavailable)
		return
	}
	if !c.takeCapacity() {
		return
	}
	c.setupTimer = c.sh.after(cmp.Or(c.route.SetupTime, c.sh.cfg.SetupTime), func() {
		c.end(ending{side: cdr.SideTimer, cause: causeNoAnswer, reason: "setup_time", status: sip.StatusTemporarilyUnavailable})
	})
	if !c.reserved {
		c.hunt()
		return
	}
	c.sh.asking.Add(1)
	c.ask(c.sh.cfg.FirstStretch, func(g Grant, err error) {
		c.sh.asking.Add(-1)
		c.firstGrant(g, err)
	})
}

// refuse ends the call before anybody was tried.
func (c *call) refuse(reason string, status int) {
	c.sh.metrics.refused.WithLabelValues(reason).Inc()
	c.end(ending{side: cdr.SideRouting, cause: causeOfStatus(status), reason: reason, status: status})
}

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
	c.asking = true
	holds := c.holds()
	c.sh.async(func(ctx context.Context) func() {
		behind := !c.sh.releases.idle()
		grant, err := reserveAll(ctx, c.sh.credit, holds, upTo)
		if grant.full() && (behind || !c.sh.releases.idle()) && c.sh.releases.settle(ctx) { // The ledger may have counted calls that are over.
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
	holds, log := c.holds(), c.log
	if !c.connect.IsZero() {
		for _, h := range holds {
			c.sh.releases.add(h.id)
		}
		return
	}
	if len(holds) == 0 {
		return
	}
	done := c.sh.releases.release()
	c.sh.async(func(ctx context.Context) func() {
		defer done()
		for _, h := range holds {
			if err := c.sh.credit.Release(ctx, h.id); err != nil {
				log.WarnContext(ctx, "the hold could not be released early; it ends with the call's record", "error", err)
				c.sh.releases.add(h.id)
			}
		}
		return func() {}
	})
}

// cancelled is told when the caller gave the call up before it was answered.
func (c *call) cancelled(cancel *sip.Request) {
	cause := causeOf(cancel)
	if cause == 0 {
		cause = causeNormal
	}
	c.end(ending{side: cdr.SideCaller, cause: cause, status: sip.StatusRequestTerminated})
}

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
	a.dialog.voice.pass(c.sh, true, res, replyPart(c.invite), func(ok bool) {
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
	c.sh.headers.Apply(out, c.caller.rulesOf(), c.values(c.route))
	c.tx.Respond(out)
}

// fork gives the caller another early dialog when another one than before talks to him: he takes one description for each only, and would
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
	c.sh.idle.took(&a.target, a.connect)
	c.setupTimer.Stop()
	c.leaveLoop()
	for _, other := range c.attempts {
		if other != a {
			other.drop(sip.StatusRequestTerminated, cdr.SideRouting, causeAnsweredElsewhere, "answered_elsewhere")
		}
	}
	if c.tx != nil {
		c.caller.talkBy(a.dialog.voice, false)
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
	c.log.Info("answered", "gateway", a.gatewayID(), "granted", int64(c.grant.Granted.Seconds()))
	c.sh.metrics.answered.Inc()
	c.runClock()
	c.watchEnds(c.sh.cfg.SessionCheck)
}

// connectBoth lets the caller and the one who has answered talk, through the media relay where there is one.
func (c *call) connectBoth(a *attempt, res *sip.Response) {
	c.fork(a, res)
	tx, seq, invite := c.tx, c.invite.CSeq().SeqNo, c.invite
	c.accepted = tx
	a.dialog.voice.pass(c.sh, true, res, replyPart(c.invite), func(ok bool) {
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
	c.sh.headers.Apply(out, c.caller.rulesOf(), c.values(c.route))
	c.caller.answered, c.caller.answeredSeq = tx, seq
	tx.OnUnheard(func() {
		c.caller.answered = nil
		c.end(ending{side: cdr.SideTimer, cause: causeRecovery, reason: "no_ack"})
	})
	tx.Respond(out)
}
