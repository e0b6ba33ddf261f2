package sipproxy_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// verdict is what becomes of a torture message here: the beginning of the answer, or "" for none.
type verdict struct {
	answer string
	why    string // What RFC 4475 says of it, and where ours is another answer, why.
}

// tortures are the messages of RFC 4475, all of them. They come from a stranger: what is valid is asked for a password.
func tortures() map[string]verdict {
	const stranger = "valid; strangers are asked for a password"
	return map[string]verdict{
		// Section 3.1.1: valid messages.
		"wsinv":      {"SIP/2.0 481", "valid, however it is folded; a To tag of a dialog that is not ours"},
		"intmeth":    {"SIP/2.0 405", "valid; the method is not known here"},
		"esc01":      {"SIP/2.0 407", stranger},
		"escnull":    {"SIP/2.0 401", stranger},
		"esc02":      {"SIP/2.0 405", "valid; RE%47IST%45R is another method than REGISTER"},
		"lwsdisp":    {"SIP/2.0 200", "valid OPTIONS"},
		"longreq":    {"SIP/2.0 407", stranger},
		"dblreq":     {"SIP/2.0 401", "valid; what follows the first request in a datagram is ignored"},
		"semiuri":    {"SIP/2.0 200", "valid OPTIONS"},
		"transports": {"SIP/2.0 200", "valid OPTIONS"},
		"mpart01":    {"SIP/2.0 405", "valid; no MESSAGE here"},
		"unreason":   {"", "a valid answer that nobody waits for"},
		"noreason":   {"", "a valid answer that nobody waits for"},

		// Section 3.1.2: invalid messages.
		"badinv01":   {"SIP/2.0 400", "junk in header parameters"},
		"clerr":      {"SIP/2.0 400", "shorter than its Content-Length"},
		"ncl":        {"SIP/2.0 400", "negative Content-Length"},
		"scalar02":   {"SIP/2.0 400", "numbers beyond their bounds"},
		"scalarlg":   {"", "an answer with numbers beyond their bounds is discarded"},
		"quotbal":    {"SIP/2.0 400", "unbalanced quotes"},
		"ltgtruri":   {"SIP/2.0 400", "the Request-URI is in angle brackets"},
		"lwsruri":    {"SIP/2.0 400", "blanks within the Request-URI"},
		"lwsstart":   {"SIP/2.0 400", "several blanks in the first line"},
		"trws":       {"SIP/2.0 400", "blanks after the first line"},
		"escruri":    {"SIP/2.0 400", "headers in the Request-URI"},
		"baddate":    {"SIP/2.0 407", "a Date that is not in GMT may be overlooked; " + stranger},
		"regbadct":   {"SIP/2.0 401", "400 by the RFC: a Contact with headers and without brackets; ours reads it as if it had them, and asks strangers for a password"},
		"badaspec":   {"SIP/2.0 400", "blanks within an address"},
		"baddn":      {"SIP/2.0 400", "a display name that needs quotes"},
		"badvers":    {"SIP/2.0 505", "SIP/7.0"},
		"mismatch01": {"SIP/2.0 400", "the CSeq names another method"},
		"mismatch02": {"SIP/2.0 400", "the same with a method that is not known; 501 would do as well"},
		"bigcode":    {"", "an answer with a status beyond its bounds is discarded"},

		// Section 3.2: transaction layer.
		"badbranch": {"SIP/2.0 200", "a branch that is nothing but the cookie tells nothing apart: matched as RFC 2543 has it"},

		// Section 3.3: application layer.
		"insuf":    {"SIP/2.0 400", "no From, To or Call-ID"},
		"unkscm":   {"SIP/2.0 416", "unknown scheme in the Request-URI"},
		"novelsc":  {"SIP/2.0 416", "known, but not a scheme of ours"},
		"unksm2":   {"SIP/2.0 401", "unknown scheme in To; a registrar may refuse it, strangers are asked for a password"},
		"bext01":   {"SIP/2.0 420", "requires what nobody has"},
		"invut":    {"SIP/2.0 407", "an unknown kind of body passes from end to end, it is for the called party to refuse; " + stranger},
		"regaut01": {"SIP/2.0 401", "an unknown kind of authentication counts as none"},
		"multi01":  {"SIP/2.0 400", "headers twice that may stand once"},
		"mcl01":    {"SIP/2.0 400", "two Content-Lengths"},
		"bcast":    {"", "an answer whose topmost Via is not ours is discarded"},
		"zeromf":   {"SIP/2.0 200", "Max-Forwards 0 concerns only what is forwarded"},
		"cparam01": {"SIP/2.0 401", stranger},
		"cparam02": {"SIP/2.0 401", stranger},
		"regescrt": {"SIP/2.0 401", stranger},
		"sdp01":    {"SIP/2.0 407", "what is accepted passes from end to end; " + stranger},

		// Section 3.4: backward compatibility, and a message that is none.
		"inv2543": {"SIP/2.0 407", "as RFC 2543 has it: " + stranger},
		"test":    {"", "no first line of SIP, and nowhere to answer to"},
	}
}

