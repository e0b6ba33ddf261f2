package txn

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/internal/clock"
	"trunkline/sipproxy/wire"
)

// Client is a client transaction: a request that we wait for the answer to.
type Client struct {
	layer  *Layer
	key    string
	flow   wire.Flow
	req    *sip.Request
	data   []byte
	events ClientEvents

	state     clientState
	started   time.Time
	interval  time.Duration
	timer     clock.Timer // Retransmissions: A, E; on a connection, whether it is there.
	limit     clock.Timer // Time-out: B, F.
	ack       []byte      // Our ACK to a final answer that is not a 2xx.
	cancelled bool
	heard     bool // A provisional answer has come.
	reason    []sip.Header
}

type clientState uint8

const (
	calling clientState = iota + 1
	clientProceeding
	clientCompleted // A final answer came that is not a 2xx to an INVITE.
	clientAccepted  // A 2xx to an INVITE came (RFC 6026, section 7.2).
	clientTerminated
)

// ClientEvents is what the sender of a request wants to know. Both run in the layer's turn.
type ClientEvents struct {
	// Response is called for every answer but retransmissions; a 2xx to an INVITE comes every time it is received,
	// because every one has to be acknowledged by the dialog.
	Response func(res *sip.Response)
	// Silence is called when no final answer came in time, or the request could not be sent.
	Silence func()
}

// Send begins a client transaction. The request has no Via yet: it is given ours.
func (l *Layer) Send(req *sip.Request, flow wire.Flow, events ClientEvents) *Client {
	return l.SendAs(sip.GenerateBranchN(20), req, flow, events)
}

// SendAs is Send with a branch that the sender has chosen: no other request may have it, but the CANCEL of an INVITE, which has the same.
func (l *Layer) SendAs(branch string, req *sip.Request, flow wire.Flow, events ClientEvents) *Client {
	if req.ContentLength() == nil {
		req.SetBody(nil)
	}
	via := newVia(flow, branch)
	req.PrependHeader(via)
	if !flow.Reliable() && len(req.Body()) > wire.MaxDatagram/2 && len(flow.Encode(req)) > wire.MaxDatagram {
		if stream, ok := flow.Stream(); ok { // RFC 3261, section 18.1.1.
			flow = stream
			*via = *newVia(flow, branch)
		}
	}
	return l.start(req, flow, clientKey(branch, req.Method), events)
}

func newVia(flow wire.Flow, branch string) *sip.ViaHeader {
	host, port := flow.Advertised()
	return &sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: flow.Transport(), Host: host, Port: port,
		Params: sip.HeaderParams{{K: "branch", V: branch}, {K: "rport", V: ""}},
	}
}

func (l *Layer) start(req *sip.Request, flow wire.Flow, key string, events ClientEvents) *Client {
	c := &Client{
		layer: l, key: key, flow: flow, req: req, data: flow.Encode(req), events: events,
		state: calling, started: l.clock.Now(), interval: T1,
	}
	l.clients[key] = c
	c.limit = l.after(lifetime, c.timedOut)
	if err := flow.Send(c.data); err != nil {
		l.post(c.timedOut) // As if nobody were there (RFC 3261, section 8.1.3.1).
		return c
	}
	if flow.Reliable() {
		c.interval = lookAfter
		c.timer = l.after(c.interval, c.look)
	} else {
		c.timer = l.after(c.interval, c.retransmit)
	}
	return c
}

// lookAfter is after how long it is first looked whether the connection is still there.
const lookAfter = T1 / 8

// look gives a request up whose connection could not be made or is over before anything was heard: the next address is tried at once
// rather than after a silence (RFC 3261, section 17.1.4; RFC 3263, section 4.3).
func (c *Client) look() {
	if c.state != calling {
		return
	}
	if !c.flow.Alive() {
		c.timedOut()
		return
	}
	c.interval = min(2*c.interval, T2)
	c.timer = c.layer.after(c.interval, c.look)
}

func (c *Client) invite() bool { return c.req.Method == sip.INVITE }

// retransmit is timer A or E (RFC 3261, sections 17.1.1.2 and 17.1.2.2).
func (c *Client) retransmit() {
	if c.state != calling && (c.state != clientProceeding || c.invite()) {
		return
	}
	_ = c.flow.Send(c.data)
	c.interval *= 2
	if !c.invite() {
		c.interval = min(c.interval, T2)
		if c.state == clientProceeding {
			c.interval = T2
		}
	}
	c.timer = c.layer.after(c.interval, c.retransmit)
}

func (c *Client) timedOut() {
	if c.state != calling && c.state != clientProceeding {
		return
	}
	if c.invite() && c.state == clientProceeding && !c.cancelled {
		return // Ringing is bounded by the call, not by the transaction.
	}
	c.terminate()
	if c.events.Silence != nil {
		c.events.Silence()
	}
}

