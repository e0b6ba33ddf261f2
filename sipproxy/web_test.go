package sipproxy_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"trunkline/internal/calls"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy/agent"
	"trunkline/sipproxy/wire"
)

// pipe is a connection that is not made of datagrams, as the connection of a peer.
type pipe struct {
	here     net.Addr
	write    func(p []byte) error
	close    func() error
	heard    chan []byte
	deadline time.Time
}

// nowhere is what a phone in a browser says of itself: a name that leads nowhere (RFC 7118, section 5).
type nowhere struct{}

func (nowhere) Network() string { return "ws" }
func (nowhere) String() string  { return "df7jal23ls0d.invalid" }

func (p *pipe) LocalAddr() net.Addr                { return p.here }
func (p *pipe) Close() error                       { return p.close() }
func (p *pipe) SetDeadline(t time.Time) error      { p.deadline = t; return nil }
func (p *pipe) SetReadDeadline(t time.Time) error  { p.deadline = t; return nil }
func (p *pipe) SetWriteDeadline(_ time.Time) error { return nil }

// listen reads messages until there are no more.
func (p *pipe) listen(read func() ([]byte, error)) {
	defer close(p.heard)
	for {
		data, err := read()
		if err != nil {
			return
		}
		p.heard <- data
	}
}

func (p *pipe) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case data, ok := <-p.heard:
		if !ok {
			return 0, nil, net.ErrClosed
		}
		return copy(b, data), p.here, nil
	case <-time.After(time.Until(p.deadline)):
		return 0, nil, os.ErrDeadlineExceeded
	}
}

func (p *pipe) WriteTo(b []byte, _ net.Addr) (int, error) { return len(b), p.write(b) }

// peer makes a peer of it.
func (p *pipe) peer(w *world, read func() ([]byte, error)) *peer {
	w.t.Helper()
	p.heard = make(chan []byte, 100)
	go p.listen(read)
	w.t.Cleanup(func() {
		_ = p.close()
		for range p.heard { // Until the reader has ended.
		}
	})
	return &peer{t: w.t, conn: p, proxy: w.addr()}
}

func (w *world) dialWeb(options *websocket.DialOptions) (*websocket.Conn, int, error) {
	w.t.Helper()
	addr, ok := w.proxy.Addr("wss")
	require.True(w.t, ok)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	w.t.Cleanup(transport.CloseIdleConnections)
	options.HTTPClient = &http.Client{Transport: transport}
	ws, res, err := websocket.Dial(w.t.Context(), "wss://"+addr.String()+"/ws", options) //nolint:bodyclose // The library does that.
	if res == nil {
		return ws, 0, err
	}
	return ws, res.StatusCode, err
}

// browser is a phone in a browser.
func (w *world) browser() *peer {
	w.t.Helper()
	ws, _, err := w.dialWeb(&websocket.DialOptions{Subprotocols: []string{"sip"}})
	require.NoError(w.t, err)
	p := &pipe{here: nowhere{}, close: ws.CloseNow, write: func(p []byte) error {
		p = bytes.Replace(p, []byte("SIP/2.0/UDP df7"), []byte("SIP/2.0/WSS df7"), 1)
		p = bytes.Replace(p, []byte("df7jal23ls0d.invalid>\r\n"), []byte("df7jal23ls0d.invalid;transport=ws>\r\n"), 1)
		return ws.Write(context.Background(), websocket.MessageText, p)
	}}
	return p.peer(w, func() ([]byte, error) {
		_, data, err := ws.Read(context.Background())
		return data, err
	})
}

func webWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.cfg.Listen = append(w.cfg.Listen, wire.Listen{Transport: "wss", Address: "127.0.0.1:0"})
	w.cfg.TLS = &tls.Config{Certificates: []tls.Certificate{signed(t, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})}, MinVersion: tls.VersionTLS12}
	w.cfg.Origins = []string{"*.example.com"}
	w.extension("anna")
	w.extension("boris")
	w.route = func(c routing.Caller, dialled string) *routing.Route {
		if dialled == "anna" || dialled == "boris" {
			return &routing.Route{Direction: calls.Internal, Tenant: "acme", Targets: []routing.Target{
				{Login: dialled, Extension: dialled, ToSent: dialled, FromSent: c.Extension},
			}}
		}
		return w.toAll(c, dialled)
	}
	return w
}

