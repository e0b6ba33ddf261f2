package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	s := newSite(t, "192.0.2.1:5060", "192.0.2.2:5060", "1.5")
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	topUp := []string{"account", "topup", "--tenant", "poor", "--amount", "10", "--key", "bank-1"}
	require.Contains(t, s.must(topUp...), "the balance is 11.5")
	require.Contains(t, s.must(topUp...), "the balance is 11.5", "the same key again is the same payment")
	topUp[5] = "20"
	code, out := s.run(topUp...)
	require.Equal(t, exitConflict, code, out)
	code, out = s.run("account", "adjust", "--tenant", "poor", "--amount", "-1", "--key", "case-1")
	require.Equal(t, exitUsage, code, out)
	require.Contains(t, out, "needs a reason")
	s.must("account", "adjust", "--tenant", "poor", "--amount", "-1", "--key", "case-1", "--reason", "our fault")
	require.Regexp(t, `(?s)opening.* 1.5 .*top_up.* 10 .*adjustment.* -1 +10.5 .*our fault`, s.must("account", "statement", "--tenant", "poor"))
	s.must("account", "suspend", "--tenant", "poor", "--reason", "unpaid")
	require.Regexp(t, `tenant/poor/EUR +10.5 .*suspended`, s.must("account", "list"))
	s.must("account", "resume", "--tenant", "poor", "--reason", "paid")
	require.NotContains(t, s.must("account", "list"), "suspended")
}
