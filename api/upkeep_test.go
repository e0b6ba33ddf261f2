package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/console"
	"trunkline/console/memory"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/reports/retention"
)

func (s *served) get(path string, as access.Role) answer {
	s.t.Helper()
	return s.ask(request{http.MethodGet, "/api/v1" + path, as, "", nil})
}

func (s *served) post(path string, as access.Role, body string) answer {
	s.t.Helper()
	return s.ask(request{http.MethodPost, "/api/v1" + path, as, body, nil})
}

// items are those of a list.
func (s *served) items(path string, as access.Role) []map[string]any {
	s.t.Helper()
	got := s.get(path, as)
	require.Equal(s.t, http.StatusOK, got.status, got.text)
	list, _ := got.body["items"].([]any)
	out := make([]map[string]any, len(list))
	for i := range list {
		out[i], _ = list[i].(map[string]any)
	}
	return out
}

// finished waits until a job is over, and returns what is told of it.
func (s *served) finished(begun answer, as access.Role) answer {
	s.t.Helper()
	require.Equal(s.t, http.StatusAccepted, begun.status, begun.text)
	where := begun.header.Get("Location")
	require.True(s.t, strings.HasPrefix(where, "/api/v1/jobs/"), where)
	var got answer
	require.Eventually(s.t, func() bool {
		got = s.ask(request{http.MethodGet, where, as, "", nil})
		return got.body["state"] != "queued" && got.body["state"] != "running"
	}, 5*time.Second, 5*time.Millisecond)
	return got
}

// TestLongWorkIsAJob begins what takes long, with the place where it can be watched, and tells what came of it.
func TestLongWorkIsAJob(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.Rows.Repriced = console.RerateReport{Legs: 12, Changed: 3}
	order := `{"tenant":"acme","from":"2026-12-01T08:00:00Z","until":"2026-12-01T09:00:00Z","reason":"the wrong deck"}`
	for path, one := range map[string]struct{ body, kind, note string }{
		"/retention/run": {"", "retention", "%d records of %d days are gone"}, "/sums/rebuild": {"", "rebuild", "the sums of %d months are made anew"},
		"/rerates": {order, "rerate", "%d of %d calls changed by run %d"},
	} {
		got := s.finished(s.post(path, access.Operator, one.body), access.Operator)
		require.Equal(t, "done", got.body["state"], got.text)
		require.Equal(t, one.kind, got.body["kind"])
		require.Equal(t, one.note, got.body["note"])
	}
	require.Len(t, s.items("/jobs", access.Operator), 3)
	require.Empty(t, s.items("/jobs", access.NOC), "they are not theirs")
	require.Len(t, s.items("/jobs", access.Auditor), 3)
}

// TestAnExportIsFetchedByWhoAsked writes calls to a file, which nobody else gets.
func TestAnExportIsFetchedByWhoAsked(t *testing.T) {
	t.Parallel()
	s := serve(t)
	begun := s.post("/calls/exports", access.Manager, `{"period":"today","format":"csv"}`)
	got := s.finished(begun, access.Manager)
	require.Equal(t, "done", got.body["state"], got.text)
	path := begun.header.Get("Location") + "/result"
	file := s.ask(request{http.MethodGet, path, access.Manager, "", nil})
	require.Equal(t, http.StatusOK, file.status)
	require.Contains(t, file.header.Get("Content-Disposition"), "calls.csv")
	require.NotContains(t, file.text, "cost", "a client's file has no column of cost")
	for _, other := range []access.Role{access.Operator, access.Auditor, access.BranchManager} {
		require.Equal(t, http.StatusNotFound, s.ask(request{http.MethodGet, path, other, "", nil}).status, other)
	}
	require.Equal(t, http.StatusUnprocessableEntity, s.post("/calls/exports", access.Manager, `{"period":"soon","format":"csv"}`).status)
	require.Equal(t, http.StatusConflict, s.post(strings.TrimPrefix(begun.header.Get("Location"), "/api/v1")+"/cancel", access.Manager, "").status, "it is over")
}

