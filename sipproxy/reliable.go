package sipproxy

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"trunkline/sipproxy/headers"
	"trunkline/sipproxy/txn"
)

// reliableOption is the option tag of reliable provisional answers (RFC 3262).
const reliableOption = "100rel"

// earlyAnswer is a reliable provisional answer that was passed on: what its PRACK has to name on the other side. The end
// that gave the answer repeats it until the PRACK has come, and every repetition is passed on, so nothing is repeated here.
type earlyAnswer struct {
	attempt *attempt
	dialog  *dialog // The early dialog that the answer belongs to.
	rseq    uint32  // Its number there.
	cseq    uint32  // Of our INVITE.
}

// earlyAnswers are those of one call.
type earlyAnswers struct {
	byNumber map[uint32]earlyAnswer // By the number that the caller was given.
	last     uint32
	latest   *dialog // The early dialog of the answer that came last.
}

// note keeps the early dialog of an answer, and returns the number that the caller is given for a reliable one; 0 for others.
func (e *earlyAnswers) note(a *attempt, res *sip.Response) uint32 {
	tag, _ := res.To().Params.Get("tag")
	if tag == "" {
		return 0
	}
	if e.latest == nil || e.latest.origin != a.dialog || e.latest.remoteTag() != tag {
		e.latest = a.dialog.early(res)
	}
	theirs, ok := reliable(res)
	if !ok {
		return 0
	}
	for ours, known := range e.byNumber {
		if known.attempt == a && known.rseq == theirs && known.dialog.remoteTag() == tag {
			return ours
		}
	}
	if e.byNumber == nil {
		e.byNumber = make(map[uint32]earlyAnswer)
	}
	e.last++
	e.byNumber[e.last] = earlyAnswer{attempt: a, dialog: e.latest, rseq: theirs, cseq: res.CSeq().SeqNo}
	return e.last
}

// reliable returns the number of a reliable provisional answer (RFC 3262, section 7.1).
func reliable(res *sip.Response) (uint32, bool) {
	h := res.GetHeader("RSeq")
	if h == nil || !headers.HasOption(res, "Require", reliableOption) {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(h.Value()), 10, 32)
	return uint32(n), err == nil && n > 0
}

// early is the dialog that an answer before the final one makes (RFC 3261, section 12.1.2). Its requests are numbered
// with those of the dialog that it comes from, which it may become.
func (d *dialog) early(res *sip.Response) *dialog {
	copied := *d
	copied.origin, copied.routes = d, nil
	copied.establish(res)
	return &copied
}

// offerReliable tells a target whether provisional answers may be reliable: where the caller demands it, and where the
// caller is able to and no other target can follow, whose answers would contradict what was agreed with this one.
func (a *attempt) offerReliable(req *sip.Request) {
	c := a.call
	switch {
	case headers.HasOption(c.invite, "Require", reliableOption):
		req.AppendHeader(sip.NewHeader("Require", reliableOption))
	case (headers.HasOption(c.invite, "Supported", reliableOption) || headers.HasOption(c.invite, "k", reliableOption)) &&
		!c.wantsMore() && !c.ringingBeside(a):
		req.AppendHeader(sip.NewHeader("Supported", reliableOption))
	}
}

// prack passes the caller's PRACK on to who gave the answer that it names (RFC 3262, section 3).
func (d *dialog) prack(req *sip.Request, tx *txn.Server) {
	if d.call == nil || d != d.call.caller {
		tx.Reply(sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
		return
	}
	number, ok := acknowledged(req)
	known, found := d.call.early.byNumber[number]
	if !ok || !found || known.attempt.state != attemptInviting {
		tx.Reply(sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
		return
	}
	out := known.dialog.request(sip.PRACK, known.dialog.nextSeq())
	out.AppendHeader(sip.NewHeader("RAck", fmt.Sprintf("%d %d INVITE", known.rseq, known.cseq)))
	says := partOffer
	if d.call.invite != nil && !describes(d.call.invite) {
		says = partAnswer
	}
	known.dialog.media.pass(d.sh, false, req, says, func(bool) {
		pass(req, out)
		d.forward(known.dialog, req, out, tx)
	})
}

// acknowledged is the number of the answer that a PRACK names (RFC 3262, section 7.2).
func acknowledged(req *sip.Request) (uint32, bool) {
	h := req.GetHeader("RAck")
	if h == nil {
		return 0, false
	}
	fields := strings.Fields(h.Value())
	if len(fields) != 3 || !strings.EqualFold(fields[2], string(sip.INVITE)) {
		return 0, false
	}
	n, err := strconv.ParseUint(fields[0], 10, 32)
	return uint32(n), err == nil
}

// counterpart is the dialog that a request within d is carried over to; nil: there is none yet, or none any more.
func (c *call) counterpart(d *dialog) *dialog {
	switch c.state {
	case stateAnswered:
		return c.peer(d)
	case stateHunting:
		if d == c.caller {
			return c.early.latest
		}
		if c.early.latest != nil && c.early.latest.origin == d {
			return c.caller
		}
	case stateReserving, stateOver:
	}
	return nil
}
