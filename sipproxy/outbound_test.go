package sipproxy_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"
)

// tcp is a peer with a connection of its own.
func (w *world) tcp() *peer {
	w.t.Helper()
	addr, ok := w.proxy.Addr("tcp")
	require.True(w.t, ok)
	conn, err := new(net.Dialer).DialContext(w.t.Context(), "tcp", addr.String())
	require.NoError(w.t, err)
	r := bufio.NewReader(conn)
	p := &pipe{here: conn.LocalAddr(), close: conn.Close, write: func(b []byte) error {
		_, err := conn.Write(bytes.Replace(b, []byte("SIP/2.0/UDP "), []byte("SIP/2.0/TCP "), 1))
		return err
	}}
	return p.peer(w, func() ([]byte, error) { return readMessage(r) })
}

// readMessage cuts one message, or an empty line, out of a stream.
func readMessage(r *bufio.Reader) ([]byte, error) {
	var out []byte
	length := 0
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return nil, err
		}
		out = append(out, line...)
		text := strings.TrimSpace(string(line))
		if n, ok := strings.CutPrefix(text, "Content-Length: "); ok {
			length, _ = strconv.Atoi(n)
		}
		if text == "" {
			break
		}
	}
	body := make([]byte, length)
	_, err := io.ReadFull(r, body)
	return append(out, body...), err
}

// outboundWorld is one whose calls go to Anna's phones, from Boris.
func outboundWorld(t *testing.T) (w *world, call func() *line) {
	t.Helper()
	w = webWorld(t)
	w.open()
	desk := w.peer()
	n := 0
	return w, func() *line {
		n++
		l := &line{
			peer: desk, callID: fmt.Sprint("out", n), from: fmt.Sprintf("<sip:boris@pbx.example>;tag=b%d", n), to: "<sip:anna@pbx.example>",
			target: "sip:anna@pbx.example",
		}
		l.request("INVITE", sdp("desk"))
		challenge := desk.hear("SIP/2.0 407")
		l.request("ACK", "")
		l.request("INVITE", sdp("desk"), strings.TrimSpace(credentialsFor(t, challenge, "INVITE", "boris")))
		return l
	}
}

const phone = `;+sip.instance="<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>"`

func TestPath(t *testing.T) {
	t.Parallel()
	w, call := outboundWorld(t)
	edge := w.peer()
	edge.registers("anna", "<sip:anna@10.0.0.1>", "SIP/2.0 420", "Path: <sip:{me};lr>")
	require.Empty(t, w.proxy.Registrations())
	res := edge.registers("anna", "<sip:anna@10.0.0.1>", "SIP/2.0 200", "Supported: path", "Path: <sip:{me};lr>, <sip:inner.example;lr>")
	require.Len(t, res.GetHeaders("Path"), 1)
	require.Contains(t, res.GetHeaders("Supported")[0].Value(), "path")
	for range 2 { // The way to the phone is kept over a restart.
		call()
		invite := edge.hear("INVITE sip:anna@10.0.0.1").(*sip.Request)
		routes := invite.GetHeaders("Route")
		require.Len(t, routes, 2)
		require.Equal(t, "<sip:"+edge.addr()+";lr>", routes[0].Value())
		require.Equal(t, "<sip:inner.example;lr>", routes[1].Value())
		edge.answer(invite, 486, "Busy Here", "e1")
		ack := edge.hear("ACK")
		require.Len(t, ack.GetHeaders("Route"), 2)
		w.record()
		w.restart()
	}
}

