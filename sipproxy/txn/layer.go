package txn

import (
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/internal/clock"
	"trunkline/sipproxy/wire"
)

// The timers of RFC 3261, section 17 and table 4.
const (
	T1 = 500 * time.Millisecond // Estimate of the round trip.
	T2 = 4 * time.Second        // Longest interval between retransmissions.
	T4 = 5 * time.Second        // How long a message may stay in the network.

	lifetime = 64 * T1 // Timers B, D, F, H, J, L and M.
)

// Handler is told of what no transaction knows. It runs in the layer's turn.
type Handler interface {
	// Request is a new request, never CANCEL; an ACK is one to a 2xx. For an ACK tx is nil.
	Request(req *sip.Request, flow wire.Flow, tx *Server)
	// Stray is a response that no client transaction waits for.
	Stray(res *sip.Response, flow wire.Flow)
}

// Layer keeps the transactions of one shard. It is not safe for concurrent use.
type Layer struct {
	clock   clock.Clock
	post    func(func()) // Runs a function when it is the layer's turn.
	handler Handler
	servers map[string]*Server
	invites map[string]*Server // Those of INVITEs, without the sent-by.
	clients map[string]*Client
	long    reaper // What is forgotten after lifetime.
	short   reaper // What is forgotten after T4.
}

// NewLayer makes a layer whose timers come back through post.
func NewLayer(clk clock.Clock, post func(func()), h Handler) *Layer {
	return &Layer{
		clock: clk, post: post, handler: h,
		servers: make(map[string]*Server), invites: make(map[string]*Server), clients: make(map[string]*Client),
		long: reaper{after: lifetime}, short: reaper{after: T4},
	}
}

// Len returns the number of transactions that are kept, those that are over included.
func (l *Layer) Len() int { return len(l.servers) + len(l.clients) }

// Receive takes a message from the wire.
func (l *Layer) Receive(msg sip.Message, flow wire.Flow) {
	switch m := msg.(type) {
	case *sip.Request:
		l.receiveRequest(m, flow)
	case *sip.Response:
		l.receiveResponse(m, flow)
	}
}

// Sweep forgets transactions that have been over for long enough. It is to be called about once a second.
func (l *Layer) Sweep() {
	now := l.clock.Now()
	l.long.sweep(now, l.forget)
	l.short.sweep(now, l.forget)
}

func (l *Layer) forget(e expiry) {
	if e.client != nil {
		e.client.terminate()
		return
	}
	e.server.terminate()
}

func (l *Layer) receiveRequest(req *sip.Request, flow wire.Flow) {
	switch req.Method { //nolint:exhaustive // ACK and CANCEL are the two that belong to another transaction.
	case sip.ACK:
		if tx, ok := l.servers[serverKey(req, sip.INVITE)]; ok && tx.ackHop() {
			return
		}
		l.handler.Request(req, flow, nil)
	case sip.CANCEL:
		l.receiveCancel(req, flow)
	default:
		key := serverKey(req, req.Method)
		if tx, ok := l.servers[key]; ok {
			tx.retransmitted()
			return
		}
		l.handler.Request(req, flow, l.newServer(key, req, flow))
	}
}

// receiveCancel answers a CANCEL and passes it to the INVITE that it names (RFC 3261, section 9.2).
func (l *Layer) receiveCancel(req *sip.Request, flow wire.Flow) {
	key := serverKey(req, sip.CANCEL)
	if tx, ok := l.servers[key]; ok {
		tx.retransmitted()
		return
	}
	cancel := l.newServer(key, req, flow)
	invite, ok := l.servers[serverKey(req, sip.INVITE)]
	if !ok { // Behind routers, and in some phones, the sent-by of the two differs: who knows branch, Call-ID and number is who asked.
		invite, ok = l.invites[inviteKey(req)]
	}
	if !ok {
		cancel.Reply(sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
		return
	}
	cancel.tag = invite.tag // The same To tag as the answers to the INVITE have.
	cancel.Reply(sip.StatusOK, "OK")
	if invite.state == proceeding && invite.onCancel != nil {
		invite.onCancel(req)
	}
}

func (l *Layer) receiveResponse(res *sip.Response, flow wire.Flow) {
	branch, _ := res.Via().Params.Get("branch")
	if tx, ok := l.clients[clientKey(branch, res.CSeq().MethodName)]; ok && tx.receive(res) {
		return
	}
	l.handler.Stray(res, flow)
}

// after calls f in the layer's turn after d. The timer may fire although it is stopped at that very moment,
// so f has to look at its transaction's state first.
func (l *Layer) after(d time.Duration, f func()) clock.Timer {
	return l.clock.AfterFunc(d, func() { l.post(f) })
}

// cookie is what every branch of RFC 3261 begins with; alone it tells nothing apart.
const cookie = "z9hG4bK"

// serverKey is the identity of a server transaction (RFC 3261, section 17.2.3). Requests of RFC 2543, whose branch
// has no magic cookie, are told apart by the headers that stay the same over retransmissions.
func serverKey(req *sip.Request, method sip.RequestMethod) string {
	via := req.Via()
	branch, _ := via.Params.Get("branch")
	var b strings.Builder
	b.Grow(len(branch) + len(via.Host) + 16)
	if len(branch) > len(cookie) && strings.HasPrefix(branch, cookie) {
		b.WriteString(branch)
	} else {
		tag, _ := req.From().Params.Get("tag")
		b.WriteString(req.CallID().Value())
		b.WriteByte('|')
		b.WriteString(tag)
		b.WriteByte('|')
		b.WriteString(strconv.FormatUint(uint64(req.CSeq().SeqNo), 10))
	}
	b.WriteByte('|')
	b.WriteString(via.Host)
	b.WriteByte(':')
	b.WriteString(strconv.Itoa(via.Port))
	b.WriteByte('|')
	b.WriteString(string(method))
	return b.String()
}

// inviteKey is what an INVITE and its CANCEL have in common whatever their sent-by is.
func inviteKey(req *sip.Request) string {
	branch, _ := req.Via().Params.Get("branch")
	return branch + "|" + req.CallID().Value() + "|" + strconv.FormatUint(uint64(req.CSeq().SeqNo), 10)
}

// clientKey is the identity of a client transaction (RFC 3261, section 17.1.3).
func clientKey(branch string, method sip.RequestMethod) string { return branch + "|" + string(method) }
