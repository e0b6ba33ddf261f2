package sipproxy

import (
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/routing"
	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

const (
	pathOption     = "path"     // RFC 3327.
	outboundOption = "outbound" // RFC 5626.

	statusFlowFailed       = 430 // RFC 5626, section 11.5.
	statusFirstHopOutbound = 439 // RFC 5626, section 11.6.

	maxPath   = 8                 // Proxies on the way to one phone.
	flowTimer = 120 * time.Second // How long a phone may be silent on a connection that it keeps open.
	flowGrace = 30 * time.Second  // What it has beyond that.
)

// registration is a REGISTER that is being taken.
type registration struct {
	req   *sip.Request
	flow  wire.Flow
	tx    *txn.Server
	phone routing.Caller
	login string
	now   time.Time
	path  []string
	route []sip.Uri
	ob    bool // A way of RFC 5626 was registered.
}

// register answers a REGISTER (RFC 3261, section 10.3).
func (s *shard) register(req *sip.Request, flow wire.Flow, tx *txn.Server) {
	caller, ok := s.identify(req, flow, tx, serverChallenge)
	if !ok {
		return
	}
	if caller.Login == "" || req.To().Address.User != caller.Login {
		tx.Reply(sip.StatusForbidden, "Forbidden") // One may register oneself only.
		return
	}
	r := &registration{req: req, flow: flow, tx: tx, phone: caller, login: caller.Login, now: s.clock.Now()}
	if !r.readPath() || !r.oneWay() {
		return
	}
	if who, ok := s.router.Source(flow.Remote().Addr()); ok {
		s.log.Warn("a phone registers from the address of a gateway or trunk: what it sends from another port is taken for that one's",
			"login", caller.Login, "source", flow.Remote(), "gateway", who.Gateway, "trunk", who.Trunk)
	}
	for h := range named(req, "Contact") {
		if !s.bind(r, h) {
			return
		}
	}
	s.registered(r)
}

// registered tells the phone what is known of it.
func (s *shard) registered(r *registration) {
	res := r.tx.NewResponse(sip.StatusOK, "OK")
	for _, b := range s.registrar.contacts(r.login, r.now) {
		res.AppendHeader(b.header(r.now))
	}
	for h := range named(r.req, "Path") {
		res.AppendHeader(h)
	}
	res.AppendHeader(sip.NewHeader("Supported", pathOption+", "+outboundOption))
	if r.ob {
		res.AppendHeader(sip.NewHeader("Require", outboundOption))
		if r.flow.Reliable() && !r.flow.Web() && len(r.path) == 0 { // Over WebSockets we ask.
			res.AppendHeader(sip.NewHeader("Flow-Timer", strconv.Itoa(int(flowTimer.Seconds()))))
			r.flow.KeptOpen(flowTimer + flowGrace)
		}
	}
	res.AppendHeader(sip.NewHeader("Date", r.now.Format("Mon, 02 Jan 2006 15:04:05 GMT")))
	r.tx.Respond(res)
}

// readPath reads the way to the phone. A phone that does not know of it cannot tell whether it likes it, so that it is refused
// (RFC 3327, section 5.3).
func (r *registration) readPath() bool {
	var err error
	r.path, r.route, err = pathOf(r.req)
	switch {
	case err != nil, len(r.path) > maxPath:
		r.tx.Reply(sip.StatusBadRequest, "Bad Path")
		return false
	case len(r.path) > 0 && !r.supports(pathOption):
		r.tx.Reply(sip.StatusBadExtension, "Bad Extension", sip.NewHeader("Unsupported", pathOption))
		return false
	}
	return true
}

func (r *registration) supports(option string) bool {
	return hasOption(r.req, "Supported", option) || hasOption(r.req, "k", option) || hasOption(r.req, "Require", option)
}

// oneWay refuses a REGISTER that wants to be several ways at once (RFC 5626, section 6).
func (r *registration) oneWay() bool {
	ways := 0
	for h := range named(r.req, "Contact") {
		if c, ok := h.(*sip.ContactHeader); ok && c.Params.Has("reg-id") {
			ways++
		}
	}
	if ways > 1 {
		r.tx.Reply(sip.StatusBadRequest, "One reg-id Only")
		return false
	}
	return true
}

// keepsWays reads of which phone a contact is, and which of its ways; false: it does not keep ways open (RFC 5626, section 6).
func (r *registration) keepsWays(c *sip.ContactHeader) (instance string, regID uint32, ok bool) {
	instance, _ = c.Params.Get("+sip.instance")
	text, _ := c.Params.Get("reg-id")
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
	return instance, uint32(n), err == nil && n > 0 && instance != "" && r.supports(outboundOption)
}

// firstHopKnows reports whether whoever the phone is connected with keeps its ways: us, or the proxy that says so in the Path.
func (r *registration) firstHopKnows() bool {
	if len(r.req.GetHeaders("Via")) == 1 {
		return true
	}
	n := len(r.route)
	return n > 0 && r.route[n-1].UriParams.Has("ob")
}

// bind takes one Contact of a REGISTER. When it returns false the request has been answered.
func (s *shard) bind(r *registration, h sip.Header) bool {
	c, ok := h.(*sip.ContactHeader)
	if !ok {
		r.tx.Reply(sip.StatusBadRequest, "Bad Contact")
		return false
	}
	expires := s.expiry(r.req, c)
	if c.Address.Wildcard {
		if expires != 0 {
			r.tx.Reply(sip.StatusBadRequest, "Bad Contact")
			return false
		}
		s.registrar.clear(r.login)
		return true
	}
	if expires > 0 && expires < s.cfg.RegisterMin {
		r.tx.Reply(sip.StatusIntervalToBrief, "Interval Too Brief",
			sip.NewHeader("Min-Expires", strconv.Itoa(int(s.cfg.RegisterMin.Seconds()))))
		return false
	}
	b := binding{
		Contact: c.Address.String(), Transport: r.flow.Transport(), Source: r.flow.Remote().String(), Path: r.path, At: r.now,
		CallID: r.req.CallID().Value(), CSeq: r.req.CSeq().SeqNo, Expires: r.now.Add(min(expires, s.cfg.RegisterMax)),
		uri: c.Address, routes: r.route, flow: r.flow,
	}
	if err := s.mayBeReached(&b, r.phone.Contacts); err != nil && expires > 0 {
		s.metrics.contacts.Inc()
		s.log.Warn("registration refused", "login", r.login, "contact", b.Contact, "source", b.Source, "error", err)
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
	if !s.registrar.update(r.login, b, r.now) {
		r.tx.Reply(sip.StatusInternalServerError, "CSeq Out Of Order")
		return false
	}
	return true
}

// expiry is how long a phone asks to be registered: its contact's own wish, that of the request, or the default.
func (s *shard) expiry(req *sip.Request, c *sip.ContactHeader) time.Duration {
	text, ok := c.Params.Get("expires")
	if !ok {
		if h := req.GetHeader("Expires"); h != nil {
			text = h.Value()
		}
	}
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
	if err != nil {
		return s.cfg.RegisterMax
	}
	return time.Duration(n) * time.Second
}
