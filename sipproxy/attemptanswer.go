package sipproxy

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/lcr"
	"trunkline/sipproxy/number"
)

func (a *attempt) stopTimers() {
	for _, t := range []clock.Timer{a.silence, a.ringing} {
		if t != nil {
			t.Stop()
		}
	}
	a.silence, a.ringing = nil, nil
}

// response takes an answer to the INVITE.
func (a *attempt) response(res *sip.Response) {
	if a.silence != nil {
		a.silence.Stop()
	}
	switch {
	case res.IsProvisional():
		a.provisional(res)
	case res.IsSuccess():
		a.answered(res)
	case a.challenged(res):
	default:
		a.failed(res)
	}
}

func (a *attempt) provisional(res *sip.Response) {
	if a.state != attemptInviting {
		return
	}
	if res.StatusCode == sip.StatusTrying {
		if a.progress.IsZero() {
			a.silence = a.call.sh.after(a.call.sh.cfg.ProgressTime, a.stalled)
		}
		return
	}
	if a.progress.IsZero() {
		a.progress = a.call.now()
		a.call.sh.health.Heard(a.gatewayID())
	}
	a.call.progressed(a, res)
}

// silent is told when nothing at all has come back from the gateway.
func (a *attempt) silent() {
	if a.state != attemptInviting || a.client.Heard() {
		return
	}
	a.giveUpSilent("silent")
}

// stalled is told when the gateway has taken the call and has not said what became of it.
func (a *attempt) stalled() {
	if a.state != attemptInviting || !a.progress.IsZero() {
		return
	}
	a.giveUpSilent("stalled")
}

// giveUpSilent gives up a gateway that says nothing, and hunts on.
func (a *attempt) giveUpSilent(why string) {
	a.call.sh.health.Failed(a.gatewayID(), why)
	a.drop(sip.StatusRequestTimeout, cdr.SideTimer, causeNoRouteDestination, why)
	if !a.client.Heard() {
		a.settle() // Nothing was heard, so nothing is expected; a late answer is hung up on all the same.
	}
	a.call.huntOn(a, failure{status: sip.StatusRequestTimeout, silent: true})
}

// rangTooLong is told when it rang and nobody answered in time.
func (a *attempt) rangTooLong() {
	if a.state != attemptInviting {
		return
	}
	a.drop(sip.StatusRequestTimeout, cdr.SideTimer, causeNoAnswer, "no_answer")
	a.call.huntOn(a, failure{status: sip.StatusTemporarilyUnavailable, cause: causeNoAnswer})
}

// unanswered is told by the transaction when no final answer came at all.
func (a *attempt) unanswered() {
	if !a.wantsOutcome() {
		return
	}
	a.call.sh.health.Failed(a.gatewayID(), "timeout")
	a.drop(sip.StatusRequestTimeout, cdr.SideTimer, causeNoRouteDestination, "silent")
	a.settle()
	a.call.huntOn(a, failure{status: sip.StatusRequestTimeout, silent: true})
}

// wantsOutcome reports whether an INVITE that was refused or not answered means anything to the call. With the last answer
// an attempt that was given up is settled.
func (a *attempt) wantsOutcome() bool {
	switch a.state {
	case attemptInviting:
		return true
	case attemptAbandoned:
		a.settle()
	case attemptPreparing, attemptAnswered, attemptInterrupted, attemptSettled:
	}
	return false
}

// drop gives the attempt up: it is cancelled, its outcome is noted, and its last answer will not count any more.
func (a *attempt) drop(status int, side cdr.Side, cause uint8, reason string) {
	sent := false
	switch a.state {
	case attemptPreparing:
	case attemptInviting:
		sent = true
	case attemptAnswered, attemptAbandoned, attemptInterrupted, attemptSettled:
		return
	}
	a.state = attemptAbandoned
	a.status, a.side, a.cause, a.reason = status, side, cause, reason
	a.disconnect = a.call.now()
	a.stopTimers()
	if !sent {
		a.settle()
		return
	}
	if a.client.Pending() {
		if cause == causeAnsweredElsewhere { // By this a phone knows that it is no missed call (RFC 3326, section 2).
			a.client.Cancel(sip.NewHeader("Reason", `SIP;cause=200;text="Call completed elsewhere"`), reasonHeader(cause, causeText(cause)))
			return
		}
		a.client.Cancel(reasonHeader(cause, causeText(cause)))
	}
}

