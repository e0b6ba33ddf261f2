package sipproxy

import (
	"cmp"
	"strconv"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/routing"
	"trunkline/sipproxy/txn"
)

// transfer is a REFER that is being followed. The one who is reached for it offers what it talks by, the other end of the call
// is asked with that in a re-INVITE, and its answer goes back in the ACK (RFC 3725, section 4.1, with an end that is there
// already). It belongs to the shard of the referrer.
type transfer struct {
	sh       *shard
	call     *call   // That the REFER came in.
	referrer *dialog // Of it.
	rest     *dialog // The other end, which is to be connected; of another call where an earlier transfer joined two.
	event    string  // Of the notifications.
	target   *call   // The call to who is to be reached: a new one, or one that the referrer has already.
	dialled  bool    // It is a new one.
	told     int     // The last progress that the referrer was told.
	over     bool
}

// blind places a new call of the referrer's. It has no caller of its own on the wire until it is answered.
func (tr *transfer) blind(req *sip.Request, user string, caller routing.Caller) {
	s := tr.sh
	id, err := calls.NewID()
	if err != nil || s.overloaded() || s.draining.Load() {
		tr.fail(sip.StatusServiceUnavailable)
		return
	}
	ghost := *tr.referrer
	ghost.byeSent = true // It is only whom the call belongs to.
	c := &call{
		sh: s, id: id, from: caller, caller: &ghost, state: stateReserving, setup: s.clock.Now().Round(0), began: s.clock.Elapsed(), dialled: user,
		callerID: caller.Login, invite: offerless(tr.referrer, user), log: s.log.With("call", id.String()),
		transferLeg: &transferLeg{transfer: tr, leaving: &ghost},
	}
	if c.callerID == "" {
		c.callerID = req.From().Address.User
	}
	ghost.call, tr.target = c, c
	for _, known := range []string{tr.referrer.callID, tr.rest.callID} {
		s.flows.Link(c.setup, id.String(), known)
	}
	s.calls[id] = c
	s.inProgress.Add(1)
	c.place()
}

// offerless is the INVITE that a transferred call is built from: it asks for an offer.
func offerless(referrer *dialog, user string) *sip.Request {
	req := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", User: user, Host: referrer.remote.Address.Host})
	req.AppendHeader(&sip.FromHeader{DisplayName: referrer.remote.DisplayName, Address: referrer.remote.Address})
	req.AppendHeader(maxForwards(70))
	req.SetBody(nil)
	return req
}

// attended looks for the call that the referrer has with whom the other end is to be connected with, and asks that one for an
// offer. The call may be one of another shard.
func (tr *transfer) attended(r replaced, caller routing.Caller) {
	home, owner := tr.sh, ownerOf(caller)
	there := home.shardOf(r.callID)
	home.on(there, func() {
		consult, ok := there.dialogs[dialogKey(r.callID, r.toTag)]
		var target *dialog
		if ok && consult.remoteTag() == r.fromTag && consult != tr.referrer && consult.owner() == owner {
			target = consult.call.handOff(tr, consult)
		}
		if target == nil {
			there.on(home, func() { tr.fail(sip.StatusCallTransactionDoesNotExists) })
			return
		}
		there.on(home, func() { tr.target = consult.call })
		there.on(target.sh, func() {
			target.reinvite(nil, func(offer *sip.Response) {
				if status := statusOf(offer); status >= 300 {
					target.sh.on(home, func() { tr.fail(status) })
					return
				}
				tr.offered(target, consult, offer)
			})
		})
	})
}

// ownerOf tells whose calls are whose.
func ownerOf(c routing.Caller) string {
	return c.Tenant + "/" + c.Branch + "/" + c.Extension + "/" + c.Trunk
}

func (d *dialog) owner() string {
	if c, ok := d.party(); ok {
		return ownerOf(c)
	}
	return ""
}

// handOff makes a call part of a transfer, and returns its other end; nil: it cannot be.
func (c *call) handOff(tr *transfer, leaving *dialog) *dialog {
	if c.state != stateAnswered || c.transferLeg != nil || leaving.answered != nil {
		return nil
	}
	far := c.peer(leaving)
	if far != nil {
		c.transferLeg = &transferLeg{transfer: tr, leaving: leaving}
	}
	return far
}

// offered goes on when the one who was reached has made an offer, on his shard. consult is the referrer's side of that call.
func (tr *transfer) offered(target, consult *dialog, offer *sip.Response) {
	rest := tr.rest
	if len(offer.Body()) == 0 {
		tr.refused(target, consult, offer, sip.StatusNotAcceptableHere)
		return
	}
	v := target.voice
	if !tr.dialled {
		v = target.sh.newVoice(target.callID+"-"+rest.callID, rest, target)
	}
	exchange(v, true, target, offer, rest, func(status int) {
		if status < 300 {
			rest.sh.on(tr.sh, func() { tr.succeed(target, consult, v) })
			return
		}
		rest.sh.on(target.sh, func() {
			if v != target.voice {
				v.end()
			}
			tr.refused(target, consult, offer, status)
		})
	})
}

