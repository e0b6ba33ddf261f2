//go:build sipp

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkSIPp places calls from SIPp through the whole system to SIPp at a fixed rate, with digest, reservation and
// records, and reports the CPU time that the process and its engines take for a call, and how many calls failed.
func BenchmarkSIPp(b *testing.B) {
	for _, rate := range []int{100, 300, 600} {
		b.Run(strconv.Itoa(rate), func(b *testing.B) {
			for b.Loop() {
				measureSIPp(b, rate)
			}
		})
	}
}

func measureSIPp(b *testing.B, rate int) {
	b.Helper()
	const seconds = 10
	calls := rate * seconds
	beta := "127.0.3.8:" + port(b)
	s := newSite(b, beta, beta, "10")
	s.start()
	s.apply()
	ctx, stop := context.WithTimeout(b.Context(), 3*time.Minute)
	defer stop()
	host, p, _ := strings.Cut(beta, ":")
	carrier := sipp(ctx, b, "uas.xml", "-i", host, "-p", p)
	require.NoError(b, carrier.Start())
	defer func() {
		_ = carrier.Process.Kill()
		_ = carrier.Wait()
	}()
	before := cpuOf(b, s.process.Process.Pid)
	profile(b, s)
	out, _ := sipp(ctx, b, "uac.xml", "-i", "127.0.0.1", "-p", port(b), "-s", "+49301234567", "-m", strconv.Itoa(calls),
		"-r", strconv.Itoa(rate), "-l", strconv.Itoa(calls), s.sip.String()).CombinedOutput()
	after := cpuOf(b, s.process.Process.Pid)
	b.ReportMetric(float64((after-before).Milliseconds())/float64(calls), "cpu-ms/call")
	b.ReportMetric(float64(failedCalls(string(out))), "failed")
	s.kill()
}

// profile writes a CPU profile of the process to the file that TRUNKLINE_PROFILE names, while the calls go on.
func profile(b *testing.B, s *site) {
	b.Helper()
	file := os.Getenv("TRUNKLINE_PROFILE")
	if file == "" {
		return
	}
	password, err := os.ReadFile(s.dir + "/var/console.password")
	require.NoError(b, err)
	go func() {
		_ = exec.Command("curl", "-s", "-o", file, "-u", "operator:"+strings.TrimSpace(string(password)),
			"http://"+s.http+"/debug/pprof/profile?seconds=8").Run()
	}()
}

// cpuOf is the CPU time of a process without its children (proc(5), stat, fields 14 and 15).
func cpuOf(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(b, err)
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	require.NoError(b, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(b, err)
	const tick = 10 * time.Millisecond
	return time.Duration(user+system) * tick
}

// failedCalls reads SIPp's last screen.
func failedCalls(screen string) int {
	failed := 0
	for line := range strings.Lines(screen) {
		if strings.Contains(line, "Failed call") {
			cells := strings.Split(line, "|")
			failed, _ = strconv.Atoi(strings.TrimSpace(cells[len(cells)-1]))
		}
	}
	return failed
}
