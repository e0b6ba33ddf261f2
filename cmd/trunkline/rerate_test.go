package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/sipproxy/agent"
)

// TestSystemRerate raises the price after a call, looks what would change, changes it, and takes it back.
func TestSystemRerate(t *testing.T) {
	t.Parallel()
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 200})
	s := newSite(t, alfa.Addr().String(), alfa.Addr().String(), "5")
	s.start()
	s.apply()
	out, err := phone(t).Dial(t.Context(), s.account("acme-101"), agent.Call{To: "+49301234001", Talk: 1500 * time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, 200, out.Status)
	s.records(2)
	file := filepath.Join(s.dir, "retail.yaml")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte(string(text)+"      - {prefix: \"4930\", destination: Berlin, rate: 12}\n"), 0o600))
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	now := clock.System{}.Now()
	window := []string{"--from", now.AddDate(0, 0, -1).Format(time.DateOnly), "--to", now.AddDate(0, 0, 1).Format(time.DateOnly), "--tenant", "acme"}
	dry := s.must(append([]string{"rerate", "--dry-run"}, window...)...)
	require.Regexp(t, `tenant/acme/EUR +Berlin +1 +0.2 +0.4 +0.2`, dry)
	code, _ := s.run(append([]string{"rerate", "--apply"}, window...)...)
	require.Equal(t, exitUsage, code, "it needs a reason")
	s.must(append([]string{"rerate", "--apply", "--reason", "a test"}, window...)...)
	s.sums()
	require.Contains(t, s.must("account", "statement", "--tenant", "acme"), "-0.4 ")
	require.Contains(t, s.must(append([]string{"rerate", "--apply", "--reason", "again"}, window...)...), "0 lines")
	s.must("rerate", "undo", "1", "--reason", "the old price was right")
	s.must("rerate", "undo", "1", "--reason", "the old price was right")
	s.sums()
	require.Regexp(t, `(?s)undoes 1.*undone by`, s.must("rerate", "list"))
	require.Regexp(t, `tenant/acme/EUR +-0.2 `, s.must("account", "list"))
}
