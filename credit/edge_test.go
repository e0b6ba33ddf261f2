package credit_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"trunkline/credit"
	"trunkline/credit/quota"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy"
)

// rich is a ledger that grants every quota.
type rich struct {
	drawn   []ledger.QuotaRequest
	retired []uuid.UUID
}

func (r *rich) DrawQuota(_ context.Context, q ledger.QuotaRequest) (ledger.QuotaAnswer, error) {
	r.drawn = append(r.drawn, q)
	granted, err := q.Had.Add(q.More)
	return ledger.QuotaAnswer{Granted: granted}, err
}

func (r *rich) Quotas(context.Context, ledger.Life) (out []ledger.Quota, err error) {
	for _, q := range r.drawn {
		out = append(out, ledger.Quota{ID: q.ID, Account: q.Account})
	}
	return out, nil
}

func (r *rich) RetireQuota(_ context.Context, id uuid.UUID, _ ledger.Use) error {
	r.retired = append(r.retired, id)
	return nil
}

func (*rich) FinishQuotas(context.Context, ledger.Life, []uuid.UUID, int64) error { return nil }

// site is a house with one client of three employees, and what reserves for their calls.
type site struct {
	t      *testing.T
	live   *routing.Live
	ledger *rich
	client *credit.Client
	clock  *clock.Manual
	calls  uint64
}

// provisioned compiles the house; second is said of the second employee, and client of the client.
func provisioned(t *testing.T, second, client string) *provision.Snapshot {
	t.Helper()
	files := fstest.MapFS{
		"operator.yaml": {Data: []byte(`
name: House
realm: pbx.test
carriers: [{id: one, currency: EUR, deck: one}]
decks: [{id: one, file: one.csv, currency: EUR}]
gateways: [{id: one-1, carrier: one, address: "192.0.2.1"}]
tariffs: [{id: retail, file: retail.yaml}]
dial_plans: [{id: plain, country: "49", rules: [{match: "00.", strip: 2}]}]
route_plans: [{id: standard, default: true, rules: [{id: all, policy: priority, gateways: [{gateway: one-1}]}]}]
tenants:
  - id: acme
    time_zone: UTC
    currency: EUR
    tariff: retail
    dial_plan: plain
    account: {mode: postpaid}
` + client + `
    branches:
      - id: main
        extensions:
          - {id: "101", password: mc29na28ryjng5h2}
          - {id: "102", password: visrgu6zv4g9k7d7` + second + `}
          - {id: "103", password: 6zh25u6p4j2g7jhn}
`)},
		"one.csv":     {Data: []byte("prefix,destination,rate,increment\n49,Germany,0.01,60/60\n")},
		"retail.yaml": {Data: []byte("name: retail\nversion: \"1\"\ncurrency: EUR\ndecks: [{name: world, defaults: {increment: 60/60}, rates: [{prefix: \"49\", destination: Germany, rate: 0.06}]}]\n")},
	}
	bundle, err := provision.ReadBundle(files, "operator.yaml")
	require.NoError(t, err)
	s, err := provision.NewCompiler().Compile(t.Context(), bundle)
	require.NoError(t, err)
	return s
}

func newHouse(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, live: routing.NewLive(provisioned(t, "", "")), ledger: &rich{}, clock: clock.NewManual(time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC))}
	pool := quota.New(quota.DefaultTerms(time.Minute), s.ledger, s.clock, ledger.Life{Node: "n", Life: "one"}, uuid.New)
	s.client = &credit.Client{Live: s.live, Clock: s.clock, Edge: credit.NewEdge(pool, prometheus.NewRegistry())}
	return s
}

// call is one of an employee that is asked for in memory.
func (s *site) call(extension string) (sipproxy.Grant, bool) {
	s.t.Helper()
	route := s.live.Route(routing.Caller{Kind: routing.CallerExtension, Tenant: "acme", Branch: "main", Extension: extension}, "004930123456", "", s.clock.Now())
	require.Empty(s.t, route.Refusal, route.Detail)
	s.calls++
	return s.client.Draw(sipproxy.Reservation{Call: calls.IDAt(s.clock.Now(), s.calls), Route: route, UpTo: time.Minute})
}

func (s *site) tend() {
	s.t.Helper()
	s.clock.Advance(200 * time.Millisecond)
	require.NoError(s.t, s.client.Edge.Pool.Tend(s.t.Context()))
}

// TestEmployeesShareAQuota: calls of employees without limits of their own are reserved from one quota of the client, at the price of the call.
func TestEmployeesShareAQuota(t *testing.T) {
	t.Parallel()
	s := newHouse(t)
	for _, extension := range []string{"101", "102", "103"} {
		_, ok := s.call(extension)
		require.False(t, ok, "the ledger is asked at first")
	}
	s.tend()
	require.Len(t, s.ledger.drawn, 1)
	require.Empty(t, s.ledger.drawn[0].Extension)
	for _, extension := range []string{"101", "102", "103"} {
		g, ok := s.call(extension)
		require.True(t, ok, extension)
		require.Equal(t, time.Minute, g.Granted)
		require.Equal(t, "0.06", g.Draw.Money.String())
		require.Equal(t, s.ledger.drawn[0].ID, uuid.UUID(g.Draw.Quota))
	}
}

// TestProvisionedCapsCallQuotasBack: what is provisioned anew without changing what calls count against leaves a quota as it is; a limit of one employee
// keeps their calls apart, and one of the client has its quotas given back.
func TestProvisionedCapsCallQuotasBack(t *testing.T) {
	t.Parallel()
	s := newHouse(t)
	for range 3 {
		s.call("101")
	}
	s.tend()
	_, ok := s.call("102")
	require.True(t, ok)

	s.live.Swap(provisioned(t, "", ""))
	_, ok = s.call("101")
	require.True(t, ok, "nothing has changed for it")

	s.live.Swap(provisioned(t, ", max_calls: 1", ""))
	_, ok = s.call("102")
	require.False(t, ok, "it has a cap of its own now")
	_, ok = s.call("101")
	require.True(t, ok)
	require.NoError(t, s.client.Edge.Pool.Tend(t.Context()))
	require.Empty(t, s.ledger.retired)

	s.live.Swap(provisioned(t, ", max_calls: 1", "    max_calls: 50"))
	_, ok = s.call("101")
	require.False(t, ok, "the client has a cap now")
	s.tend()
	require.Equal(t, []uuid.UUID{s.ledger.drawn[0].ID}, s.ledger.retired)
}
