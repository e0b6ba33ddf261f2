//go:build sipp

package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"
	"github.com/stretchr/testify/require"
)

// probe is a phone that calls again and again beside the load of SIPp, whose own clock ticks every 4 ms only, and measures how
// long the answers take. It sends credentials with every INVITE, so that it waits for one thing at a time.
type probe struct {
	conn      *net.UDPConn
	to        string
	login     string
	challenge *digest.Challenge // Nil where nobody asks for credentials.
	calls     int

	first, ringing []time.Duration // From the INVITE to the first answer, and to the 180.
	lost           int
}

func newProbe(tb testing.TB, to netip.AddrPort, login string) *probe {
	tb.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = conn.Close() })
	return &probe{conn: conn, to: to.String(), login: login}
}

// run calls until ctx ends.
func (p *probe) run(ctx context.Context, pause time.Duration) {
	for ctx.Err() == nil {
		if !p.call() {
			p.lost++
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// call places one call and ends it; false: it was not answered.
func (p *probe) call() bool {
	p.calls++
	id, number := fmt.Sprintf("probe-%s-%d", p.conn.LocalAddr(), p.calls), loadNumber(p.calls)
	uri, seq := "sip:"+number+"@"+p.to, 1
	begun := p.send("INVITE "+uri, id, seq, "<"+uri+">", p.credentials(uri), sdp)
	var first, ringing time.Duration
	for {
		answer, at := p.receive(id, "INVITE")
		if first == 0 {
			first = at.Sub(begun)
		}
		switch to := headerOf(answer, "To"); {
		case answer == "":
			return false
		case strings.HasPrefix(answer, "SIP/2.0 180"):
			ringing = at.Sub(begun)
		case strings.HasPrefix(answer, "SIP/2.0 407"):
			p.send("ACK "+uri, id, seq, to, "", "")
			challenge, err := digest.ParseChallenge(headerOf(answer, "Proxy-Authenticate"))
			if err != nil || seq > 3 {
				return false
			}
			p.challenge, seq, first = challenge, seq+1, 0
			begun = p.send("INVITE "+uri, id, seq, "<"+uri+">", p.credentials(uri), sdp)
		case strings.HasPrefix(answer, "SIP/2.0 200"):
			p.hangUp(id, seq, to, answer)
			if ringing > 0 && seq == 1 {
				p.first, p.ringing = append(p.first, first), append(p.ringing, ringing)
			}
			return true
		case !strings.HasPrefix(answer, "SIP/2.0 1"):
			p.send("ACK "+uri, id, seq, to, "", "")
			return false
		}
	}
}

func (p *probe) hangUp(id string, seq int, to, answer string) {
	target := strings.Trim(headerOf(answer, "Contact"), "<>")
	route := headerOf(answer, "Record-Route")
	if route != "" {
		route = "Route: " + route + "\r\n"
	}
	p.send("ACK "+target, id, seq, to, route, "")
	p.send("BYE "+target, id, seq+1, to, route, "")
	p.receive(id, "BYE")
}

const sdp = "v=0\r\no=probe 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n"

// send sends a request and returns when.
func (p *probe) send(line, id string, seq int, to, more, body string) time.Time {
	method, _, _ := strings.Cut(line, " ")
	content := ""
	if body != "" {
		content = "Content-Type: application/sdp\r\n"
	}
	branch := fmt.Sprintf("z9hG4bKprobe%d.%d", p.calls, seq)
	if method == "ACK" && more != "" {
		branch += "a"
	}
	text := fmt.Sprintf("%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s;rport\r\nMax-Forwards: 70\r\nFrom: <sip:%s@pbx.test>;tag=%d\r\n"+
		"To: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:%s@%s>\r\n%s%sContent-Length: %d\r\n\r\n%s",
		line, p.conn.LocalAddr(), branch, p.login, p.calls, to, id, seq, method, p.login, p.conn.LocalAddr(), more, content, len(body), body)
	begun := time.Now()
	_, _ = p.conn.Write([]byte(text)) // What is lost shows as a call without an answer.
	return begun
}

// receive waits for an answer to a request of a call; nothing after two seconds.
func (p *probe) receive(id, method string) (string, time.Time) {
	buf := make([]byte, 1<<16)
	_ = p.conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	for {
		n, err := p.conn.Read(buf)
		at := time.Now()
		if err != nil {
			return "", at
		}
		text := string(buf[:n])
		if headerOf(text, "Call-ID") == id && strings.HasSuffix(headerOf(text, "CSeq"), method) {
			return text, at
		}
	}
}

func (p *probe) credentials(uri string) string {
	if p.challenge == nil {
		return ""
	}
	cred, err := digest.Digest(p.challenge, digest.Options{Method: "INVITE", URI: uri, Username: p.login, Password: "secret", Count: p.calls})
	if err != nil {
		return ""
	}
	return "Proxy-Authorization: " + cred.String() + "\r\n"
}

// headerOf returns the value of the first header with that name.
func headerOf(message, name string) string {
	match := regexp.MustCompile(`(?m)^` + name + `: *([^\r\n]*)`).FindStringSubmatch(message)
	if match == nil {
		return ""
	}
	return match[1]
}

// quantile is in milliseconds.
func quantile(times []time.Duration, percent int) float64 {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return float64(times[len(times)*percent/100].Microseconds()) / 1000
}
