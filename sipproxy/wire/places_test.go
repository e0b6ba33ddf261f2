package wire_test

import (
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/sipproxy/wire"
)

const options = "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.4;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:x>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"

// small is a wire with few places. The source 127.0.0.9 is a gateway's.
func small(t *testing.T, known func(sip.Message, wire.Flow)) netip.AddrPort {
	t.Helper()
	w, err := wire.Open(t.Context(), wire.Options{
		Listen: []wire.Listen{{Transport: "tcp", Address: "127.0.0.1:0"}}, MaxConns: 64, MessageTime: 200 * time.Millisecond,
		Log: slog.New(slog.DiscardHandler), Clock: clock.System{}, Handler: known,
		Known: func(a netip.Addr) bool { return a == netip.MustParseAddr("127.0.0.9") },
	})
	require.NoError(t, err)
	t.Cleanup(w.Close)
	addr, ok := w.Addr("tcp")
	require.True(t, ok)
	return addr
}

func dial(t *testing.T, from string, to netip.AddrPort) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.DialContext(t.Context(), "tcp", to.String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// closed reports whether the other end closes a connection within a time.
func closed(t *testing.T, c net.Conn, within time.Duration) bool {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(within))) //nolint:forbidigo // Deadlines of sockets are wall time.
	_, err := c.Read(make([]byte, 1))
	return err != nil && !strings.Contains(err.Error(), "timeout") || err == io.EOF //nolint:errorlint // Of a test.
}

// TestHalfRequestsLeavePlaces opens as many connections as two addresses can, each with half a request.
func TestHalfRequestsLeavePlaces(t *testing.T) {
	t.Parallel()
	heard := make(chan wire.Flow, 10)
	at := small(t, func(_ sip.Message, f wire.Flow) { heard <- f })
	var half []net.Conn
	for _, from := range []string{"127.0.0.22", "127.0.0.23"} {
		for range 64 {
			c := dial(t, from, at)
			_, _ = c.Write([]byte("INVITE sip:x SIP/2.0\r\nVia: "))
			half = append(half, c)
		}
	}
	phone := dial(t, "127.0.0.4", at)
	_, err := phone.Write([]byte(options))
	require.NoError(t, err)
	flow := <-heard
	require.True(t, flow.Alive(), "there is a place for a phone")
	flow.Prove()
	for _, c := range half {
		require.True(t, closed(t, c, 5*time.Second), "half a request is not waited for")
	}
	require.False(t, closed(t, phone, 300*time.Millisecond), "a phone that has proven who it is may be silent")
}

// TestPlacesOfGateways has one for a gateway when phones have taken all.
func TestPlacesOfGateways(t *testing.T) {
	t.Parallel()
	heard := make(chan wire.Flow, 100)
	at := small(t, func(_ sip.Message, f wire.Flow) { f.Prove(); heard <- f })
	for i := range 64 {
		c := dial(t, "127.0.1."+string(rune('1'+i%8)), at)
		_, err := c.Write([]byte(options))
		require.NoError(t, err)
		<-heard
	}
	require.True(t, closed(t, dial(t, "127.0.0.4", at), 5*time.Second))
	gateway := dial(t, "127.0.0.9", at)
	_, err := gateway.Write([]byte(options))
	require.NoError(t, err)
	<-heard
}

// TestStrangersMakeRoom lets a new connection in where many addresses hold all that strangers may.
func TestStrangersMakeRoom(t *testing.T) {
	t.Parallel()
	heard := make(chan wire.Flow, 10)
	at := small(t, func(_ sip.Message, f wire.Flow) { heard <- f })
	for i := range 16 {
		dial(t, "127.0.2."+string(rune('1'+i%8)), at)
	}
	_, err := dial(t, "127.0.0.4", at).Write([]byte(options))
	require.NoError(t, err)
	require.True(t, (<-heard).Alive())
}
