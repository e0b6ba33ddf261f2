package registrar

import (
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/routing"
	"trunkline/sipproxy/headers"
	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

// Option tags and statuses of registrations, and bounds of theirs.
const (
	PathOption     = "path"     // RFC 3327.
	OutboundOption = "outbound" // RFC 5626.

	StatusFlowFailed       = 430 // RFC 5626, section 11.5.
	statusFirstHopOutbound = 439 // RFC 5626, section 11.6.

	MaxPath   = 8                 // Proxies on the way to one phone.
	flowTimer = 120 * time.Second // How long a phone may be silent on a connection that it keeps open.
	flowGrace = 30 * time.Second  // What it has beyond that.
)

// Register answers a REGISTER (RFC 3261, section 10.3) of a caller who has authenticated.
func (reg *Registrar) Register(req *sip.Request, flow wire.Flow, tx *txn.Server, caller routing.Caller) {
	if caller.Login == "" || req.To().Address.User != caller.Login {
		tx.Reply(sip.StatusForbidden, "Forbidden") // One may register oneself only.
		return
	}
	r := &registration{req: req, flow: flow, tx: tx, phone: caller, login: caller.Login, now: reg.options.Clock.Now()}
	if !r.readPath() || !r.oneWay() {
		return
	}
	if who, ok := reg.options.Peer(flow.Remote().Addr()); ok {
		reg.options.Log.Warn("a phone registers from the address of a gateway or trunk: what it sends from another port is taken for that one's",
			"login", caller.Login, "source", flow.Remote(), "gateway", who.Gateway, "trunk", who.Trunk)
	}
	for h := range headers.Named(req, "Contact") {
		if !reg.bind(r, h) {
			return
		}
	}
	reg.accept(r)
}

// accept tells the phone what is known of it.
func (reg *Registrar) accept(r *registration) {
	res := r.tx.NewResponse(sip.StatusOK, "OK")
	for _, b := range reg.Contacts(r.login, r.now) {
		res.AppendHeader(b.header(r.now))
	}
	for h := range headers.Named(r.req, "Path") {
		res.AppendHeader(h)
	}
	res.AppendHeader(sip.NewHeader("Supported", PathOption+", "+OutboundOption))
	if r.ob {
		res.AppendHeader(sip.NewHeader("Require", OutboundOption))
		if r.flow.Reliable() && !r.flow.Web() && len(r.path) == 0 { // Over WebSockets we ask.
			res.AppendHeader(sip.NewHeader("Flow-Timer", strconv.Itoa(int(flowTimer.Seconds()))))
			r.flow.KeptOpen(flowTimer + flowGrace)
		}
	}
	res.AppendHeader(sip.NewHeader("Date", r.now.Format("Mon, 02 Jan 2006 15:04:05 GMT")))
	r.tx.Respond(res)
}

// bind takes one Contact of a REGISTER. When it returns false the request has been answered.
func (reg *Registrar) bind(r *registration, h sip.Header) bool {
	c, ok := h.(*sip.ContactHeader)
	if !ok {
		r.tx.Reply(sip.StatusBadRequest, "Bad Contact")
		return false
	}
	expires := reg.expiry(r.req, c)
	if c.Address.Wildcard {
		if expires != 0 {
			r.tx.Reply(sip.StatusBadRequest, "Bad Contact")
			return false
		}
		reg.clear(r.login)
		return true
	}
	if expires > 0 && expires < reg.options.Min {
		r.tx.Reply(sip.StatusIntervalToBrief, "Interval Too Brief",
			sip.NewHeader("Min-Expires", strconv.Itoa(int(reg.options.Min.Seconds()))))
		return false
	}
	b := Binding{
		Contact: c.Address.String(), Transport: r.flow.Transport(), Source: r.flow.Remote().String(), Path: r.path, At: r.now,
		CallID: r.req.CallID().Value(), CSeq: r.req.CSeq().SeqNo, Expires: r.now.Add(min(expires, reg.options.Max)),
		URI: c.Address, Routes: r.route, flow: r.flow,
	}
	if err := b.Judge(reg.options.Policy, r.phone.Contacts); err != nil && expires > 0 {
		reg.options.Refused()
		reg.options.Log.Warn("registration refused", "login", r.login, "contact", b.Contact, "source", b.Source, "error", err)
		r.tx.Reply(sip.StatusForbidden, "Contact Not Allowed")
		return false
	}
	if instance, regID, ok := r.keepsWays(c); ok {
		if !r.firstHopKnows() {
			r.tx.Reply(statusFirstHopOutbound, "First Hop Lacks Outbound Support")
			return false
		}
		b.Instance, b.RegID, r.ob = instance, regID, true
	}
	if !reg.update(r.login, b, r.now) {
		r.tx.Reply(sip.StatusInternalServerError, "CSeq Out Of Order")
		return false
	}
	return true
}

// expiry is how long a phone asks to be registered: its contact's own wish, that of the request, or the default.
func (reg *Registrar) expiry(req *sip.Request, c *sip.ContactHeader) time.Duration {
	text, ok := c.Params.Get("expires")
	if !ok {
		if h := req.GetHeader("Expires"); h != nil {
			text = h.Value()
		}
	}
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
	if err != nil {
		return reg.options.Max
	}
	return time.Duration(n) * time.Second
}
