package gateway_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/lcr"
	"trunkline/provision"
	"trunkline/sipproxy/gateway"
	"trunkline/sipproxy/resolver"
)

// zone answers with two addresses for every name.
type zone struct{}

func (zone) LookupNAPTR(context.Context, string) ([]resolver.NAPTR, error) { return nil, nil }

func (zone) LookupSRV(context.Context, string, string, string) (string, []*net.SRV, error) {
	return "", nil, &net.DNSError{IsNotFound: true}
}

func (zone) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}, nil
}

func health(t *testing.T, gateways ...provision.Gateway) (*gateway.Health, *clock.Manual) {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
	h := gateway.New(c, slog.New(slog.DiscardHandler), zone{})
	h.Refresh(t.Context(), gateways)
	return h, c
}

// TestLock: failures in a row lock a gateway for a while; when that is over one more locks it again, and a sign of life ends it.
func TestLock(t *testing.T) {
	t.Parallel()
	g := provision.Gateway{ID: "alfa", Address: "192.0.2.9:5060", LockAfter: 2, Lock: time.Minute}
	h, c := health(t, g)
	admitted := func() bool {
		_, reason := h.Admit(&g)
		require.Contains(t, []lcr.Reason{"", lcr.ReasonLocked}, reason)
		return reason == ""
	}
	h.Failed("alfa", "timeout")
	require.True(t, admitted())
	h.Failed("alfa", "timeout")
	require.False(t, admitted())
	state := h.States()[0]
	require.True(t, state.Locked)
	require.Equal(t, "timeout", state.Why)
	require.Equal(t, c.Now().Add(time.Minute), state.Until)
	c.Advance(time.Minute)
	require.True(t, admitted())
	h.Failed("alfa", "timeout")
	require.False(t, admitted())
	h.Heard("alfa")
	require.True(t, admitted())
	h.Failed("bravo", "nobody knows it")
	require.Len(t, h.States(), 1)
}

// TestNextAddress: after a failure the next address of a name takes over (RFC 3263, section 4.3), and all of them fail before the gateway is
// locked.
func TestNextAddress(t *testing.T) {
	t.Parallel()
	g := provision.Gateway{ID: "alfa", Address: "carrier.example", Transport: "udp", LockAfter: 1}
	h, _ := health(t, g)
	require.Equal(t, 2, h.Addresses("alfa"))
	require.Equal(t, "alfa", h.Named("CARRIER.example"))
	for _, want := range []string{"192.0.2.1", "192.0.2.2"} {
		hop, reason := h.Admit(&g)
		require.Empty(t, reason)
		require.Equal(t, want, hop.Remote.Addr().String())
		require.Equal(t, "alfa", h.At(hop.Remote))
		require.True(t, h.Owns(hop.Remote.Addr()))
		h.Failed("alfa", "silent")
	}
	_, reason := h.Admit(&g)
	require.Equal(t, lcr.ReasonLocked, reason)
}

// TestProbes: a gateway is to be probed at its interval, unless it is switched off; one that is gone is forgotten.
func TestProbes(t *testing.T) {
	t.Parallel()
	all := []provision.Gateway{
		{ID: "alfa", Address: "192.0.2.9", Probe: time.Minute}, {ID: "bravo", Address: "192.0.2.10"}, {ID: "charlie", Address: "192.0.2.11", Probe: time.Second, Inactive: true},
	}
	h, c := health(t)
	due := func() (ids []string) {
		for _, g := range h.Refresh(t.Context(), all) {
			ids = append(ids, g.ID)
		}
		return ids
	}
	require.Equal(t, []string{"alfa"}, due())
	require.Empty(t, due())
	c.Advance(time.Minute)
	require.Equal(t, []string{"alfa"}, due())
	h.Know(nil)
	require.Empty(t, h.States())
	_, ok := h.Address("alfa")
	require.False(t, ok)
}
