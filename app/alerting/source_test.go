package alerting_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/alert"
	"trunkline/app/alerting"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

const operator = `realm: pbx.test
risky: ["882", "53"]
tariffs: [{id: retail, file: retail.yaml}]
route_plans: [{id: all, default: true, rules: [{id: any, policy: least_cost}]}]
dial_plans: [{id: plain, country: "49", rules: [{match: "00.", strip: 2}]}]
tenants:
  - {id: acme, time_zone: Europe/Berlin, currency: EUR, account: {mode: prepaid}, tariff: retail, dial_plan: plain, limits: [{period: month, money: 100}], branches: [{id: berlin, limits: [{period: day, money: 10, calls: 50}]}]}
  - {id: other, time_zone: Europe/Berlin, currency: EUR, account: {mode: postpaid, credit: 50}, tariff: retail, dial_plan: plain}
`

func amount(text string) money.Amount { return money.MustParseAmount(text) }

var errAway = errors.New("the database does not answer")

// house is what alerts look at, in memory.
type house struct {
	*alerting.Source

	states []ledger.State
	gauges []ledger.Gauge
	dead   map[string]int64
	calls  func(clickhouse.Traffic) []clickhouse.Volume
	asked  []clickhouse.Traffic
	done   []string
	fault  error
}

func newHouse(t *testing.T) *house {
	t.Helper()
	b, err := provision.ReadBundle(fstest.MapFS{
		"operator.yaml": {Data: []byte(operator)}, "retail.yaml": {Data: []byte("name: retail\ncurrency: EUR\ndecks: [{name: retail, rates: [{prefix: any, rate: 0.1}]}]\n")},
	}, "operator.yaml")
	require.NoError(t, err)
	snapshot, err := provision.NewCompiler().Compile(t.Context(), b)
	require.NoError(t, err)
	h := &house{calls: func(clickhouse.Traffic) []clickhouse.Volume { return nil }}
	h.Source = &alerting.Source{Ledger: h, Books: h, Records: h, Snapshot: func() *provision.Snapshot { return snapshot }}
	return h
}

func (h *house) did(format string, args ...any) error {
	h.done = append(h.done, fmt.Sprintf(format, args...))
	return h.fault
}

func (h *house) States(context.Context, ledger.Kind) ([]ledger.State, error) {
	return h.states, h.fault
}

func (h *house) Limits(context.Context, ledger.Account) (ledger.LimitState, error) {
	return ledger.LimitState{}, h.fault
}

func (h *house) Gauges(_ context.Context, a ledger.Account, _ time.Time) ([]ledger.Gauge, error) {
	return slices.DeleteFunc(slices.Clone(h.gauges), func(g ledger.Gauge) bool { return g.Account != a }), h.fault
}

func (h *house) SetLimit(_ context.Context, t ledger.Target, p ledger.Period, c ledger.Caps) error {
	return h.did("cap %s %s %s %s", t.Scope, t.Owner, p, c)
}

func (h *house) Suspend(_ context.Context, a ledger.Account, _ bool, reason, by string) error {
	return h.did("suspend %s: %s by %s", a, reason, by)
}

func (h *house) Block(_ context.Context, t ledger.Target, blocked bool) error {
	return h.did("block %s %s %t", t.Scope, t.Owner, blocked)
}

func (h *house) DeadCount(_ context.Context, f postgres.DeadFilter) (map[string]int64, error) {
	if f.Tenant != "" {
		return map[string]int64{f.Tenant: h.dead[f.Tenant]}, h.fault
	}
	return h.dead, h.fault
}

func (h *house) Volumes(_ context.Context, t clickhouse.Traffic, _ bool) ([]clickhouse.Volume, error) {
	h.asked = append(h.asked, t)
	return h.calls(t), h.fault
}

func now() time.Time { return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) }

