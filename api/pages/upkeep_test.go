package pages_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/console"
	"trunkline/console/memory"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/reports/invoice"
	"trunkline/reports/invoice/tax"
	"trunkline/reports/mail"
	"trunkline/reports/retention"
)

func amount(text string) money.Amount { return money.MustParseAmount(text) }

// badDay fills a house with what an operator finds on a bad day.
func badDay(h *memory.House) {
	r, now := h.Rows, memory.Begun()
	r.Accounts = map[string]ledger.State{
		"acme": {Account: ledger.Tenant("acme", money.MustParseCurrency("EUR")), Credits: amount("50"), Debits: amount("12.5"), ClosedTill: now.AddDate(0, -1, 0)},
		"alfa": {Account: ledger.Carrier("alfa", money.MustParseCurrency("EUR")), Credits: amount("7.25")},
	}
	r.Unrated = []console.DeadLeg{
		{ID: 7, Leg: "0193812a-0000-7000-8000-000000000007", Call: "0193812a-0000-7000-8000-000000000001", Tenant: "acme", Carrier: "alfa", From: "4930123456", To: "882345678901", Setup: now.Add(-time.Hour), Reason: "no_rate", Detail: "deck alfa has no rate for 882345678901: import a list that has one", Failed: now.Add(-50 * time.Minute)},
		{ID: 8, Tenant: "other", Reason: "bad_times", Detail: "the call ends before it begins: mend its times", Failed: now.Add(-40 * time.Minute)},
	}
	r.Repriced = console.RerateReport{Legs: 120, Changed: 3, Failed: []string{"0193812a-0000-7000-8000-000000000009: no rate"}, Lines: []console.RerateLine{
		{Account: ledger.Account{Kind: ledger.TenantAccount, Owner: "acme"}, Destination: "Germany", Calls: 2, Before: amount("0.30"), After: amount("0.24"), Difference: amount("-0.06")},
		{Account: ledger.Account{Kind: ledger.CarrierAccount, Owner: "alfa"}, Destination: "Germany mobile", Calls: 1, Before: amount("0.10"), After: amount("0.16"), Difference: amount("0.06")},
	}}
	r.Reruns = []console.RerateRun{{ID: 1, Begun: now.Add(-24 * time.Hour), Scope: "tenant acme", From: now.Add(-48 * time.Hour), Till: now.Add(-24 * time.Hour), Legs: 12, State: "done", Reason: "the wrong deck", By: "user:olga"}}
	r.Proxies = []ledger.Node{
		{ID: "0f8c1d2e-proxy-1", Name: "proxy-1", Seen: now.Add(-2 * time.Second)},
		{ID: "7a3b9c4d-proxy-2", Name: "proxy-2", Seen: now.Add(-3 * time.Hour), Overdue: 14},
		{ID: "5e6f7a8b-proxy-3", Name: "proxy-3", Seen: now.Add(-time.Minute), Disputed: now.Add(-5 * time.Minute)},
	}
	r.Events = []ledger.NodeEvent{{At: now.Add(-5 * time.Minute), Node: "5e6f7a8b-proxy-3", Name: "proxy-3", What: "disputed"}, {At: now.Add(-72 * time.Hour), Node: "0f8c1d2e-proxy-1", Name: "proxy-1", What: "registered", Reason: "first start"}}
	r.Broken = []console.Incident{{ID: 3, Kind: "call_unrecorded", Subject: "0193812a-0000-7000-8000-000000000001", Detail: "the call of tenant acme was set up at 2026-12-01 05:58:02 UTC on node proxy-2 and was let go on for 120 seconds, for which 0.2 were held; no record of it ever came", Noticed: now.Add(-2 * time.Hour)}}
	r.Old = []retention.Line{
		{Kind: retention.Calls, Keep: retention.Span(1095 * 24 * time.Hour), All: retention.Stock{Oldest: now.AddDate(-4, 0, 0), Rows: 1200345, Bytes: 312 << 20}, Goes: retention.Stock{Rows: 20411, Bytes: 6 << 20}, Stays: []string{"2022-11-30: leg 7 is not rated"}},
		{Kind: retention.Audit, All: retention.Stock{Oldest: now.AddDate(-1, 0, 0), Rows: 812, Bytes: 400 << 10}},
	}
	r.Held = []retention.Hold{{ID: 1, Tenant: "acme", Reason: "court order 17", Made: now.AddDate(0, -1, 0), By: "user:olga"}}
	r.Named = []retention.Found{{Place: "calls", Rows: 42, Held: 2, Newest: now.AddDate(0, -2, 0)}, {Place: "imports", Rows: 3}}
	eur, usd := money.MustParseCurrency("EUR"), money.MustParseCurrency("USD")
	r.Kept = []console.KeptRate{{Source: "ecb", ExchangeRate: money.ExchangeRate{From: eur, To: usd, Rate: decimal.RequireFromString("1.0857"), Since: now.AddDate(0, 0, -1).Truncate(24 * time.Hour)}}}
	r.Fetched = []console.RateFetch{{At: now.Add(-time.Hour), Origin: "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml", By: "trunkline", Failure: "the address did not answer within 10s"}, {At: now.Add(-25 * time.Hour), Origin: "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml", Source: "ecb", Fresh: 30, By: "trunkline"}}
	r.Mailed = append(r.Mailed, mail.Scheduled{Schedule: mail.Schedule{ID: "daily-calls", Report: "cdr", To: []string{"noc@example.com"}, On: "day", At: "06:00", Format: "csv", Period: "yesterday", Off: true}, Failure: "mail.example.com refused it"})
	r.Billed = map[string]invoice.Profile{"": {DueDays: 14, Language: "de", Tax: tax.Rule{Rate: tax.Rate{Percent: "19"}}}, "acme": {Tenant: "acme", Buyer: invoice.Party{Name: "Acme GmbH"}, DueDays: 30}}
}

