package sipproxy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
)

// byTenant are the legs of calls, by whose they are.
func byTenant(legs []*cdr.Leg) map[string][]*cdr.Leg {
	out := make(map[string][]*cdr.Leg)
	for _, l := range legs {
		out[l.Tenant] = append(out[l.Tenant], l)
	}
	return out
}

// TestCallBetweenClients stays in the house, and is a call of each of them.
func TestCallBetweenClients(t *testing.T) {
	t.Parallel()
	o := newOut(t)
	anna, nina := o.phoneAt("127.0.0.3", "anna"), o.phoneAt("127.0.0.8", "nina")
	l := anna.dials("anna", "+4930222001")
	invite := nina.hear("INVITE")
	require.Equal(t, "+4930111000", invite.From().Address.User)
	nina.reply(invite, "n", sdp("nina"))
	require.Equal(t, 200, l.final())
	nina.hear("ACK")
	l.request("BYE", "")
	nina.hears("BYE")
	legs := byTenant(o.record())
	require.Len(t, legs["alpha"], 1)
	require.Equal(t, calls.Outbound, legs["alpha"][0].Direction)
	require.Equal(t, "retail", legs["alpha"][0].Tariff)
	require.True(t, legs["alpha"][0].Reserved)
	require.True(t, legs["alpha"][0].Answered())
	require.Len(t, legs["bravo"], 2)
	require.Equal(t, calls.Inbound, legs["bravo"][0].Direction)
	require.Equal(t, "4930222001", legs["bravo"][0].Number)
	require.NotEqual(t, legs["alpha"][0].Call, legs["bravo"][0].Call)
	o.carrierIs(0)
}

// TestCallBetweenClientsIsForwarded goes on outside at the cost of the one who is called.
func TestCallBetweenClientsIsForwarded(t *testing.T) {
	t.Parallel()
	o := newOut(t, "password: secret-nina", `password: secret-nina, forward: {unavailable: "004420177"}`)
	anna := o.phoneAt("127.0.0.3", "anna")
	l := anna.dials("anna", "+4930222001")
	require.Equal(t, 200, l.final())
	l.request("BYE", "")
	all := o.record()
	priced(t, all)
	legs := byTenant(all)
	require.Len(t, legs["alpha"], 1)
	require.Len(t, legs["bravo"], 3)
	require.Equal(t, calls.Forwarded, legs["bravo"][1].Direction)
	require.True(t, legs["bravo"][1].Reserved)
	o.carrierIs(1)
}

// TestCallBetweenClientsOutlivesTheProxy ends both calls after a restart.
func TestCallBetweenClientsOutlivesTheProxy(t *testing.T) {
	t.Parallel()
	o := newOut(t)
	anna, nina := o.phoneAt("127.0.0.3", "anna"), o.phoneAt("127.0.0.8", "nina")
	l := anna.dials("anna", "+4930222001")
	nina.reply(nina.hear("INVITE"), "n", sdp("nina"))
	require.Equal(t, 200, l.final())
	nina.hear("ACK")
	o.restart()
	l.proxy, nina.proxy = o.addr(), o.addr()
	l.request("BYE", "")
	nina.hears("BYE")
	legs := byTenant(o.record())
	require.Len(t, legs["alpha"], 1)
	require.Len(t, legs["bravo"], 2)
	require.True(t, legs["bravo"][1].Answered())
}

// TestFreeBetweenClients asks nobody for money.
func TestFreeBetweenClients(t *testing.T) {
	t.Parallel()
	o := newOut(t, "realm: pbx.example", "realm: pbx.example\nbetween_clients: free")
	anna, nina := o.phoneAt("127.0.0.3", "anna"), o.phoneAt("127.0.0.8", "nina")
	l := anna.dials("anna", "+4930222001")
	nina.reply(nina.hear("INVITE"), "n", sdp("nina"))
	require.Equal(t, 200, l.final())
	nina.hear("ACK")
	l.request("BYE", "")
	nina.hears("BYE")
	legs := byTenant(o.record())
	require.Equal(t, cdr.FreeBetween, legs["alpha"][0].Tariff)
	require.False(t, legs["alpha"][0].Reserved)
	require.Zero(t, o.asked.Load())
}