// receive takes an answer and reports whether it belongs here.
func (c *Client) receive(res *sip.Response) bool {
	switch c.state {
	case clientTerminated:
		return false
	case clientCompleted:
		if c.ack != nil {
			_ = c.flow.Send(c.ack)
		}
		return true
	case clientAccepted:
		if res.IsSuccess() {
			c.events.Response(res)
		}
		return true
	case calling, clientProceeding:
	}
	if res.IsProvisional() {
		c.provisional(res)
		return true
	}
	c.final(res)
	return true
}

func (c *Client) provisional(res *sip.Response) {
	c.state = clientProceeding
	if c.invite() {
		c.stopTimer()
	}
	if !c.heard {
		c.heard = true
		if c.cancelled {
			c.sendCancel()
		}
	}
	c.events.Response(res)
}

func (c *Client) final(res *sip.Response) {
	c.stopTimer()
	c.limit.Stop()
	now := c.layer.clock.Now()
	switch {
	case c.invite() && res.IsSuccess():
		c.state = clientAccepted
		c.layer.long.add(now, expiry{client: c})
	case c.invite():
		c.state = clientCompleted
		c.ack = c.flow.Encode(c.hopACK(res))
		_ = c.flow.Send(c.ack)
		c.layer.long.add(now, expiry{client: c})
	default:
		c.state = clientCompleted
		c.layer.short.add(now, expiry{client: c})
	}
	c.data = nil
	c.events.Response(res)
	c.req = nil // Half a minute of transactions that are over would take more than the calls in progress.
	if c.state != clientAccepted {
		c.events = ClientEvents{}
	}
}

// hopACK is the ACK to a final answer that is not a 2xx (RFC 3261, section 17.1.1.3): one Via, that of the INVITE.
func (c *Client) hopACK(res *sip.Response) *sip.Request {
	ack := sip.NewRequest(sip.ACK, c.req.Recipient)
	c.copyIdentity(ack, res.To())
	ack.AppendHeader(&sip.CSeqHeader{SeqNo: c.req.CSeq().SeqNo, MethodName: sip.ACK})
	ack.SetBody(nil)
	return ack
}

// copyIdentity gives a request the headers of the INVITE that make it part of its transaction.
func (c *Client) copyIdentity(to *sip.Request, toHeader *sip.ToHeader) {
	to.AppendHeader(c.req.Via())
	maxForwards := sip.MaxForwardsHeader(70)
	to.AppendHeader(&maxForwards)
	for _, h := range c.req.GetHeaders("Route") {
		to.AppendHeader(h)
	}
	to.AppendHeader(c.req.From())
	to.AppendHeader(toHeader)
	to.AppendHeader(c.req.CallID())
}

// Cancel gives the INVITE up (RFC 3261, section 9.1): at once when a provisional answer has come, else when one comes.
// The outcome is told by the events: usually a 487, perhaps a 2xx that was under way.
func (c *Client) Cancel(reason ...sip.Header) {
	if c.cancelled || (c.state != calling && c.state != clientProceeding) {
		return
	}
	c.cancelled = true
	c.reason = reason
	if c.heard {
		c.sendCancel()
	} else {
		c.stopTimer() // Whoever has not heard of the call yet need not hear of it any more.
	}
	// An end that never answers the INVITE after a CANCEL is given up after 64*T1 (RFC 3261, section 9.1).
	c.limit.Stop()
	c.limit = c.layer.after(lifetime, c.timedOut)
}

func (c *Client) sendCancel() {
	cancel := sip.NewRequest(sip.CANCEL, c.req.Recipient)
	c.copyIdentity(cancel, c.req.To())
	cancel.AppendHeader(&sip.CSeqHeader{SeqNo: c.req.CSeq().SeqNo, MethodName: sip.CANCEL})
	for _, h := range c.reason {
		cancel.AppendHeader(h)
	}
	cancel.SetBody(nil)
	branch, _ := c.req.Via().Params.Get("branch")
	if flow, err := c.flow.Again(); err == nil { // Its connection may be over: the INVITE is not (RFC 3261, section 18.4).
		c.flow = flow
	}
	c.layer.start(cancel, c.flow, clientKey(branch, sip.CANCEL), ClientEvents{Response: func(*sip.Response) {}})
}

// Pending reports whether no final answer has come yet.
func (c *Client) Pending() bool { return c.state == calling || c.state == clientProceeding }

// Heard reports whether anything at all has come back.
func (c *Client) Heard() bool { return c.heard || !c.Pending() }

// Flow is the way on which the request went.
func (c *Client) Flow() wire.Flow { return c.flow }

// Request is the request as it was sent; nil once the final answer was taken.
func (c *Client) Request() *sip.Request { return c.req }

// Abandon forgets the transaction without telling anyone; for an INVITE that was never heard of.
func (c *Client) Abandon() { c.terminate() }

func (c *Client) stopTimer() {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}

func (c *Client) terminate() {
	if c.state == clientTerminated {
		return
	}
	c.state = clientTerminated
	c.stopTimer()
	c.limit.Stop()
	delete(c.layer.clients, c.key)
	c.req, c.data, c.ack, c.limit = nil, nil, nil, nil
}
