package sipproxy_test

import (
	"bufio"
	"bytes"
	"net"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/internal/calls"
	"trunkline/provision"
	"trunkline/routing"
)

// tcpCarrier is a carrier that takes connections; each is a peer of its own.
type tcpCarrier struct {
	w        *world
	listener net.Listener
	conns    chan *peer
}

func (w *world) tcpCarrier() *tcpCarrier {
	w.t.Helper()
	ln, err := new(net.ListenConfig).Listen(w.t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(w.t, err)
	c := &tcpCarrier{w: w, listener: ln, conns: make(chan *peer, 10)}
	w.t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			r := bufio.NewReader(conn)
			p := &pipe{here: ln.Addr(), close: conn.Close, write: func(b []byte) error {
				_, err := conn.Write(bytes.Replace(b, []byte("SIP/2.0/UDP "), []byte("SIP/2.0/TCP "), 1))
				return err
			}}
			c.conns <- p.peer(w, func() ([]byte, error) { return readMessage(r) })
		}
	}()
	return c
}

// next waits for a connection.
func (c *tcpCarrier) next() *peer {
	c.w.t.Helper()
	select {
	case p := <-c.conns:
		return p
	case <-time.After(10 * time.Second):
		c.w.t.Fatal("no connection was made")
	}
	return nil
}

func tcpWorld(t *testing.T) (*world, *peer, *tcpCarrier) {
	t.Helper()
	w, caller, _ := rawWorld(t)
	carrier := w.tcpCarrier()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gateways = []provision.Gateway{{ID: "tcp", Carrier: "tcp-co", Address: carrier.listener.Addr().String(), Transport: "tcp"}}
	return w, caller, carrier
}

// answered makes a call that the carrier answers.
func (c *tcpCarrier) answered(caller *peer, callID string) (near *line, conn *peer) {
	c.w.t.Helper()
	near = &line{
		peer: caller, callID: callID, from: "<sip:anna@pbx.example>;tag=a1", to: "<sip:74951234567@pbx.example>", target: "sip:74951234567@pbx.example",
	}
	near.request("INVITE", sdp("near"))
	conn = c.next()
	conn.reply(conn.hear("INVITE"), "c1", sdp("far"))
	require.Equal(c.w.t, 200, near.final())
	conn.hear("ACK")
	return near, conn
}

// TestConnectionThatEndsInMidCall is what drachtio-server 384 and OpenSIPS 1454 report: the carrier closes connections that are idle, and
// its side of the call runs on when no BYE comes.
func TestConnectionThatEndsInMidCall(t *testing.T) {
	t.Parallel()
	w, caller, carrier := tcpWorld(t)
	near, conn := carrier.answered(caller, "bye")
	require.NoError(t, conn.conn.Close())
	time.Sleep(50 * time.Millisecond) //nolint:forbidigo // Until the proxy has noticed; it need not have.
	near.request("BYE", "")
	caller.hear("SIP/2.0 200")
	carrier.next().hears("BYE")
	legs := w.record()
	require.True(t, legs[0].Answered())
	require.True(t, legs[1].Answered())
}

// TestConnectionThatEndsBeforeHold puts a call on hold over a new connection.
func TestConnectionThatEndsBeforeHold(t *testing.T) {
	t.Parallel()
	w, caller, carrier := tcpWorld(t)
	near, conn := carrier.answered(caller, "hold")
	require.NoError(t, conn.conn.Close())
	time.Sleep(50 * time.Millisecond) //nolint:forbidigo // As above.
	near.request("INVITE", sdp("hold"))
	again := carrier.next()
	again.reply(again.hear("INVITE"), "", sdp("held"))
	require.Contains(t, string(caller.hear("SIP/2.0 200").Body()), "s=held")
	near.request("ACK", "")
	again.hear("ACK")
	near.request("BYE", "")
	again.hears("BYE")
	require.Len(t, w.record(), 2)
}

// TestConnectionThatEndsWhileItRings gives the call up over a new connection.
func TestConnectionThatEndsWhileItRings(t *testing.T) {
	t.Parallel()
	w, caller, carrier := tcpWorld(t)
	caller.invite("ring")
	conn := carrier.next()
	invite := conn.hear("INVITE")
	conn.answer(invite, 180, "Ringing", "c1")
	caller.hear("SIP/2.0 180")
	require.NoError(t, conn.conn.Close())
	time.Sleep(50 * time.Millisecond) //nolint:forbidigo // As above.
	caller.cancel("ring")
	caller.hear("SIP/2.0 487")
	again := carrier.next()
	cancel := again.hears("CANCEL")
	require.Equal(t, invite.Via().Value(), cancel.Via().Value())
	again.answer(invite, 487, "Request Terminated", "c1")
	require.False(t, w.record()[0].Answered())
}

// TestCarrierThatIsAwayForAMoment hears the BYE when it listens again.
func TestCarrierThatIsAwayForAMoment(t *testing.T) {
	t.Parallel()
	_, caller, carrier := tcpWorld(t)
	near, conn := carrier.answered(caller, "away")
	at := carrier.listener.Addr().String()
	require.NoError(t, carrier.listener.Close())
	require.NoError(t, conn.conn.Close())
	near.request("BYE", "")
	caller.hear("SIP/2.0 200")
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", at)
	require.NoError(t, err)
	defer ln.Close()
	heard, err := ln.Accept()
	require.NoError(t, err)
	defer heard.Close()
	data, err := readMessage(bufio.NewReader(heard))
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(data, []byte("BYE ")), string(data))
}