// cancel gives the attempt up because the whole call is.
func (a *attempt) cancel(e ending) {
	a.drop(sip.StatusRequestTerminated, e.side, e.cause, e.reason)
}

// failed takes a final answer that is not a 2xx.
func (a *attempt) failed(res *sip.Response) {
	if !a.wantsOutcome() {
		return
	}
	if a.longerSession(res) {
		return
	}
	a.stopTimers()
	a.status = res.StatusCode
	a.side = cdr.SideCallee
	a.cause = causeOf(res)
	told := a.cause != 0
	if !told {
		a.cause = causeOfStatus(res.StatusCode)
	}
	a.disconnect = a.call.now()
	a.settle()
	if lcr.CarrierFault(res.StatusCode) {
		a.call.sh.health.Failed(a.gatewayID(), statusText(res.StatusCode))
	} else {
		a.call.sh.health.Heard(a.gatewayID())
	}
	f := failure{status: res.StatusCode, cause: a.cause, told: told, text: res.Reason}
	if contact := res.Contact(); contact != nil && res.IsRedirection() {
		f.moved = number.User(&contact.Address)
	}
	if h := res.GetHeader("Min-SE"); h != nil {
		f.minSE = h.Value()
	}
	a.call.huntOn(a, f)
}

// answered takes a 2xx. One that comes after we gave the attempt up, or after another phone answered, made a call all
// the same, so it is acknowledged and hung up on (RFC 3261, section 9.1), and recorded as what it was.
func (a *attempt) answered(res *sip.Response) {
	d := a.dialog
	if !a.connect.IsZero() {
		d.repeatACK(res)
		return
	}
	now := a.call.now()
	a.connect = now
	d.establish(res)
	if a.state != attemptInviting || a.call.winner != nil || a.call.state == stateOver {
		a.crossed(res)
		return
	}
	a.state = attemptAnswered
	a.stopTimers()
	a.client = nil // Its transaction is for the layer to end.
	a.status = res.StatusCode
	d.ackSeq = res.CSeq().SeqNo
	a.call.sh.health.Heard(a.gatewayID())
	d.agreeSession(res)
	a.call.answered(a, res)
}

// crossed ends a call at once that the other end has answered while we gave it up. To a carrier it was a call, which it charges from its
// answer until it hears our BYE, and for a second at least: so it stands in the record.
func (a *attempt) crossed(res *sip.Response) {
	d := a.dialog
	if a.state != attemptSettled {
		a.state = attemptAbandoned
	}
	a.status, a.disconnect = res.StatusCode, a.connect
	d.sendACK(res.CSeq().SeqNo, nil)
	d.sendBYEThen(reasonHeader(causeNormal, "Call completed elsewhere"), func() {
		a.disconnect = a.connect
		if a.target.Gateway != nil && a.target.Trunk == nil {
			a.disconnect = a.connect.Add(max(a.call.now().Sub(a.connect), time.Second))
		}
		a.settle()
	})
}

// longerSession tries again with the session that the gateway asks for, once, where the timer is ours (RFC 4028, section 7.4).
func (a *attempt) longerSession(res *sip.Response) bool {
	d := a.dialog
	least := minSessionOf(res)
	if res.StatusCode != statusIntervalTooSmall || !d.timed() || least <= d.session.every || d.session.every > 0 {
		return false
	}
	d.session.every = least
	a.invite(d.proof)
	return true
}

// over notes the end of the attempt that took the call.
func (a *attempt) over(at time.Time, e ending) {
	if a.state.settled() { // It was released when the call was transferred.
		return
	}
	a.disconnect = at
	a.side, a.cause, a.reason = e.side, e.cause, e.reason
	a.settle()
}

// settle notes that nothing more will come, and lets the call be recorded when it was the last.
func (a *attempt) settle() {
	if a.state.settled() {
		return
	}
	a.state = attemptSettled
	a.stopTimers()
	a.call.sh.slots.release(a.slots)
	if a.call.winner != a {
		a.dialog.media.end()
	}
	a.call.finish()
}

// challenged answers a carrier's challenge to our INVITE, where the gateway has a login.
func (a *attempt) challenged(res *sip.Response) bool {
	if a.state != attemptInviting || a.target.Gateway == nil {
		return false
	}
	headers := a.dialog.prove(a.client.Request(), &a.round, res)
	if headers == nil {
		return false
	}
	a.invite(headers)
	return true
}
