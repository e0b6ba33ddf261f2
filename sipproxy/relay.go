package sipproxy

import (
	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/sipproxy/txn"
)

// relay carries a request within the dialog over to the other side of the call, and the answer back. Before the call is
// answered that is possible once an early dialog is there, and for all but re-INVITE (RFC 3311, section 5.1).
func (d *dialog) relay(req *sip.Request, tx *txn.Server) {
	invite := req.Method == sip.INVITE
	var peer *dialog
	if d.call != nil && (!invite || d.call.state == stateAnswered) {
		peer = d.call.counterpart(d)
	}
	if peer == nil {
		tx.Reply(sip.StatusRequestPending, "Request Pending")
		return
	}
	if invite {
		if d.inviting || peer.inviting || d.answered != nil { // Glare (RFC 3261, section 14.2).
			tx.Reply(sip.StatusRequestPending, "Request Pending")
			return
		}
		d.inviting, peer.inviting = true, true
		tx.Reply(sip.StatusTrying, "Trying")
	}
	out := peer.request(req.Method, peer.nextSeq())
	pass(req, out)
	d.forward(peer, req, out, tx)
}

// forward sends a request that was made for the other side, and carries its answer back.
func (d *dialog) forward(peer *dialog, req, out *sip.Request, tx *txn.Server) {
	seq, invite := req.CSeq().SeqNo, req.Method == sip.INVITE
	peer.send(out, txn.ClientEvents{
		Response: func(res *sip.Response) { d.relayBack(peer, res, seq, tx) },
		Silence: func() {
			d.inviting, peer.inviting = false, false
			tx.Reply(sip.StatusRequestTimeout, "Request Timeout")
			if invite { // A dialog that does not answer is over (RFC 3261, section 12.2.1.2).
				d.call.end(ending{side: cdr.SideTimer, cause: causeRecovery, reason: "silent", at: peer.heard})
			}
		},
	})
}

// relayBack carries the answer to a relayed request back to who asked.
func (d *dialog) relayBack(peer *dialog, res *sip.Response, seq uint32, tx *txn.Server) {
	invite := res.CSeq().MethodName == sip.INVITE
	peer.heard = peer.sh.clock.Now()
	if res.StatusCode == sip.StatusTrying {
		return
	}
	if tx.Final() {
		if invite && res.IsSuccess() {
			peer.repeatACK(res)
		}
		return
	}
	back := tx.NewResponse(res.StatusCode, res.Reason)
	pass(res, back)
	if !res.IsProvisional() {
		d.inviting, peer.inviting = false, false
	}
	if res.IsSuccess() {
		back.AppendHeader(contact(d.flow, ""))
		if c := res.Contact(); c != nil {
			peer.target = c.Address
		}
	}
	if invite && res.IsSuccess() {
		peer.ackSeq, peer.ackSent = res.CSeq().SeqNo, false
		d.answered, d.answeredSeq = tx, seq
		tx.OnUnheard(func() { d.answered = nil })
	}
	tx.Respond(back)
	if res.StatusCode == sip.StatusCallTransactionDoesNotExists && d.call != nil && d.call.state == stateAnswered {
		peer.byeSent = true // The other end has no such dialog any more.
		d.call.end(ending{side: cdr.SideTimer, cause: causeRecovery, reason: "gone"})
	}
}