// TestPhoneThatConnectsAgain is reached over the connection by which it registered last.
func TestPhoneThatConnectsAgain(t *testing.T) {
	t.Parallel()
	w, call := outboundWorld(t)
	phone := w.tcp()
	contact := "<sip:anna@192.0.2.9:5060;transport=tcp>"
	phone.registers("anna", contact, "SIP/2.0 200")
	desk := call()
	invite := phone.hear("INVITE")
	phone.reply(invite, "p1", sdp("phone"))
	require.Equal(t, 200, desk.final())
	phone.hear("ACK")
	require.NoError(t, phone.conn.Close())
	again := w.tcp()
	again.registers("anna", contact, "SIP/2.0 200")
	desk.request("BYE", "")
	again.hears("BYE")
	require.Len(t, w.record(), 2)
}

// TestConnectionThatEndsOverARestart makes a new connection for a call of the last life.
func TestConnectionThatEndsOverARestart(t *testing.T) {
	t.Parallel()
	w, caller, carrier := tcpWorld(t)
	near, _ := carrier.answered(caller, "restart")
	w.restart()
	near.proxy = w.addr()
	near.request("BYE", "")
	carrier.next().hears("BYE")
	require.True(t, w.record()[0].Answered())
}

// TestConnectionThatTheCarrierMade ends in mid-call: the carrier is reached where it says that it is.
func TestConnectionThatTheCarrierMade(t *testing.T) {
	t.Parallel()
	w, _, carrier := tcpWorld(t)
	w.extension("anna")
	phone := w.peer()
	phone.register("anna")
	w.routes(func(routing.Caller, string) *routing.Route {
		return &routing.Route{
			Direction: calls.Inbound, Tenant: "acme", Extension: "anna", Number: "74951112233", MaxTries: 5,
			Targets: []routing.Target{{Login: "anna", Extension: "anna", ToSent: "anna", FromSent: "+4420999"}},
		}
	})
	w.mu.Lock()
	w.sources[netip.MustParseAddr("127.0.0.1")] = routing.Caller{Kind: routing.CallerGateway, Gateway: "tcp", Carrier: "tcp-co"}
	w.mu.Unlock()
	conn := w.tcp()
	in := &line{
		peer: conn, callID: "inbound", from: "<sip:+4420999@carrier.example>;tag=c", to: "<sip:74951112233@pbx.example>", target: "sip:74951112233@pbx.example",
	}
	text := "INVITE sip:74951112233@pbx.example SIP/2.0\r\nVia: SIP/2.0/TCP " + carrier.listener.Addr().String() + ";branch=z9hG4bKin;rport\r\nMax-Forwards: 70\r\n" +
		"From: " + in.from + "\r\nTo: " + in.to + "\r\nCall-ID: inbound\r\nCSeq: 1 INVITE\r\nContact: <sip:c@" + carrier.listener.Addr().String() + ";transport=tcp>\r\nContent-Length: 0\r\n\r\n"
	conn.send([]byte(text))
	invite := phone.hear("INVITE")
	phone.reply(invite, "p", sdp("phone"))
	ok := conn.hear("SIP/2.0 200")
	in.to, in.target, in.seq = ok.To().Value(), contactOf(t, ok), 1
	conn.send([]byte("ACK " + in.target + " SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKack\r\nMax-Forwards: 70\r\nFrom: " + in.from + "\r\nTo: " + in.to +
		"\r\nCall-ID: inbound\r\nCSeq: 1 ACK\r\nContent-Type: application/sdp\r\nContent-Length: " + strconv.Itoa(len(sdp("in"))) + "\r\n\r\n" + sdp("in")))
	phone.hear("ACK")
	require.NoError(t, conn.conn.Close())
	time.Sleep(50 * time.Millisecond) //nolint:forbidigo // As above.
	far := lineOf(phone, invite, "p")
	far.request("BYE", "")
	carrier.next().hears("BYE")
	require.True(t, w.record()[0].Answered())
}

// TestSecureConnectionThatEndsInMidCall makes a new one, with the certificate of the same domain.
func TestSecureConnectionThatEndsInMidCall(t *testing.T) {
	t.Parallel()
	caller, listener := secureCarrier(t, "carrier.example")
	near := caller.asks("tls")
	conn := accepted(t, listener)
	data, err := readMessage(bufio.NewReader(conn))
	require.NoError(t, err)
	invite, err := sip.ParseMessage(data)
	require.NoError(t, err)
	res := sip.NewResponseFromRequest(invite.(*sip.Request), 200, "OK", []byte(sdp("far")))
	res.To().Params = sip.HeaderParams{{K: "tag", V: "c"}}
	res.AppendHeader(sip.NewHeader("Contact", "<sip:there@"+listener.Addr().String()+";transport=tls>"))
	res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	_, err = conn.Write([]byte(res.String()))
	require.NoError(t, err)
	require.Equal(t, 200, near.final())
	_, err = readMessage(bufio.NewReader(conn))
	require.NoError(t, err) // ACK.
	require.NoError(t, conn.Close())
	time.Sleep(50 * time.Millisecond) //nolint:forbidigo // As above.
	near.request("BYE", "")
	data, err = readMessage(bufio.NewReader(accepted(t, listener)))
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(data, []byte("BYE ")), string(data))
}
