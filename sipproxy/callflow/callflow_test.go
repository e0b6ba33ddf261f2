package callflow_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/sipproxy/callflow"
)

func TestLadder(t *testing.T) {
	t.Parallel()
	l := callflow.New(4 << 20)
	at := time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC)
	phone, gateway := netip.MustParseAddrPort("192.0.2.5:5060"), netip.MustParseAddrPort("[2001:db8::1]:5061")
	l.Add(at, false, "UDP", phone, "from-phone", []byte("INVITE"))
	l.Link(at.Add(time.Millisecond), "call-1", "from-phone")
	l.Link(at.Add(2*time.Millisecond), "call-1", "to-gateway")
	l.Add(at.Add(2*time.Millisecond), true, "TLS", gateway, "to-gateway", []byte("INVITE out"))
	l.Add(at.Add(time.Millisecond), false, "UDP", phone, "other", []byte("REGISTER"))
	require.Equal(t, []callflow.Message{
		{At: at, Transport: "UDP", Remote: phone, CallID: "from-phone", Text: "INVITE"},
		{At: at.Add(2 * time.Millisecond), Sent: true, Transport: "TLS", Remote: gateway, CallID: "to-gateway", Text: "INVITE out"},
	}, l.Call("call-1"), "what came before the call was known is there too")
	require.Empty(t, l.Call("call-2"))
	require.Empty(t, l.Call("from-phone"), "a Call-ID is no call")
}

func TestLadderForgetsTheOldest(t *testing.T) {
	t.Parallel()
	const limit = 4 << 20
	l := callflow.New(limit)
	text := []byte(strings.Repeat("x", 1000))
	remote := netip.MustParseAddrPort("192.0.2.5:5060")
	for i := range 20_000 {
		id := fmt.Sprintf("call-%d", i)
		l.Link(time.Unix(int64(i), 0), id, id)
		l.Add(time.Unix(int64(i), 0), true, "UDP", remote, id, text)
	}
	require.Empty(t, l.Call("call-0"))
	require.Len(t, l.Call("call-19999"), 1)
	kept := 0
	for i := range 20_000 {
		kept += len(l.Call(fmt.Sprintf("call-%d", i)))
	}
	require.Greater(t, kept, 2*limit/3/1000)
	require.LessOrEqual(t, kept, limit/1000)
}

func TestNoLadderRemembersNothing(t *testing.T) {
	t.Parallel()
	l := callflow.New(0)
	require.Nil(t, l)
	l.Add(time.Unix(0, 0), true, "UDP", netip.AddrPort{}, "a", nil)
	l.Link(time.Unix(0, 0), "a", "a")
	require.Empty(t, l.Call("a"))
}

func BenchmarkAdd(b *testing.B) {
	l := callflow.New(64 << 20)
	text := []byte(strings.Repeat("x", 700))
	remote := netip.MustParseAddrPort("192.0.2.5:5060")
	b.ReportAllocs()
	for b.Loop() {
		l.Add(time.Unix(0, 0), true, "UDP", remote, "01a20099-ccf6-7ce3-9ad3-d83497067c31", text)
	}
}
