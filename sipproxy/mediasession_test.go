package sipproxy_test

import (
	"encoding/json"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/provision"
	"trunkline/sipproxy/rtpengine"
)

// relay is a media relay that only writes its own address into what it is given, and remembers what it was asked.
type relay struct {
	t    *testing.T
	conn net.PacketConn

	mu    sync.Mutex
	asked []rtpengine.Request
}

const (
	theirs = "c=IN IP4 192.0.2.9"    // In the descriptions of phones and carriers.
	ours   = "c=IN IP4 198.51.100.1" // Of the relay.
)

func newRelay(t *testing.T) *relay {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &relay{t: t, conn: conn}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.serve()
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return r
}

func (r *relay) address() string { return "udp/" + r.conn.LocalAddr().String() }

func (r *relay) serve() {
	buf := make([]byte, 65535)
	for {
		n, from, err := r.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		cookie, body, _ := strings.Cut(string(buf[:n]), " ")
		var q rtpengine.Request
		if json.Unmarshal([]byte(body), &q) != nil {
			continue
		}
		r.mu.Lock()
		r.asked = append(r.asked, q)
		r.mu.Unlock()
		answer, _ := json.Marshal(map[string]string{"result": "ok", "sdp": strings.ReplaceAll(q.SDP, theirs, ours)})
		_, _ = r.conn.WriteTo(append([]byte(cookie+" "), answer...), from)
	}
}

// commands are what it was asked about one session, or all if it is empty.
func (r *relay) commands() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]string, 0, len(r.asked))
	for _, q := range r.asked {
		out = append(out, string(q.Command)+" "+q.FromTag+" "+q.ToTag)
	}
	return out
}

// relayWorld is one of transfers whose first gateway stands behind a router.
func relayWorld(t *testing.T, set func(w *world)) (w *world, a, b, c *peer) {
	t.Helper()
	w, a, b, c = transferWorld(t)
	require.NoError(t, w.proxy.Close())
	w.gateways[0].Media = provision.MediaRelay
	set(w)
	w.open()
	for _, p := range []*peer{a, b, c} {
		p.proxy = w.addr()
	}
	return w, a, b, c
}

func TestVoiceGoesThroughTheRelay(t *testing.T) {
	t.Parallel()
	engine := newRelay(t)
	w, a, b, _ := relayWorld(t, func(w *world) { w.cfg.Relays = []string{engine.address()} })
	near := &line{peer: a, callID: "voice", from: "<sip:anna@pbx.example>;tag=a1", to: "<sip:" + numberB + "@pbx.example>", target: "sip:" + numberB + "@pbx.example"}
	near.request("INVITE", sdp("near"))
	invite := b.hear("INVITE")
	require.Contains(t, string(invite.Body()), ours)
	require.Contains(t, string(invite.Body()), "s=near")
	b.reply(invite, "b1", sdp("far"))
	ok := a.hear("SIP/2.0 200")
	require.Contains(t, string(ok.Body()), ours)
	near.to = ok.To().Value()
	near.request("ACK", "")
	require.Empty(t, b.hear("ACK").Body())

	// The carrier changes the session, after a restart of the proxy too.
	w.restart()
	far := lineOf(b, invite, "b1")
	far.request("INVITE", sdp("hold"))
	again := a.hear("INVITE")
	require.Contains(t, string(again.Body()), ours)
	a.reply(again, "", sdp("held"))
	require.Contains(t, string(b.hear("SIP/2.0 200").Body()), ours)
	far.request("ACK", "")
	a.hear("ACK")

	// A change without an offer: the offer is in the answer, and the answer in the ACK.
	near.seq = 50
	near.request("INVITE", "")
	asked := b.hear("INVITE")
	require.Empty(t, asked.Body())
	b.reply(asked, "", sdp("late"))
	require.Contains(t, string(a.hear("SIP/2.0 200").Body()), ours)
	near.request("ACK", sdp("last"))
	ack := b.hear("ACK")
	require.Contains(t, string(ack.Body()), ours)
	require.Contains(t, string(ack.Body()), "s=last")
	near.request("BYE", "")
	b.hears("BYE")
	w.record()
	require.Eventually(t, func() bool { return len(engine.commands()) >= 7 }, 5*time.Second, 5*time.Millisecond)
	require.Equal(t, []string{
		"offer near ", "answer near far", "offer far near", "answer far near", "offer far near", "answer far near", "delete near ",
	}, engine.commands())
}

