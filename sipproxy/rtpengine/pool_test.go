package rtpengine_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"trunkline/internal/clock"
	"trunkline/sipproxy/rtpengine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine answers what a test tells it to.
type engine struct {
	conn net.PacketConn
	mu   sync.Mutex
	seen []string
}

func newEngine(t *testing.T, answer func(n int, cookie, body string) string) *engine {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	e := &engine{conn: conn}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 65535)
		for n := 1; ; n++ {
			size, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			cookie, body, _ := strings.Cut(string(buf[:size]), " ")
			e.mu.Lock()
			e.seen = append(e.seen, cookie)
			e.mu.Unlock()
			if text := answer(n, cookie, body); text != "" {
				_, _ = conn.WriteTo([]byte(text), from)
			}
		}
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return e
}

func (e *engine) address() string { return "udp/" + e.conn.LocalAddr().String() }

func (e *engine) asked() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.seen
}

func open(t *testing.T, addresses ...string) *rtpengine.Pool {
	t.Helper()
	p, err := rtpengine.Open(t.Context(), addresses, clock.System{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func ok(_ int, cookie, _ string) string { return cookie + ` {"result":"ok","sdp":"v=0"}` }

func TestAnswerIsGiven(t *testing.T) {
	t.Parallel()
	e := newEngine(t, ok)
	sdp, by, err := open(t, e.address()).Do(t.Context(), "", "c1", &rtpengine.Request{Command: rtpengine.Offer, CallID: "x", SDP: "v=1"})
	require.NoError(t, err)
	require.Equal(t, "v=0", sdp)
	require.Equal(t, e.address(), by)
}

func TestRequestIsRepeatedWithTheSameCookie(t *testing.T) {
	t.Parallel()
	e := newEngine(t, func(n int, cookie, body string) string {
		switch n {
		case 1:
			return "" // Lost.
		case 2:
			return `other {"result":"ok","sdp":"wrong"}` // Of another request.
		case 3:
			return cookie + " not JSON"
		}
		return ok(n, cookie, body)
	})
	sdp, _, err := open(t, e.address()).Do(t.Context(), "", "c2", &rtpengine.Request{Command: rtpengine.Offer})
	require.NoError(t, err)
	require.Equal(t, "v=0", sdp)
	require.Equal(t, []string{"c2", "c2", "c2", "c2"}, e.asked())
}

func TestRefusalIsFinal(t *testing.T) {
	t.Parallel()
	e := newEngine(t, func(_ int, cookie, _ string) string {
		return cookie + ` {"result":"error","error-reason":"Unknown call-id"}`
	})
	other := newEngine(t, ok)
	_, _, err := open(t, e.address(), other.address()).Do(t.Context(), e.address(), "c3", &rtpengine.Request{Command: rtpengine.Answer})
	require.ErrorIs(t, err, rtpengine.ErrRefused)
	require.ErrorContains(t, err, "Unknown call-id")
	require.Empty(t, other.asked(), "only the one that has the call was asked")
}

func TestSilentEngineRests(t *testing.T) {
	t.Parallel()
	silent, well := newEngine(t, func(int, string, string) string { return "" }), newEngine(t, ok)
	p := open(t, silent.address(), well.address())
	for i := range 6 {
		_, by, err := p.Do(t.Context(), "", fmt.Sprint("c", i), &rtpengine.Request{Command: rtpengine.Offer})
		require.NoError(t, err)
		require.Equal(t, well.address(), by)
	}
	first := silent.asked()[0]
	for _, cookie := range silent.asked() {
		require.Equal(t, first, cookie, "it was asked for one call and then left alone")
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	_, _, err := open(t).Do(t.Context(), "", "c", &rtpengine.Request{Command: rtpengine.Offer})
	require.ErrorIs(t, err, rtpengine.ErrSilent)
	silent := newEngine(t, func(int, string, string) string { return "" })
	_, _, err = open(t, silent.address()).Do(t.Context(), "", "c", &rtpengine.Request{Command: rtpengine.Offer})
	require.ErrorIs(t, err, rtpengine.ErrSilent)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = open(t, silent.address()).Do(ctx, "", "c", &rtpengine.Request{Command: rtpengine.Offer})
	require.ErrorIs(t, err, context.Canceled)
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	host, err := rtpengine.Address("udp/127.0.0.1:2223")
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:2223", host)
	for _, bad := range []string{"", "127.0.0.1:2223", "tcp/127.0.0.1:2223", "udp/127.0.0.1"} {
		_, err := rtpengine.Address(bad)
		require.ErrorContains(t, err, "udp/host:port", bad)
	}
}