// TestPreviewOfARerate tells what would change, and what stands in the way, and writes nothing.
func TestPreviewOfARerate(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.Rows.Repriced = console.RerateReport{
		Legs: 2, Changed: 1, Failed: []string{"a call"}, Refused: []error{ledger.ErrClosedPeriod},
		Lines: []console.RerateLine{{Account: ledger.Account{Kind: ledger.TenantAccount, Owner: "acme"}, Destination: "Germany", Calls: 1, Before: money.MustParseAmount("0.3"), After: money.MustParseAmount("0.24"), Difference: money.MustParseAmount("-0.06")}},
	}
	order := `{"tenant":"acme","from":"2026-12-01T08:00:00Z","until":"2026-12-01T09:00:00Z"}`
	got := s.post("/rerates/preview", access.Auditor, order)
	require.Equal(t, http.StatusOK, got.status, got.text)
	require.Contains(t, got.text, `"difference":"-0.06"`, "money is a decimal string")
	require.Len(t, got.body["refused"], 1)
	require.Empty(t, s.Rows.Done())
	require.Equal(t, http.StatusUnprocessableEntity, s.post("/rerates", access.Operator, order).status, "a reason is wanted where it is changed")
	odd := strings.Replace(order, "08:00:00", "08:01:00", 1)
	require.Equal(t, http.StatusUnprocessableEntity, s.post("/rerates/preview", access.Auditor, odd).status)
}

// TestUpkeepIsListed tells of proxies, incidents, retention, holds, rates and fetches as the description has it.
func TestUpkeepIsListed(t *testing.T) {
	t.Parallel()
	s := serve(t)
	now := memory.Begun()
	s.Rows.Proxies = []ledger.Node{{ID: "id-1", Name: "proxy-1", Seen: now, Overdue: 3}}
	s.Rows.Events = []ledger.NodeEvent{{At: now, Node: "id-1", Name: "proxy-1", What: "registered"}, {At: now, Node: "id-1", Name: "proxy-1", What: "back"}}
	s.Rows.Broken = []console.Incident{{ID: 3, Kind: "stream_gap", Detail: "a gap", Noticed: now}, {ID: 2, Kind: "stream_gap", Noticed: now, Healed: now, Outcome: "repair"}}
	s.Rows.Old = []retention.Line{{Kind: retention.Calls, Keep: retention.Span(1095 * 24 * time.Hour), All: retention.Stock{Oldest: now, Rows: 9}, Goes: retention.Stock{Rows: 2}}, {Kind: retention.Audit}}
	s.Rows.Fetched = []console.RateFetch{{At: now, Origin: "https://bank.example", Failure: "no answer", By: "trunkline"}}

	require.InDelta(t, 3, s.items("/nodes", access.NOC)[0]["overdue_holds"], 0)
	require.Len(t, s.items("/nodes/events?limit=1", access.NOC), 1)
	require.Len(t, s.items("/incidents", access.Accountant), 1)
	require.Len(t, s.items("/incidents?all=true", access.Accountant), 2)
	plan := s.items("/retention", access.Auditor)
	require.Equal(t, "1095d", plan[0]["keep_for"])
	require.Empty(t, plan[1]["keep_for"], "for ever")
	require.Equal(t, []any{}, plan[1]["stays"], "a list, and no null")
	require.Equal(t, "no answer", s.items("/exchange-rates/fetches", access.Auditor)[0]["failure"])

	made := s.post("/holds", access.Operator, `{"tenant":"acme","reason":"court order 17"}`)
	require.Equal(t, http.StatusOK, made.status, made.text)
	require.Len(t, s.items("/holds", access.Auditor), 1)
	require.Equal(t, http.StatusUnprocessableEntity, s.post("/holds", access.Operator, `{"reason":"court order 17"}`).status)
	require.Equal(t, http.StatusNoContent, s.post("/holds/1/remove", access.Operator, `{"reason":"closed"}`).status)
	require.Empty(t, s.items("/holds", access.Auditor))
	require.Equal(t, "closed", s.items("/holds?all=true", access.Auditor)[0]["removal_reason"])

	require.Equal(t, http.StatusNoContent, s.post("/incidents/3/close", access.Accountant, `{"reason":"charged by hand"}`).status)
	require.Equal(t, http.StatusNotFound, s.post("/incidents/3/close", access.Accountant, `{"reason":"charged by hand"}`).status)
	require.Equal(t, http.StatusNotFound, s.post("/nodes/proxy-9/give-up", access.Operator, `{"reason":"its disk burnt"}`).status)
	require.Equal(t, http.StatusNoContent, s.post("/nodes/proxy-1/give-up", access.Operator, `{"reason":"its disk burnt"}`).status)
}

