package wire

import (
	"bytes"
	"cmp"
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"
)

const (
	defaultMaxConns = 4096
	sourceShare     = 2                // One address that others connect from has no more than half of them.
	sendQueue       = 256              // Messages that wait for one connection.
	dialTimeout     = 4 * time.Second  // To connect and shake hands.
	writeTimeout    = 5 * time.Second  // For one message.
	idleTimeout     = 15 * time.Minute // Without a byte from the other end.
)

var (
	errTooManyConns = errors.New("too many stream connections")
	errQueueFull    = errors.New("the connection's queue is full")
	errConnClosed   = errors.New("the connection is closed")

	errNoCertificate = errors.New("TLS needs a certificate: set sip.certificate and sip.key")
)

// The keep-alives of connections (RFC 5626, section 4.4.1).
const (
	ping = "\r\n\r\n"
	pong = "\r\n"
)

type streamListener struct {
	listener net.Listener
	local    local
	web      *http.Server // Of a listener for WebSockets.
}

func (w *Wire) listenStream(ctx context.Context, l Listen, transport string) error {
	if transport == TLS && (w.tls == nil || len(w.tls.Certificates) == 0) {
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
	w.streams = append(w.streams, s)
	w.done.Go(func() { w.accept(s) })
	return nil
}

func (w *Wire) accept(s *streamListener) {
	for {
		nc, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			w.log.Warn("accepting a SIP connection failed", "error", err)
			continue
		}
		if s.local.transport == TLS {
			nc = tls.Server(nc, w.tls)
		}
		if !w.conns.adopt(&s.local, nc) {
			_ = nc.Close()
		}
	}
}

// connKey tells connections apart: one per transport and remote address, and over TLS also per domain that was asked for.
type connKey struct {
	transport string
	remote    netip.AddrPort
	host      string // Of a TLS connection that we make; empty: the address is to stand in the certificate.
}

// connTable holds the open connections.
type connTable struct {
	wire   *Wire
	ctx    context.Context //nolint:containedctx // The life of the connections is the life of the Wire, not of a call.
	max    int
	mu     sync.Mutex
	closed bool
	byKey  map[connKey]*streamConn
	places places
}

func (t *connTable) init(ctx context.Context, w *Wire, limit int) {
	if limit == 0 {
		limit = defaultMaxConns
	}
	t.wire, t.ctx, t.max = w, ctx, limit
	t.byKey, t.places = make(map[connKey]*streamConn), newPlaces(limit)
}

// to finds or begins a connection.
func (t *connTable) to(l *local, remote netip.AddrPort, host string) (Flow, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := connKey{transport: l.transport, remote: remote}
	if l.transport == TLS {
		key.host = host
	}
	c, ok := t.byKey[key]
	if !ok && l.web() {
		return gone(t.wire, l, remote), nil
	}
	if !ok {
		var err error
		if c, err = t.add(key, l, true); err != nil {
			return Flow{}, err
		}
		t.wire.done.Go(func() { c.dialAndRun(t.ctx) })
	}
	return Flow{wire: t.wire, conn: c, local: l, remote: remote}, nil
}

// adopt takes a connection that the other end made.
func (t *connTable) adopt(l *local, nc net.Conn) bool {
	remote, err := netip.ParseAddrPort(nc.RemoteAddr().String())
	if err != nil {
		return false
	}
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	t.mu.Lock()
	defer t.mu.Unlock()
	c, err := t.add(connKey{transport: l.transport, remote: remote}, l, false)
	if err != nil {
		return false
	}
	t.wire.done.Go(func() { c.run(nc) })
	return true
}

// add makes a connection; ours is one that we make.
func (t *connTable) add(key connKey, l *local, ours bool) (*streamConn, error) {
	if t.closed {
		return nil, errConnClosed
	}
	c := &streamConn{table: t, key: key, local: l, ours: ours, queue: make(chan []byte, sendQueue), quit: make(chan struct{})}
	c.proven.Store(ours || t.wire.known != nil && t.wire.known(key.remote.Addr()))
	if err := t.places.enter(c, len(t.byKey)); err != nil {
		t.wire.turnedAway.Add(1)
		return nil, err
	}
	t.byKey[key] = c
	return c, nil
}

func (t *connTable) remove(c *streamConn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byKey[c.key] == c {
		delete(t.byKey, c.key)
	}
	t.places.leave(c)
}

func (t *connTable) closeAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, c := range t.byKey {
		c.close()
	}
}

// streamConn is one TCP or TLS connection with a queue of what is to be written.
type streamConn struct {
	table *connTable
	key   connKey
	local *local
	queue chan []byte
	once  sync.Once
	quit  chan struct{}
	open  atomic.Bool // It was made.
	ours  bool        // We made it.

	proven   atomic.Bool   // It is known who is at the other end.
	stranger *list.Element // Among those of whom it is not; its table's lock guards it.

	silence atomic.Int64 // How long the other end may be silent, where it has promised something; 0: idleTimeout.
}

// gone is a way that leads nowhere any more.
func gone(w *Wire, l *local, remote netip.AddrPort) Flow {
	c := &streamConn{table: &w.conns, key: connKey{transport: l.transport, remote: remote}, local: l, quit: make(chan struct{})}
	c.close()
	return Flow{wire: w, conn: c, local: l, remote: remote}
}

