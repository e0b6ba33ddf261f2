package console_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/alert"
	"trunkline/console"
	"trunkline/console/memory"
	"trunkline/provision"
	"trunkline/reports"
	"trunkline/reports/export"
)

const alertRules = `
channels: [{id: ops, webhook: "https://hooks.example.com/T0/geheim", secret: geheim-geheim-geheim}]
rules:
  - {id: low, measure: balance, below: "100", notify: [ops]}
  - {id: many, measure: calls, above: "1000", notify: [ops]}
`

func alarms() []alert.Alarm {
	return []alert.Alarm{
		{Rule: "low", Tenant: "acme", Value: amount("77"), Text: "tenant acme: balance is 77, below 100."},
		{Rule: "many", Tenant: "acme", Value: amount("1234"), Text: "tenant acme: calls is 1234, above 1000."},
		{Rule: "gone", Tenant: "acme", Value: amount("88"), Text: "tenant acme: spend is 88, above 80."},
	}
}

func told() []console.Delivery {
	return []console.Delivery{
		{Rule: "low", Text: "balance is 77"},
		{Rule: "many", Text: "calls is 1234"},
		{Rule: "calls.rated", Text: "9 calls were rated: 88"},
		{Rule: "route.locked", Text: "gateway alfa-1 is locked"},
		{Rule: "call.unrated", Text: "no rate for 4989765432"},
	}
}

// TestWhatIsShown asks for everything that is read, as every role, and looks for what must not stand in it, wherever it stands.
func TestWhatIsShown(t *testing.T) {
	t.Parallel()
	const (
		called, calledShort = "4989765432", "498976****"
		detail              = "margin 0.01 is below"
	)
	secrets := []string{"gateway-secret", "vPq7-mWx2-Tz", "trunk-Qs7-mWx2", "ha1_", "geheim"}
	house := []string{"alfa", "192.0.2.1", "sip-1", "user:olga", "retail", "198.51.100.0", "max_price", "debt_limit"}
	for _, c := range []struct {
		role        access.Role
		never, once []string // What stands nowhere, and what does.
	}{
		{access.Operator, []string{"vPq7-mWx2-Tz", "gateway-secret", "trunk-Qs7-mWx2", "ha1_"}, []string{called, "debt_limit", "max_price", "0.16", detail, "c-7", "balance is 77"}},
		{access.Auditor, secrets, []string{called, "debt_limit", "max_price", "0.16", detail, "c-7", "balance is 77"}},
		{access.Accountant, secrets, []string{called, "max_price", "0.16", "c-7"}},
		{
			access.NOC, append(slices.Clone(secrets), called, "debt_limit", "max_price", "min_margin", `"0.2"`, "0.2 EUR", "0.04", "0.16", "0.08", detail, "retail", "by an allowance", "c-7", "balance is 77", "spend is 88", "88"),
			[]string{calledShort, "alfa-1", "calls is 1234", "gateway alfa-1 is locked", "sip-1", "198.51.100.0"},
		},
		{access.Manager, append(append(slices.Clone(secrets), house...), "other", "0.04", "0.16"), []string{called, "Köln", "101", "0.2", "by an allowance", "credit", "Telephone"}},
		{access.BranchManager, append(append(slices.Clone(secrets), house...), "other", "0.04", "0.16", "Köln", "4922112", "credit", "Telephone"), []string{called, "Berlin", "101", "0.2"}},
	} {
		t.Run(string(c.role), func(t *testing.T) {
			t.Parallel()
			all := everythingShown(t, newHouse(t), people()[c.role])
			for _, word := range c.never {
				for place, text := range all {
					require.NotContains(t, text, word, "%s in %s", word, place)
				}
			}
			for _, word := range c.once {
				found := false
				for _, text := range all {
					found = found || strings.Contains(text, word)
				}
				require.True(t, found, "%s is shown somewhere", word)
			}
		})
	}
}

// everythingShown is what somebody is shown, by where it is shown. What is refused is not there.
func everythingShown(t *testing.T, h *memory.House, who *access.Principal) map[string]string {
	t.Helper()
	out, ctx, c := make(map[string]string), t.Context(), h.Console
	add := func(place string, v any, err error) {
		if err != nil {
			return
		}
		text, err := json.Marshal(v)
		require.NoError(t, err, place)
		out[place] = string(text)
	}
	for _, kind := range []provision.Kind{
		provision.KindSettings, provision.KindTenant, provision.KindCarrier, provision.KindGateway, provision.KindRoutePlan, provision.KindDialPlan, provision.KindDeck, provision.KindTariff,
	} {
		v, err := c.Things(ctx, who, kind)
		for i := range v {
			v[i].Tag = ""
		}
		add("documents of "+string(kind), v, err)
	}
	for _, part := range []console.Part{console.Branches, console.Extensions, console.Numbers, console.Trunks, console.Groups, console.PBXs} {
		v, err := c.Parts(ctx, who, "acme", part)
		for i := range v {
			v[i].Tag = ""
		}
		add(string(part), v, err)
	}
	calls := console.CallQuery{Period: theDay(), Limit: 10, Attempts: true}
	list, err := c.Calls(ctx, who, calls)
	add("calls", list, err)
	one, err := c.Call(ctx, who, asked{tenant: "acme"}.call())
	add("a call", one, err)
	var file bytes.Buffer
	err = c.ExportCalls(ctx, who, calls, console.File{Format: export.CSV}, &file)
	add("exported calls", file.String(), err)
	stats, err := c.Stats(ctx, who, reports.Question{Period: theDay()})
	add("figures", stats, err)
	if err == nil {
		var file bytes.Buffer
		require.NoError(t, console.StatsTable(who, stats).Write(&file, export.Options{Format: export.CSV}))
		add("exported figures", file.String(), nil)
	}
	live, err := c.Live(ctx, who)
	add("calls in progress", live, err)
	overview, err := c.Overview(ctx, who)
	add("overview", overview, err)
	messages, err := c.Messages(ctx, who, "acme-call")
	add("messages", messages, err)
	dead, err := c.Dead(ctx, who, console.DeadQuery{Limit: 10})
	add("unrated legs", dead, err)
	faults, err := c.ImportFaults(ctx, who, console.ImportQuery{Limit: 10})
	add("faults of imports", faults, err)
	stock, err := c.Stock(ctx, who, console.StockFilter{})
	add("stock", stock, err)
	alarms, err := c.Alarms(ctx, who, "", false, 10)
	add("alarms", alarms, err)
	told, err := c.Deliveries(ctx, who, false, 10)
	add("messages about alarms", told, err)
	rules, text, err := c.AlertRules(ctx, who)
	if who.Role != access.Operator {
		add("rules of alarms", []any{rules, text}, err)
	}
	charges, err := c.Charges(ctx, who, "acme")
	add("charges", charges, err)
	return out
}