func TestTorture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open()
	files, err := filepath.Glob("testdata/torture/*.dat")
	require.NoError(t, err)
	all := tortures()
	require.Len(t, files, len(all))
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".dat")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, ok := all[name]
			require.True(t, ok)
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			p := w.peer()
			p.send(answerable(name, data))
			if want.answer == "" {
				require.Empty(t, p.raw(300*time.Millisecond))
				return
			}
			text := p.raw(5 * time.Second)
			require.True(t, strings.HasPrefix(text, want.answer), "%s: want %s, got %q", want.why, want.answer, text)
		})
	}
}

// answerable asks in the topmost Via for an answer to where the message comes from (RFC 3581), and makes its branch its own.
func answerable(name string, data []byte) []byte {
	for _, host := range []string{"UDP iftgw.example.com", "TCP sip33.example.com"} { // Without a branch.
		if bytes.Contains(data, []byte(host)) {
			return bytes.Replace(data, []byte(host), []byte(host+";rport"), 1)
		}
	}
	data = bytes.Replace(data, []byte("branch=z9hG4bKkdjuw"), []byte("branch=z9hG4bKkdjuw"+name), 1)
	return bytes.Replace(data, []byte("branch="), []byte("rport;branch="), 1)
}

// TestMergedRequestIsRefused: a call that comes by two ways rings once (RFC 3261, section 8.2.2.2).
func TestMergedRequestIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	caller, gateway := w.gatewayPeer()
	caller.invite("merged")
	invite := gateway.hear("INVITE")
	caller.say(`
INVITE sip:74951234567@pbx.example SIP/2.0
Via: SIP/2.0/UDP {me};branch=z9hG4bKotherway;rport
Max-Forwards: 68
From: <sip:anna@pbx.example>;tag=a1
To: <sip:74951234567@pbx.example>
Call-ID: merged
CSeq: 1 INVITE
Contact: <sip:anna@{me}>
Content-Length: 0`)
	caller.hear("SIP/2.0 482")
	gateway.answer(invite, 486, "Busy Here", "g1")
	caller.hear("SIP/2.0 486")
	w.record()
}

// TestMalformedAnswersAreNeitherManyNorLong: they would go to whoever is named as the sender.
func TestMalformedAnswersAreNeitherManyNorLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open()
	p := w.peer()
	for range 400 {
		p.send([]byte("INVITE  sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\nCall-ID: 1\r\n\r\n"))
	}
	heard := 0
	for p.raw(300*time.Millisecond) != "" {
		heard++
	}
	require.Positive(t, heard)
	require.LessOrEqual(t, heard, 200, "a hundred in a second, and a second may end meanwhile")
}
