package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Old calls stay while their period is open or a hold covers them; a person is taken out of them; then they go into an archive, and
// reports and doctor say what they said.
func TestSystemRetention(t *testing.T) {
	t.Parallel()
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "100000")
	s.env = append(s.env, "TRUNKLINE_RETENTION_CALLS=30d", "TRUNKLINE_RETENTION_RAW=20d", "TRUNKLINE_RETENTION_STATUTORY=20d")
	s.provisionPBX()
	s.start()
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	path := filepath.Join(s.dir, "smdr.log")
	require.NoError(t, os.WriteFile(path, []byte(swapped), 0o600))
	code, out := s.run("import", "file", "--tenant", "acme", "--pbx", "old", path)
	require.Equal(t, exitPartial, code, out)
	s.months(3, 0)

	out = s.must("retention", "show")
	require.Regexp(t, `(?m)^calls +30d +2026-05-11T00:00:00Z +3 +\d+ +0 +0`, out)
	require.Contains(t, out, "calls stay: 2026-05-11: the books of")
	s.must("period", "close", "--month", "2026-05", "--reason", "books")
	require.Regexp(t, `(?m)^calls +30d +2026-05-11T00:00:00Z +3 +\d+ +3 `, s.must("retention", "run", "--dry-run"))

	archive := filepath.Join(s.dir, "archive")
	s.must("hold", "add", "--tenant", "acme", "--reason", "court order 17")
	require.Empty(t, s.must("retention", "run", "--apply", "--archive", archive))
	require.Contains(t, s.must("hold", "list"), "court order 17")
	s.must("hold", "remove", "1", "--reason", "over")
	require.Contains(t, s.must("hold", "list"), "0 holds")

	out = s.must("erase", "--number", "+4915112345678", "--dry-run")
	require.Regexp(t, `(?m)^cdr +3 +0 +2026-05-11T`, out)
	require.Contains(t, out, "not reached: backups")
	require.Regexp(t, `(?m)^cdr +3 +0 `, s.must("erase", "--number", "+4915112345678", "--reason", "request 7"))
	require.Regexp(t, `(?m)^cdr +0 +0 `, s.must("erase", "--number", "+4915112345678", "--dry-run"))
	s.months(3, 0)

	require.Regexp(t, `(?m)^calls +2026-05-11 +3 rows +.*archive/calls/2026-05-11.parquet`, s.must("retention", "run", "--apply", "--archive", archive))
	require.FileExists(t, filepath.Join(archive, "calls", "2026-05-11.parquet"))
	require.Empty(t, s.must("retention", "run", "--apply", "--archive", archive))
	s.months(3, 0)
	out = s.must("doctor", "--days", "400")
	require.Contains(t, out, "calls of 1 days from 2026-05-11 to 2026-05-11 were dropped")
	require.Contains(t, s.must("repair"), "filled again  0 batches")
	code, out = s.run("retention", "run")
	require.Equal(t, exitUsage, code, out)
}
