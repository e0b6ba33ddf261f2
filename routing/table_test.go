package routing_test

import (
	"net/netip"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/provision"
	"trunkline/routing"
)

const callersOperator = `
name: Test
realm: pbx.test
carriers: [{id: alfa, currency: EUR}]
gateways: [{id: alfa-1, carrier: alfa, address: "192.0.2.1:5060", sources: [203.0.113.9], media: relay}]
tariffs: [{id: retail, file: retail.yaml}]
dial_plans: [{id: plain, country: "49", rules: [{match: "+.", strip: 1}]}]
route_plans: [{id: all, default: true, rules: [{id: any, policy: least_cost}]}]
tenants:
  - id: acme
    time_zone: Europe/Berlin
    currency: EUR
    tariff: retail
    dial_plan: plain
    account: {mode: postpaid}
    networks: [198.51.100.0/24]
    branches:
      - id: main
        extensions:
          - {id: "101", password: secret, media: relay}
          - {id: "102", password: secret, networks: [192.0.2.128/25]}
          - {id: "103", password: secret, inactive: true}
    trunks:
      - {id: pbx, branch: main, sources: [203.0.113.0/24], address: 203.0.113.7, password: secret, media: direct}
`

func compile(t *testing.T, operator string) *provision.Snapshot {
	t.Helper()
	b, err := provision.ReadBundle(fstest.MapFS{
		"operator.yaml": {Data: []byte(operator)},
		"retail.yaml":   {Data: []byte("name: retail\ncurrency: EUR\ndecks:\n  - name: world\n    rates: [{prefix: \"49\", rate: 0.02}]\n")},
	}, "operator.yaml")
	require.NoError(t, err)
	s, err := provision.NewCompiler().Compile(t.Context(), b)
	require.NoError(t, err)
	return s
}

// TestCallersAreKnown: who calls is known by login or by address, with how its media goes and where it may call from.
func TestCallersAreKnown(t *testing.T) {
	t.Parallel()
	table := routing.NewTable(compile(t, callersOperator))
	for _, c := range []struct {
		login, address string
		kind           routing.CallerKind // 0: unknown.
		media          string
		from, notFrom  string // Where it may call from, and where not.
	}{
		{login: "acme-101", kind: routing.CallerExtension, media: provision.MediaRelay, from: "198.51.100.7", notFrom: "192.0.2.129"},
		{login: "acme-102", kind: routing.CallerExtension, from: "192.0.2.129", notFrom: "198.51.100.7"},
		{login: "acme-103"},
		{login: "acme-pbx", kind: routing.CallerTrunk, media: provision.MediaDirect, from: "198.51.100.7"},
		{address: "203.0.113.7", kind: routing.CallerTrunk, media: provision.MediaDirect},
		{address: "203.0.113.9", kind: routing.CallerGateway, media: provision.MediaRelay}, // The narrower range.
		{address: "192.0.2.1"}, // Calls of the gateway come from its sources alone.
	} {
		var caller routing.Caller
		var ok bool
		if c.login != "" {
			caller, ok = table.Login(c.login)
		} else {
			caller, ok = table.Source(netip.MustParseAddr(c.address))
		}
		require.Equal(t, c.kind != 0, ok, c)
		require.Equal(t, c.kind, caller.Kind, c)
		require.Equal(t, c.media, caller.Media, c)
		if c.from != "" {
			require.True(t, caller.MayBeAt(netip.MustParseAddr(c.from)), c)
		}
		if c.notFrom != "" {
			require.False(t, caller.MayBeAt(netip.MustParseAddr(c.notFrom)), c)
		}
	}
	var peers []string
	for _, g := range table.Peers() {
		peers = append(peers, g.ID)
	}
	require.Equal(t, []string{"alfa-1", "trunk/acme/pbx"}, peers)
}

// TestSwap: what is put in force is what the next call is routed by; nothing set up refuses every call.
func TestSwap(t *testing.T) {
	t.Parallel()
	live := routing.NewLive(provision.Empty())
	_, ok := live.Login("acme-101")
	require.False(t, ok)
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	caller := routing.Caller{Kind: routing.CallerTrunk, Tenant: "acme", Branch: "main"}
	require.Equal(t, routing.RefusedInactive, live.Route(caller, "+4930123456", "", at).Refusal)
	full := compile(t, callersOperator)
	live.Swap(full)
	require.Same(t, full, live.Snapshot())
	require.NotEqual(t, routing.RefusedInactive, live.Route(caller, "+4930123456", "", at).Refusal)
}
