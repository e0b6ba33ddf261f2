package sipproxy

import (
	"cmp"
	"strconv"

	"github.com/emiago/sipgo/sip"

	"trunkline/internal/calls"
	"trunkline/routing"
)

// diversion is why a call was sent on; 0: it was not.
type diversion uint8

const (
	divertedAlways diversion = iota + 1
	divertedBusy
	divertedNoAnswer
	divertedUnavailable
)

// diversion tells why a target is tried, if another one was called first.
func (c *call) diversion(t *routing.Target) diversion {
	if f := c.last(); f != nil && t.Divertor == "" && t.After == 0 {
		return f.why
	}
	if t.After == 0 && t.Divertor == "" {
		return 0
	}
	return whyDiverted(t.After, c.outcome)
}

func whyDiverted(after, outcome routing.Trigger) diversion {
	switch happened := after & outcome; {
	case after == 0, after == routing.AfterAny && outcome == 0:
		return divertedAlways
	case happened&routing.AfterBusy != 0:
		return divertedBusy
	case happened&routing.AfterNoAnswer != 0:
		return divertedNoAnswer
	case happened&routing.AfterUnavailable != 0:
		return divertedUnavailable
	}
	return divertedAlways
}

// word is the reason as RFC 5806, section 10.1 has it.
func (d diversion) word() string {
	switch d {
	case divertedBusy:
		return "user-busy"
	case divertedNoAnswer:
		return "no-answer"
	case divertedUnavailable:
		return "unavailable"
	case divertedAlways:
	}
	return "unconditional"
}

// cause is the reason as RFC 4458, section 2.1 has it.
func (d diversion) cause() int {
	switch d {
	case divertedBusy:
		return sip.StatusBusyHere
	case divertedNoAnswer:
		return sip.StatusRequestTimeout
	case divertedUnavailable:
		return sip.StatusServiceUnavailable
	case divertedAlways:
	}
	return sip.StatusMovedTemporarily
}

// called tells phones, switches and media servers of the house which number was called (P-Called-Party-ID, RFC 7315), and by whom the
// call was sent on and why (Diversion, History-Info): the mailbox that is to take it is the diverting one's.
func (a *attempt) called(req *sip.Request, host string) {
	t := &a.target
	if t.Gateway != nil && t.Trunk == nil {
		if r := a.route(); t.Gateway.HistoryInfo && !r.Diverted.IsZero() {
			a.history(req, host, r.Diverted.String())
		}
		return
	}
	r := a.call.route
	if number := r.To.String(); number != "" && (r.Direction == calls.Inbound || r.Number != "") {
		req.AppendHeader(sip.NewHeader("P-Called-Party-ID", "<sip:"+number+"@"+host+">"))
	}
	if t.Divertor == "" {
		return
	}
	req.AppendHeader(sip.NewHeader("Diversion", "<sip:"+t.Divertor+"@"+host+">;reason="+a.diverted.word()+";counter=1"))
	a.history(req, host, cmp.Or(r.To.String(), t.Divertor))
}

// history says whom the call was for first, and why it is for this one now (RFC 7044, section 10).
func (a *attempt) history(req *sip.Request, host, first string) {
	t := &a.target
	req.AppendHeader(sip.NewHeader("History-Info", "<sip:"+first+"@"+host+">;index=1"))
	req.AppendHeader(sip.NewHeader("History-Info", "<sip:"+t.ToSent+"@"+host+";cause="+strconv.Itoa(a.diverted.cause())+">;index=1.1;mp=1"))
}