func TestVoiceGoesFromEndToEnd(t *testing.T) {
	t.Parallel()
	engine := newRelay(t)
	_, a, _, c := relayWorld(t, func(w *world) { w.cfg.Relays, w.cfg.RelayAuto = []string{engine.address()}, true })
	near := &line{peer: a, callID: "direct", from: "<sip:anna@pbx.example>;tag=a1", to: "<sip:x@pbx.example>", target: "sip:" + numberC + "@pbx.example"}
	near.request("INVITE", sdp("near"))
	require.Contains(t, string(c.hear("INVITE").Body()), theirs, "neither side stands behind a router")
	require.Empty(t, engine.commands())
}

func TestRelaysThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	silent, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	dead := "udp/" + silent.LocalAddr().String()
	call := func(a *peer, id string) {
		near := &line{peer: a, callID: id, from: "<sip:anna@pbx.example>;tag=a1", to: "<sip:x@pbx.example>", target: "sip:" + numberB + "@pbx.example"}
		near.request("INVITE", sdp("near"))
	}
	t.Run("another does", func(t *testing.T) {
		t.Parallel()
		engine := newRelay(t)
		_, a, b, _ := relayWorld(t, func(w *world) { w.cfg.Relays = []string{dead, engine.address(), dead} })
		for _, id := range []string{"one", "two", "three"} {
			call(a, id)
			require.Contains(t, string(b.hear("INVITE").Body()), ours)
		}
	})
	t.Run("calls are refused", func(t *testing.T) {
		t.Parallel()
		w, a, _, _ := relayWorld(t, func(w *world) { w.cfg.Relays = []string{dead} })
		call(a, "refused")
		a.hear("SIP/2.0 503")
		legs := w.record()
		require.Equal(t, "media", legs[0].Reason)
		require.Equal(t, cdr.SideFault, legs[0].ReleasedBy)
		require.Equal(t, uint16(503), legs[1].SIPStatus)
	})
	t.Run("calls pass", func(t *testing.T) {
		t.Parallel()
		_, a, b, _ := relayWorld(t, func(w *world) { w.cfg.Relays, w.cfg.RelayPass = []string{dead}, true })
		call(a, "passes")
		invite := b.hear("INVITE")
		require.Contains(t, string(invite.Body()), theirs)
		b.reply(invite, "b1", sdp("far"))
		require.Contains(t, string(a.hear("SIP/2.0 200").Body()), theirs)
	})
	t.Run("the caller gives up meanwhile", func(t *testing.T) {
		t.Parallel()
		w, a, b, _ := relayWorld(t, func(w *world) { w.cfg.Relays = []string{dead} })
		call(a, "gone")
		a.hear("SIP/2.0 100")
		a.say("CANCEL sip:" + numberB + "@pbx.example SIP/2.0\nVia: SIP/2.0/UDP {me};branch=z9hG4bKINVITEgone1;rport\nMax-Forwards: 70\n" +
			"From: <sip:anna@pbx.example>;tag=a1\nTo: <sip:x@pbx.example>\nCall-ID: gone\nCSeq: 1 CANCEL\nContent-Length: 0")
		a.hear("SIP/2.0 487")
		b.silent("INVITE", 100*time.Millisecond)
		require.Equal(t, uint16(487), w.record()[0].SIPStatus)
	})
}

