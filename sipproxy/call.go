package sipproxy

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/routing"
	"trunkline/sipproxy/txn"
)

// callState is how far a call has come.
type callState uint8

const (
	stateReserving callState = iota + 1 // The ledger was asked.
	stateHunting                        // Gateways or phones are being tried.
	stateAnswered
	stateOver // Nothing more will happen but the last answers of attempts that were given up.
)

func (s callState) String() string {
	switch s {
	case stateReserving:
		return "reserving"
	case stateHunting:
		return "ringing"
	case stateAnswered:
		return "answered"
	case stateOver:
		return "over"
	}
	return "unknown"
}

// call joins the caller's dialog with the attempts to reach the called party. It lives on one shard.
type call struct {
	sh       *shard
	log      *slog.Logger
	id       calls.ID
	from     routing.Caller
	route    *routing.Route
	caller   *dialog
	invite   *sip.Request // Until the call is answered.
	tx       *txn.Server
	accepted *txn.Server // That was answered, while the answer is still on its way through the media relay.
	state    callState

	dialled  string
	callerID string
	setup    time.Time     // By the wall.
	began    time.Duration // The same moment by the clock that never steps.
	progress time.Time
	connect  time.Time

	targets     []routing.Target
	next        int // The next of targets to be tried.
	tries       int // How many attempts there may be.
	attempts    []*attempt
	winner      *attempt
	best        failure         // The best answer so far, for when nobody takes the call.
	outcome     routing.Trigger // What became of the phones tried so far.
	diverted    bool            // One of the ways of forwarding was taken; no other is.
	onward      []*forwarding   // The calls that this one went on as, one after the other.
	transferLeg *transferLeg    // The transfer that it is part of.
	bridge      *bridge         // After a transfer: the call that it is connected with.
	bridgedWith string          // After a restart, until that one is found: its id.
	early       earlyAnswers
	talks       *attempt // Whose description the caller was given last.
	mergeKey    string   // Of its INVITE.
	skipped     []skippedGateway
	decided     decided
	loop        []string // That it holds among calls that may be one which goes round.
	slots       []string // Capacity that the call holds.

	grant      Grant
	reserved   bool // Money may be held for this call.
	setupTimer clock.Timer
	cutTimer   clock.Timer // Ends the call when its time is used up.
	moreTimer  clock.Timer // Asks for more time.
	aliveTimer clock.Timer // Looks whether both ends are still there.
	asking     bool

	finished ending
	endedAt  time.Time
	recorded bool
	asked    bool      // Money was asked for.
	kept     bool      // The journal was told of it,
	noted    time.Time // and when it was last.
}

// now is the time in the call: it began when the wall said so, and goes on as time does, whatever the wall is set to meanwhile.
func (c *call) now() time.Time { return c.setup.Add(c.sh.clock.Elapsed() - c.began) }

// ending says how a call came to its end.
type ending struct {
	side   cdr.Side
	cause  uint8     // Q.850.
	reason string    // A short word when it was our doing.
	status int       // SIP status to the caller, for calls that were never answered.
	minSE  string    // With status 422: the shortest session that is taken.
	at     time.Time // When it really was over, for calls whose end was noticed later; zero: now.
}

// peer is the other side of an answered call; after a transfer it is one of another call, on the shard of that.
func (c *call) peer(d *dialog) *dialog {
	switch {
	case c.bridge != nil && d == c.bridge.own:
		return c.bridge.theirs
	case c.bridge != nil || c.winner == nil:
		return nil
	case d == c.caller:
		return c.winner.dialog
	}
	return c.caller
}

// hungUp is told when one side has sent BYE. A referrer may do so before the transfer has succeeded (RFC 5589, section 6.1).
func (c *call) hungUp(d *dialog, bye *sip.Request) {
	if c.bridge != nil && d != c.bridge.own {
		return // It was released already.
	}
	if c.transferLeg != nil && d == c.transferLeg.leaving {
		c.transferLeg.left = true
		return
	}
	cause := causeOf(bye)
	if cause == 0 {
		cause = causeNormal
	}
	c.end(ending{side: c.sideOf(d), cause: cause})
}

