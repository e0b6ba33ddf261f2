package sipproxy_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"
)

// fuzzedDialogs is how many dialogs of a caller and a carrier who say what they like are survived.
const fuzzedDialogs = 1000

// mangled is a message with something wrong in it: lines that are missing, doubled, torn or of other bytes.
func mangled(r *rand.Rand, text string) []byte {
	lines := strings.Split(text, "\r\n")
	for range r.IntN(4) {
		i := r.IntN(len(lines))
		switch r.IntN(6) {
		case 0:
			lines[i] = ""
		case 1:
			lines = append(lines[:i+1], lines[i:]...)
		case 2:
			lines[i] = lines[i][:r.IntN(len(lines[i])+1)]
		case 3:
			b := []byte(lines[i])
			for range 3 {
				if len(b) > 0 {
					b[r.IntN(len(b))] = byte(r.IntN(256))
				}
			}
			lines[i] = string(b)
		case 4:
			lines[i] += strings.Repeat(";x=", r.IntN(200))
		case 5:
			j := r.IntN(len(lines))
			lines[i], lines[j] = lines[j], lines[i]
		}
	}
	return []byte(strings.Join(lines, "\r\n"))
}

// TestFuzzedDialogs says what it likes to the proxy from both sides, a thousand times, and then makes a call.
func TestFuzzedDialogs(t *testing.T) {
	t.Parallel()
	w, caller, callee := rawWorld(t)
	_ = w.proxy.Close()
	w.cfg.RingTime, w.cfg.SetupTime, w.cfg.SourceRate, w.cfg.Silence = 50*time.Millisecond, 100*time.Millisecond, -1, 50*time.Millisecond
	w.open()
	caller.proxy, callee.proxy = w.addr(), w.addr()
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	go func() { // Recorded calls are many; nobody looks at them.
		for {
			select {
			case <-w.recorded:
			case <-over:
				return
			}
		}
	}()
	seed := uint64(20261130)
	done := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(done)
		answersAnything(callee, rand.New(rand.NewPCG(seed, 2)), stop)
	}()
	r := rand.New(rand.NewPCG(seed, 1))
	methods := []string{"INVITE", "ACK", "BYE", "CANCEL", "UPDATE", "INFO", "PRACK", "REFER", "OPTIONS", "NOTIFY", "REGISTER", "JUMP"}
	for i := range fuzzedDialogs {
		id := fmt.Sprint("fuzz", i)
		to := "<sip:74951234567@pbx.example>"
		for seq := range 3 + r.IntN(4) {
			method := methods[r.IntN(len(methods))]
			if seq == 0 {
				method = "INVITE"
			}
			if seq > 1 && r.IntN(2) == 0 {
				to = fmt.Sprintf("<sip:74951234567@pbx.example>;tag=%d", r.IntN(9))
			}
			text := fmt.Sprintf("%s sip:74951234567@pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s%d;rport\r\nMax-Forwards: 70\r\nFrom: <sip:anna@pbx.example>;tag=a1\r\n"+
				"To: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:anna@%s>\r\nSession-Expires: %d\r\nSupported: timer, 100rel\r\nRefer-To: <sip:1@x>\r\nRAck: 1 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
				method, caller.addr(), id, seq, to, id, seq+1, method, caller.addr(), 60+r.IntN(100), len(sdp("f")), sdp("f"))
			caller.send(mangled(r, text))
		}
	}
	close(stop)
	<-done
	require.Eventually(t, func() bool { return w.proxy.InProgress() < 50 }, 40*time.Second, 50*time.Millisecond, "calls that nobody ends end by themselves")
	last := w.peer()
	last.proxy = w.addr()
	last.invite("after")
	last.hear("SIP/2.0 100")
}

// answersAnything answers what it hears with whatever it likes.
func answersAnything(p *peer, r *rand.Rand, stop chan struct{}) {
	buf := make([]byte, 65535)
	for {
		select {
		case <-stop:
			return
		default:
		}
		_ = p.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)) //nolint:forbidigo // Deadlines of sockets are wall time.
		n, _, err := p.conn.ReadFrom(buf)
		if err != nil {
			continue
		}
		msg, err := sip.ParseMessage(bytes.Clone(buf[:n]))
		req, ok := msg.(*sip.Request)
		if err != nil || !ok || req.Method == sip.ACK {
			continue
		}
		for range 1 + r.IntN(2) {
			status := []int{100, 180, 183, 200, 200, 200, 302, 401, 407, 422, 481, 486, 487, 503, 603, 699}[r.IntN(16)]
			res := sip.NewResponseFromRequest(req, status, "Whatever", []byte(sdp("w")))
			res.AppendHeader(sip.NewHeader("Contact", "<sip:w@"+p.addr()+">"))
			res.AppendHeader(sip.NewHeader("Proxy-Authenticate", `Digest realm="x", nonce="n"`))
			res.AppendHeader(sip.NewHeader("Min-SE", "1800"))
			_, _ = p.conn.WriteTo(mangled(r, res.String()), net.UDPAddrFromAddrPort(p.proxy))
		}
	}
}
