package sipproxy

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/emiago/sipgo/sip"

	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

// branchOf is the branch of the INVITE with a number in a dialog of ours. It is made of what the journal has, so that the INVITE can be
// cancelled after a restart; whom it is not sent to does not know the Call-ID, and cannot make it.
func branchOf(callID string, seq uint32) string {
	sum := sha256.Sum256([]byte(callID + "|" + strconv.FormatUint(uint64(seq), 10)))
	return "z9hG4bK" + hex.EncodeToString(sum[:branchLength/2])
}

// invitesMost is how many INVITEs an attempt sends at most, which is one and the answers to challenges.
const invitesMost = 3

// cancelAgain cancels what was under way when the process ended: phones and carriers still ring, and could be answered. Which of its INVITEs
// was the last the journal does not know; the other end takes the CANCEL that it has an INVITE for.
func (a *attempt) cancelAgain() {
	d := a.dialog
	for seq := uint32(1); seq <= invitesMost; seq++ {
		req := d.request(sip.CANCEL, seq)
		req.AppendHeader(reasonHeader(causeTemporaryFailure, causeText(causeTemporaryFailure)))
		flow := d.nextHop(req)
		d.sh.txn.SendAs(branchOf(d.callID, seq), req, flow, txn.ClientEvents{Response: func(*sip.Response) {}})
	}
}

// acknowledgeStray acknowledges the last answer to an INVITE of an earlier life (RFC 3261, section 17.1.1.3), which is repeated until then.
func acknowledgeStray(res *sip.Response, flow wire.Flow) {
	ack := sip.NewRequest(sip.ACK, res.To().Address)
	ack.AppendHeader(res.Via())
	ack.AppendHeader(maxForwards(70))
	ack.AppendHeader(res.From())
	ack.AppendHeader(res.To())
	ack.AppendHeader(res.CallID())
	ack.AppendHeader(&sip.CSeqHeader{SeqNo: res.CSeq().SeqNo, MethodName: sip.ACK})
	ack.SetBody(nil)
	_ = flow.SendMessage(ack)
}
