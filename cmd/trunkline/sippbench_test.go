//go:build sipp

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkSIPp places calls from SIPp through the proxy to SIPp at a fixed rate, whole path on: digest, routing over 300,000
// rates, reservation in PostgreSQL, records to the stream. The proxy is a process of its own, and reported is the CPU time
// that it takes for a call, its memory at the end, and how many calls failed. The engines and the worker are other processes
// on the same cores, as SIPp is. TRUNKLINE_BENCH_RATES has other rates, TRUNKLINE_BENCH_SECONDS another time than 20 s.
func BenchmarkSIPp(b *testing.B) {
	rates := "100,300,600,1000"
	if text := os.Getenv("TRUNKLINE_BENCH_RATES"); text != "" {
		rates = text
	}
	for rate := range strings.SplitSeq(rates, ",") {
		b.Run(rate, func(b *testing.B) {
			n, err := strconv.Atoi(rate)
			require.NoError(b, err)
			for b.Loop() {
				measureSIPp(b, n)
			}
		})
	}
}

func measureSIPp(b *testing.B, rate int) {
	b.Helper()
	seconds := 20
	if text := os.Getenv("TRUNKLINE_BENCH_SECONDS"); text != "" {
		var err error
		seconds, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	calls := rate * seconds
	beta := "127.0.3.8:" + port(b)
	s := newSite(b, beta, beta, "10")
	s.manyRates(150_000)
	proxy := s.startApart()
	ctx, stop := context.WithTimeout(b.Context(), 5*time.Minute)
	defer stop()
	host, p, _ := strings.Cut(beta, ":")
	carrier := sipp(ctx, b, "uas.xml", "-i", host, "-p", p)
	require.NoError(b, carrier.Start())
	defer func() {
		_ = carrier.Process.Kill()
		_ = carrier.Wait()
	}()
	before := cpuOf(b, proxy.Process.Pid)
	profile(b, s)
	caller := sipp(ctx, b, "uac.xml", "-i", "127.0.0.1", "-p", port(b), "-s", "+49301234567", "-m", strconv.Itoa(calls), "-d", "500",
		"-r", strconv.Itoa(rate), "-l", strconv.Itoa(calls), "-trace_rtt", "-rtt_freq", "1", s.sip.String())
	out, _ := caller.CombinedOutput()
	after := cpuOf(b, proxy.Process.Pid)
	b.ReportMetric(float64((after-before).Microseconds())/1000/float64(calls), "cpu-ms/call")
	b.ReportMetric(float64(failedCalls(string(out))), "failed")
	b.ReportMetric(float64(memoryOf(b, proxy.Process.Pid)>>20), "MB")
	p50, p99 := answerTimes(b, caller.Dir)
	b.ReportMetric(p50, "p50-ms-to-180")
	b.ReportMetric(p99, "p99-ms-to-180")
	_ = proxy.Process.Kill()
	_ = proxy.Wait()
	s.kill()
}

// answerTimes reads how long it took from the INVITE with credentials to the 180 of the callee, in milliseconds, as SIPp has
// written it down.
func answerTimes(b *testing.B, dir string) (p50, p99 float64) {
	b.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_rtt.csv"))
	require.NoError(b, err)
	require.Len(b, files, 1)
	text, err := os.ReadFile(files[0])
	require.NoError(b, err)
	var times []float64
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(strings.TrimSpace(line), ";"); len(cells) > 1 {
			if ms, err := strconv.ParseFloat(cells[1], 64); err == nil {
				times = append(times, ms)
			}
		}
	}
	slices.Sort(times)
	if len(times) == 0 {
		return 0, 0
	}
	return times[len(times)/2], times[len(times)*99/100]
}

