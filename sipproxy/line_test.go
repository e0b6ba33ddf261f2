package sipproxy_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
	"github.com/stretchr/testify/require"
)

// line is one dialog of a peer, spoken letter by letter.
type line struct {
	*peer
	callID, from, to string // As they stand in the peer's own requests, with tags.
	target           string // Contact of the proxy.
	seq              int
}

const description = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=%s\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"

// sdp is a session description that can be told from others by its name.
func sdp(name string) string { return fmt.Sprintf(description, name) }

// request sends a request within the dialog, or the one that makes it.
func (l *line) request(method, body string, headers ...string) {
	l.t.Helper()
	if method != "ACK" {
		l.seq++
	}
	head := fmt.Sprintf("%s %s SIP/2.0\nVia: SIP/2.0/UDP {me};branch=z9hG4bK%s%s%d;rport\nMax-Forwards: 70\nFrom: %s\nTo: %s\nCall-ID: %s\nCSeq: %d %s\nContact: <sip:me@{me}>\n",
		method, l.target, method, l.callID, l.seq, l.from, l.to, l.callID, l.seq, method)
	if len(headers) > 0 {
		head += strings.Join(headers, "\n") + "\n"
	}
	if body != "" {
		head += "Content-Type: application/sdp\n"
	}
	head += fmt.Sprintf("Content-Length: %d\n\n", len(body))
	head = strings.ReplaceAll(strings.ReplaceAll(head, "{me}", l.addr()), "\n", "\r\n")
	l.send([]byte(head + body))
}

// reply accepts a request that was heard, with a session description.
func (p *peer) reply(msg sip.Message, tag, body string) {
	p.t.Helper()
	req, ok := msg.(*sip.Request)
	require.True(p.t, ok)
	res := sip.NewResponse(sip.StatusOK, "OK")
	sip.CopyHeaders("Via", req, res)
	res.AppendHeader(req.From())
	to := *req.To()
	if tag != "" && !to.Params.Has("tag") {
		to.Params = append(to.Params.Clone(), sip.HeaderKV{K: "tag", V: tag})
	}
	res.AppendHeader(&to)
	res.AppendHeader(req.CallID())
	res.AppendHeader(req.CSeq())
	res.AppendHeader(sip.NewHeader("Contact", "<sip:there@"+p.addr()+">"))
	if body != "" {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	}
	res.SetBody([]byte(body))
	_, err := p.conn.WriteTo([]byte(res.String()), net.UDPAddrFromAddrPort(p.proxy))
	require.NoError(p.t, err)
}

// calls makes a call to a number and has it answered by a peer. It returns the lines of both.
func (p *peer) calls(callID, number string, callee *peer) (near, far *line) {
	p.t.Helper()
	near = &line{
		peer: p, callID: callID, from: "<sip:anna@pbx.example>;tag=a" + callID, to: "<sip:" + number + "@pbx.example>",
		target: "sip:" + number + "@pbx.example",
	}
	near.request("INVITE", sdp("near"))
	invite := callee.hear("INVITE")
	far = lineOf(callee, invite, "far"+callID)
	callee.reply(invite, "far"+callID, sdp("far"))
	ok := p.hear("SIP/2.0 200")
	near.to, near.target = ok.To().Value(), ok.(*sip.Response).Contact().Address.String()
	near.request("ACK", "")
	callee.hear("ACK")
	return near, far
}

// lineOf is the line that an INVITE which was heard makes.
func lineOf(p *peer, invite sip.Message, tag string) *line {
	req := invite.(*sip.Request)
	return &line{
		peer: p, callID: invite.CallID().Value(), from: invite.To().Value() + ";tag=" + tag, to: invite.From().Value(),
		target: req.Contact().Address.String(), seq: 100,
	}
}

// hears waits for a request and accepts it.
func (p *peer) hears(method string) *sip.Request {
	p.t.Helper()
	msg := p.hear(method)
	p.answer(msg, 200, "OK", "")
	return msg.(*sip.Request)
}

// register registers the peer under a login.
func (p *peer) register(login string) {
	p.t.Helper()
	p.registers(login, "<sip:"+login+"@{me}>", "SIP/2.0 200")
}

// registers registers a contact, with other headers, and hears the answer.
func (p *peer) registers(login, contact, answer string, headers ...string) *sip.Response {
	p.t.Helper()
	id := sip.GenerateTagN(8)
	more := strings.Join(append(headers, ""), "\n")
	expires := 60
	switch contact {
	case "": // Only asks what is known.
	case "*":
		expires = 0
		fallthrough
	default:
		contact = "Contact: " + contact + "\n"
	}
	say := func(seq int, more string) {
		p.say(fmt.Sprintf("REGISTER sip:%s SIP/2.0\nVia: SIP/2.0/UDP {me};branch=z9hG4bK%s%d;rport\nMax-Forwards: 70\nFrom: <sip:%s@%s>;tag=r\n"+
			"To: <sip:%s@%s>\nCall-ID: %s\nCSeq: %d REGISTER\n%sExpires: %d\n%sContent-Length: 0",
			realm, id, seq, login, realm, login, realm, id, seq, contact, expires, more))
	}
	say(1, more)
	res := p.hear("SIP/2.0 401")
	say(2, more+credentialsFor(p.t, res, "REGISTER", login))
	out, ok := p.hear(answer).(*sip.Response)
	require.True(p.t, ok)
	return out
}

func credentialsFor(t *testing.T, res sip.Message, method, login string) string {
	t.Helper()
	asked, answer := "WWW-Authenticate", "Authorization"
	if len(res.GetHeaders(asked)) == 0 {
		asked, answer = "Proxy-Authenticate", "Proxy-Authorization"
	}
	challenge, err := digest.ParseChallenge(res.GetHeaders(asked)[0].Value())
	require.NoError(t, err)
	cred, err := digest.Digest(challenge, digest.Options{Method: method, URI: "sip:" + realm, Username: login, Password: "secret-" + login, Count: 1})
	require.NoError(t, err)
	return answer + ": " + cred.String() + "\n"
}
