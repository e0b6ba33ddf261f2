package sipproxy

import (
	"net/netip"
	"slices"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/provision"
	"trunkline/sipproxy/challenge"
	"trunkline/sipproxy/contact"
	"trunkline/sipproxy/headers"
	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

// dialog is our end of one dialog (RFC 3261, section 12): with the caller, or with one of those we try to reach.
type dialog struct {
	sh   *shard
	call *call // Nil for a dialog that exists only to be hung up.

	callID    string
	local     sip.FromHeader // Our side, as the From of our requests; with our tag.
	remote    sip.ToHeader   // Their side, as the To of our requests; with their tag when it is known.
	target    sip.Uri        // Where our requests within the dialog go: their Contact.
	routes    []sip.Uri      // The route set, in the order of our requests.
	aliases   []string       // Other tags of ours.
	localSeq  uint32
	remoteSeq uint32
	flow      wire.Flow

	// The INVITE of theirs that was answered with a 2xx and whose ACK is awaited, and that INVITE's number.
	answered    *txn.Server
	answeredSeq uint32
	// The INVITE of ours that was answered with a 2xx and whose ACK waits for the other side's, or was sent.
	ackSeq  uint32
	ackBody sip.Message
	ackSent bool

	origin *dialog // Of an early dialog: the one that it was made of.

	confined bool           // A phone or trunk is at the other end: requests go to where it speaks from, or to within.
	within   []netip.Prefix // See routing.Caller.
	lost     int            // How many of the ways to it were taken after its connection was over.

	form        *provision.Form // How a gateway or trunk wants to be spoken to; nil: a phone.
	contactUser string          // Of our Contact.
	session     session         // A timer of our own with the other end.

	answers *challenge.Answers // To the challenges of the other end.
	proof   []sip.Header       // What our INVITE was accepted with, which its ACK repeats (RFC 3261, section 22.1).

	web    bool          // A phone in a browser is at the other end.
	behind bool          // Its voice has to go through a relay.
	media  *mediaSession // The session at one; nil: none.
	far    bool          // Which end of the session it is.

	referred int       // REFERs of theirs that were followed.
	heard    time.Time // When the other end gave the last sign of life.
	proven   bool      // It gave one since the dialog was restored.
	restored bool      // After a restart.
	inviting bool      // A re-INVITE in either direction is under way.
	byeSent  bool
}

func dialogKey(callID, localTag string) string { return callID + "|" + localTag }

func (d *dialog) localTag() string {
	tag, _ := d.local.Params.Get("tag")
	return tag
}

func (d *dialog) remoteTag() string {
	tag, _ := d.remote.Params.Get("tag")
	return tag
}

func (d *dialog) register() { d.sh.dialogs[dialogKey(d.callID, d.localTag())] = d }

// alias registers another tag of ours, of another early dialog with the same end.
func (d *dialog) alias(tag string) {
	d.aliases = append(d.aliases, tag)
	d.sh.dialogs[dialogKey(d.callID, tag)] = d
}

func (d *dialog) forget() {
	for _, tag := range d.aliases {
		delete(d.sh.dialogs, dialogKey(d.callID, tag))
	}
	if key := dialogKey(d.callID, d.localTag()); d.sh.dialogs[key] == d {
		delete(d.sh.dialogs, key)
	}
}

// newServerDialog is the dialog that an INVITE of theirs makes (RFC 3261, section 12.1.1).
func newServerDialog(sh *shard, req *sip.Request, flow wire.Flow, tag string) *dialog {
	to := req.To()
	d := &dialog{
		sh: sh, callID: req.CallID().Value(), flow: flow, remoteSeq: req.CSeq().SeqNo,
		local: sip.FromHeader{
			DisplayName: to.DisplayName, Address: to.Address,
			Params: append(to.Params.Clone(), sip.HeaderKV{K: "tag", V: tag}),
		},
		remote: req.From().AsTo(),
	}
	if c := req.Contact(); c != nil {
		d.target = c.Address
	} else {
		d.target = req.From().Address
	}
	for h := range headers.Named(req, "Record-Route") {
		if rr, ok := h.(*sip.RecordRouteHeader); ok {
			d.routes = append(d.routes, rr.Address)
		}
	}
	return d
}

// establish takes what the answer to our INVITE says of the dialog (RFC 3261, section 12.1.2).
func (d *dialog) establish(res *sip.Response) {
	d.remote = *res.To()
	if c := res.Contact(); c != nil {
		d.target = c.Address
	}
	d.routes = d.routes[:0]
	for _, h := range slices.Backward(res.GetHeaders("Record-Route")) {
		if rr, ok := h.(*sip.RecordRouteHeader); ok {
			d.routes = append(d.routes, rr.Address)
		}
	}
}

// strayDialog is a dialog of which we know nothing but an answer.
func strayDialog(sh *shard, res *sip.Response, flow wire.Flow) *dialog {
	d := &dialog{sh: sh, callID: res.CallID().Value(), local: *res.From(), localSeq: res.CSeq().SeqNo, flow: flow}
	d.establish(res)
	_, known := sh.router.Source(flow.Remote().Addr())
	d.confined = !known // A stranger is answered where they are, not where they say.
	return d
}

// request makes a request of ours within the dialog (RFC 3261, section 12.2.1.1).
func (d *dialog) request(method sip.RequestMethod, seq uint32) *sip.Request {
	req := sip.NewRequest(method, d.target)
	routes := d.routes
	if len(routes) > 0 && !routes[0].UriParams.Has("lr") { // A strict router takes the Request-URI's place.
		req.Recipient = routes[0]
		routes = append(append([]sip.Uri{}, routes[1:]...), d.target)
	}
	req.AppendHeader(maxForwards(70))
	for _, r := range routes {
		req.AppendHeader(&sip.RouteHeader{Address: r})
	}
	from, to := d.local, d.remote
	req.AppendHeader(&from)
	req.AppendHeader(&to)
	id := sip.CallIDHeader(d.callID)
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	return req
}

func (d *dialog) nextSeq() uint32 {
	if d.origin != nil {
		return d.origin.nextSeq()
	}
	d.localSeq++
	return d.localSeq
}

// nextHop is where a request within the dialog goes: to the first of its routes or to the Contact, if that is an address
// that can be reached; a private one behind a public source is not, and neither is a name (RFC 3581's purpose).
// Then, and over streams, it is the way on which the dialog was made.
func (d *dialog) nextHop(req *sip.Request) wire.Flow {
	uri := req.Recipient
	if len(d.routes) > 0 { // The first of the route set, whether it routes loosely or strictly.
		uri = d.routes[0]
	}
	switch {
	case !d.flow.Alive():
		return d.anew(&uri)
	case d.flow.Reliable(), len(d.routes) == 0 && d.target.UriParams.Has("ob"): // RFC 5626, section 4.3.
		return d.flow
	}
	if d.confined {
		return d.flow.At(contact.Hop(&uri, d.flow.Remote(), d.within))
	}
	addr, err := netip.ParseAddr(uri.Host)
	if err != nil {
		return d.flow
	}
	source := d.flow.Remote().Addr()
	if (addr.IsPrivate() && !source.IsPrivate()) || addr.Is4() != source.Is4() || addr.IsUnspecified() {
		return d.flow
	}
	port := uri.Port
	if port <= 0 || port > 65535 {
		port = sip.DefaultUdpPort
	}
	return d.flow.At(netip.AddrPortFrom(addr, uint16(port)))
}

// sendACK acknowledges a 2xx to our INVITE (RFC 3261, section 13.2.2.4); it is a request without a transaction.
// body is the message whose body goes along, or nil.
func (d *dialog) sendACK(seq uint32, body sip.Message) {
	d.ackSeq, d.ackBody, d.ackSent = seq, nil, true
	if body != nil && carries(body) { // Most say nothing, and a call would keep the whole message.
		d.ackBody = body
	}
	ack := d.request(sip.ACK, seq)
	for _, h := range d.proof {
		ack.AppendHeader(h)
	}
	flow := d.nextHop(ack)
	host, port := d.flow.Advertised()
	ack.PrependHeader(&sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: d.flow.Transport(), Host: host, Port: port,
		Params: sip.HeaderParams{{K: "branch", V: sip.GenerateBranchN(20)}, {K: "rport", V: ""}},
	})
	if body != nil {
		pass(body, ack)
	} else {
		ack.SetBody(nil)
	}
	_ = flow.SendMessage(ack) // A lost ACK is repeated when the 2xx comes again.
}