// rule reads a rule as its file has it, with what it leaves out.
func rule(t *testing.T, text string) *alert.Rule {
	t.Helper()
	rules, err := alert.Parse([]byte("channels: [{id: noc, mail: [noc@example.com]}]\nrules: [{id: r, notify: [noc], " + text + "}]\n"))
	require.NoError(t, err)
	return &rules.Rules[0]
}

// readings are what is measured, as tenant/owner=value.
func (h *house) readings(t *testing.T, text string) []string {
	t.Helper()
	list, err := h.Readings(t.Context(), rule(t, text), now())
	require.NoError(t, err)
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.Tenant + "/" + r.Owner + "=" + r.Value.String()
	}
	slices.Sort(out)
	return out
}

// TestBalancesAreThoseOfClients measures what is there and what may be spent, of every client or of one.
func TestBalancesAreThoseOfClients(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	eur, usd := money.MustParseCurrency("EUR"), money.MustParseCurrency("USD")
	h.states = []ledger.State{
		{Account: ledger.Tenant("acme", eur), Credits: amount("10"), Pending: amount("2")},
		{Account: ledger.Tenant("other", eur), Debits: amount("20"), CreditLimit: amount("50")},
		{Account: ledger.Tenant("acme", usd), Credits: amount("999")},
		{Account: ledger.Tenant("gone", eur), Credits: amount("1")},
	}
	require.Equal(t, []string{"acme/=10", "other/=-20"}, h.readings(t, "measure: balance, below: 5"))
	require.Equal(t, []string{"acme/=8", "other/=30"}, h.readings(t, "measure: left, below: 5"), "with the credit, without what is held")
	require.Equal(t, []string{"other/=-20"}, h.readings(t, "measure: balance, below: 5, tenant: other"))
}

// TestTheFullestCapCounts measures how much of its caps somebody has used, with what is held.
func TestTheFullestCapCounts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	acme := ledger.Tenant("acme", money.MustParseCurrency("EUR"))
	berlin := time.FixedZone("CET", 3600)
	gauge := func(scope ledger.Scope, owner string, period ledger.Period, begins time.Time, used, held ledger.Use) ledger.Gauge {
		return ledger.Gauge{Counter: ledger.Counter{Account: acme, Scope: scope, Owner: owner, Period: period, Start: begins.UTC()}, Used: used, Held: held}
	}
	h.gauges = []ledger.Gauge{
		gauge(ledger.BranchScope, "berlin", ledger.Day, time.Date(2026, 12, 1, 0, 0, 0, 0, berlin), ledger.Use{Money: amount("4"), Calls: 45}, ledger.Use{Money: amount("1")}),
		gauge(ledger.TenantScope, "", ledger.Month, time.Date(2026, 12, 1, 0, 0, 0, 0, berlin), ledger.Use{Money: amount("20")}, ledger.Use{Money: amount("5")}),
	}
	require.Equal(t, []string{"acme/berlin=90"}, h.readings(t, "measure: cap, by: branch, above: 80"), "calls are fuller than money")
	require.Equal(t, []string{"acme/=25"}, h.readings(t, "measure: cap, above: 80"))
}

// TestCallsAreMeasuredInTheirWindow asks for the calls that a rule is about.
func TestCallsAreMeasuredInTheirWindow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.calls = func(clickhouse.Traffic) []clickhouse.Volume {
		return []clickhouse.Volume{{Tenant: "acme", Owner: "101", Spend: amount("7.5"), Seconds: 90, Calls: 3, Numbers: []string{"88210", "88211", "88212", "88220"}}}
	}
	for text, want := range map[string]string{
		"measure: spend, above: 5": "7.5", "measure: minutes, above: 5": "1.5", "measure: calls, above: 5, by: extension": "3", "measure: sequential, above: 2": "3",
	} {
		require.Equal(t, []string{"acme/101=" + want}, h.readings(t, text), text)
	}
	h.asked = nil
	h.readings(t, `measure: spend, above: 5, by: extension, window: 2h, prefixes: ["49"], risky: true, tenant: acme`)
	require.Equal(t, []clickhouse.Traffic{{Tenant: "acme", By: "extension", Prefixes: []string{"49", "882", "53"}, From: now().Add(-2 * time.Hour), Till: now()}}, h.asked)
}

