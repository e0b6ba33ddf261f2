package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"trunkline/internal/clock"
)

// Agent is a SIP user agent on a UDP port of its own.
type Agent struct {
	name    string
	log     *slog.Logger
	ua      *sipgo.UserAgent
	client  *sipgo.Client
	server  *sipgo.Server
	conn    net.PacketConn
	addr    netip.AddrPort
	contact sip.ContactHeader
	voice   netip.AddrPort
	dialogs *sipgo.DialogServerCache
	calls   *sipgo.DialogClientCache

	mu     sync.Mutex
	answer func(Incoming) Behaviour
	life   context.Context //nolint:containedctx // Ends with the agent; the calls that it takes hang on it.
	stop   context.CancelFunc
	work   sync.WaitGroup
}

// New opens an agent on the address, such as "127.0.0.1:0". Without OnCall it refuses all calls with 480.
func New(ctx context.Context, name, address string, log *slog.Logger) (*Agent, error) {
	var lc net.ListenConfig
	conn, err := lc.ListenPacket(ctx, "udp", address)
	if err != nil {
		return nil, fmt.Errorf("agent %s: %w", name, err)
	}
	addr, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil {
		return nil, fmt.Errorf("agent %s: %w", name, err)
	}
	ua, err := sipgo.NewUA(sipgo.WithUserAgent(name))
	if err != nil {
		return nil, fmt.Errorf("agent %s: %w", name, err)
	}
	a := &Agent{name: name, log: log, ua: ua, conn: conn, addr: addr}
	a.contact = sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: name, Host: addr.Addr().String(), Port: int(addr.Port())}}
	a.life, a.stop = context.WithCancel(context.WithoutCancel(ctx))
	quiet := slog.New(slog.DiscardHandler)
	if a.client, err = sipgo.NewClient(ua, sipgo.WithClientAddr(addr.String()), sipgo.WithClientLogger(quiet)); err != nil {
		return nil, fmt.Errorf("agent %s: %w", name, err)
	}
	if a.server, err = sipgo.NewServer(ua, sipgo.WithServerLogger(quiet)); err != nil {
		return nil, fmt.Errorf("agent %s: %w", name, err)
	}
	a.dialogs = sipgo.NewDialogServerCache(a.client, a.contact)
	a.calls = sipgo.NewDialogClientCache(a.client, a.contact)
	a.handle()
	a.work.Go(func() { _ = a.server.ServeUDP(conn) })
	if err := a.serving(ctx); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// serving waits until sipgo has taken the port over: a request that is sent before would be given another one.
func (a *Agent) serving(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		if c, err := a.ua.TransportLayer().GetConnection("udp", a.addr.String()); err == nil && c != nil {
			_, _ = c.TryClose() // Only the reference that was just taken.
			return nil
		}
		if err := clock.Sleep(ctx, clock.System{}, time.Millisecond); err != nil {
			return fmt.Errorf("agent %s does not serve: %w", a.name, err)
		}
	}
}

// Addr is where the agent listens.
func (a *Agent) Addr() netip.AddrPort { return a.addr }

// local binds a request to the agent's own port; sipgo would take another one for it.
func (a *Agent) local() sip.Addr {
	return sip.Addr{IP: a.addr.Addr().AsSlice(), Port: int(a.addr.Port())}
}

// Close ends the agent and its calls.
func (a *Agent) Close() {
	a.stop()
	_ = a.conn.Close()
	_ = a.ua.Close()
	a.work.Wait()
}

func (a *Agent) handle() {
	a.server.OnInvite(a.invited)
	a.server.OnAck(func(req *sip.Request, tx sip.ServerTransaction) { _ = a.dialogs.ReadAck(req, tx) })
	a.server.OnBye(func(req *sip.Request, tx sip.ServerTransaction) {
		if errors.Is(a.dialogs.ReadBye(req, tx), sipgo.ErrDialogDoesNotExists) {
			_ = a.calls.ReadBye(req, tx)
		}
	})
	reply := func(req *sip.Request, tx sip.ServerTransaction) {
		if !a.knows(req) { // RFC 3261, section 12.2.2.
			_ = tx.Respond(sip.NewResponseFromRequest(req, sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist", nil))
			return
		}
		_ = tx.Respond(sip.NewResponseFromRequest(req, sip.StatusOK, "OK", nil))
	}
	a.server.OnOptions(reply)
	a.server.OnInfo(reply)
	a.server.OnUpdate(reply)
}

// knows reports whether a request is outside of dialogs, or within one that the agent has.
func (a *Agent) knows(req *sip.Request) bool {
	if to := req.To(); to == nil || !to.Params.Has("tag") {
		return true
	}
	if _, err := a.dialogs.MatchDialogRequest(req); err == nil {
		return true
	}
	_, err := a.calls.MatchRequestDialog(req)
	return err == nil
}

// ListenAt sets where the agent wants to be spoken to, before its calls; without it that is a port at which nobody listens.
func (a *Agent) ListenAt(addr netip.AddrPort) { a.voice = addr }

// SDP is a session description that offers one audio stream (RFC 4566).
func (a *Agent) SDP() []byte {
	at := a.voice
	if !at.IsValid() {
		at = netip.AddrPortFrom(a.addr.Addr(), 40000)
	}
	return fmt.Appendf(nil, "v=0\r\no=%s 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP 8 0\r\na=sendrecv\r\n",
		a.name, at.Addr(), at.Addr(), at.Port())
}

func sdpType() sip.Header {
	h := sip.ContentTypeHeader("application/sdp")
	return &h
}
