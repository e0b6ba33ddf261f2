package wire

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/internal/clock"
)

// The transports, as they stand in a Via header.
const (
	UDP = "UDP"
	TCP = "TCP"
	TLS = "TLS"
	WS  = "WS"  // RFC 7118.
	WSS = "WSS" // The same over TLS.
)

// maxMessage bounds one message; larger ones are dropped (UDP) or end the connection (streams).
const maxMessage = 65535

// Listen is one listener.
type Listen struct {
	Transport string // udp, tcp, tls, ws or wss.
	Address   string // host:port; port 0 takes a free one.
	Advertise string // host or host:port that others are told to answer to; the bound address if empty.
}

// Handler takes a parsed message. It is called in the order of arrival on each socket and must not block.
type Handler func(msg sip.Message, flow Flow)

// Tap is shown every message that is received and understood, or sent. It must not block, and not keep data.
type Tap func(sent bool, flow Flow, callID string, data []byte)

// Stats counts what a Wire did since it was opened.
type Stats struct {
	Received  uint64
	Sent      uint64
	Malformed uint64
	SendFails uint64
	// Connections that were closed because they did not say in time who they are, and that found no place.
	Expelled, TurnedAway uint64
}

// Wire is an open set of listeners and connections.
type Wire struct {
	log     *slog.Logger
	parser  *sip.Parser
	handler Handler
	tap     Tap
	tls     *tls.Config
	origins []string

	sockets []*udpSocket
	streams []*streamListener
	here    map[netip.Addr]bool // The addresses of this host.
	conns   connTable

	scratch sync.Pool // Of *bytes.Buffer, for messages that are being written out.

	known       func(netip.Addr) bool
	messageTime time.Duration

	received, sent, malformed, sendFails, expelled, turnedAway atomic.Uint64

	refusals   budget
	bindings   budget
	streamless refusedStreams
	clock      clock.Clock

	stop context.CancelFunc
	done sync.WaitGroup
}

// Options of Open.
type Options struct {
	Listen []Listen
	TLS    *tls.Config // For listeners and connections over TLS.
	// Origins are patterns of the hosts whose pages may connect over WebSocket, beside the host that is connected to; "*": all.
	Origins []string
	Handler Handler
	// Known reports whether an address is a gateway's or a trunk's, whose connections have a place whatever strangers do; nil: none is.
	Known func(netip.Addr) bool
	Tap   Tap // Nil: nobody listens.
	Log   *slog.Logger
	Clock clock.Clock
	// MaxConns bounds the open stream connections; the default is 4,096.
	MaxConns int
	// MessageTime is the time in which a message is to be there as a whole, from its first byte on; the default is ten seconds.
	MessageTime time.Duration
	// ReadBuffer is asked of the kernel for every UDP socket; the default is 8 MiB.
	ReadBuffer int
}

// ErrNoTransport is returned for a flow over a transport that has no listener.
var ErrNoTransport = errors.New("no listener of that transport")

// Open binds all listeners and starts reading. Close ends it; ctx bounds only connections made later.
func Open(ctx context.Context, o Options) (*Wire, error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	w := &Wire{
		log: o.Log, parser: sip.NewParser(), handler: o.Handler, tap: o.Tap, tls: o.TLS, origins: o.Origins, stop: stop,
		refusals: budget{clock: o.Clock}, bindings: budget{clock: o.Clock}, clock: o.Clock, here: addressesHere(), known: o.Known, messageTime: cmp.Or(o.MessageTime, messageTime),
	}
	w.conns.init(ctx, w, o.MaxConns)
	for _, l := range o.Listen {
		if err := w.listen(ctx, l, o.ReadBuffer); err != nil {
			w.Close()
			return nil, err
		}
	}
	return w, nil
}

func (w *Wire) listen(ctx context.Context, l Listen, readBuffer int) error {
	var err error
	switch strings.ToUpper(l.Transport) {
	case UDP, "":
		err = w.listenUDP(ctx, l, readBuffer)
	case TCP:
		err = w.listenStream(ctx, l, TCP)
	case TLS:
		err = w.listenStream(ctx, l, TLS)
	case WS, WSS:
		err = w.listenWeb(ctx, l, strings.ToUpper(l.Transport))
	default:
		return fmt.Errorf("listener %s: unknown transport %q: use udp, tcp, tls, ws or wss", l.Address, l.Transport)
	}
	if err != nil {
		return fmt.Errorf("listen on %s/%s: %w: choose another address with sip.listen", l.Transport, l.Address, err)
	}
	return nil
}

