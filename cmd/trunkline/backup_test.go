package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/app/backups"
	"trunkline/sipproxy/agent"
)

// TestSystemBackup takes a backup while a call goes on, puts each store back alone while the others have gone on, and all of them into
// a new folder: the sums are equal each time, and no call is missing.
func TestSystemBackup(t *testing.T) {
	t.Parallel()
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 200})
	s := newSite(t, alfa.Addr().String(), alfa.Addr().String(), "10")
	s.start()
	s.apply()
	call := func(talk time.Duration) {
		t.Helper()
		out, err := phone(t).Dial(t.Context(), s.account("acme-101"), agent.Call{To: "+49301234567", Talk: talk})
		require.NoError(t, err)
		require.Equal(t, 200, out.Status)
	}
	call(300 * time.Millisecond)
	s.records(2)
	over := make(chan struct{})
	other := phone(t)
	go func() {
		defer close(over)
		_, _ = other.Dial(t.Context(), s.account("acme-102"), agent.Call{To: "+49301234567", Talk: 3 * time.Second})
	}()
	require.Eventually(t, func() bool {
		_, out := s.run("status")
		return len(out) > 0 && !strings.Contains(out, "0 calls in progress")
	}, 20*time.Second, 100*time.Millisecond)
	set := filepath.Join(s.dir, "set")
	s.must("backup", set)
	require.Contains(t, s.must("backup", "verify", set), "whole")
	<-over
	for range 3 {
		call(100 * time.Millisecond)
	}
	s.records(10)
	s.sums()
	for _, store := range backups.Stores() {
		s.kill()
		s.must("restore", set, "--only", store)
		s.start()
		s.records(10)
		if store == "kafka" { // What the former topic had that nobody had read cannot be known: somebody has to say that it was nothing.
			var found [][]string
			require.Eventually(t, func() bool {
				code, out := s.run("doctor")
				found = regexp.MustCompile(`incident (\d+) +\S+ topic_made_anew`).FindAllStringSubmatch(out, -1)
				return code == exitConflict && len(found) > 0
			}, 20*time.Second, 300*time.Millisecond)
			for _, incident := range found {
				s.must("doctor", "close", incident[1], "--reason", "the worker had read all of it")
			}
		}
		s.sums()
	}
	s.kill()

	fresh := filepath.Join(s.dir, "fresh")
	s.must("restore", set, "--data", fresh)
	code, out := s.run("doctor", "--data", fresh)
	require.Zero(t, code, out)
	refused := func(want int, text string, args ...string) {
		t.Helper()
		code, out := s.run(args...)
		require.Equal(t, want, code, out)
		require.Contains(t, out, text)
	}
	refused(exitUsage, "is not empty", "restore", set, "--data", fresh)
	refused(exitUsage, "is not empty", "backup", set)
	refused(exitConflict, "it is no backup", "restore", s.dir, "--data", filepath.Join(s.dir, "other"))
	base := filepath.Join(set, "postgres", "base.tar")
	text, err := os.ReadFile(base)
	require.NoError(t, err)
	text[len(text)/2] ^= 1
	require.NoError(t, os.WriteFile(base, text, 0o600))
	refused(exitConflict, "postgres/base.tar was changed", "restore", set, "--data", filepath.Join(s.dir, "other"))
	require.NoDirExists(t, filepath.Join(s.dir, "other"), "nothing was begun")
}
