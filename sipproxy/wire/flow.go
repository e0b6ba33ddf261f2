package wire

import (
	"bytes"
	"fmt"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Flow is the way to one remote address: a UDP socket and that address, or a stream connection (RFC 5626, section 2).
// The zero Flow leads nowhere. Flows may be copied.
type Flow struct {
	wire   *Wire
	socket *udpSocket
	conn   *streamConn
	local  *local
	remote netip.AddrPort
}

// IsZero reports whether the flow leads nowhere.
func (f Flow) IsZero() bool { return f.wire == nil }

// Remote is the address at the other end.
func (f Flow) Remote() netip.AddrPort { return f.remote }

// Host is the domain whose certificate the other end showed; empty where none was asked for.
func (f Flow) Host() string {
	if f.conn == nil {
		return ""
	}
	return f.conn.key.host
}

// Alive reports whether something can be sent: a connection that is over leads nowhere.
func (f Flow) Alive() bool { return !f.IsZero() && (f.conn == nil || !f.conn.over()) }

// Again returns a way to the same other end when a connection is over: one that is being made anew. What was made by the other end may
// not be taken there; browsers take none.
func (f Flow) Again() (Flow, error) {
	if f.IsZero() {
		return Flow{}, ErrNoTransport
	}
	if f.conn == nil || f.Alive() {
		return f, nil
	}
	return f.wire.To(f.Transport(), f.remote, f.Host())
}

// Toward returns a way over the same transport to another port of the other end; 0 is the transport's own. For connections one is made
// where there is none.
func (f Flow) Toward(port uint16) (Flow, error) {
	if f.IsZero() || f.Web() {
		return f, nil
	}
	const own, ownSecure = 5060, 5061 // RFC 3261, section 19.1.2.
	if port == 0 {
		port = own
		if f.Transport() == TLS {
			port = ownSecure
		}
	}
	return f.wire.To(f.Transport(), netip.AddrPortFrom(f.remote.Addr(), port), f.Host())
}

// Ours reports whether we have made the connection, so that its other end is where others connect to.
func (f Flow) Ours() bool { return f.conn != nil && f.conn.ours }

// KeptOpen says that the other end has promised to be heard at least so often: a connection on which it is not is over (RFC 5626,
// section 4.4.1). Of UDP nothing is known.
func (f Flow) KeptOpen(silence time.Duration) {
	if f.conn != nil {
		f.conn.silence.Store(int64(silence))
	}
}

// Web reports whether the other end is a phone in a browser (RFC 7118).
func (f Flow) Web() bool { return f.local.web() }

// Transport is UDP, TCP, TLS, WS or WSS.
func (f Flow) Transport() string { return f.local.transport }

// Reliable reports whether the transport delivers by itself (RFC 3261, section 17.1.1.1), so that nothing is retransmitted.
func (f Flow) Reliable() bool { return f.local.transport != UDP }

// Advertised is the host and port that others are told to reach us by on this flow.
func (f Flow) Advertised() (host string, port int) { return f.local.host, f.local.port }

// At returns the same flow toward another remote address; only for UDP, a stream flow is returned as it is.
func (f Flow) At(remote netip.AddrPort) Flow {
	if f.socket != nil && remote.IsValid() {
		f.remote = remote
	}
	return f
}

// Send writes one message. For streams it is queued; an error means that it will not be sent.
func (f Flow) Send(data []byte) error {
	if f.IsZero() {
		return ErrNoTransport
	}
	if f.wire.tap != nil { // Before it is sent, so that the answer does not overtake it.
		f.wire.tap(true, f, callIDOf(data), data)
	}
	var err error
	if f.socket != nil {
		_, err = f.socket.conn.WriteToUDPAddrPort(data, f.remote)
	} else {
		err = f.conn.enqueue(data)
	}
	if err != nil {
		f.wire.sendFails.Add(1)
		return fmt.Errorf("send to %s: %w", f.remote, err)
	}
	f.wire.sent.Add(1)
	return nil
}

// callIDOf finds the Call-ID in a message that we have written.
func callIDOf(data []byte) string {
	_, rest, _ := bytes.Cut(data, []byte("\r\nCall-ID: "))
	id, _, _ := bytes.Cut(rest, []byte("\r\n"))
	return string(id)
}

// Encode writes a message out as it goes on the wire.
func (f Flow) Encode(msg sip.Message) []byte {
	b := f.scratch()
	defer f.wire.scratch.Put(b)
	msg.StringWrite(b)
	return bytes.Clone(b.Bytes()) // Answers are kept for half a minute: as large as they are, and no larger.
}

// SendMessage writes a message out and sends it.
func (f Flow) SendMessage(msg sip.Message) error {
	if f.IsZero() {
		return ErrNoTransport
	}
	if f.conn != nil { // What is queued is kept.
		return f.Send(f.Encode(msg))
	}
	b := f.scratch()
	defer f.wire.scratch.Put(b)
	msg.StringWrite(b)
	return f.Send(b.Bytes())
}

// scratch returns an empty buffer, which is to be given back.
func (f Flow) scratch() *bytes.Buffer {
	b, ok := f.wire.scratch.Get().(*bytes.Buffer)
	if !ok {
		return bytes.NewBuffer(make([]byte, 0, scratchSize))
	}
	b.Reset()
	return b
}

const scratchSize = 2048