// exchange asks an end of a call to talk with one that has made an offer, and brings that one the answer. It calls back on the
// shard of who was asked. far says which end of the session at the media relay makes the offer.
func exchange(v *voice, far bool, from *dialog, offer *sip.Response, to *dialog, then func(status int)) {
	told := carrier(offer)
	v.pass(from.sh, far, told, partOffer, func(ok bool) {
		from.sh.on(to.sh, func() {
			if !ok {
				then(sip.StatusServiceUnavailable)
				return
			}
			to.reinvite(told, func(answer *sip.Response) {
				status := statusOf(answer)
				if status < 300 {
					to.sendACK(answer.CSeq().SeqNo, nil)
					v.pass(to.sh, !far, answer, partAnswer, func(bool) { to.sh.on(from.sh, func() { from.acknowledge(answer) }) })
				}
				then(status)
			})
		})
	})
}

// acknowledge brings one that has made an offer the answer.
func (d *dialog) acknowledge(answer *sip.Response) {
	if !d.ackSent {
		d.sendACK(d.ackSeq, answer)
	}
}

// succeed joins the far ends of the two calls, and releases the referrer.
func (tr *transfer) succeed(target, consult *dialog, v *voice) {
	rest := tr.rest
	if tr.over { // The one who was reached hung up at that very moment: the old call goes on.
		if v != nil && !tr.dialled {
			v.end()
		}
		tr.undo()
		return
	}
	tr.over = true
	tr.notify(sip.StatusOK, "OK", true)
	tr.sh.on(rest.sh, func() { rest.call.bridgeTo(rest, target, v, false) })
	tr.sh.on(target.sh, func() { target.call.bridgeTo(target, rest, v, true) })
	tr.call.unbridge(tr.referrer)
	tr.sh.on(consult.sh, func() { consult.call.unbridge(consult) })
}

// undo lets the referrer and the other end talk again.
func (tr *transfer) undo() {
	if tr.call.state != stateAnswered || tr.referrer.byeSent {
		return
	}
	tr.referrer.reinvite(nil, func(offer *sip.Response) {
		if statusOf(offer) < 300 {
			exchange(tr.referrer.voice, tr.referrer.far, tr.referrer, offer, tr.rest, func(int) {})
		}
	})
}

// refused is told when the other end does not want to talk by what was offered. A new call is over then; one that the referrer
// had goes on with him: the offer goes to him.
func (tr *transfer) refused(target, consult *dialog, offer *sip.Response, status int) {
	if tr.dialled {
		target.call.end(ending{side: cdr.SideCaller, cause: causeOfStatus(status), reason: "transfer", status: status})
		return
	}
	exchange(target.voice, target.far, target, offer, consult, func(int) {})
	target.sh.on(tr.sh, func() { tr.fail(status) })
}

// fail ends a transfer that leads nowhere: the calls go on as they were.
func (tr *transfer) fail(status int) {
	if tr.over {
		return
	}
	tr.over = true
	tr.call.log.Info("transfer failed", "status", status)
	tr.notify(status, statusText(status), true)
	tr.call.stay()
	if target := tr.target; target != nil && !tr.dialled {
		tr.sh.on(target.sh, target.stay)
	}
}

// broken is told when one of the two calls is over before they were joined.
func (tr *transfer) broken(c *call, e ending) {
	switch {
	case tr.over:
	case c != tr.call:
		tr.fail(cmp.Or(e.status, sip.StatusTemporarilyUnavailable))
	default:
		tr.over = true
		tr.notify(sip.StatusRequestTerminated, "Request Terminated", true)
		if target := tr.target; target != nil && tr.dialled {
			target.end(ending{side: cdr.SideCaller, cause: causeNormal, status: sip.StatusRequestTerminated})
		} else if target != nil {
			tr.sh.on(target.sh, target.stay)
		}
	}
}

// progress tells the referrer that it rings.
func (tr *transfer) progress(res *sip.Response) {
	if !tr.over && res.StatusCode != tr.told {
		tr.told = res.StatusCode
		tr.notify(res.StatusCode, res.Reason, false)
	}
}

// notify tells the referrer how far it has come (RFC 3515, section 2.4.4).
func (tr *transfer) notify(status int, reason string, final bool) {
	d := tr.referrer
	req := d.request(sip.NOTIFY, d.nextSeq())
	req.AppendHeader(sip.NewHeader("Event", tr.event))
	state := "active;expires=" + strconv.Itoa(int(d.sh.cfg.SetupTime.Seconds()))
	if final {
		state = "terminated;reason=noresource"
	}
	req.AppendHeader(sip.NewHeader("Subscription-State", state))
	kind := sip.ContentTypeHeader("message/sipfrag;version=2.0")
	req.AppendHeader(&kind)
	req.SetBody([]byte("SIP/2.0 " + strconv.Itoa(status) + " " + reason + "\r\n"))
	d.send(req, txn.ClientEvents{Response: func(*sip.Response) {}}) // Whoever does not listen any more need not.
}