// BenchmarkSIPpHeld sets 50,000 calls up, holds them for a minute, and reports the memory that the proxy takes for each.
// TRUNKLINE_BENCH_CALLS has another number.
func BenchmarkSIPpHeld(b *testing.B) {
	calls := 50_000
	if text := os.Getenv("TRUNKLINE_BENCH_CALLS"); text != "" {
		var err error
		calls, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	for b.Loop() {
		holdSIPp(b, calls)
	}
}

func holdSIPp(b *testing.B, calls int) {
	b.Helper()
	const rate, hold = 250, time.Minute
	beta := "127.0.3.8:" + port(b)
	s := newSite(b, beta, beta, "10")
	s.env = append(s.env, "TRUNKLINE_SIP_MAX_CALLS=60000", "TRUNKLINE_SIP_FIRST_STRETCH=10m")
	s.manyRates(1000)
	proxy := s.startApart()
	ctx, stop := context.WithTimeout(b.Context(), 15*time.Minute)
	defer stop()
	host, p, _ := strings.Cut(beta, ":")
	limit := strconv.Itoa(2 * calls)
	carrier := sipp(ctx, b, "uas.xml", "-i", host, "-p", p, "-l", limit)
	require.NoError(b, carrier.Start())
	before := memoryOf(b, proxy.Process.Pid)
	talk := time.Duration(calls/rate)*time.Second + 2*hold
	caller := sipp(ctx, b, "uac.xml", "-i", "127.0.0.1", "-p", port(b), "-s", "+49301234567", "-m", strconv.Itoa(calls),
		"-r", strconv.Itoa(rate), "-l", limit, "-d", strconv.FormatInt(talk.Milliseconds(), 10), s.sip.String())
	require.NoError(b, caller.Start())
	inProgress := func() int {
		var status struct {
			Calls int `json:"calls_in_progress"`
		}
		code, out := s.run("status", "--format", "json", "--data", filepath.Join(s.dir, "proxy"))
		if code == exitUsage || json.Unmarshal([]byte(out), &status) != nil {
			return 0
		}
		return status.Calls
	}
	require.Eventually(b, func() bool { return inProgress() >= calls*95/100 }, 10*time.Minute, time.Second)
	time.Sleep(hold)
	held := inProgress()
	b.ReportMetric(float64(held), "calls-held")
	b.ReportMetric(float64(memoryOf(b, proxy.Process.Pid)-before)/1024/float64(max(held, 1)), "KB/call")
	for _, cmd := range []*exec.Cmd{caller, carrier, proxy} {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	s.kill()
}

// manyRates gives both carriers decks of so many prefixes.
func (s *site) manyRates(n int) {
	s.t.Helper()
	for _, deck := range []string{"alfa.csv", "beta.csv"} {
		var text strings.Builder
		text.WriteString("prefix,destination,rate,connect_fee,initial,next\n49,Germany,1.2,0,1,1\n")
		for i := range n - 1 {
			fmt.Fprintf(&text, "%d,Place %d,0.%04d,0,60,1\n", 1_000_000+i*7, i%500, i%9000+1)
		}
		require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, deck), []byte(text.String()), 0o600))
	}
}

// startApart runs the worker with the engines in one process and the proxy, which is returned, in another.
func (s *site) startApart() *exec.Cmd {
	s.t.Helper()
	exe, err := os.Executable()
	require.NoError(s.t, err)
	s.process = exec.Command(exe, "worker")
	s.process.Env, s.process.Stderr = append(s.env, "TRUNKLINE_LOG_LEVEL=warn", "TRUNKLINE_HTTP_LISTEN=127.0.0.1:0"), os.Stderr
	require.NoError(s.t, s.process.Start())
	s.t.Cleanup(s.kill)
	var addresses struct {
		Postgres, ClickHouse string
		Kafka                []string
	}
	require.Eventually(s.t, func() bool {
		text, err := os.ReadFile(filepath.Join(s.dir, "var", "engines.json"))
		return err == nil && json.Unmarshal(text, &addresses) == nil
	}, 30*time.Second, 50*time.Millisecond)
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	proxy := exec.Command(exe, "sipproxy")
	proxy.Env = append(s.env, "TRUNKLINE_LOG_LEVEL=warn", "TRUNKLINE_SIP_SOURCE_RATE=-1", "TRUNKLINE_DATA="+filepath.Join(s.dir, "proxy"),
		"TRUNKLINE_POSTGRES_DSN="+addresses.Postgres, "TRUNKLINE_CLICKHOUSE_DSN="+addresses.ClickHouse,
		"TRUNKLINE_KAFKA_BROKERS="+strings.Join(addresses.Kafka, ","))
	proxy.Stderr = os.Stderr
	require.NoError(s.t, proxy.Start())
	s.t.Cleanup(func() { _ = proxy.Process.Kill() })
	require.Eventually(s.t, func() bool {
		status, err := phone(s.t).Register(s.t.Context(), s.account("acme-101"), 60)
		return err == nil && status == 200
	}, 30*time.Second, 100*time.Millisecond)
	return proxy
}

// profile writes a CPU profile of the proxy to the file that TRUNKLINE_PROFILE names, while the calls go on.
func profile(b *testing.B, s *site) {
	b.Helper()
	file := os.Getenv("TRUNKLINE_PROFILE")
	if file == "" {
		return
	}
	password, err := os.ReadFile(s.dir + "/proxy/" + localKeyFile)
	require.NoError(b, err)
	go func() {
		_ = exec.Command("curl", "-s", "-o", file, "-u", "operator:"+strings.TrimSpace(string(password)),
			"http://"+s.http+"/debug/pprof/profile?seconds=8").Run()
	}()
}

// memoryOf is the resident memory of a process (proc(5), statm).
func memoryOf(b *testing.B, pid int) int64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	require.NoError(b, err)
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	require.NoError(b, err)
	return pages * int64(os.Getpagesize())
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
