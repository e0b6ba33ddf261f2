package wire

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
	"golang.org/x/net/netutil"

	"trunkline/internal/clock"
)

const (
	subprotocol      = "sip"            // RFC 7118, section 3.
	handshakeTimeout = 5 * time.Second  // To ask for a WebSocket.
	pingEvery        = 30 * time.Second // An end that does not answer is gone; it keeps the ways through routers open too.
	pingTimeout      = 10 * time.Second
	maxHandshake     = 8 << 10 // Bytes of its headers.
)

// listenWeb opens a listener for phones in browsers (RFC 7118).
func (w *Wire) listenWeb(ctx context.Context, l Listen, transport string) error {
	if transport == WSS && (w.tls == nil || len(w.tls.Certificates) == 0) {
		return errNoCertificate
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", l.Address)
	if err != nil {
		return err
	}
	loc, err := newLocal(transport, ln.Addr(), l.Advertise)
	if err != nil {
		_ = ln.Close()
		return err
	}
	s := &streamListener{listener: ln, local: loc}
	accepting := netutil.LimitListener(ln, w.conns.max)
	if transport == WSS {
		secure := w.tls.Clone()
		secure.NextProtos = []string{"http/1.1"}
		accepting = tls.NewListener(accepting, secure)
	}
	waiting := &guests{most: max(1, w.conns.max/strangerSource), from: make(map[netip.Addr]int)}
	s.web = &http.Server{
		ConnState:         waiting.turn,
		Handler:           http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.upgrade(s, rw, r) }),
		ReadHeaderTimeout: handshakeTimeout, IdleTimeout: handshakeTimeout, MaxHeaderBytes: maxHandshake,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), // What strangers do wrong is not for the log.
	}
	w.streams = append(w.streams, s)
	w.done.Go(func() { _ = s.web.Serve(accepting) }) // It returns when it is closed.
	return nil
}

// upgrade makes a request into a WebSocket. The subprotocol has to be asked for, and a browser's page must be from here or
// from one of the origins that were set.
func (w *Wire) upgrade(s *streamListener, rw http.ResponseWriter, r *http.Request) {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !wantsSIP(r.Header) {
		http.Error(rw, "the subprotocol sip is required (RFC 7118)", http.StatusBadRequest)
		return
	}
	c, err := websocket.Accept(rw, r, &websocket.AcceptOptions{
		Subprotocols: []string{subprotocol}, OriginPatterns: w.origins, InsecureSkipVerify: slices.Contains(w.origins, "*"),
	})
	if err != nil { // It was answered.
		w.log.DebugContext(r.Context(), "a WebSocket was refused", "remote", remote, "error", err)
		return
	}
	c.SetReadLimit(maxMessage)
	if !w.conns.adoptWeb(&s.local, netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port()), c) {
		_ = c.Close(websocket.StatusTryAgainLater, "too many connections")
	}
}

func wantsSIP(h http.Header) bool {
	for _, value := range h.Values("Sec-WebSocket-Protocol") {
		for protocol := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(protocol), subprotocol) {
				return true
			}
		}
	}
	return false
}

// adoptWeb takes a WebSocket.
func (t *connTable) adoptWeb(l *local, remote netip.AddrPort, ws *websocket.Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, err := t.add(connKey{transport: l.transport, remote: remote}, l, false)
	if err != nil {
		return false
	}
	t.wire.done.Go(func() { c.runWeb(t.ctx, ws) })
	return true
}

// runWeb owns a WebSocket until it ends.
func (c *streamConn) runWeb(ctx context.Context, ws *websocket.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	c.open.Store(true)
	defer c.table.wire.clock.AfterFunc(strangerTime, c.expel).Stop()
	var beside sync.WaitGroup
	beside.Go(func() { c.writeWeb(ctx, cancel, ws) })
	beside.Go(func() { c.pingWeb(ctx, cancel, ws) })
	c.readWeb(ctx, ws)
	c.close()
	cancel()
	c.table.remove(c)
	_ = ws.CloseNow()
	beside.Wait()
}

func (c *streamConn) writeWeb(ctx context.Context, cancel func(), ws *websocket.Conn) {
	defer cancel() // Wakes the reader.
	for {
		select {
		case <-c.quit:
			return
		case <-ctx.Done():
			return
		case data := <-c.queue:
			kind := websocket.MessageText
			if !utf8.Valid(data) {
				kind = websocket.MessageBinary
			}
			once, done := context.WithTimeout(ctx, writeTimeout)
			err := ws.Write(once, kind, data)
			done()
			if err != nil {
				c.close()
			}
		}
	}
}

func (c *streamConn) pingWeb(ctx context.Context, cancel func(), ws *websocket.Conn) {
	defer cancel()
	for clock.Sleep(ctx, c.table.wire.clock, pingEvery) == nil {
		once, done := context.WithTimeout(ctx, pingTimeout)
		err := ws.Ping(once)
		done()
		if err != nil {
			return
		}
	}
}

// readWeb reads messages: each is one of SIP's, or a keep-alive (RFC 7118, section 5; RFC 5626, section 4.4.1).
func (c *streamConn) readWeb(ctx context.Context, ws *websocket.Conn) {
	flow := Flow{wire: c.table.wire, conn: c, local: c.local, remote: c.key.remote}
	for {
		data, err := readWhole(ctx, ws, c.table.wire.messageTime)
		if err != nil {
			return
		}
		switch string(data) {
		case ping:
			_ = c.enqueue([]byte(pong))
		case pong:
		default:
			c.table.wire.parseDatagram(data, flow)
		}
	}
}

// readWhole reads one message, which is to come within seconds once it has begun.
func readWhole(ctx context.Context, ws *websocket.Conn, within time.Duration) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	late := time.AfterFunc(idleTimeout, cancel)
	defer late.Stop()
	_, r, err := ws.Reader(ctx)
	if err != nil {
		return nil, err
	}
	late.Reset(within)
	return io.ReadAll(r)
}

// guests are connections that have not become WebSockets yet: one address has few, so that it cannot keep others from asking.
type guests struct {
	most int
	mu   sync.Mutex
	from map[netip.Addr]int
}

// turn is told how a connection goes on; one too many is closed.
func (g *guests) turn(nc net.Conn, state http.ConnState) {
	remote, err := netip.ParseAddrPort(nc.RemoteAddr().String())
	if err != nil {
		return
	}
	source := remote.Addr().Unmap()
	g.mu.Lock()
	defer g.mu.Unlock()
	switch state {
	case http.StateNew:
		g.from[source]++
		if g.from[source] > g.most {
			_ = nc.Close()
		}
	case http.StateHijacked, http.StateClosed:
		drop(g.from, source)
	case http.StateActive, http.StateIdle:
	}
}
