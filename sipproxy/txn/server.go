package txn

import (
	"math"
	"net/netip"
	"strconv"

	"github.com/emiago/sipgo/sip"

	"trunkline/internal/clock"
	"trunkline/sipproxy/wire"
)

// state is that of a server transaction; the words are those of RFC 3261, figures 7 and 8, and RFC 6026, section 7.1.
type state uint8

const (
	proceeding state = iota + 1
	completed        // A final answer was sent; for an INVITE that is not a 2xx the ACK is awaited.
	confirmed        // The ACK has come.
	accepted         // A 2xx to an INVITE was sent.
	terminated
)

// Server is a server transaction: a request that we answer.
type Server struct {
	Request *sip.Request // Nil after the final answer was sent.

	layer    *Layer
	key      string
	alias    string // Of an INVITE, in the layer's other table.
	flow     wire.Flow
	listens  uint16 // The port of the topmost Via.
	invite   bool
	state    state
	tag      string
	last     []byte // The last answer, for retransmissions.
	timer    clock.Timer
	interval int // Retransmissions made of the final answer to an INVITE.
	acked    bool

	onCancel  func(*sip.Request)
	onUnheard func()
}

func (l *Layer) newServer(key string, req *sip.Request, flow wire.Flow) *Server {
	tx := &Server{
		Request: req, layer: l, key: key, flow: responseFlow(req, flow),
		invite: req.Method == sip.INVITE, state: proceeding,
	}
	if port := req.Via().Port; port > 0 && port <= math.MaxUint16 {
		tx.listens = uint16(port)
	}
	if tag, ok := req.To().Params.Get("tag"); ok {
		tx.tag = tag
	} else {
		tx.tag = sip.GenerateTagN(12)
	}
	l.servers[key] = tx
	if tx.invite {
		tx.alias = inviteKey(req)
		l.invites[tx.alias] = tx
	}
	return tx
}

// responseFlow is where answers go (RFC 3261, section 18.2.2, and RFC 3581, section 4): over a stream back on it,
// over UDP to the source address, at the source port if rport asks for it and else at the port of the Via.
func responseFlow(req *sip.Request, flow wire.Flow) wire.Flow {
	if flow.Reliable() {
		return flow
	}
	via := req.Via()
	if via.Params.Has("rport") {
		return flow
	}
	port := via.Port
	if port <= 0 || port > 65535 {
		port = sip.DefaultUdpPort
	}
	return flow.At(netip.AddrPortFrom(flow.Remote().Addr(), uint16(port)))
}

// Flow is the way on which the answers go.
func (s *Server) Flow() wire.Flow { return s.flow }

// Tag is the To tag of all answers but 100.
func (s *Server) Tag() string { return s.tag }

// SetTag gives the answers from now on another To tag: they are of another early dialog.
func (s *Server) SetTag(tag string) { s.tag = tag }

// OnCancel sets what is called when the INVITE is cancelled before its final answer.
func (s *Server) OnCancel(f func(cancel *sip.Request)) { s.onCancel = f }

// OnUnheard sets what is called when a 2xx to an INVITE was never acknowledged (RFC 3261, section 13.3.1.4).
func (s *Server) OnUnheard(f func()) { s.onUnheard = f }

// Final reports whether the final answer was sent.
func (s *Server) Final() bool { return s.state != proceeding }

// Reply answers without a body.
func (s *Server) Reply(status int, reason string, headers ...sip.Header) {
	if s.Final() {
		return
	}
	res := s.NewResponse(status, reason)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	s.Respond(res)
}

// NewResponse makes an answer with the headers that RFC 3261, section 8.2.6.2 asks for, and no body.
func (s *Server) NewResponse(status int, reason string) *sip.Response {
	req := s.Request
	res := sip.NewResponse(status, reason)
	first := true
	for _, h := range req.Headers() {
		via, ok := h.(*sip.ViaHeader)
		if !ok {
			continue
		}
		if first {
			via, first = via.Clone(), false
			s.stamp(via)
		}
		res.AppendHeader(via)
	}
	for _, h := range req.Headers() {
		if route, ok := h.(*sip.RecordRouteHeader); ok {
			res.AppendHeader(route)
		}
	}
	res.AppendHeader(req.From())
	to := *req.To()
	if status != sip.StatusTrying && !to.Params.Has("tag") {
		to.Params = append(to.Params.Clone(), sip.HeaderKV{K: "tag", V: s.tag})
	}
	res.AppendHeader(&to)
	res.AppendHeader(req.CallID())
	res.AppendHeader(req.CSeq())
	if status == sip.StatusTrying {
		for _, h := range req.GetHeaders("Timestamp") {
			res.AppendHeader(h)
		}
	}
	return res
}

