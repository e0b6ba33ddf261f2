package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/sipproxy/agent"
)

// rewrite puts another text into a file beside the operator's.
func (s *site) rewrite(name string, pairs ...string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	text, err := os.ReadFile(path)
	require.NoError(s.t, err)
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(s.t, string(text), pairs[i])
	}
	require.NoError(s.t, os.WriteFile(path, []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o600))
}

// legOf finds the caller's leg of a call by what was dialled.
func legOf(t *testing.T, rows []map[string]string, to string) map[string]string {
	t.Helper()
	for _, r := range rows {
		if r["kind"] == "ingress" && strings.HasSuffix(r["to"], to) {
			return r
		}
	}
	t.Fatalf("no call to %s in %v", to, rows)
	return nil
}

// TestSystemKeepsPricesOfTheirTime changes prices between calls and their rating: each call has the price of when it was connected,
// tomorrow's tariff leaves today alone, and every price can be computed again.
func TestSystemKeepsPricesOfTheirTime(t *testing.T) {
	t.Parallel()
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 200})
	s := newSite(t, alfa.Addr().String(), alfa.Addr().String(), "5")
	s.provisionPBX()
	s.start()
	s.apply()
	day := clock.System{}.Now().AddDate(0, 0, -3).Truncate(24 * time.Hour)
	line := func(i int) string { return smdrLine(day, i) + "\r\n" }
	file := filepath.Join(s.dir, "pbx.log")
	require.NoError(t, os.WriteFile(file, []byte(line(10)), 0o600))
	s.must("import", "file", "--tenant", "acme", "--pbx", "old", file)
	s.records(1)

	// Ten times the price, and nobody names a date: it holds from now on.
	s.rewrite("retail.yaml", "rate: 6", "rate: 60", "rate: 9", "rate: 90")
	told := s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	require.Regexp(t, `version retail@[0-9a-f]{8} is in force from now on; calls of before keep retail@[0-9a-f]{8}`, told)
	require.NoError(t, os.WriteFile(file, []byte(line(10)+line(11)), 0o600))
	s.must("import", "file", "--tenant", "acme", "--pbx", "old", file)
	require.Eventually(t, func() bool {
		out, err := phone(t).Dial(t.Context(), s.account("acme-101"), agent.Call{To: "+49301234001", Talk: 1500 * time.Millisecond})
		return err == nil && out.Status == 200
	}, 10*time.Second, time.Second)
	rows := s.records(4)
	early, late, now := legOf(t, rows, "100010"), legOf(t, rows, "100011"), legOf(t, rows, "49301234001")
	require.Equal(t, "10.5", early["sale"], "seventy seconds at 9 a minute")
	require.Equal(t, "10.65", late["sale"], "71 seconds at 9 a minute, though it came after the change")
	require.Equal(t, "2", now["sale"], "two seconds at 60 a minute")
	require.Equal(t, early["tariff"], late["tariff"])
	require.NotEqual(t, early["tariff"], now["tariff"])
	for _, leg := range []map[string]string{early, late, now} {
		require.Contains(t, s.must("explain", leg["call"]), "sale "+leg["sale"]+" EUR by "+leg["tariff"]+": the same comes out")
	}

	// The tariff of the day after tomorrow.
	next := clock.System{}.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	s.rewrite("retail.yaml", "name: retail\n", "name: retail\nversion: next\neffective_from: "+next+"\n", "rate: 60", "rate: 30")
	told = s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"), "--dry-run")
	require.Regexp(t, `version retail@next.* is in force from `+next+`T00:00:00Z; until then retail@`, told)
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	route := func(at string) string {
		var a struct{ Candidates []struct{ Sale string } }
		require.NoError(t, json.Unmarshal([]byte(s.must("route", "--tenant", "acme", "--from", "101", "--to", "+49301234567", "--format", "json", "--at", at)), &a))
		return a.Candidates[0].Sale
	}
	require.Equal(t, "60", route(clock.System{}.Now().Format(time.RFC3339)))
	require.Equal(t, "30", route(next+"T00:00:00Z"))
	require.Equal(t, "6", route(day.Format(time.RFC3339)), "as it was then")
	decided := s.must("route", "--call", now["call"])
	require.Contains(t, decided, "decided by  revision 2")
	require.Contains(t, s.must("history", "route_plan", "all", "--revision", "2"), "policy: least_cost")
	require.NotRegexp(t, `ha1_md5: "?[0-9a-f]{32}`, s.must("history", "tenant", "acme", "--revision", "2"))
	versions := s.must("tariff", "versions", "retail", "--format", "csv")
	require.Regexp(t, `(?s)past\n.*in force\n.*announced\n`, versions)
	require.Contains(t, s.must("tariff", "show", "retail", "--at", day.Format(time.DateOnly)), "rate: 6}")
	require.Contains(t, s.must("tariff", "show", "retail", "--revision", "3"), "version: next")
	code, out := s.run("tariff", "withdraw", "retail", "--revision", "2")
	require.Equal(t, exitConflict, code, out)
	s.must("tariff", "withdraw", "retail", "--revision", "3")
	require.Equal(t, "60", route(next+"T00:00:00Z"))
	require.Contains(t, s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml")), "kept    file/retail.yaml", "the file has not changed since")

	// The client goes to another plan: a record of before is of the plan of before.
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "other.yaml"), []byte(
		"name: other\ncurrency: EUR\ndecks:\n  - name: world\n    rates: [{prefix: \"49\", rate: 1000}]\n"), 0o600))
	s.change("  - {id: retail, file: retail.yaml}", "  - {id: retail, file: retail.yaml}\n  - {id: other, file: other.yaml}")
	s.change("tariff: retail", "tariff: other")
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	require.NoError(t, os.WriteFile(file, []byte(line(10)+line(11)+line(12)), 0o600))
	s.must("import", "file", "--tenant", "acme", "--pbx", "old", file)
	last := legOf(t, s.records(5), "100012")
	require.Equal(t, "10.8", last["sale"], "72 seconds at 9 a minute")
	require.Equal(t, early["tariff"], last["tariff"])
	s.sums()
}