func TestPhoneInABrowser(t *testing.T) {
	t.Parallel()
	w := webWorld(t)
	carrier := w.peer()
	w.gateways = []provision.Gateway{{ID: "alfa", Carrier: "alfa-co", Address: carrier.addr()}}
	w.open()
	carrier.proxy = w.addr()
	phone := w.browser()
	phone.register("anna")
	require.Equal(t, map[string]int{"anna": 1}, w.proxy.Registrations())

	// It calls.
	call := &line{
		peer: phone, callID: "web", from: "<sip:anna@pbx.example>;tag=a1", to: "<sip:" + numberB + "@pbx.example>", target: "sip:" + numberB + "@pbx.example",
	}
	call.request("INVITE", sdp("web"))
	challenge := phone.hear("SIP/2.0 407")
	phone.hopACK(challenge, "web")
	call.request("INVITE", sdp("web"), strings.TrimSpace(credentialsFor(t, challenge, "INVITE", "anna")))
	invite := carrier.hear("INVITE")
	carrier.reply(invite, "b1", sdp("carrier"))
	ok := phone.hear("SIP/2.0 200")
	require.Contains(t, ok.String(), "transport=ws")
	call.to = ok.To().Value()
	call.request("ACK", "")
	carrier.hear("ACK")
	lineOf(carrier, invite, "b1").request("BYE", "")
	phone.hears("BYE")
	require.Len(t, w.record(), 2)

	// It is called: over the connection on which it registered, whatever its Contact says.
	desk := w.peer()
	desk.register("boris")
	other := &line{peer: desk, callID: "to-web", from: "<sip:boris@pbx.example>;tag=b1", to: "<sip:anna@pbx.example>", target: "sip:anna@pbx.example"}
	other.request("INVITE", sdp("desk"))
	challenge = desk.hear("SIP/2.0 407")
	desk.hopACK(challenge, "to-web")
	other.request("INVITE", sdp("desk"), strings.TrimSpace(credentialsFor(t, challenge, "INVITE", "boris")))
	invite = phone.hear("INVITE")
	require.Contains(t, invite.String(), "INVITE sip:anna@df7jal23ls0d.invalid")
	require.Contains(t, invite.String(), "Via: SIP/2.0/WSS")
	phone.reply(invite, "w1", sdp("web"))
	ok = desk.hear("SIP/2.0 200")
	other.to, other.target = ok.To().Value(), "sip:"+w.addr().String()
	other.request("ACK", "")
	phone.hear("ACK")
	other.request("BYE", "")
	phone.hears("BYE")
	w.record()

	// Its connection ends: it cannot be reached, at once, until it registers again; a restart of the proxy is the same.
	w.restart()
	require.Equal(t, map[string]int{"anna": 1, "boris": 1}, w.proxy.Registrations())
	out := w.dial(w.agent("desk"), agent.Call{To: "anna", Talk: 50 * time.Millisecond})
	require.Equal(t, 480, out.Status)
	again := w.browser()
	again.register("anna")
	caller, result := w.agent("desk"), make(chan agent.Outcome, 1)
	go func() {
		out, _ := caller.Dial(t.Context(), w.account("anna"), agent.Call{To: "anna", Talk: 50 * time.Millisecond})
		result <- out
	}()
	again.reply(again.hear("INVITE"), "w2", sdp("web"))
	again.hears("BYE")
	require.Equal(t, 200, (<-result).Status)
}

func TestWebSocketsAreBounded(t *testing.T) {
	t.Parallel()
	w := webWorld(t)
	w.open()
	refused := func(status int, o *websocket.DialOptions) {
		_, got, err := w.dialWeb(o)
		require.Error(t, err)
		require.Equal(t, status, got)
	}
	refused(http.StatusBadRequest, &websocket.DialOptions{})
	refused(http.StatusBadRequest, &websocket.DialOptions{Subprotocols: []string{"xmpp"}})
	refused(http.StatusForbidden, &websocket.DialOptions{Subprotocols: []string{"sip"}, HTTPHeader: http.Header{"Origin": {"https://evil.example"}}})
	ws, _, err := w.dialWeb(&websocket.DialOptions{Subprotocols: []string{"sip"}, HTTPHeader: http.Header{"Origin": {"https://desk.example.com"}}})
	require.NoError(t, err)
	require.Equal(t, "sip", ws.Subprotocol())
	require.NoError(t, ws.Write(t.Context(), websocket.MessageText, []byte("\r\n\r\n")))
	_, data, err := ws.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, "\r\n", string(data), "a keep-alive is answered")
	_ = ws.Write(t.Context(), websocket.MessageText, make([]byte, 70_000))
	_, _, err = ws.Read(t.Context())
	require.Equal(t, websocket.StatusMessageTooBig, websocket.CloseStatus(err))
}