// end brings a call to its end, whatever its state. It may be called again; only the first time counts.
func (c *call) end(e ending) {
	if c.state == stateOver {
		return
	}
	c.keepFirst()
	answered := c.state == stateAnswered
	if answered && e.at.IsZero() && e.side != cdr.SideCaller && e.side != cdr.SideCallee {
		e.at = c.proven()
	}
	c.state = stateOver
	c.finished = e
	c.endedAt = c.now()
	if answered && !e.at.IsZero() && e.at.Before(c.endedAt) {
		c.endedAt = e.at
	}
	c.stopTimers()
	if len(c.attempts) > 0 {
		c.keepLast()
	}
	c.sh.slots.release(c.slots)
	c.leaveLoop()
	c.slots = nil
	c.releaseHold()
	c.notifyPeers(e)
	switch {
	case answered:
		c.hangUpBoth(e)
	default:
		c.giveUp(e)
	}
	c.log.Info("call over", "released_by", e.side.String(), "cause", e.cause, "reason", e.reason, "status", e.status,
		"seconds", int64(c.duration().Seconds()))
	c.finish()
}

func (c *call) duration() time.Duration {
	if c.connect.IsZero() {
		return 0
	}
	return c.endedAt.Sub(c.connect)
}

func (c *call) stopTimers() {
	for _, t := range []clock.Timer{c.setupTimer, c.cutTimer, c.moreTimer, c.aliveTimer} {
		if t != nil {
			t.Stop()
		}
	}
	c.caller.stopSession()
	if c.winner != nil {
		c.winner.dialog.stopSession()
	}
}

func (c *call) hangUpBoth(e ending) {
	reason := reasonHeader(e.cause, causeText(e.cause))
	if c.accepted != nil { // The caller does not know yet that the call was answered.
		status := cmp.Or(e.status, sip.StatusServiceUnavailable)
		c.accepted.Reply(status, statusText(status), reason)
		c.accepted, c.caller.byeSent = nil, true
	}
	if c.caller.answered != nil { // The caller has not even acknowledged our 2xx; stop repeating it.
		c.caller.answered.Acked()
		c.caller.answered = nil
	}
	if d := c.winner.dialog; !d.ackSent && d.ackSeq != 0 {
		d.sendACK(d.ackSeq, nil)
	}
	c.caller.sendBYE(reason)
	c.winner.dialog.sendBYE(reason)
	c.winner.over(c.endedAt, e)
}

// giveUp ends a call that nobody has answered.
func (c *call) giveUp(e ending) {
	for _, a := range c.attempts {
		a.cancel(e)
	}
	if c.tx != nil && !c.tx.Final() {
		if e.status == 0 {
			e.status = sip.StatusServiceUnavailable
		}
		headers := []sip.Header{reasonHeader(e.cause, causeText(e.cause))}
		if e.minSE != "" {
			headers = append(headers, sip.NewHeader("Min-SE", e.minSE))
		}
		c.tx.Reply(e.status, statusText(e.status), headers...)
	}
}

// finish records the call when it is over and every attempt at a gateway has had its last answer: a 2xx that has crossed our CANCEL is
// a call that the carrier charges for. A phone's costs nothing whatever it answers, so nobody waits for one that is gone.
func (c *call) finish() {
	if c.state != stateOver || c.recorded {
		return
	}
	for _, a := range c.attempts {
		if !a.state.settled() && a.target.Gateway != nil {
			return
		}
	}
	c.recorded = true
	c.caller.forget()
	c.caller.media.end()
	for _, a := range c.attempts {
		if a.dialog != nil {
			a.dialog.forget()
			a.dialog.media.end()
		}
	}
	delete(c.sh.calls, c.id)
	delete(c.sh.merged, c.mergeKey)
	c.sh.load.inProgress.Add(-1)
	c.sh.record(c)
}
