package collect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
)

// maxStreams bounds the connections of one system at a time; a PBX has one, and for a moment two.
const maxStreams = 8

// Listener takes the connections of a system that pushes its records.
type Listener struct {
	listener net.Listener
	allow    []netip.Prefix
	keep     *Captures
	log      *slog.Logger
}

// Listen opens a listener. Only addresses in allow may connect; loopback ones if allow is empty.
func Listen(ctx context.Context, address string, allow []netip.Prefix, keep *Captures, log *slog.Logger) (*Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for call records: %w", err)
	}
	return &Listener{l, allow, keep, log}, nil
}

// Addr is the address that it listens at.
func (l *Listener) Addr() net.Addr { return l.listener.Addr() }

// Run takes connections until ctx ends.
func (l *Listener) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = l.listener.Close() })
	defer stop()
	var running sync.WaitGroup
	defer running.Wait()
	places := make(chan struct{}, maxStreams)
	for {
		conn, err := l.listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("take connections for call records: %w", err)
		}
		if !l.allowed(conn) {
			l.log.WarnContext(ctx, "a connection for call records was refused", "from", conn.RemoteAddr().String())
			_ = conn.Close()
			continue
		}
		select {
		case places <- struct{}{}:
		default:
			l.log.WarnContext(ctx, "too many connections for call records", "from", conn.RemoteAddr().String())
			_ = conn.Close()
			continue
		}
		running.Go(func() {
			defer func() { <-places }()
			l.serve(ctx, conn)
		})
	}
}

func (l *Listener) serve(ctx context.Context, conn net.Conn) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer conn.Close()
	n, err := l.keep.Keep(conn)
	if err != nil && ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
		l.log.WarnContext(ctx, "a connection for call records broke off", "from", conn.RemoteAddr().String(), "bytes", n, "error", err)
	}
}

func (l *Listener) allowed(conn net.Conn) bool {
	ap, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return false
	}
	addr := ap.Addr().Unmap()
	if len(l.allow) == 0 {
		return addr.IsLoopback()
	}
	for _, p := range l.allow {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