// Close ends all listeners and connections and waits for their goroutines.
func (w *Wire) Close() {
	w.stop()
	for _, s := range w.sockets {
		_ = s.conn.Close()
	}
	for _, s := range w.streams {
		_ = s.listener.Close()
		if s.web != nil {
			_ = s.web.Close()
		}
	}
	w.conns.closeAll()
	w.done.Wait()
}

// Stats returns the counters.
func (w *Wire) Stats() Stats {
	return Stats{
		Received: w.received.Load(), Sent: w.sent.Load(),
		Malformed: w.malformed.Load(), SendFails: w.sendFails.Load(),
		Expelled: w.expelled.Load(), TurnedAway: w.turnedAway.Load(),
	}
}

// Addr returns the bound address of the first listener of a transport.
func (w *Wire) Addr(transport string) (netip.AddrPort, bool) {
	all := w.Addrs(transport)
	if len(all) == 0 {
		return netip.AddrPort{}, false
	}
	return all[0], true
}

// Addrs returns the bound addresses of all listeners of a transport.
func (w *Wire) Addrs(transport string) []netip.AddrPort {
	var out []netip.AddrPort
	if strings.EqualFold(transport, UDP) {
		for _, s := range w.sockets {
			out = append(out, s.local.bound)
		}
		return out
	}
	for _, s := range w.streams {
		if strings.EqualFold(s.local.transport, transport) {
			out = append(out, s.local.bound)
		}
	}
	return out
}

// To returns the flow to a remote address over a transport. For streams an open connection is reused, else one is
// being made in the background and what is sent meanwhile is queued.
//
// host is the domain whose certificate the other end of a new TLS connection must show (RFC 5922, section 7.3); empty: its address.
func (w *Wire) To(transport string, remote netip.AddrPort, host string) (Flow, error) {
	if transport == "" || strings.EqualFold(transport, UDP) {
		for _, s := range w.sockets {
			if s.local.reaches(remote) {
				return Flow{wire: w, socket: s, remote: remote, local: &s.local}, nil
			}
		}
		return Flow{}, fmt.Errorf("%w: UDP to %s", ErrNoTransport, remote)
	}
	var from *local // Of the same family, if there is one: others are told its address.
	for _, s := range w.streams {
		if !strings.EqualFold(s.local.transport, transport) {
			continue
		}
		if from == nil || !from.reaches(remote) && s.local.reaches(remote) {
			from = &s.local
		}
	}
	if from == nil {
		return Flow{}, fmt.Errorf("%w: %s", ErrNoTransport, transport)
	}
	return w.conns.to(from, remote, host)
}

// local describes a listener.
type local struct {
	transport string
	bound     netip.AddrPort
	host      string
	port      int
}

// reaches tells whether a listener is of the family of a remote address.
func (l *local) reaches(remote netip.AddrPort) bool {
	return l.bound.Addr().Is4() == remote.Addr().Unmap().Is4()
}

// web tells a listener for WebSockets, over which only the other end connects.
func (l *local) web() bool { return l.transport == WS || l.transport == WSS }

func newLocal(transport string, addr net.Addr, advertise string) (local, error) {
	bound, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return local{}, fmt.Errorf("address %s: %w", addr, err)
	}
	bound = netip.AddrPortFrom(bound.Addr().Unmap(), bound.Port())
	l := local{transport: transport, bound: bound, host: bound.Addr().String(), port: int(bound.Port())}
	if advertise == "" {
		return l, nil
	}
	if ap, err := netip.ParseAddrPort(advertise); err == nil {
		l.host, l.port = ap.Addr().String(), int(ap.Port())
		return l, nil
	}
	l.host = advertise
	return l, nil
}

// Own reports whether an address is that of one of the listeners: bound, or told to others.
func (w *Wire) Own(at netip.AddrPort) bool {
	for _, s := range w.sockets {
		if s.local.is(at, w.here) {
			return true
		}
	}
	for _, s := range w.streams {
		if s.local.is(at, w.here) {
			return true
		}
	}
	return false
}

// is reports whether an address is this listener's. here are the addresses of this host, for one that is bound to all of them.
func (l *local) is(at netip.AddrPort, here map[netip.Addr]bool) bool {
	addr := at.Addr().Unmap()
	if advertised, err := netip.ParseAddr(l.host); err == nil && advertised == addr && l.port == int(at.Port()) {
		return true
	}
	if l.bound.Port() != at.Port() {
		return false
	}
	return l.bound.Addr() == addr || l.bound.Addr().IsUnspecified() && (here[addr] || addr.IsLoopback())
}

// addressesHere are those of this host's interfaces.
func addressesHere() map[netip.Addr]bool {
	here := make(map[netip.Addr]bool)
	all, err := net.InterfaceAddrs()
	if err != nil {
		return here
	}
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			here[p.Addr().Unmap()] = true
		}
	}
	return here
}
