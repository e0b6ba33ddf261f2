package main

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/sipproxy/agent"
)

// TestSystemLimitsTakeEffectOnCallsInProgress tops a call's account up while its money ends, and ends another call by
// suspending its account.
func TestSystemLimitsTakeEffectOnCallsInProgress(t *testing.T) {
	t.Parallel()
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 200})
	s := newSite(t, alfa.Addr().String(), alfa.Addr().String(), "0.45")
	s.start()
	s.apply()
	answered, ended := make(chan struct{}), make(chan agent.Outcome, 1)
	p := phone(t)
	go func() {
		out, _ := p.Dial(t.Context(), s.account("poor-201"), agent.Call{To: "+49301234567", OnAnswer: func() { close(answered) }})
		ended <- out
	}()
	<-answered
	s.must("account", "topup", "--tenant", "poor", "--amount", "1", "--key", "bank-1")
	s.must("limit", "set", "--tenant", "poor", "--period", "day", "--money", "1.25", "--reason", "a test")
	require.Regexp(t, `tenant +- +day +money +- +1.25 `, s.must("limit", "list", "--tenant", "poor"))
	var out agent.Outcome
	select {
	case out = <-ended:
	case <-time.After(30 * time.Second):
		t.Fatal("the call does not end")
	}
	require.True(t, out.ByCallee, "we hung up")
	for _, r := range s.records(2) {
		if r["kind"] == "ingress" {
			require.Contains(t, []string{"1.2", "1.4"}, r["sale"], "what came in was talked for, before the cap was set or until it")
		}
	}
	s.must("limit", "set", "--tenant", "poor", "--period", "day", "--clear", "--reason", "a test")
	s.must("account", "topup", "--tenant", "poor", "--amount", "10", "--key", "bank-2")

	answered = make(chan struct{})
	go func() {
		out, _ := p.Dial(t.Context(), s.account("poor-201"), agent.Call{To: "+49301234567", OnAnswer: func() { close(answered) }})
		ended <- out
	}()
	<-answered
	s.must("account", "suspend", "--tenant", "poor", "--reason", "unpaid")
	require.True(t, (<-ended).ByCallee, "we hung up")
	refused, err := p.Dial(t.Context(), s.account("poor-201"), agent.Call{To: "+49301234567"})
	require.NoError(t, err)
	require.Equal(t, 402, refused.Status)
	stopped := 0
	for _, r := range s.records(5) {
		if r["kind"] == "ingress" && r["reason"] == "suspended" {
			stopped++
		}
	}
	require.Equal(t, 2, stopped)
	require.Contains(t, s.must("limit", "log", "--tenant", "poor"), "unpaid")
	s.sums()
}

// TestPeriodsCloseAndOpen closes a month that is over, and not the present one.
func TestPeriodsCloseAndOpen(t *testing.T) {
	t.Parallel()
	s := newSite(t, "192.0.2.1:5060", "192.0.2.2:5060", "1.5")
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	now := clock.System{}.Now()
	code, out := s.run("period", "close", "--month", now.Format("2006-01"), "--reason", "x")
	require.Equal(t, exitConflict, code, out)
	past := now.AddDate(0, 0, -now.Day()).Format("2006-01")
	require.Contains(t, s.must("period", "close", "--month", past, "--reason", "invoices"), "carrier/alfa/EUR: closed till")
	var rows []map[string]string
	require.NoError(t, json.Unmarshal([]byte(s.must("period", "list", "--format", "json")), &rows))
	require.Len(t, rows, 4)
	require.NotEmpty(t, rows[0]["closed_until"])
	s.must("period", "open", "--tenant", "poor", "--from", past, "--reason", "a mistake")
	require.Contains(t, s.must("period", "list", "--tenant", "poor"), "a mistake")
	require.Contains(t, s.must("node", "list"), "0 proxies")
	code, _ = s.run("node", "give-up", "nobody", "--reason", "gone")
	require.Equal(t, exitUsage, code)
	code, _ = s.run("dead", "show", "1")
	require.Equal(t, exitUsage, code)
}
