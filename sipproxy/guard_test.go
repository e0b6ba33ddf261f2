package sipproxy_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
	"github.com/stretchr/testify/require"
)

// guess sends a REGISTER with a wrong password and a nonce that was given to somebody.
func (p *peer) guess(challenge sip.Message, n int) {
	p.t.Helper()
	const login = "anna"
	c, err := digest.ParseChallenge(challenge.GetHeaders("WWW-Authenticate")[0].Value())
	require.NoError(p.t, err)
	cred, err := digest.Digest(c, digest.Options{Method: "REGISTER", URI: "sip:" + realm, Username: login, Password: "wrong", Count: n})
	require.NoError(p.t, err)
	p.ask(fmt.Sprint("guess", n), "Authorization: "+cred.String()+"\n")
}

// ask sends a REGISTER.
func (p *peer) ask(id, more string) {
	p.t.Helper()
	const login = "anna"
	p.say(fmt.Sprintf("REGISTER sip:%s SIP/2.0\nVia: SIP/2.0/UDP {me};branch=z9hG4bK%s%s;rport\nMax-Forwards: 70\nFrom: <sip:%s@%s>;tag=r\n"+
		"To: <sip:%s@%s>\nCall-ID: %s\nCSeq: 1 REGISTER\nContact: <sip:%s@{me}>\n%sContent-Length: 0",
		realm, id, login, login, realm, login, realm, id, login, more))
}

// TestCarrierIsNotLockedByPasswords tries what mutes a carrier: wrong passwords that come, or seem to come, from its address.
func TestCarrierIsNotLockedByPasswords(t *testing.T) {
	t.Parallel()
	o := newOut(t)
	carrier, thief, beside := o.gw1.Addr().Addr().String(), o.peerAt("127.0.0.77"), o.peerAt("127.0.1.1")
	thief.ask("first", "")
	challenge := thief.hear("SIP/2.0 401")
	for n := range 60 { // The thief's nonce, in the carrier's name.
		beside.guess(challenge, n+1)
		beside.hear("SIP/2.0 401")
	}
	require.Empty(t, o.proxy.Locks(), "answers to a challenge that was somebody else's count for nothing")
	beside.ask("second", "")
	challenge = beside.hear("SIP/2.0 401")
	for n := range 60 { // From the carrier's host indeed.
		beside.guess(challenge, n+100)
		beside.hear("SIP/2.0 40")
	}
	anna := o.phoneAt("127.0.0.3", "anna")
	from := o.peerAt(carrier)
	in := &line{peer: from, callID: "in", from: "<sip:+4420999@carrier.example>;tag=c", to: "<sip:+4930111001@pbx.example>", target: "sip:+4930111001@pbx.example"}
	in.request("INVITE", sdp("in"))
	anna.answer(anna.hear("INVITE"), 486, "Busy Here", "a")
	require.Equal(t, 486, in.final())
}

// TestOfficeWhosePasswordChanged keeps the other phones of an office behind one address going.
func TestOfficeWhosePasswordChanged(t *testing.T) {
	t.Parallel()
	o := newOut(t)
	log := new(loudLog)
	_ = o.proxy.Close()
	o.log = slog.New(slog.NewTextHandler(log, nil))
	o.open()
	old, good := o.peerAt("127.0.0.3"), o.phoneAt("127.0.0.3", "boris")
	old.ask("first", "")
	challenge := old.hear("SIP/2.0 401")
	for n := range 20 {
		old.guess(challenge, n+1)
		old.hear("SIP/2.0 401")
	}
	old.guess(challenge, 21)
	old.hear("SIP/2.0 403")
	good.register("boris")
	require.Equal(t, 200, good.dials("boris", "004420111").final())

	// It is seen, logged in a line that names the address, and lifted.
	locks := o.proxy.Locks()
	require.Len(t, locks, 1)
	require.Equal(t, "anna", locks[0].Login)
	require.Regexp(t, `level=WARN msg="SIP source locked" source=127\.0\.0\.3 login=anna failures=20 until=`, log.String())
	require.Equal(t, 1, o.proxy.Unlock(netip.MustParseAddr("127.0.0.3"), ""))
	old.register("anna")
}

// loudLog keeps what is logged.
type loudLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *loudLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *loudLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestCredentialsOfAnotherCall are not good: neither from another address nor for another number.
func TestCredentialsOfAnotherCall(t *testing.T) {
	t.Parallel()
	o := newOut(t)
	anna, thief := o.phoneAt("127.0.0.3", "anna"), o.peerAt("127.0.0.99")
	l := &line{peer: anna, callID: "mine", from: "<sip:anna@pbx.example>;tag=m", to: "<sip:004420111@pbx.example>", target: "sip:004420111@pbx.example"}
	l.request("INVITE", sdp("near"))
	challenge, err := digest.ParseChallenge(anna.hear("SIP/2.0 407").GetHeaders("Proxy-Authenticate")[0].Value())
	require.NoError(t, err)
	cred, err := digest.Digest(challenge, digest.Options{Method: "INVITE", URI: l.target, Username: "anna", Password: "secret-anna", Count: 1})
	require.NoError(t, err)
	for number, answer := range map[string]string{"004420111": "SIP/2.0 407", "004420999": "SIP/2.0 400"} {
		stolen := &line{peer: thief, callID: "his" + number, from: "<sip:anna@pbx.example>;tag=h", to: "<sip:" + number + "@pbx.example>", target: "sip:" + number + "@pbx.example"}
		stolen.request("INVITE", sdp("near"), "Proxy-Authorization: "+cred.String())
		thief.hear(answer)
	}
	l.request("ACK", "")
	l.request("INVITE", sdp("near"), "Proxy-Authorization: "+strings.TrimSpace(cred.String()))
	require.Equal(t, 200, l.final())
}