// TestPagesOfABadDay opens the pages as everybody, with data and without: what is shown is for those who may, and forms are for those who may
// write.
func TestPagesOfABadDay(t *testing.T) {
	t.Parallel()
	pages := map[string]struct{ who, shows, form string }{ // For the roles in their order: y it is shown, w with its forms, n refused.
		"/dead": {"wyyynn", "deck alfa has no rate", `action="/dead/mend"`}, "/rerates": {"ynyynn", "the wrong deck", ""},
		"/nodes": {"wynynn", "proxy-2", `action="/nodes/give-up"`}, "/incidents": {"wnwynn", "no record of it ever came", "/incidents/3/close"},
		"/retention": {"wnnynn", "court order 17", "/retention/holds/1/remove"}, "/erasure": {"wnnnnn", "", `action="/erasure"`},
		"/exchange": {"wnyynn", "1.0857", `method="post" action="/exchange"`}, "/schedules": {"wnnynn", "noc@example.com", "/schedules/daily-calls/pause"},
		"/schedules/daily-calls": {"wnnynn", "noc@example.com", "/schedules/daily-calls/remove"}, "/schedules/_new": {"wnnnnn", "", `name="id"`},
		"/profiles": {"ynyynn", "Acme GmbH", ""}, "/profiles/acme": {"wnwynn", "due_days: 30", `name="correct"`}, "/profiles/_operator": {"wnwynn", "language: de", `name="correct"`},
		"/books": {"wnwynn", "alfa", `method="post" action="/books"`}, "/books/carrier/alfa": {"ynyynn", "never closed", ""}, "/books/tenant/acme": {"ynyynn", "never closed", ""},
		"/history": {"ynnynn", "", ""}, "/history/tenant/acme": {"ynnynn", "cli:root", ""}, "/operator-file": {"wnnnnn", "", `name="upload"`},
	}
	for _, full := range []bool{true, false} {
		b := site(t)
		if full {
			badDay(b.house)
		}
		for i, role := range access.Roles() {
			user := b.as(role)
			for path, want := range pages {
				status, text := user.get(path)
				switch {
				case !full && path == "/schedules/daily-calls":
					continue // There is none.
				case want.who[i] == 'n':
					require.Equal(t, http.StatusForbidden, status, "%s at %s", role, path)
					continue
				}
				require.Equal(t, http.StatusOK, status, "%s at %s: %s", role, path, text)
				if full {
					require.Contains(t, text, want.shows, "%s at %s", role, path)
					require.Equal(t, want.who[i] == 'w', want.form != "" && strings.Contains(text, want.form), "%s at %s: %s", role, path, want.form)
				}
			}
		}
	}
}

// deed is a form that is sent on a bad day.
type deed struct {
	path string
	form url.Values
	want int
	says string // What the answer has; empty: nothing in particular.
	did  string // What has reached stores, with commas between; empty: nothing.
}