// TestSharedAnswersStay makes sure that what is taken out for one is there for the next.
func TestSharedAnswersStay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	before := everythingShown(t, h, people()[access.Operator])
	for _, role := range access.Roles() {
		everythingShown(t, h, people()[role])
	}
	require.Equal(t, before, everythingShown(t, h, people()[access.Operator]))
}

// TestSimulatorTellsNoPrices refuses a call because of its price, as somebody who sees no prices.
func TestSimulatorTellsNoPrices(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	operator := people()[access.Operator]
	for _, change := range []struct {
		kind provision.Kind
		id   string
		do   func(console.Document)
	}{
		{provision.KindTenant, "acme", func(d console.Document) { d["max_price"] = "0.05" }},
		{provision.KindRoutePlan, "all", func(d console.Document) { d["rules"].([]any)[0].(console.Document)["min_margin"] = "7" }}, //nolint:forcetypeassert // Of the example.
	} {
		thing, err := h.Console.Thing(t.Context(), operator, change.kind, change.id)
		require.NoError(t, err)
		change.do(thing.Document)
		_, err = h.Console.PutThing(t.Context(), operator, console.Change{Kind: change.kind, ID: change.id}, thing.Document)
		require.NoError(t, err)
	}
	for tenant, reason := range map[string]string{"acme": "max_price", "other": "margin"} {
		q := console.RouteQuestion{Tenant: tenant, Dialled: "089765432"}
		told, err := h.Console.Simulate(t.Context(), operator, q)
		require.NoError(t, err)
		require.Equal(t, reason, told.Refusal)
		require.NotEmpty(t, told.Detail)
		hidden, err := h.Console.Simulate(t.Context(), people()[access.NOC], q)
		require.NoError(t, err)
		require.Equal(t, reason, hidden.Refusal, "why it is refused is told")
		require.Empty(t, hidden.Detail, "but not by how much")
		require.NotContains(t, fmt.Sprint(hidden.Decision), "0.02")
	}
}

// TestFiltersTellNothing refuses filters by what is not shown: counting what is found would tell it.
func TestFiltersTellNothing(t *testing.T) {
	t.Parallel()
	key := func(scopes ...access.Permission) *access.Principal {
		return &access.Principal{User: "olga", Role: access.Operator, Key: "k", Scopes: append(scopes, access.ReadCalls, access.ReadNumbers)}
	}
	who := people()
	for _, c := range []struct {
		name string
		who  *access.Principal
		no   string // Fields, with blanks between; all others may be asked.
	}{
		{"operator", who[access.Operator], ""},
		{"auditor", who[access.Auditor], ""},
		{"accountant", who[access.Accountant], ""},
		{"noc", who[access.NOC], "sale cost rate currency tariff prefix note any to from dialled caller_id"},
		{"manager", who[access.Manager], "cost carrier gateway trunk deck node attempt kind"},
		{"branch manager", who[access.BranchManager], "cost carrier gateway trunk deck node attempt kind"},
		{"a key for sales", key(access.ReadSale), "cost rate"},
		{"a key for costs", key(access.ReadCost), "sale rate"},
		{"a key for calls", key(), "sale cost rate currency tariff prefix note"},
	} {
		h := newHouse(t)
		for _, f := range reports.Fields() {
			filter, err := reports.ParseFilter(string(f) + ":" + valueOf(f))
			require.NoError(t, err, f)
			_, err = h.Console.Calls(t.Context(), c.who, console.CallQuery{Period: theDay(), Filter: filter, Limit: 10})
			if slices.Contains(strings.Fields(c.no), string(f)) {
				require.ErrorIs(t, err, console.ErrForbidden, "%s by %s", c.name, f)
			} else {
				require.NoError(t, err, "%s by %s", c.name, f)
			}
		}
	}
}

// valueOf is something that a field may be compared with.
func valueOf(f reports.Field) string {
	if word, ok := map[reports.Field]string{
		reports.FieldDirection: "outbound", reports.FieldKind: "egress", reports.FieldSide: "caller", reports.FieldAnswered: "yes",
	}[f]; ok {
		return word
	}
	return "4989765432"
}