// TestAPersonIsForgotten looks first, and erases when that is asked for.
func TestAPersonIsForgotten(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.Rows.Named = []retention.Found{{Place: "calls", Rows: 42, Held: 2}}
	look := s.post("/erasures", access.Operator, `{"number":"+4915112345678","also":["015112345678"],"dry_run":true}`)
	require.Equal(t, http.StatusOK, look.status, look.text)
	require.Contains(t, look.text, `"place":"calls"`)
	require.Equal(t, []any{"backups"}, look.body["not_reached"])
	require.Empty(t, s.Rows.Done())
	done := s.post("/erasures", access.Operator, `{"number":"+4915112345678","reason":"request 7"}`)
	require.Equal(t, http.StatusOK, done.status, done.text)
	require.Equal(t, []string{"erase"}, s.Rows.Done())
	require.Equal(t, http.StatusUnprocessableEntity, s.post("/erasures", access.Operator, `{"number":"anna","dry_run":true}`).status)
}

// TestReportsAreScheduled stores a report, reads it back as it was sent, pauses it and takes it away.
func TestReportsAreScheduled(t *testing.T) {
	t.Parallel()
	s := serve(t)
	put := func(body string) answer {
		return s.ask(request{http.MethodPut, "/api/v1/schedules/weekly", access.Operator, body, nil})
	}
	body := `{"report":"cdr","to":["noc@example.com"],"on":"mon","at":"06:30","zone":"Europe/Berlin","period":"7d","format":"csv","filter":"duration>60"}`
	require.Equal(t, http.StatusNoContent, put(body).status)
	stored := s.items("/schedules", access.Auditor)[1]
	for field, want := range map[string]any{"id": "weekly", "on": "mon", "at": "06:30", "zone": "Europe/Berlin", "period": "7d", "format": "csv", "filter": "duration>60"} {
		require.Equal(t, want, stored[field], field)
	}
	require.Nil(t, stored["disabled"])
	require.Equal(t, http.StatusNoContent, put(strings.Replace(body, `"report"`, `"disabled":true,"report"`, 1)).status)
	require.Equal(t, true, s.items("/schedules", access.Auditor)[1]["disabled"])
	for says, wrong := range map[string]string{"colour": `"colour":"red",`, "minItems": `"to":[],`, "nobody": `"to":["nobody"],`} {
		got := put("{" + wrong + strings.TrimPrefix(strings.Replace(body, `"to":["noc@example.com"],`, "", 1), "{"))
		require.GreaterOrEqual(t, got.status, http.StatusBadRequest, "%s: %s", says, got.text)
		require.Less(t, got.status, http.StatusInternalServerError, got.text)
	}
	remove := request{http.MethodDelete, "/api/v1/schedules/weekly", access.Operator, "", nil}
	require.Equal(t, http.StatusNoContent, s.ask(remove).status)
	require.Equal(t, http.StatusNotFound, s.ask(remove).status)
}

// TestBillingProfiles stores how clients are invoiced, keeps the taxes of past days, and tells what is in force.
func TestBillingProfiles(t *testing.T) {
	t.Parallel()
	s := serve(t)
	put := func(query, body string) answer {
		return s.ask(request{http.MethodPut, "/api/v1/billing-profiles" + query, access.Accountant, body, nil})
	}
	house := `{"items":[{"due_days":14,"language":"de","tax":{"percent":"19"}},{"tenant":"acme","due_days":30,"buyer":{"name":"Acme GmbH"}}]}`
	require.Equal(t, http.StatusNoContent, put("", house).status)
	require.Len(t, s.items("/billing-profiles", access.Auditor), 2)
	other := `{"items":[{"due_days":14,"tax":{"percent":"7"}}]}`
	require.Equal(t, http.StatusConflict, put("", other).status)
	require.Equal(t, http.StatusNoContent, put("?correct_tax=true", other).status)
	require.Equal(t, http.StatusBadRequest, put("", `{"items":[{"due_dayz":14}]}`).status)
	require.Equal(t, http.StatusUnprocessableEntity, put("", `{"items":[{"language":"fr"}]}`).status)
	remove := func(tenant string) answer {
		return s.ask(request{http.MethodDelete, "/api/v1/billing-profiles?tenant=" + tenant, access.Accountant, "", nil})
	}
	require.Equal(t, http.StatusNoContent, remove("acme").status)
	require.Equal(t, http.StatusNotFound, remove("acme").status)
	require.Equal(t, http.StatusForbidden, s.get("/billing-profiles", access.Manager).status, "others' are in it")
	mine := s.get("/tenants/acme/billing-profile", access.Manager)
	require.Equal(t, http.StatusOK, mine.status, mine.text)
	require.Equal(t, http.StatusNotFound, s.get("/tenants/other/billing-profile", access.Manager).status)
}
