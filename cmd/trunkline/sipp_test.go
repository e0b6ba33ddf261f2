//go:build sipp

package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sipp makes a SIPp process for a scenario of testdata/sipp.
func sipp(ctx context.Context, tb testing.TB, scenario string, args ...string) *exec.Cmd {
	tb.Helper()
	path, err := exec.LookPath("sipp")
	require.NoError(tb, err, "SIPp is not installed: run make test-sipp")
	file, err := filepath.Abs(filepath.Join("testdata", "sipp", scenario))
	require.NoError(tb, err)
	cmd := exec.CommandContext(ctx, path, append([]string{"-sf", file, "-nostdin"}, args...)...)
	cmd.Dir = tb.TempDir() // It leaves files behind.
	return cmd
}

// TestSIPpCallerAndCarriers places a hundred calls, ten a second, from SIPp through the whole system to SIPp: the first
// carrier has no circuits, the second answers. No call may fail, and every call costs what it should.
func TestSIPpCallerAndCarriers(t *testing.T) {
	const calls = 100
	alfa, beta := "127.0.3.7:"+port(t), "127.0.3.8:"+port(t)
	s := newSite(t, alfa, beta, "10")
	s.start()
	s.apply()
	ctx, stop := context.WithTimeout(t.Context(), 90*time.Second)
	defer stop()
	for address, scenario := range map[string]string{alfa: "uas_busy.xml", beta: "uas.xml"} {
		host, p, _ := strings.Cut(address, ":")
		carrier := sipp(ctx, t, scenario, "-i", host, "-p", p)
		require.NoError(t, carrier.Start())
		t.Cleanup(func() {
			_ = carrier.Process.Kill()
			_ = carrier.Wait()
		})
	}
	out, err := sipp(ctx, t, "uac.xml", "-i", "127.0.0.1", "-p", port(t), "-s", "+49301234567", "-m", strconv.Itoa(calls),
		"-r", "10", "-d", "500", s.sip.String()).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Eventually(t, func() bool {
		code, out := s.run("report", "expenses", "--tenant", "acme", "--format", "csv")
		return code == 0 && strings.Contains(out, "total,Total,100,100,10")
	}, 30*time.Second, 300*time.Millisecond, "a hundred calls of one begun second at 6 a minute")
	s.sums()
}

func port(tb testing.TB) string {
	tb.Helper()
	_, p, _ := strings.Cut(freeAddress(tb, "udp"), ":")
	return p
}