// repeatACK answers a repeated 2xx; a 2xx with another tag is that of a second phone, which is hung up on.
func (d *dialog) repeatACK(res *sip.Response) {
	tag, _ := res.To().Params.Get("tag")
	if tag != d.remoteTag() {
		fork := strayDialog(d.sh, res, d.flow)
		fork.confined, fork.within = d.confined, d.within
		fork.sendACK(res.CSeq().SeqNo, nil)
		fork.sendBYE(nil)
		return
	}
	if d.ackSent && d.ackSeq == res.CSeq().SeqNo {
		d.sendACK(d.ackSeq, d.ackBody)
	}
}

// receive takes a request of theirs within the dialog.
func (d *dialog) receive(req *sip.Request, flow wire.Flow, tx *txn.Server) {
	if req.Method == sip.ACK {
		d.receiveACK(req)
		return
	}
	if req.CSeq().SeqNo <= d.remoteSeq && d.remoteSeq != 0 { // RFC 3261, section 12.2.2.
		tx.Reply(sip.StatusInternalServerError, "CSeq Out Of Order")
		return
	}
	d.remoteSeq = req.CSeq().SeqNo
	if req.Method != sip.BYE { // The end of the call says as much.
		d.alive()
	}
	if c := req.Contact(); c != nil && (req.Method == sip.INVITE || req.Method == sip.UPDATE || req.Method == sip.REFER) {
		d.target = c.Address // They moved (RFC 3261, section 12.2.2).
	}
	if flow.Reliable() || d.flow.Remote() != flow.Remote() {
		d.flow = flow // A phone whose router gave it a new port, or that made a new connection.
	}
	switch req.Method { //nolint:exhaustive // The methods that we take; all others are refused alike.
	case sip.BYE:
		tx.Reply(sip.StatusOK, "OK")
		d.byeSent = true // Nothing more is to be said on this dialog.
		if d.call != nil {
			d.call.hungUp(d, req)
		}
	case sip.INVITE, sip.UPDATE, sip.INFO:
		if !d.refreshedBy(req, tx) {
			d.relay(req, tx)
		}
	case sip.PRACK:
		d.prack(req, tx)
	case sip.REFER:
		d.refer(req, tx)
	case sip.OPTIONS:
		d.sh.options(tx)
	default:
		tx.Reply(sip.StatusMethodNotAllowed, "Method Not Allowed", d.allow())
	}
}

func (d *dialog) receiveACK(req *sip.Request) {
	if d.answered == nil || req.CSeq().SeqNo != d.answeredSeq {
		return
	}
	d.answered.Acked()
	d.answered = nil
	d.alive()
	if d.call == nil {
		return
	}
	if peer := d.call.peer(d); peer != nil {
		d.media.pass(d.sh, d.far, req, partAnswer, func(bool) {
			d.sh.on(peer.sh, func() {
				if !peer.ackSent && peer.ackSeq != 0 {
					peer.sendACK(peer.ackSeq, req)
				}
			})
		})
	}
}
