package sipproxy

import (
	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/sipproxy/txn"
)

// relay carries a request within the dialog over to the other side of the call, and the answer back.
func (d *dialog) relay(req *sip.Request, tx *txn.Server) {
	if d.call == nil || d.call.state != stateAnswered {
		tx.Reply(sip.StatusRequestPending, "Request Pending")
		return
	}
	peer := d.call.peer(d)
	invite := req.Method == sip.INVITE
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
	seq := req.CSeq().SeqNo
	events := txn.ClientEvents{
		Response: func(res *sip.Response) { d.relayBack(peer, res, seq, tx) },
		Silence: func() {
			d.inviting, peer.inviting = false, false
			tx.Reply(sip.StatusRequestTimeout, "Request Timeout")
			if invite { // A dialog that does not answer is over (RFC 3261, section 12.2.1.2).
				d.call.end(ending{side: cdr.SideTimer, cause: causeRecovery, reason: "silent"})
			}
		},
	}
	peer.send(out, events)
}

// relayBack carries the answer to a relayed request back to who asked.
func (d *dialog) relayBack(peer *dialog, res *sip.Response, seq uint32, tx *txn.Server) {
	invite := res.CSeq().MethodName == sip.INVITE
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
	if res.StatusCode == sip.StatusCallTransactionDoesNotExists && d.call != nil {
		peer.byeSent = true // The other end has no such dialog any more.
		d.call.end(ending{side: cdr.SideTimer, cause: causeRecovery, reason: "gone"})
	}
}