// TestFormsOfABadDay sends every form: what is right is done, what is wrong is told by its field, with what was typed still there, and nothing
// is done then.
func TestFormsOfABadDay(t *testing.T) {
	t.Parallel()
	hours := url.Values{"tenant": {"acme"}, "from": {"2026-11-30T09:00"}, "until": {"2026-12-01T09:00"}}
	with := func(form url.Values, pairs ...string) url.Values {
		out := maps.Clone(form)
		for i := 0; i+1 < len(pairs); i += 2 {
			out.Set(pairs[i], pairs[i+1])
		}
		return out
	}
	why := url.Values{"reason": {"its disk burnt"}}
	report := url.Values{"report": {"cdr"}, "to": {"noc@example.com, olga@example.com"}, "on": {"mon"}, "at": {"06:30"}, "format": {"csv"}, "period": {"7d"}}
	b := site(t)
	badDay(b.house)
	operator, auditor := b.as(access.Operator), b.as(access.Auditor)
	done, wrong, ok := http.StatusSeeOther, http.StatusUnprocessableEntity, http.StatusOK
	for name, d := range map[string]deed{
		"retry":                    {"/dead/retry", url.Values{"id": {"7", "8"}}, done, "", "retry"},
		"write off without a word": {"/dead/write-off", url.Values{"id": {"7"}}, wrong, "<code>reason</code>: say why", ""},
		"write off":                {"/dead/write-off", with(why, "id", "7"), done, "", "write off"},
		"mend by no time":          {"/dead/mend", url.Values{"leg": {"7"}, "setup": {"yesterday"}, "why": {"a clock"}}, wrong, `value="a clock"`, ""},
		"what a re-rate changes":   {"/rerates/preview", hours, ok, "Germany mobile", ""},
		"a re-rate of no time":     {"/rerates/preview", with(hours, "from", "soon"), wrong, "<code>from</code>", ""},
		"a re-rate of odd times":   {"/rerates/preview", with(hours, "from", "2026-11-30T09:01"), wrong, "whole quarters of an hour", ""},
		"re-rate without a word":   {"/rerates", hours, wrong, "<code>reason</code>", ""},
		"take a run back":          {"/rerates/1/undo", why, done, "", "undo rerate"},
		"give a proxy up":          {"/nodes/give-up", with(why, "node", "proxy-2"), done, "", "give up node"},
		"give no proxy up":         {"/nodes/give-up", with(why, "node", "proxy-9"), http.StatusNotFound, "proxy-9", ""},
		"give up without a word":   {"/nodes/give-up", url.Values{"node": {"proxy-2"}}, wrong, "<code>reason</code>", ""},
		"one of two is stopped":    {"/nodes/resolve", with(why, "node", "proxy-3"), done, "", "resolve node"},
		"close an incident":        {"/incidents/3/close", why, done, "", "close incident"},
		"hold a client":            {"/retention/holds", with(why, "tenant", "other"), done, "", "add hold"},
		"hold nothing":             {"/retention/holds", why, wrong, "give a client or a number", ""},
		"hold no number":           {"/retention/holds", with(why, "number", "12ab"), wrong, "<code>number</code>", ""},
		"remove a hold":            {"/retention/holds/1/remove", url.Values{"why": {"case closed"}}, done, "", "remove hold"},
		"look for a person":        {"/erasure", url.Values{"number": {"+4915112345678"}}, ok, "Take it out of all records", ""},
		"look for no number":       {"/erasure", url.Values{"number": {"anna"}}, wrong, "<code>number</code>", ""},
		"erase without a word":     {"/erasure", url.Values{"number": {"+4915112345678"}, "do": {"erase"}}, wrong, "<code>reason</code>", ""},
		"erase":                    {"/erasure", url.Values{"number": {"+4915112345678"}, "do": {"erase"}, "reason": {"request 7"}}, ok, "It was taken out here", "erase"},
		"no rate":                  {"/exchange", url.Values{"from": {"USD"}, "to": {"EUR"}, "rate": {"cheap"}, "day": {"2026-12-01"}}, wrong, `value="cheap"`, ""},
		"a rate of no day":         {"/exchange", url.Values{"from": {"USD"}, "to": {"EUR"}, "rate": {"0.9"}, "day": {"today"}}, wrong, "<code>day</code>", ""},
		"a report":                 {"/schedules/_new", with(report, "id", "weekly"), done, "", "put schedule"},
		"a report to nobody":       {"/schedules/_new", with(report, "id", "weekly", "to", ""), wrong, `value="weekly"`, ""},
		"pause":                    {"/schedules/monthly/pause", url.Values{"off": {"on"}}, done, "", "put schedule"},
		"send":                     {"/schedules/monthly/send", url.Values{}, done, "", "send schedule"},
		"remove a report":          {"/schedules/daily-calls/remove", url.Values{}, done, "", "remove schedule"},
		"remove no report":         {"/schedules/none/remove", url.Values{}, http.StatusNotFound, "none", ""},
		"a profile":                {"/profiles/other", url.Values{"text": {"due_days: 7\r\nlanguage: en\r\n"}}, done, "", "put profile"},
		"no profile":               {"/profiles/other", url.Values{"text": {"due_dayz: 7"}}, wrong, "due_dayz", ""},
		"a profile of past taxes":  {"/profiles/acme", url.Values{"text": {"tax: {percent: \"7\"}"}}, wrong, "the tax of days that are past", ""},
		"remove a profile":         {"/profiles/acme/remove", url.Values{}, done, "", "remove profile"},
		"remove none":              {"/profiles/nobody/remove", url.Values{}, http.StatusNotFound, "", ""},
		"check of documents":       {"/verify", url.Values{}, ok, "as they were issued", ""},
		"readings":                 {"/accounts/acme/readings", url.Values{"counters": {"storage_mb=12, modules=3"}}, done, "", "put readings"},
		"no readings":              {"/accounts/acme/readings", url.Values{"counters": {"storage"}}, wrong, "<code>counters</code>", ""},
		"close a month":            {"/books", url.Values{"month": {"2026-11"}, "account": {"tenant/acme"}, "reason": {"closed"}}, done, "", "close books"},
		"close all books":          {"/books", url.Values{"month": {"2026-11"}, "reason": {"closed"}}, done, "", "close books, close books, close books"},
		"close no month":           {"/books", url.Values{"month": {"now"}, "reason": {"closed"}}, wrong, "<code>month</code>", ""},
		"close without a reason":   {"/books", url.Values{"month": {"2026-11"}}, wrong, "<code>reason</code>", ""},
		"open a month":             {"/books/carrier/alfa/open", url.Values{"month": {"2026-11"}, "reason": {"a late list"}}, done, "", "close books"},
		"no operator's file":       {"/operator-file", url.Values{}, wrong, "<code>file</code>", ""},
	} {
		before := len(b.house.Rows.Done())
		status, text := operator.send(http.MethodPost, d.path, d.form)
		require.Equal(t, d.want, status, "%s: %s", name, text)
		require.Contains(t, text, d.says, name)
		deeds := b.house.Rows.Done()[before:]
		if d.did == "" {
			require.Empty(t, deeds, name)
			continue
		}
		require.Equal(t, d.did, strings.Join(deeds, ", "), name)
		status, _ = auditor.send(http.MethodPost, d.path, d.form)
		require.Equal(t, http.StatusForbidden, status, "%s: an auditor changes nothing", name)
	}
}

