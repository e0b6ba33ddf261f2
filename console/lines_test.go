package console_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/reports"
	"trunkline/reports/traffic"
)

// lineLegs answers with the same legs, and keeps what it was asked.
type lineLegs struct {
	legs  []traffic.Leg
	asked *traffic.Query
}

func (s lineLegs) EachLeg(_ context.Context, q traffic.Query, do func(*traffic.Leg) error) error {
	*s.asked = q
	for i := range s.legs {
		if err := do(&s.legs[i]); err != nil {
			return err
		}
	}
	return nil
}

const lineOperator = `
realm: pbx.test
tariffs: [{id: none, file: none.yaml}]
route_plans: [{id: all, default: true, rules: [{id: any, policy: least_cost}]}]
carriers: [{id: alfa, currency: EUR, max_calls: 20}]
gateways: [{id: alfa-1, carrier: alfa, address: "192.0.2.1", max_calls: 10}]
dial_plans: [{id: plain, country: "49", rules: [{match: "1XX", extension: true}]}]
tenants:
  - id: acme
    time_zone: Europe/Berlin
    currency: EUR
    account: {mode: postpaid}
    dial_plan: plain
    tariff: none
    branches: [{id: berlin}, {id: koeln}]
    trunks: [{id: main, branch: koeln, sources: ["192.0.2.9"], max_calls: 4}]
    pbxs:
      - {id: old, format: panasonic-tda-c-dmy, branch: berlin, trunks: [{id: "701", group: city}, {id: "702", group: city}, {id: "SIP/x-*", lines: 5}]}
`

const lineTariff = `
name: none
currency: EUR
decks: [{name: none, rates: [{prefix: any, rate: 1}]}]
`

// TestLinesAreOfWhoAsks shows everybody the lines that are theirs to see.
func TestLinesAreOfWhoAsks(t *testing.T) {
	t.Parallel()
	bundle, err := provision.ReadBundle(fstest.MapFS{"operator.yaml": {Data: []byte(lineOperator)}, "none.yaml": {Data: []byte(lineTariff)}}, "operator.yaml")
	require.NoError(t, err)
	snapshot, err := provision.NewCompiler().Compile(t.Context(), bundle)
	require.NoError(t, err)
	at := time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)
	leg := traffic.Leg{Setup: at, Connect: at, Disconnect: at.Add(time.Hour)}
	line := func(change func(*traffic.Leg)) traffic.Leg {
		l := leg
		change(&l)
		return l
	}
	client := []traffic.Leg{
		line(func(l *traffic.Leg) { l.Node, l.Trunk = "old", "701" }), line(func(l *traffic.Leg) { l.Node, l.Trunk = "old", "SIP/x-00000001" }),
		line(func(l *traffic.Leg) { l.Node, l.Trunk = "gone", "5" }), line(func(l *traffic.Leg) { l.Own, l.Trunk = true, "main" }),
	}
	house := []traffic.Leg{
		line(func(l *traffic.Leg) { l.Own, l.Gateway, l.Carrier = true, "alfa-1", "alfa" }),
		line(func(l *traffic.Leg) { l.Own, l.Ingress, l.Gateway = true, true, "alfa-1" }),
	}
	for _, c := range []struct {
		name   string
		who    access.Principal
		q      console.LinesQuery
		legs   []traffic.Leg
		groups map[string]int // With their lines.
		err    error
	}{
		{
			name: "a client", who: access.Principal{Role: access.Manager, Tenant: "acme"}, legs: client,
			groups: map[string]int{"pbx old city": 2, "pbx old SIP/x-*": 5, "pbx gone 5": 0, "trunk  main": 4},
		},
		{name: "a branch", who: access.Principal{Role: access.BranchManager, Tenant: "acme", Branch: "koeln"}, legs: client[3:], groups: map[string]int{"trunk  main": 4}},
		{
			name: "staff, one PBX", who: access.Principal{Role: access.Operator}, q: console.LinesQuery{Tenant: "acme", PBX: "old"}, legs: client[:2],
			groups: map[string]int{"pbx old city": 2, "pbx old SIP/x-*": 5},
		},
		{name: "the house", who: access.Principal{Role: access.NOC}, legs: house, groups: map[string]int{"carrier  alfa": 20, "gateway alfa alfa-1": 10}},
		{name: "another client", who: access.Principal{Role: access.Manager, Tenant: "poor"}, q: console.LinesQuery{Tenant: "acme"}, err: console.ErrNotFound},
		{name: "another branch", who: access.Principal{Role: access.BranchManager, Tenant: "acme", Branch: "koeln"}, q: console.LinesQuery{Branch: "berlin"}, err: console.ErrNotFound},
		{name: "a PBX of another branch", who: access.Principal{Role: access.BranchManager, Tenant: "acme", Branch: "koeln"}, q: console.LinesQuery{PBX: "old"}, err: console.ErrNotFound},
		{name: "no such PBX", who: access.Principal{Role: access.Operator}, q: console.LinesQuery{Tenant: "acme", PBX: "new"}, err: console.ErrNotFound},
		{name: "no such client", who: access.Principal{Role: access.Operator}, q: console.LinesQuery{Tenant: "nobody"}, err: console.ErrNotFound},
		{name: "a PBX of nobody", who: access.Principal{Role: access.Operator}, q: console.LinesQuery{PBX: "old"}, err: console.ErrInvalid},
		{name: "a key for something else", who: access.Principal{Role: access.Operator, Scopes: []access.Permission{access.ReadCalls}}, err: console.ErrForbidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var asked traffic.Query
			con := console.New(console.Deps{
				Lines: lineLegs{c.legs, &asked}, Clock: clock.NewManual(at.AddDate(0, 1, 0)), Snapshot: func() *provision.Snapshot { return snapshot },
			})
			c.q.Period = reports.Span(at.AddDate(0, 0, -1), at.AddDate(0, 0, 1), time.UTC)
			r, err := con.Lines(t.Context(), &c.who, c.q)
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
				require.Zero(t, asked, "nothing was read")
				return
			}
			require.NoError(t, err)
			groups := make(map[string]int)
			for _, g := range r.Groups {
				groups[string(g.Kind)+" "+g.Owner+" "+g.ID] = g.Lines
				if g.ID == "alfa" {
					require.Equal(t, 2, g.Peak, "both ways")
				}
			}
			require.Equal(t, c.groups, groups)
			require.Equal(t, c.who.Tenant == "" && c.q.Tenant == "", asked.Tenant == "")
		})
	}
}
