package sipproxy_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/routing"
)

// TestOverloadIsRefusedEarly: while the ledger is slow, more new calls than may wait for it are refused at once, with a time
// to try again; those that wait go on.
func TestOverloadIsRefusedEarly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.MaxAsking = 2
	w.ledger = make(chan struct{})
	caller, gateway := w.gatewayPeer()
	for i := range 3 {
		caller.invite(fmt.Sprint("over", i))
		require.Eventually(t, func() bool { return w.asked.Load() >= min(int64(i+1), 2) }, 5*time.Second, time.Millisecond)
	}
	res := caller.hear("SIP/2.0 503")
	require.NotEmpty(t, res.GetHeaders("Retry-After"))
	require.Equal(t, 2, w.proxy.InProgress())
	close(w.ledger)
	for range 2 {
		gateway.answer(gateway.hear("INVITE"), 486, "Busy Here", "g")
		w.record()
	}
	caller.invite("over3")
	gateway.answer(gateway.hear("INVITE sip:74951234567"), 486, "Busy Here", "g")
	w.record()
}

// TestFloodOfAStrangerIsDropped: he gets as many answers in a second as he may, others and known gateways are not concerned.
func TestFloodOfAStrangerIsDropped(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]bool{"stranger": false, "trunk": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.cfg.SourceRate = 5
			if known {
				w.sources[netip.MustParseAddr("127.0.0.1")] = routing.Caller{Kind: routing.CallerTrunk, Tenant: "acme", Branch: "main"}
			}
			w.open()
			p := w.peer()
			const asked = 60
			for i := range asked {
				p.say(fmt.Sprintf("OPTIONS sip:pbx.example SIP/2.0\nVia: SIP/2.0/UDP {me};branch=z9hG4bKflood%d;rport\nMax-Forwards: 70\n"+
					"From: <sip:x@pbx.example>;tag=a\nTo: <sip:pbx.example>\nCall-ID: flood%d\nCSeq: 1 OPTIONS\nContent-Length: 0", i, i))
			}
			heard := 0
			for p.raw(500*time.Millisecond) != "" {
				heard++
			}
			if known {
				require.Equal(t, asked, heard)
				return
			}
			require.GreaterOrEqual(t, heard, 5)
			require.Less(t, heard, asked/2, "five in a second; a few seconds may begin meanwhile")
		})
	}
}
