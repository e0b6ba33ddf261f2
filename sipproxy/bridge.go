package sipproxy

import (
	"math/rand/v2"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/sipproxy/txn"
)

// bridge connects an end of a call with an end of another one, after a transfer. Both calls go on, each with its own money and
// its own records, until one of them is over.
type bridge struct{ own, theirs *dialog }

// transferLeg is the part of a call in a transfer.
type transferLeg struct {
	*transfer
	leaving *dialog // The referrer's side of the call, which is released when the transfer has succeeded.
	left    bool    // It hung up before.
}

// bridgeTo connects an end of the call with one of another call, by a session at the media relay where there is one. The side that
// it talked with until now is released.
func (c *call) bridgeTo(own, theirs *dialog, v *voice, far bool) {
	if c.state != stateAnswered { // It hung up at that very moment.
		c.sh.on(theirs.sh, func() { theirs.call.peerEnded(theirs, c.finished) })
		return
	}
	c.transferLeg, c.bridge = nil, &bridge{own, theirs}
	own.talkBy(v, far)
	for _, d := range []*dialog{c.caller, c.winner.dialog} {
		if d != own {
			d.sendBYE(reasonHeader(causeNormal, "Call transferred"))
		}
	}
	if c.winner.dialog != own {
		c.winner.over(c.now(), ending{side: cdr.SideCallee, cause: causeNormal, reason: "transferred"})
	}
	c.log.Info("transferred", "to", theirs.call.id.String())
	_ = c.keep()
}

// unbridge ends a call whose only end has been transferred away from a bridge: the call on the other side of it goes on without.
func (c *call) unbridge(leaving *dialog) {
	if c.bridge == nil || c.bridge.own != leaving {
		return
	}
	c.bridge = nil
	c.end(ending{side: c.sideOf(leaving), cause: causeNormal, reason: "transferred"})
}

// stay lets a call go on as it was when a transfer has failed; one whose referrer hung up already is over.
func (c *call) stay() {
	h := c.transferLeg
	c.transferLeg = nil
	if h != nil && h.left {
		c.end(ending{side: c.sideOf(h.leaving), cause: causeNormal})
	}
}

// peerEnded ends the call because the one that it was joined with is over.
func (c *call) peerEnded(own *dialog, e ending) {
	if e.side == cdr.SideCaller || e.side == cdr.SideCallee { // The other party hung up, whatever it was over there.
		e.side = cdr.SideCaller
		if own == c.caller {
			e.side = cdr.SideCallee
		}
	}
	c.end(e)
}

// sideOf is the side of the call at which a dialog is.
func (c *call) sideOf(d *dialog) cdr.Side {
	if d == c.caller {
		return cdr.SideCaller
	}
	return cdr.SideCallee
}

// notifyPeers tells the others that the call is over: the one that it is joined with, and the transfer that it is part of.
func (c *call) notifyPeers(e ending) {
	if j := c.bridge; j != nil && j.theirs != nil {
		c.sh.on(j.theirs.sh, func() { j.theirs.call.peerEnded(j.theirs, e) })
	}
	if h := c.transferLeg; h != nil {
		c.transferLeg = nil
		c.sh.on(h.sh, func() { h.broken(c, e) })
	}
}

const (
	reinviteTries = 8
	reinviteWait  = 500 * time.Millisecond // While another change of the session is under way.
)

// reinvite asks the other end with an offer, or, where there is none, for one. It waits for other changes of the session to be
// over, and asks again after 491 (RFC 3261, section 14.1). then is told the final answer, nil: there was none. Whoever asks
// sends the ACK.
func (d *dialog) reinvite(offer sip.Message, then func(*sip.Response)) {
	d.reinviteWithin(reinviteTries, offer, then)
}

func (d *dialog) reinviteWithin(tries int, offer sip.Message, then func(*sip.Response)) {
	if d.byeSent || tries == 0 {
		then(nil)
		return
	}
	again := func(wait time.Duration) { d.sh.after(wait, func() { d.reinviteWithin(tries-1, offer, then) }) }
	if d.inviting || d.answered != nil {
		again(reinviteWait)
		return
	}
	d.inviting = true
	req := d.request(sip.INVITE, d.nextSeq())
	req.AppendHeader(d.allow())
	describe(offer, req)
	d.askSession(req)
	d.send(req, txn.ClientEvents{
		Response: func(res *sip.Response) {
			switch {
			case res.IsProvisional():
				return
			case res.IsSuccess() && d.ackSeq == res.CSeq().SeqNo:
				d.repeatACK(res)
				return
			}
			d.inviting = false
			d.alive()
			if res.StatusCode == sip.StatusRequestPending {
				again(2100*time.Millisecond + rand.N(1900*time.Millisecond)) //nolint:gosec // It need not be hard to guess.
				return
			}
			if res.IsSuccess() {
				d.ackSeq, d.ackSent = res.CSeq().SeqNo, false
				if c := res.Contact(); c != nil {
					d.target = c.Address
				}
			}
			then(res)
		},
		Silence: func() {
			d.inviting = false
			then(nil)
		},
	})
}

// statusOf is the status of a final answer, or 408 where there was none.
func statusOf(res *sip.Response) int {
	if res == nil {
		return sip.StatusRequestTimeout
	}
	return res.StatusCode
}
