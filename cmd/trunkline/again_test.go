package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSystemInvoiceStands finds a price wrong after the month was invoiced: nothing moves away from the invoice until it is
// credited as a whole. Then the calls are priced again and the month is issued again.
func TestSystemInvoiceStands(t *testing.T) {
	t.Parallel()
	s := newPast(t)
	profile := func(text string, flags ...string) (int, string) {
		return s.run(append([]string{"invoice", "profile", "apply", "-f", file(t, "billing.yaml", text)}, flags...)...)
	}
	code, out := profile(`tax: {percent: "20"}`)
	require.Equal(t, exitOK, code, out)
	code, out = profile(`tax: {percent: "22"}`)
	require.Equal(t, exitConflict, code, "days that are past would be taxed otherwise")
	require.Contains(t, out, "give rates with since")
	code, out = profile(`tax: {rates: [{percent: "20"}, {percent: "22", since: 2100-01-01}]}`)
	require.Equal(t, exitOK, code, out)
	code, out = profile(`tax: {percent: "7"}`, "--correct-tax")
	require.Equal(t, exitOK, code, out)
	s.must("invoice", "run", "--period", s.month, "--tenant", "acme")
	_, row, _ := strings.Cut(s.must("invoice", "list", "--format", "csv"), "\n")
	number, _, _ := strings.Cut(row, ",")

	retail := filepath.Join(s.dir, "retail.yaml")
	text, err := os.ReadFile(retail)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(retail, []byte(strings.Replace(string(text), "rate: 9", "rate: 18", 1)), 0o600))
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	from, err := time.Parse("2006-01", s.before)
	require.NoError(t, err)
	both := []string{"--from", from.Format(time.DateOnly), "--to", from.AddDate(0, 2, 0).Format(time.DateOnly), "--tenant", "acme"}
	code, out = s.run(append([]string{"rerate", "--dry-run"}, both...)...)
	require.Equal(t, exitConflict, code, "it is in a closed period")
	require.Regexp(t, `100 of 100 calls would change`, out)
	require.Contains(t, out, "are closed till")
	code, _ = s.run(append([]string{"rerate", "--apply", "--reason", "wrong price"}, both...)...)
	require.Equal(t, exitConflict, code)
	require.Contains(t, s.must("rerate", "list"), "0 runs", "nothing was begun")
	code, out = s.run("period", "open", "--tenant", "acme", "--from", s.before, "--reason", "wrong price")
	require.Equal(t, exitConflict, code)
	require.Contains(t, out, number)

	s.must("invoice", "credit", number, "--reason", "wrong price")
	require.Contains(t, s.must("invoice", "run", "--period", s.month, "--tenant", "acme"), "credited", "nobody asked for another one")
	s.must("period", "open", "--tenant", "acme", "--from", s.before, "--reason", "wrong price")
	s.must(append([]string{"rerate", "--apply", "--reason", "wrong price"}, both...)...)
	code, _ = s.run("invoice", "run", "--period", s.month, "--reissue")
	require.Equal(t, exitUsage, code, "the tenant has to be named")
	require.Contains(t, s.must("invoice", "run", "--period", s.month, "--tenant", "acme", "--reissue"), "issued now")
	again := s.must("invoice", "run", "--period", s.month, "--tenant", "acme", "--reissue", "--format", "csv")
	require.NotContains(t, again, "issued now", "once")
	require.NotContains(t, again, number)
	s.sums()

	code, out = s.run("rerate", "undo", "1", "--reason", "it was right after all")
	require.Equal(t, exitConflict, code, out)
	list := s.must("rerate", "list")
	require.Contains(t, list, "1 run")
	require.Regexp(t, ` done `, list, "a failed undo leaves it as it was")
	s.sums()
	s.must("invoice", "verify")
	s.must("doctor")
}