// stamp writes the source into the topmost Via (RFC 3261, section 18.2.1, and RFC 3581, section 4).
func (s *Server) stamp(via *sip.ViaHeader) {
	remote := s.flow.Remote()
	host := remote.Addr().String()
	if via.Params.Has("rport") {
		via.Params.Add("rport", strconv.Itoa(int(remote.Port())))
		via.Params.Add("received", host)
		return
	}
	if via.Host != host {
		via.Params.Add("received", host)
	}
}

// Respond sends an answer. After a final one, others are not sent any more.
func (s *Server) Respond(res *sip.Response) {
	if s.Final() {
		return
	}
	if res.ContentLength() == nil {
		res.SetBody(nil)
	}
	s.last = s.flow.Encode(res)
	if !s.flow.Alive() {
		s.flow = s.elsewhere()
	}
	_ = s.flow.Send(s.last) // A lost answer is made good by the retransmission of the request.
	if res.IsProvisional() {
		return
	}
	s.Request = nil
	s.onCancel = nil
	now := s.layer.clock.Now()
	switch {
	case !s.invite:
		s.state = completed
		s.layer.long.add(now, expiry{server: s})
	case res.IsSuccess():
		s.state = accepted
		s.repeat()
		s.layer.long.add(now, expiry{server: s})
	default:
		s.state = completed
		if !s.flow.Reliable() {
			s.repeat()
		}
		s.layer.long.add(now, expiry{server: s})
	}
}

// elsewhere is the way to who asked over a connection that is over: a new one to where he says that he listens, at the address that he
// spoke from (RFC 3261, section 18.2.2).
func (s *Server) elsewhere() wire.Flow {
	flow, err := s.flow.Toward(s.listens)
	if err != nil {
		return s.flow
	}
	return flow
}

// repeat retransmits the final answer to an INVITE until it is acknowledged: timer G, and the same for a 2xx, which
// has to be repeated over reliable transports too (RFC 3261, section 13.3.1.4).
func (s *Server) repeat() {
	d := min(T1<<min(s.interval, 3), T2)
	s.interval++
	s.timer = s.layer.after(d, func() {
		if s.acked || s.state == terminated {
			return
		}
		_ = s.flow.Send(s.last)
		s.repeat()
	})
}

// Acked tells that the ACK to the 2xx has come; it is matched by the dialog.
func (s *Server) Acked() {
	s.acked = true
	s.last, s.onUnheard = nil, nil
	s.stopTimer()
}

// Abandon forgets the transaction without an answer.
func (s *Server) Abandon() { s.terminate() }

// ackHop takes an ACK that has the branch of the INVITE: one to an answer that is not a 2xx.
func (s *Server) ackHop() bool {
	switch s.state {
	case completed:
		s.Acked()
		s.state = confirmed
		s.layer.short.add(s.layer.clock.Now(), expiry{server: s})
		return true
	case confirmed:
		return true
	case proceeding, accepted, terminated:
	}
	return false
}

// retransmitted answers a repeated request with the last answer.
func (s *Server) retransmitted() {
	if s.last != nil && s.state != confirmed && (s.state != accepted || !s.acked) {
		_ = s.flow.Send(s.last)
	}
}

func (s *Server) stopTimer() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}

func (s *Server) terminate() {
	if s.state == terminated {
		return
	}
	unheard := s.state == accepted && !s.acked
	s.state = terminated
	s.stopTimer()
	delete(s.layer.servers, s.key)
	if s.layer.invites[s.alias] == s {
		delete(s.layer.invites, s.alias)
	}
	s.last = nil
	if unheard && s.onUnheard != nil {
		s.onUnheard()
	}
	s.onUnheard = nil
}
