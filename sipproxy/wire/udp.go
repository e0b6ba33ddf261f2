package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
)

const defaultReadBuffer = 8 << 20

type udpSocket struct {
	conn  *net.UDPConn
	local local
}

func (w *Wire) listenUDP(ctx context.Context, l Listen, readBuffer int) error {
	var lc net.ListenConfig
	pc, err := lc.ListenPacket(ctx, "udp", l.Address)
	if err != nil {
		return err
	}
	conn, ok := pc.(*net.UDPConn)
	if !ok {
		return fmt.Errorf("%T is no UDP socket", pc)
	}
	if readBuffer == 0 {
		readBuffer = defaultReadBuffer
	}
	if err := conn.SetReadBuffer(readBuffer); err != nil {
		w.log.WarnContext(ctx, "the kernel refused the receive buffer for SIP", "bytes", readBuffer, "error", err)
	}
	loc, err := newLocal(UDP, conn.LocalAddr(), l.Advertise)
	if err != nil {
		return err
	}
	s := &udpSocket{conn: conn, local: loc}
	w.sockets = append(w.sockets, s)
	w.done.Go(func() { w.readUDP(s) })
	return nil
}

// readUDP is the only reader of its socket, so that messages keep the order in which they came.
func (w *Wire) readUDP(s *udpSocket) {
	buf := make([]byte, maxMessage)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			w.log.Warn("reading SIP from UDP failed", "error", err)
			continue
		}
		if n <= 4 { // Keep-alives: CRLF or CRLFCRLF, which many phones send over UDP too.
			continue
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if buf[0] == 0 { // No message of SIP begins so.
			w.bind(s, buf[:n], from)
			continue
		}
		w.parseDatagram(buf[:n], Flow{wire: w, socket: s, local: &s.local, remote: from})
	}
}

// bind answers a keep-alive by STUN, some of them in a second: their sources may be forged.
func (w *Wire) bind(s *udpSocket, data []byte, from netip.AddrPort) {
	answer := stunAnswer(data, from)
	switch {
	case answer == nil:
		w.malformed.Add(1)
	case w.bindings.take(maxBindings):
		_, _ = s.conn.WriteToUDPAddrPort(answer, from) // Whoever sent it asks again.
	}
}

func (w *Wire) parseDatagram(data []byte, flow Flow) {
	msg, err := w.parser.ParseSIP(data)
	if err == nil {
		err = judge(msg)
	}
	if err != nil {
		w.reject(data, flow, err)
		return
	}
	if w.tap != nil {
		w.tap(false, flow, msg.CallID().Value(), data)
	}
	w.deliver(msg, flow)
}

// reject counts a message that cannot be used, and answers it if it is a request. Its content is not logged: it comes from
// anyone.
func (w *Wire) reject(data []byte, flow Flow, err error) {
	w.malformed.Add(1)
	text := err.Error()
	if len(text) > 80 {
		text = text[:80]
	}
	w.log.Debug("malformed SIP message", "remote", flow.remote, "error", strings.ToValidUTF8(text, "?"))
	if answer := refusal(data, err); answer != nil && w.refusals.take(maxRefusals) {
		_ = flow.Send(answer) // Whoever sent it may try again.
	}
}

// deliver hands a message over.
func (w *Wire) deliver(msg sip.Message, flow Flow) {
	w.received.Add(1)
	msg.SetTransport(flow.local.transport)
	w.handler(msg, flow)
}
