package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSystemNumbers takes numbers from a supplier to a client and back: many at once, all or none.
func TestSystemNumbers(t *testing.T) {
	t.Parallel()
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "5")
	s.change("    account: {mode: prepaid", "    max_numbers: 1\n    account: {mode: prepaid")
	s.start()
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	number := func(args ...string) (int, string) { return s.run(append([]string{"number"}, args...)...) }
	s.must("number", "set", "+4930200-9", "--class", "city", "--supplier", "alfa", "--contract", "17/2026", "--monthly", "1.50", "--setup", "1.50", "--currency", "EUR")
	s.must("number", "set", "+4930208", "--status", "reserved", "--tenant", "poor", "--until", "2100-01-01")
	s.must("number", "set", "+4930209", "--status", "quarantine", "--until", "2000-01-01")
	s.must("number", "set", "+442070000000", "--class", "toll_free")
	code, out := number("set", "+4930300", "--class", "ctiy")
	require.Equal(t, exitUsage, code)
	require.Contains(t, out, "there is no class of numbers")
	require.Regexp(t, `\+4930100 +assigned +acme`, s.must("number", "list"), "what is provisioned is among them")
	require.Regexp(t, `\+4930208 +reserved +poor`, s.must("number", "list", "--status", "reserved"))
	require.Regexp(t, `\+4930209 +free`, s.must("number", "list", "--status", "free"), "the quarantine is over")
	require.Contains(t, s.must("number", "list", "--region", "GB"), "toll-free")

	code, out = number("assign", "+4930207-8", "--tenant", "acme", "--branch", "berlin")
	require.Equal(t, exitConflict, code)
	require.Contains(t, out, "+4930208 is reserved, of poor")
	require.NotRegexp(t, `\+4930207 +assigned`, s.must("number", "list"), "all or none")
	code, _ = number("assign", "--count", "99", "--class", "city", "--tenant", "acme", "--branch", "berlin")
	require.Equal(t, exitConflict, code)
	require.Regexp(t, `(?s)\+4930200 .*\+4930202 `, s.must("number", "assign", "--count", "3", "--class", "city", "--region", "DE", "--tenant", "acme", "--branch", "berlin", "--extension", "101"))
	s.must("number", "assign", "+4930200-2", "--tenant", "acme")
	s.must("number", "assign", "+4930208", "--tenant", "poor")
	list := s.must("number", "list", "--tenant", "acme", "--format", "csv")
	require.Contains(t, list, "+4930201,assigned,acme,,city,alfa,17/2026,1.5,1.5,EUR")
	code, _ = number("set", "+4930201", "--status", "free")
	require.Equal(t, exitConflict, code, "it leads to somebody")

	s.must("number", "release", "+4930201", "--tenant", "acme", "--quarantine", "90")
	s.must("number", "release", "+4930201", "--tenant", "acme", "--quarantine", "90")
	require.Regexp(t, `\+4930201 +quarantine`, s.must("number", "list"))
	code, _ = number("assign", "+4930201", "--tenant", "poor")
	require.Equal(t, exitConflict, code)
	s.must("number", "release", "+4930202", "--tenant", "acme", "--quarantine", "0")
	require.Regexp(t, `\+4930202 +free`, s.must("number", "list"))
	code, _ = number("release", "+4930208", "--tenant", "acme")
	require.Equal(t, exitUsage, code, "it is another's")

	code, out = number("assign", "--count", "1", "--tenant", "poor")
	require.Equal(t, exitUsage, code, out)
	require.Contains(t, out, "max_numbers")
}
