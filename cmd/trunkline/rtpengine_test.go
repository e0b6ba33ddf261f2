//go:build sipp

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/sipproxy/agent"
)

// startEngine starts a media relay in user space on loopback, and returns where it takes commands.
func startEngine(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("rtpengine")
	require.NoError(t, err, "rtpengine is not installed: run make test-sipp")
	control := "127.0.0.1:" + port(t)
	var said bytes.Buffer
	cmd := exec.Command(path, "--config-file=none", "--table=-1", "--interface=127.0.0.1", "--listen-ng="+control, "--foreground", "--log-stderr",
		"--log-level=6", "--pidfile="+filepath.Join(t.TempDir(), "pid"), "--port-min=32000", "--port-max=32400", "--delete-delay=0")
	cmd.Stdout, cmd.Stderr = &lockedWriter{b: &said}, &lockedWriter{b: &said}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	require.Eventually(t, func() bool { return len(ask(t, control, `{"command":"ping"}`)) > 0 }, 10*time.Second, 100*time.Millisecond)
	return control
}

// ask sends one command to a media relay.
func ask(t *testing.T, control, command string) string {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "udp", control)
	require.NoError(t, err)
	defer conn.Close()
	_, _ = fmt.Fprintf(conn, "test%d %s", time.Now().UnixNano(), command)
	_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	buf := make([]byte, 65535)
	n, _ := conn.Read(buf)
	return string(buf[:n])
}

// mouth is an end that sends and hears voice.
type mouth struct {
	t    *testing.T
	conn *net.UDPConn
	seq  uint16
}

func newMouth(t *testing.T, host string) *mouth {
	t.Helper()
	pc, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", host+":0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = pc.Close() })
	return &mouth{t: t, conn: pc.(*net.UDPConn)}
}

func (m *mouth) addr() netip.AddrPort { return netip.MustParseAddrPort(m.conn.LocalAddr().String()) }

// say sends a packet of RTP (RFC 3550) with a word in it.
func (m *mouth) say(to netip.AddrPort, word string) {
	m.seq++
	packet := []byte{0x80, 8}
	packet = binary.BigEndian.AppendUint16(packet, m.seq)
	packet = binary.BigEndian.AppendUint32(packet, uint32(m.seq)*160)
	packet = binary.BigEndian.AppendUint32(packet, 0x7172)
	_, err := m.conn.WriteToUDPAddrPort(append(packet, word+strings.Repeat(".", 160-len(word))...), to)
	require.NoError(m.t, err)
}

// hear waits for a packet with a word, which the other end goes on saying meanwhile, and returns where it came from.
func (m *mouth) hear(word string, say func()) netip.AddrPort {
	m.t.Helper()
	buf := make([]byte, 2048)
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		say()
		_ = m.conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		n, from, err := m.conn.ReadFromUDPAddrPort(buf)
		if err == nil && n > 12 && strings.HasPrefix(string(buf[12:n]), word) {
			return from
		}
	}
	m.t.Fatalf("%q was not heard", word)
	return netip.AddrPort{}
}

// voiceAt is where a session description wants to be spoken to.
func voiceAt(t *testing.T, description []byte) netip.AddrPort {
	t.Helper()
	address := regexp.MustCompile(`c=IN IP4 (\S+)`).FindSubmatch(description)
	port := regexp.MustCompile(`m=audio (\d+)`).FindSubmatch(description)
	require.NotNil(t, address, "%s", description)
	require.NotNil(t, port, "%s", description)
	return netip.MustParseAddrPort(string(address[1]) + ":" + string(port[1]))
}

// TestRTPEngineCarriesTheVoice from a phone to a carrier behind a router, and back: the two never send to each other. The first
// engine that is set up is not there.
func TestRTPEngineCarriesTheVoice(t *testing.T) {
	control := startEngine(t)
	heard := make(chan []byte, 2)
	beta := carrier(t, "beta", agent.Behaviour{})
	there := newMouth(t, "127.0.3.1")
	beta.ListenAt(there.addr())
	beta.OnCall(func(in agent.Incoming) agent.Behaviour {
		heard <- in.Request.Body()
		return agent.Behaviour{Status: 200}
	})
	s := newSite(t, beta.Addr().String(), beta.Addr().String(), "10")
	file := filepath.Join(s.dir, "operator.yaml")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, bytes.ReplaceAll(text, []byte("ring_time: 3s}"), []byte("ring_time: 3s, media: relay}")), 0o600))
	s.env = append(s.env, "TRUNKLINE_SIP_RTPENGINE=udp/127.0.0.1:"+port(t)+",udp/"+control)
	s.start()
	s.apply()

	here := newMouth(t, "127.0.0.1")
	caller := phone(t)
	caller.ListenAt(here.addr())
	for i := range 3 {
		_, err = caller.Dial(t.Context(), s.account("acme-101"), agent.Call{To: "+49301234567", Talk: 200 * time.Millisecond, OnVoice: func(description []byte) {
			toCarrier, toPhone := voiceAt(t, description), voiceAt(t, <-heard)
			require.NotEqual(t, there.addr(), toCarrier)
			require.NotEqual(t, here.addr(), toPhone)
			word := "hello" + strconv.Itoa(i)
			from := there.hear(word, func() { here.say(toCarrier, word) })
			require.Equal(t, toPhone, from, "the carrier hears the relay")
			word = "speaking" + strconv.Itoa(i)
			from = here.hear(word, func() { there.say(toPhone, word) })
			require.Equal(t, toCarrier, from, "and so does the phone")
		}})
		require.NoError(t, err)
	}
	s.records(6)
	code, said := s.run("doctor")
	require.Contains(t, said, "media relay   udp/"+control+" ok: answers", "%d", code)
	require.Contains(t, said, "DOES NOT ANSWER")
	s.sums()
	require.Eventually(t, func() bool { return strings.Contains(ask(t, control, `{"command":"list"}`), `"calls":[]`) }, 10*time.Second, 200*time.Millisecond,
		"the sessions are over: %s", ask(t, control, `{"command":"list"}`))
}

// TestRTPEngineBetweenBrowserAndCarrier: what a browser offers becomes plain RTP, and the answer what a browser takes.
func TestRTPEngineBetweenBrowserAndCarrier(t *testing.T) {
	control := startEngine(t)
	offer := `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 8\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:111 opus/48000/2\r\n` +
		`a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 ` + strings.TrimSuffix(strings.Repeat("AB:", 32), ":") +
		`\r\na=setup:actpass\r\na=mid:0\r\na=rtcp-mux\r\n`
	plain := ask(t, control, `{"command":"offer","call-id":"w","from-tag":"near","sdp":"`+offer+`","transport-protocol":"RTP/AVP","ICE":"remove","rtcp-mux":["demux"],"DTLS":"off"}`)
	require.Contains(t, plain, "RTP/AVP 111 8")
	require.NotContains(t, plain, "fingerprint")
	answer := `v=0\r\no=- 1 1 IN IP4 127.0.3.1\r\ns=-\r\nc=IN IP4 127.0.3.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n`
	web := ask(t, control, `{"command":"answer","call-id":"w","from-tag":"near","to-tag":"far","sdp":"`+answer+`","transport-protocol":"UDP/TLS/RTP/SAVPF","ICE":"force","rtcp-mux":["offer"]}`)
	for _, want := range []string{"UDP/TLS/RTP/SAVPF 8", "a=fingerprint", "a=ice-ufrag", "a=candidate", "a=rtcp-mux"} {
		require.Contains(t, web, want)
	}
}