// TestPhonesBehindRouters are found by what they say of themselves.
func TestPhonesBehindRouters(t *testing.T) {
	t.Parallel()
	engine := newRelay(t)
	w := webWorld(t)
	w.cfg.Relays, w.cfg.RelayAuto = []string{engine.address()}, true
	w.open()
	desk, home := w.peer(), w.peer()
	home.registers("anna", "<sip:anna@10.0.0.7:5060>", "SIP/2.0 200")
	call := func(id, to, body string) {
		l := &line{peer: desk, callID: id, from: "<sip:boris@pbx.example>;tag=" + id, to: "<sip:x@pbx.example>", target: "sip:" + to + "@pbx.example"}
		l.request("INVITE", body)
		challenge := desk.hear("SIP/2.0 407")
		l.request("ACK", "")
		l.request("INVITE", body, strings.TrimSpace(credentialsFor(t, challenge, "INVITE", "boris")))
	}
	here := strings.ReplaceAll(sdp("desk"), "192.0.2.9", "127.0.0.1")
	call("called", "anna", here)
	home.hear("INVITE")
	require.Equal(t, []string{"offer near "}, engine.commands(), "her Contact is not where she registered from")

	office := w.peer()
	office.register("anna") // Both ring: at home by the relay, in the office without.
	call("both", "anna", here)
	home.hear("INVITE")
	require.Contains(t, string(office.hear("INVITE").Body()), "127.0.0.1")
	require.Len(t, engine.commands(), 2)

	call("calls", "anna", sdp("desk"))
	require.Contains(t, string(office.hear("INVITE").Body()), ours, "the address of his voice is not the one that he calls from")
}

func TestBrowserTalksWithAPhone(t *testing.T) {
	t.Parallel()
	engine := newRelay(t)
	w := webWorld(t)
	w.cfg.Relays = []string{engine.address()}
	w.open()
	phone, desk := w.browser(), w.peer()
	phone.register("anna")
	l := &line{peer: desk, callID: "web", from: "<sip:boris@pbx.example>;tag=b", to: "<sip:x@pbx.example>", target: "sip:anna@pbx.example"}
	l.request("INVITE", sdp("desk"))
	challenge := desk.hear("SIP/2.0 407")
	l.request("ACK", "")
	l.request("INVITE", sdp("desk"), strings.TrimSpace(credentialsFor(t, challenge, "INVITE", "boris")))
	phone.reply(phone.hear("INVITE"), "w1", sdp("web"))
	desk.hear("SIP/2.0 200")
	engine.mu.Lock()
	defer engine.mu.Unlock()
	require.Equal(t, "UDP/TLS/RTP/SAVPF", engine.asked[0].Profile)
	require.Equal(t, "force", engine.asked[0].ICE)
	require.Equal(t, "RTP/AVP", engine.asked[1].Profile)
	require.Equal(t, "remove", engine.asked[1].ICE)
}

// TestTransferThroughTheRelay: the two who are joined have a session of their own, and the old ones are over.
func TestTransferThroughTheRelay(t *testing.T) {
	t.Parallel()
	engine := newRelay(t)
	w, a, b, c := relayWorld(t, func(w *world) { w.cfg.Relays = []string{engine.address()} })
	near, far := a.calls("moved", numberB, b)
	near.refer("sip:" + numberC + "@pbx.example")
	invite := c.hear("INVITE")
	c.reply(invite, "c1", sdp("c"))
	again := b.hear("INVITE")
	require.Contains(t, string(again.Body()), ours)
	b.reply(again, "", sdp("b2"))
	require.Contains(t, string(c.hear("ACK").Body()), ours)
	near.notified("SIP/2.0 200 OK", ended)
	there := lineOf(c, invite, "c1")
	there.request("INVITE", sdp("hold"))
	hold := b.hear("INVITE")
	require.Contains(t, string(hold.Body()), ours)
	b.reply(hold, "", sdp("held"))
	require.Contains(t, string(c.hear("SIP/2.0 200").Body()), ours)
	there.request("ACK", "")
	far.request("BYE", "")
	c.hears("BYE")
	w.both()
	require.Eventually(t, func() bool {
		deleted := 0
		for _, command := range engine.commands() {
			if strings.HasPrefix(command, "delete") {
				deleted++
			}
		}
		return deleted == 2
	}, 5*time.Second, 5*time.Millisecond)
}