// TestRatesAreSet adds a rate of the house, and puts another one in its place.
func TestRatesAreSet(t *testing.T) {
	t.Parallel()
	b := site(t).as(access.Operator)
	for _, rate := range []string{"0,91", "0.92"} {
		status, text := b.send(http.MethodPost, "/exchange", url.Values{"from": {"usd"}, "to": {"EUR"}, "rate": {rate}, "day": {"2026-12-01"}})
		require.Equal(t, http.StatusSeeOther, status, text)
	}
	_, text := b.get("/exchange")
	require.Contains(t, text, ">0.92<")
	require.NotContains(t, text, ">0.91<", "it was of the same day")
	require.Contains(t, text, ">0.9<", "that of another day stays")
	_, text = b.get("/history/settings/operator")
	require.Contains(t, text, "exchange", "the change stands in the history")
}

// TestLongUpkeepIsAJob starts what takes long, and shows how far it is.
func TestLongUpkeepIsAJob(t *testing.T) {
	t.Parallel()
	for path, says := range map[string]string{"/retention/run": "Old records dropped", "/retention/rebuild": "Sums made anew"} {
		b := site(t).as(access.Operator)
		status, text := b.send(http.MethodPost, path, url.Values{})
		require.Equal(t, http.StatusSeeOther, status, text)
		_, text = b.get("/jobs")
		require.Contains(t, text, says)
	}
}