// TestSpikesAreAgainstFormerWeeks compares an hour with the same one of four weeks before.
func TestSpikesAreAgainstFormerWeeks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.calls = func(tr clickhouse.Traffic) []clickhouse.Volume {
		const fortnight = 14 * 24 * time.Hour
		spend := amount("2") // Of the former weeks, of which one had no calls.
		if before := now().Sub(tr.Till); before == 0 {
			spend = amount("12")
		} else if before == fortnight {
			return nil
		}
		return []clickhouse.Volume{{Tenant: "acme", Spend: spend}}
	}
	require.Equal(t, []string{"acme/=8"}, h.readings(t, "measure: spike, above: 3"), "12 against a mean of 1.5")
	require.Len(t, h.asked, 5)
	require.Equal(t, []string{"acme/=0"}, h.readings(t, "measure: spike, above: 3, least: 20"), "so little is none")
}

// TestUnratedLegsAreCounted by client.
func TestUnratedLegsAreCounted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.dead = map[string]int64{"acme": 3, "": 1}
	require.Equal(t, []string{"/=1", "acme/=3"}, h.readings(t, "measure: unrated, above: 0"))
	require.Equal(t, []string{"acme/=3"}, h.readings(t, "measure: unrated, above: 0, tenant: acme"))
}

// TestAFailingStoreIsTold measures nothing where a store does not answer: no alert clears by that.
func TestAFailingStoreIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fault = errAway
	for _, text := range []string{"measure: balance, below: 5", "measure: cap, above: 80", "measure: spend, above: 5", "measure: spike, above: 3", "measure: unrated, above: 0"} {
		_, err := h.Readings(t.Context(), rule(t, text), now())
		require.ErrorIs(t, err, errAway, text)
	}
	_, err := h.Act(t.Context(), rule(t, "measure: spend, above: 5, block: tenant"), alert.Reading{Tenant: "acme"})
	require.ErrorIs(t, err, errAway)
}

// TestWhatAnAlertDoes stops what its rule says, in the name of the alert, and says so.
func TestWhatAnAlertDoes(t *testing.T) {
	t.Parallel()
	for text, c := range map[string]struct {
		at   alert.Reading
		done []string
		says string
	}{
		"measure: spend, above: 5":                                                {alert.Reading{Tenant: "acme"}, nil, ""},
		"measure: spend, above: 5, block: tenant":                                 {alert.Reading{Tenant: "acme"}, []string{"suspend tenant/acme/EUR: alert r by alert"}, "tenant suspended"},
		"measure: spend, above: 5, by: extension, block: extension":               {alert.Reading{Tenant: "acme", Owner: "101"}, []string{"block extension 101 true"}, "extension 101 blocked"},
		"measure: spend, above: 5, risky: true, block: destination":               {alert.Reading{Tenant: "acme"}, []string{"block destination 882 true", "block destination 53 true"}, "destinations 882, 53 blocked"},
		"measure: spend, above: 5, lower: {period: day, money: 1}":                {alert.Reading{Tenant: "acme"}, []string{"cap tenant  day money 1"}, "cap of a day set to"},
		"measure: spend, above: 6, block: tenant":                                 {alert.Reading{Tenant: "gone"}, nil, ""},
		"measure: spend, above: 7, lower: {period: day, calls: 0}, block: tenant": {alert.Reading{Tenant: "other"}, []string{"cap tenant  day", "suspend tenant/other/EUR"}, ", tenant suspended"},
	} {
		h := newHouse(t)
		says, err := h.Act(t.Context(), rule(t, text), c.at)
		require.NoError(t, err, text)
		require.Contains(t, says, c.says, text)
		require.Len(t, h.done, len(c.done), "%s: %v", text, h.done)
		for i := range c.done {
			require.Contains(t, h.done[i], c.done[i], text)
		}
	}
}
