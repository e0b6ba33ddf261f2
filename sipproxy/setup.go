package sipproxy

import (
	"cmp"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/routing"
	"trunkline/sipproxy/auth"
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
	caller, ok := s.auth.Identify(req, flow, tx, auth.Proxy)
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
	s.load.inProgress.Add(1)
	tx.OnCancel(func(cancel *sip.Request) { c.cancelled(cancel) })
	c.place()
}

// refuseEarly answers what must not become a call.
func (s *shard) refuseEarly(req *sip.Request, tx *txn.Server) bool {
	switch {
	case s.load.draining.Load() && !mayBeEmergency(req):
		tx.Reply(sip.StatusServiceUnavailable, "Service Unavailable", retryAfter(drainRetry))
	case s.overloaded() && !mayBeEmergency(req):
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

// overloaded reports whether there are more calls, or more that wait for the ledger, than there may be.
func (s *shard) overloaded() bool {
	return s.load.inProgress.Load() >= int64(s.cfg.MaxCalls) || s.load.asking.Load() >= int64(s.cfg.MaxAsking)
}

// place routes the call, takes its capacity and asks the ledger. A call that waits for something after that is in the journal.
func (c *call) place() {
	c.decide()
	if c.state != stateOver {
		c.keepFirst()
	}
}

func (c *call) decide() {
	c.route = c.sh.router.Route(c.from, c.dialled, c.callerID, c.setup)
	c.targets = c.route.Targets
	c.log.Info("call", "tenant", c.route.Tenant, "extension", c.route.Extension, "direction", c.route.Direction,
		"from", c.route.From.String(), "to", c.route.To.String(), "dialled", c.dialled, "targets", len(c.targets))
	c.reserved = c.route.Refusal == "" && c.route.Quote != nil && !c.route.Emergency
	halt := c.sh.halt()
	if c.route.Refusal != "" {
		c.refuse(string(c.route.Refusal), c.route.Status)
		return
	}
	if !c.route.Emergency && c.transferLeg == nil && (c.sh.load.draining.Load() || c.sh.load.inProgress.Load() > int64(c.sh.cfg.MaxCalls)) {
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
	c.sh.load.asking.Add(1)
	c.ask(c.sh.cfg.FirstStretch, func(g Grant, err error) {
		c.sh.load.asking.Add(-1)
		c.firstGrant(g, err)
	})
}

// refuse ends the call before anybody was tried.
func (c *call) refuse(reason string, status int) {
	c.sh.metrics.refused.WithLabelValues(reason).Inc()
	c.end(ending{side: cdr.SideRouting, cause: causeOfStatus(status), reason: reason, status: status})
}

// cancelled is told when the caller gave the call up before it was answered.
func (c *call) cancelled(cancel *sip.Request) {
	cause := causeOf(cancel)
	if cause == 0 {
		cause = causeNormal
	}
	c.end(ending{side: cdr.SideCaller, cause: cause, status: sip.StatusRequestTerminated})
}
