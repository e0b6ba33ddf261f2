package sipproxy_test

import (
	"bytes"
	"net"
	"strings"
	"sync/atomic"

	"github.com/stretchr/testify/require"

	"trunkline/provision"
)

// deaf is a gateway that answers 100 to an INVITE and never says anything else.
type deaf struct {
	conn *net.UDPConn
	got  atomic.Int64
}

// deaf adds a gateway that is deaf.
func (w *world) deaf(id string) *deaf {
	w.t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close() })
	d := &deaf{conn: conn}
	go d.listen()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gateways = append(w.gateways, provision.Gateway{ID: id, Carrier: id + "-co", Address: conn.LocalAddr().String()})
	return d
}

func (d *deaf) heard() int64 { return d.got.Load() }

func (d *deaf) listen() {
	b := make([]byte, 64<<10)
	for {
		n, from, err := d.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		if !bytes.HasPrefix(b[:n], []byte("INVITE ")) {
			continue
		}
		d.got.Add(1)
		lines := []string{"SIP/2.0 100 Trying"}
		for line := range strings.SplitSeq(string(b[:n]), "\r\n") {
			name, _, _ := strings.Cut(strings.ToLower(line), ":")
			switch name {
			case "via", "from", "to", "call-id", "cseq":
				lines = append(lines, line)
			}
		}
		_, _ = d.conn.WriteToUDPAddrPort([]byte(strings.Join(lines, "\r\n")+"\r\nContent-Length: 0\r\n\r\n"), from)
	}
}
