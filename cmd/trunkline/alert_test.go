package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/alert"
	"trunkline/sipproxy/agent"
)

const alertSecret = "a secret of the test"

// TestSystemAlerts lets an alert on a balance fire and clear, and one on sequential numbers block a phone.
func TestSystemAlerts(t *testing.T) {
	t.Parallel()
	messages := make(chan alert.Message, 20)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var m alert.Message
		if err == nil && json.Unmarshal(body, &m) == nil && strings.HasPrefix(r.Header.Get("Trunkline-Signature"), "sha256=") {
			messages <- m
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer hook.Close()
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 200})
	s := newSite(t, alfa.Addr().String(), alfa.Addr().String(), "5")
	rules := filepath.Join(s.dir, "alerts.yaml")
	require.NoError(t, os.WriteFile(rules, []byte(`
channels: [{id: ops, webhook: "`+hook.URL+`", secret: "`+alertSecret+`"}]
rules:
  - {id: low, tenant: poor, measure: balance, below: 10, clear: 12, notify: [ops]}
  - {id: scan, measure: sequential, by: extension, above: 2, notify: [ops], block: extension}
`), 0o600))
	s.start()
	s.apply()
	require.Contains(t, s.must("alert", "apply", "-f", rules), "2 rules and 1 channels")
	next := func() alert.Message {
		select {
		case m := <-messages:
			return m
		case <-time.After(time.Minute):
			t.Fatalf("no message came: %s", s.must("alert", "deliveries"))
			return alert.Message{}
		}
	}
	low := next()
	require.Equal(t, "low", low.Rule)
	require.Equal(t, "5", low.Value.String())
	s.must("account", "topup", "--tenant", "poor", "--amount", "10", "--key", "bank-1")
	require.Equal(t, "cleared", next().State)
	require.Regexp(t, `cleared +low +poor`, s.must("alert", "list"))

	p := phone(t)
	for _, n := range []string{"+49301234001", "+49301234002", "+49301234003"} {
		out, err := p.Dial(t.Context(), s.account("poor-201"), agent.Call{To: n, Talk: 100 * time.Millisecond})
		require.NoError(t, err)
		require.Equal(t, 200, out.Status)
	}
	scan := next()
	require.Equal(t, "scan", scan.Rule)
	require.Equal(t, "201", scan.Owner)
	require.Contains(t, scan.Text, "extension 201 blocked")
	out, err := p.Dial(t.Context(), s.account("poor-201"), agent.Call{To: "+49301234004"})
	require.NoError(t, err)
	require.Equal(t, 402, out.Status)
	require.Contains(t, s.must("limit", "list", "--tenant", "poor"), "alert scan")
	s.must("alert", "replay", "1")
	require.Equal(t, low.Delivery, next().Delivery)
	require.Regexp(t, `scan .*above 2 .*block extension`, s.must("alert", "rules"))
	code, text := s.run("alert", "apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	require.Equal(t, exitUsage, code, text)
}