// over reports whether nothing can be sent any more.
func (c *streamConn) over() bool {
	select {
	case <-c.quit:
		return true
	default:
		return false
	}
}

func (c *streamConn) close() { c.once.Do(func() { close(c.quit) }) }

func (c *streamConn) enqueue(data []byte) error {
	if c.over() {
		return errConnClosed
	}
	select {
	case c.queue <- data:
		return nil
	default:
		return errQueueFull
	}
}

func (c *streamConn) dialAndRun(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	nc, err := c.dial(ctx)
	cancel()
	if err != nil {
		c.table.wire.log.InfoContext(ctx, "SIP connection failed", "remote", c.key.remote, "error", err)
		c.table.wire.streamless.note(c.key.remote, c.table.wire.clock.Now())
		c.table.remove(c)
		c.close()
		return
	}
	c.run(nc)
}

func (c *streamConn) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", c.key.remote.String())
	if err != nil || c.key.transport != TLS {
		return nc, err
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.table.wire.tls != nil {
		conf = c.table.wire.tls.Clone()
	}
	if conf.ServerName == "" {
		conf.ServerName = cmp.Or(c.key.host, c.key.remote.Addr().String())
	}
	tc := tls.Client(nc, conf)
	if err := tc.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	return tc, nil
}

// run owns the connection until it ends.
func (c *streamConn) run(nc net.Conn) {
	c.open.Store(true)
	defer c.table.wire.clock.AfterFunc(strangerTime, c.expel).Stop()
	var writer sync.WaitGroup
	writer.Go(func() { c.write(nc) })
	c.read(nc)
	c.close()
	c.table.remove(c)
	_ = nc.Close()
	writer.Wait()
}

func (c *streamConn) write(nc net.Conn) {
	for {
		select {
		case <-c.quit:
			_ = nc.Close() // Wakes the reader.
			return
		case data := <-c.queue:
			_ = nc.SetWriteDeadline(time.Now().Add(writeTimeout)) //nolint:forbidigo // Deadlines of sockets are wall time.
			if _, err := nc.Write(data); err != nil {
				c.close()
			}
		}
	}
}

func (c *streamConn) read(nc net.Conn) {
	w := c.table.wire
	flow := Flow{wire: w, conn: c, local: c.local, remote: c.key.remote}
	parser := w.parser.NewSIPStream()
	defer parser.Close()
	buf := make([]byte, 16<<10)
	fresh := true       // Between two messages.
	begun := time.Now() //nolint:forbidigo // Deadlines of sockets are wall time.
	waits := !c.ours    // For the rest of a message; the first one is to come at once.
	for {
		deadline := begun.Add(w.messageTime)
		if !waits {
			deadline = time.Now().Add(c.patience()) //nolint:forbidigo // As above.
		}
		_ = nc.SetReadDeadline(deadline)
		n, err := nc.Read(buf)
		if err != nil {
			return
		}
		if _, err := parser.Write(buf[:n]); err != nil {
			return
		}
		var whole bool
		if fresh, whole = w.takeStream(parser, flow, fresh); !whole {
			return
		}
		if parser.Buffer().Len() > maxMessage {
			return
		}
		if rest := !fresh || parser.Buffer().Len() > 0; rest != waits {
			waits, begun = rest, time.Now() //nolint:forbidigo // As above.
		}
	}
}

// patience is how long the other end may be silent.
func (c *streamConn) patience() time.Duration {
	return cmp.Or(time.Duration(c.silence.Load()), idleTimeout)
}

// takeStream takes the whole messages that a stream has brought, and reports whether it can be read on. fresh tells that no
// part of a message was taken before.
func (w *Wire) takeStream(parser *sip.ParserStream, flow Flow, fresh bool) (stillFresh, ok bool) {
	for parser.Buffer().Len() > 0 {
		if fresh && keepAlive(parser.Buffer(), flow) {
			return true, true
		}
		msg, n, err := parser.ParseNext()
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return fresh && n == 0, true
		}
		if err != nil { // A stream that has lost its framing cannot be read on (RFC 3261, section 18.3).
			w.reject(parser.Buffer().Bytes(), flow, err)
			return false, false
		}
		fresh = true
		if err := judge(msg); err != nil {
			w.reject([]byte(msg.String()), flow, err)
			continue
		}
		if w.tap != nil {
			w.tap(false, flow, msg.CallID().Value(), flow.Encode(msg))
		}
		w.deliver(msg, flow)
	}
	return fresh, true
}

// keepAlive takes the empty lines that stand before a message, and answers those that ask for it (RFC 5626, section 4.4.1). It
// reports whether more has to come before a message can begin.
func keepAlive(b *bytes.Buffer, flow Flow) bool {
	for bytes.HasPrefix(b.Bytes(), []byte(pong)) {
		if bytes.HasPrefix(b.Bytes(), []byte(ping)) {
			b.Next(len(ping))
			_ = flow.conn.enqueue([]byte(pong))
			continue
		}
		if n := b.Len(); n < len(ping) && strings.HasPrefix(ping, b.String()) {
			return true
		}
		b.Next(len(pong))
	}
	return b.Len() == 0 || b.String() == "\r"
}