func TestSeveralWaysToOnePhone(t *testing.T) {
	t.Parallel()
	w, call := outboundWorld(t)
	first, second := w.peer(), w.peer()
	for i, p := range []*peer{first, second} {
		res := p.registers("anna", fmt.Sprintf("<sip:anna@{me};ob>;reg-id=%d", i+1)+phone, "SIP/2.0 200", "Supported: path, outbound")
		require.Equal(t, "outbound", res.GetHeaders("Require")[0].Value())
		require.Len(t, res.GetHeaders("Contact"), i+1)
		require.Contains(t, res.GetHeaders("Contact")[0].Value(), "reg-id=1")
	}
	// The latest way alone is tried; one that has failed is left and forgotten, and the next one tried.
	call()
	invite := second.hear("INVITE")
	first.silent("INVITE", 100*time.Millisecond)
	second.answer(invite, 430, "Flow Failed", "x")
	first.answer(first.hear("INVITE"), 486, "Busy Here", "x")
	require.Len(t, w.record(), 3)
	require.Equal(t, map[string]int{"anna": 1}, w.proxy.Registrations())

	// Another answer is the phone's own.
	second.registers("anna", "<sip:anna@{me};ob>;reg-id=2"+phone, "SIP/2.0 200", "Supported: outbound")
	call()
	second.answer(second.hear("INVITE"), 486, "Busy Here", "y")
	require.Len(t, w.record(), 2)

	// The same way again, from another address: it replaces the old one, after a restart too.
	w.restart()
	moved := w.peer()
	moved.registers("anna", "<sip:anna@{me};ob>;reg-id=2"+phone, "SIP/2.0 200", "Supported: outbound")
	require.Equal(t, map[string]int{"anna": 2}, w.proxy.Registrations())
	call()
	moved.answer(moved.hear("INVITE"), 486, "Busy Here", "z")
	w.record()
}

func TestConnectionsThatAreKeptOpen(t *testing.T) {
	t.Parallel()
	w, call := outboundWorld(t)
	first, second := w.tcp(), w.tcp()
	for i, p := range []*peer{first, second} {
		res := p.registers("anna", fmt.Sprintf("<sip:anna@192.0.2.1:9;transport=tcp;ob>;reg-id=%d", i+1)+phone, "SIP/2.0 200", "Supported: outbound")
		require.Equal(t, "120", res.GetHeaders("Flow-Timer")[0].Value())
	}
	second.send([]byte("\r\n\r\n"))
	require.Equal(t, "\r\n", second.raw(2*time.Second), "a keep-alive is answered")
	second.send([]byte("\r"))
	second.send([]byte("\n\r\n"))
	require.Equal(t, "\r\n", second.raw(2*time.Second))
	call()
	second.answer(second.hear("INVITE"), 486, "Busy Here", "x")
	w.record()
	require.NoError(t, second.conn.Close())
	require.Eventually(t, func() bool { // Once the proxy has noticed.
		call()
		_, text := first.next(time.Second)
		return strings.HasPrefix(text, "INVITE")
	}, 5*time.Second, time.Millisecond)
}

func TestRefusedWays(t *testing.T) {
	t.Parallel()
	w, _ := outboundWorld(t)
	p := w.peer()
	p.registers("anna", "<sip:anna@{me}>;reg-id=1"+phone+", <sip:anna@{me}>;reg-id=2"+phone, "SIP/2.0 400", "Supported: outbound")
	p.registers("anna", "<sip:anna@{me}>;reg-id=1"+phone, "SIP/2.0 439", "Supported: outbound", "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKedge")
	p.registers("anna", "<sip:anna@{me}>;reg-id=1"+phone, "SIP/2.0 200", "Supported: outbound, path",
		"Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKedge", "Path: <sip:{me};lr;ob>")
	res := p.registers("anna", "<sip:anna@{me}>;reg-id=1"+phone, "SIP/2.0 200")
	require.Empty(t, res.GetHeaders("Require"), "a phone that does not say that it keeps ways open is registered as ever")
}

func TestKeepAliveBySTUN(t *testing.T) {
	t.Parallel()
	w, _ := outboundWorld(t)
	p := w.peer()
	request := append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42}, "transactions"...)
	p.send(request)
	answer := []byte(p.raw(2 * time.Second))
	require.Len(t, answer, 32)
	require.Equal(t, []byte{1, 1, 0, 12}, answer[:4])
	require.Equal(t, request[4:], answer[4:20])
	port := p.conn.LocalAddr().(*net.UDPAddr).Port
	require.Equal(t, port, (int(answer[26])<<8|int(answer[27]))^0x2112, "the port that it came from")
	require.Equal(t, []byte{127 ^ 0x21, 0x12, 0xA4, 1 ^ 0x42}, answer[28:])
	p.send(append([]byte{0, 1, 0, 9}, request[4:]...))
	require.Empty(t, p.raw(100*time.Millisecond))
}
