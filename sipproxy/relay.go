package sipproxy

import (
	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/sipproxy/txn"
)

// on runs f in the turn of another shard: at once where it is the same. The two sides of a call live on one shard until a
// transfer joins two calls; then each side is touched on its own shard only, and this is how they speak.
func (s *shard) on(other *shard, f func()) {
	if s == other {
		f()
		return
	}
	other.post(f)
}

// relay carries a request within the dialog over to the other side of the call, and the answer back. Before the call is
// answered that is possible once an early dialog is there, and for all but re-INVITE (RFC 3311, section 5.1).
func (d *dialog) relay(req *sip.Request, tx *txn.Server) {
	invite := req.Method == sip.INVITE
	var peer *dialog
	if d.call != nil && (!invite || d.call.state == stateAnswered) {
		peer = d.call.counterpart(d)
	}
	if peer == nil || (invite && (d.inviting || d.answered != nil)) { // Glare (RFC 3261, section 14.2).
		tx.Reply(sip.StatusRequestPending, "Request Pending")
		return
	}
	d.inviting = d.inviting || invite
	v, far := between(d, peer)
	v.pass(d.sh, far, req, partOffer, func(ok bool) {
		if !ok {
			d.inviting = d.inviting && !invite
			tx.Reply(sip.StatusServiceUnavailable, "Service Unavailable")
			return
		}
		d.sh.on(peer.sh, func() { d.relayTo(peer, req, tx) })
	})
}

// relayTo goes on with it at the other side.
func (d *dialog) relayTo(peer *dialog, req *sip.Request, tx *txn.Server) {
	invite := req.Method == sip.INVITE
	if invite && peer.inviting {
		peer.sh.on(d.sh, func() {
			d.inviting = false
			tx.Reply(sip.StatusRequestPending, "Request Pending")
		})
		return
	}
	if invite {
		peer.inviting = true
		peer.sh.on(d.sh, func() { tx.Reply(sip.StatusTrying, "Trying") })
	}
	out := peer.request(req.Method, peer.nextSeq())
	pass(req, out)
	if req.Method != sip.INFO {
		if d.timed() || peer.timed() {
			untimed(out)
		}
		peer.askSession(out)
	}
	peer.sh.carryHeaders(req, out, d, peer)
	d.forward(peer, req, out, tx)
}

// forward sends a request that was made for the other side, and carries its answer back. It runs on the other side's shard.
func (d *dialog) forward(peer *dialog, req, out *sip.Request, tx *txn.Server) {
	seq, invite, says := req.CSeq().SeqNo, req.Method == sip.INVITE, replyPart(req)
	peer.send(out, txn.ClientEvents{
		Response: func(res *sip.Response) { d.relayBack(peer, res, says, seq, tx) },
		Silence: func() {
			peer.inviting = peer.inviting && !invite
			peer.sh.on(d.sh, func() {
				d.inviting = d.inviting && !invite
				tx.Reply(sip.StatusRequestTimeout, "Request Timeout")
			})
			if invite { // A dialog that does not answer is over (RFC 3261, section 12.2.1.2).
				peer.call.end(ending{side: cdr.SideTimer, cause: causeRecovery, reason: "silent", at: peer.heard})
			}
		},
	})
}

// relayBack takes the answer to a relayed request, on the shard of who gave it.
func (d *dialog) relayBack(peer *dialog, res *sip.Response, says part, seq uint32, tx *txn.Server) {
	invite := res.CSeq().MethodName == sip.INVITE
	peer.alive()
	if res.StatusCode == sip.StatusTrying {
		return
	}
	if invite && res.IsSuccess() {
		if peer.ackSeq == res.CSeq().SeqNo { // It comes again.
			peer.repeatACK(res)
			return
		}
		peer.ackSeq, peer.ackSent = res.CSeq().SeqNo, false
	}
	if invite && !res.IsProvisional() {
		peer.inviting = false
	}
	if c := res.Contact(); c != nil && res.IsSuccess() {
		peer.target = c.Address
	}
	if res.IsSuccess() && res.CSeq().MethodName != sip.INFO && peer.call != nil && peer.call.state == stateAnswered {
		peer.agreeSession(res)
	}
	gone := res.StatusCode == sip.StatusCallTransactionDoesNotExists && peer.call.state == stateAnswered
	if gone {
		peer.byeSent = true // The other end has no such dialog any more.
	}
	v, far := between(peer, d)
	v.pass(peer.sh, far, res, says, func(ok bool) {
		if !ok {
			peer.call.end(ending{side: cdr.SideFault, cause: causeNoCircuit, reason: "media"})
			return
		}
		peer.sh.on(d.sh, func() { d.answerBack(peer, res, seq, tx) })
	})
	if gone {
		peer.call.end(ending{side: cdr.SideTimer, cause: causeRecovery, reason: "gone"})
	}
}

// answerBack gives the answer to who asked.
func (d *dialog) answerBack(peer *dialog, res *sip.Response, seq uint32, tx *txn.Server) {
	invite := res.CSeq().MethodName == sip.INVITE
	if invite && !res.IsProvisional() {
		d.inviting = false
	}
	if tx.Final() {
		return
	}
	status, reason := res.StatusCode, res.Reason
	if status == sip.StatusUnauthorized || status == sip.StatusProxyAuthRequired { // We were asked, and have no answer.
		status, reason = sip.StatusInternalServerError, statusText(sip.StatusInternalServerError)
	}
	back := tx.NewResponse(status, reason)
	pass(res, back)
	if d.timed() || peer.timed() {
		untimed(back)
	}
	if res.IsSuccess() {
		back.AppendHeader(ourContact(d.flow, d.contactUser))
		if res.CSeq().MethodName != sip.INFO && d.call != nil && d.call.state == stateAnswered && tx.Request != nil {
			d.grantSession(tx.Request, back)
		}
	}
	d.sh.carryHeaders(res, back, peer, d)
	if invite && res.IsSuccess() {
		d.answered, d.answeredSeq = tx, seq
		tx.OnUnheard(func() { d.answered = nil })
	}
	tx.Respond(back)
}
