package embedded_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// engineProcesses returns the ids of the processes that work in a folder or below it.
func engineProcesses(t *testing.T, dir string) (pids []int) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	require.NoError(t, err)
	for _, link := range links {
		cwd, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(cwd, dir) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link)))
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	return pids
}

func TestEnginesDieWithTheirParent(t *testing.T) {
	dir := tempDir(t)
	self, err := os.Executable()
	require.NoError(t, err)
	for range 2 { // the second parent finds what the first one's death has left
		parent := exec.CommandContext(t.Context(), self, "parent", dir)
		parent.Stderr = os.Stderr
		require.NoError(t, parent.Start())
		up := filepath.Join(dir, "up")
		require.Eventually(t, func() bool { _, err := os.Stat(up); return err == nil }, time.Minute, 10*time.Millisecond)
		require.Greater(t, len(engineProcesses(t, dir)), 2, "clickhouse, the postmaster and its workers")
		require.NoError(t, parent.Process.Kill())
		require.Error(t, parent.Wait())
		require.NoError(t, os.Remove(up))
	}
	require.Eventually(t, func() bool { return len(engineProcesses(t, dir)) == 0 }, time.Minute, 10*time.Millisecond)

	// A new start over the remains needs no help.
	folder := open(t, filepath.Join(dir, "data"))
	stop(t, folder, startPostgres(t, folder), startClickHouse(t, folder), startKafka(t, folder))
}
