package sipproxy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/lcr"
	"trunkline/routing"
)

func TestSlots(t *testing.T) {
	t.Parallel()
	fake := clock.NewManual(time.Unix(1000, 0))
	s := newSlots(fake)
	gateway := routing.Capacity{Key: "gateway/alfa", Max: 2}
	tenant := routing.Capacity{Key: "tenant/acme", PerSecond: 1}

	held, reason := s.takeAll([]routing.Capacity{gateway, tenant})
	require.Empty(t, reason)
	require.Equal(t, []string{"gateway/alfa", "tenant/acme"}, held)
	_, reason = s.takeAll([]routing.Capacity{gateway, tenant})
	require.Equal(t, lcr.ReasonCPS, reason)
	require.Equal(t, 1, s.inUse("gateway/alfa"), "what was taken on the way is given back")
	s.release(held)
	_, reason = s.takeAll([]routing.Capacity{tenant})
	require.Equal(t, lcr.ReasonCPS, reason, "a call that is over was a new one of this second all the same")

	fake.Advance(time.Second)
	for range 2 {
		require.Empty(t, s.take(gateway))
	}
	require.Equal(t, lcr.ReasonCapacity, s.take(gateway))
	require.Equal(t, []string{"gateway/alfa"}, s.keep([]routing.Capacity{gateway}), "a call that is there has its place")
	require.Equal(t, 3, s.inUse("gateway/alfa"))
	_, reason = s.takeAll([]routing.Capacity{tenant})
	require.Empty(t, reason, "another second")
}

func TestOffer(t *testing.T) {
	t.Parallel()
	const head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
	for name, c := range map[string]struct {
		kind, body string
		want       offer
	}{
		"plain":      {"application/sdp", head + "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n", offer{known: true, codecs: []string{"pcma", "pcmu", "telephone-event"}}},
		"encrypted":  {"Application/SDP; x=y", head + "m=audio 4000 RTP/SAVP 96\r\na=rtpmap:96 opus/48000/2\r\n", offer{known: true, secure: true, codecs: []string{"opus"}}},
		"no audio":   {"application/sdp", head + "m=video 4000 RTP/AVP 96\r\n", offer{known: true}},
		"turned off": {"application/sdp", head + "m=audio 0 RTP/AVP 8\r\n", offer{known: true}},
		"none":       {"", "", offer{}},
		"other":      {"application/isup", "\x01\x02", offer{}},
		"broken":     {"application/sdp", "v=zero\r\nnonsense", offer{}},
	} {
		require.Equal(t, c.want, newOffer(c.kind, []byte(c.body)), name)
	}
}