// TestSystemSellsOnCost: a client whose price is built on what the carrier costs can call, and route, reservation, record and margin agree.
func TestSystemSellsOnCost(t *testing.T) {
	t.Parallel()
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 503})
	beta := carrier(t, "beta", agent.Behaviour{Status: 200})
	s := newSite(t, alfa.Addr().String(), beta.Addr().String(), "5")
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "retail.yaml"), []byte(
		"name: retail\ncurrency: EUR\nrounding: {scale: 4}\ndecks:\n  - cost_plus: {over: chosen, percent: 20%, absolute: 0.06}\n"), 0o600))
	s.start()
	s.apply()
	out, err := phone(t).Dial(t.Context(), s.account("poor-201"), agent.Call{To: "+49301234001", Talk: 1500 * time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, 200, out.Status)
	rows := s.records(3)
	in := legOf(t, rows, "49301234001")
	require.Equal(t, "0.074", in["sale"], "two seconds at 1.8 x 1.2 + 0.06 a minute")
	require.Equal(t, "0.06", rows[indexOf(rows, "gateway", "beta-1", "kind", "egress")]["cost"])
	require.Contains(t, s.must("explain", in["call"]), "sale 0.074 EUR")
	var a struct {
		Candidates []struct{ Sale, Cost, Margin string }
	}
	require.NoError(t, json.Unmarshal([]byte(s.must("route", "--tenant", "poor", "--from", "201", "--to", "+49301234567", "--format", "json")), &a))
	require.Equal(t, "1.5", a.Candidates[0].Sale)
	require.Equal(t, "0.3", a.Candidates[0].Margin)
	require.Equal(t, "2.22", a.Candidates[1].Sale)
	s.sums()
	require.Regexp(t, `tenant/poor/EUR +4.926 `, s.must("account", "list"))
}

func indexOf(rows []map[string]string, pairs ...string) int {
	for i, r := range rows {
		fits := true
		for j := 0; j < len(pairs); j += 2 {
			fits = fits && r[pairs[j]] == pairs[j+1]
		}
		if fits {
			return i
		}
	}
	return -1
}

// TestSystemTellsConflicts: what was imported or edited elsewhere since a file was applied is never taken back silently.
func TestSystemTellsConflicts(t *testing.T) {
	t.Parallel()
	s := newSite(t, "192.0.2.1:5060", "192.0.2.2:5060", "1")
	operator := filepath.Join(s.dir, "operator.yaml")
	s.must("apply", "-f", operator)
	list := filepath.Join(s.dir, "december.csv")
	require.NoError(t, os.WriteFile(list, []byte("prefix,destination,rate\n49,Germany,1.4\n4915,Germany mobile,2.8\n"), 0o600))
	s.must("deck", "import", list, "--carrier", "alfa", "--apply")
	route := func() string { return s.must("route", "--tenant", "acme", "--from", "101", "--to", "+49301234567") }
	require.Regexp(t, `alfa-1 +alfa +49 +1.4 `, route())

	// The operator changes something else in his file: the imported list stays, and that is told.
	s.change("Test Telecom", "Better Telecom")
	told := s.must("apply", "-f", operator)
	require.Contains(t, told, "kept    file/alfa.csv")
	require.Regexp(t, `alfa-1 +alfa +49 +1.4 `, route())

	// He changes the list, too: he has to choose.
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "alfa.csv"), []byte("prefix,destination,rate,initial,next\n49,Germany,1.1,1,1\n"), 0o600))
	code, told := s.run("apply", "-f", operator)
	require.Equal(t, exitConflict, code, told)
	require.Regexp(t, `conflict file/alfa.csv was changed at another place by cli:`, told)
	require.Contains(t, told, "--overwrite file/alfa.csv")
	require.Regexp(t, `alfa-1 +alfa +49 +1.4 `, route(), "nothing was applied")
	require.Contains(t, s.must("apply", "-f", operator, "--keep", "file/alfa.csv"), "kept    file/alfa.csv")
	require.Regexp(t, `alfa-1 +alfa +49 +1.4 `, route())
	s.must("apply", "-f", operator, "--overwrite", "file/alfa.csv")
	require.Regexp(t, `alfa-1 +alfa +49 +1.1 `, route())
	require.Contains(t, s.must("apply", "-f", operator), "0 to create, 0 to update, 0 to delete")
}
