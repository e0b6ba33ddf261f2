//go:build sipp

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/app"
)

// BenchmarkSIPp places calls from SIPp to SIPp at a fixed rate, all on the same cores: through the whole path (digest, routing
// over 300,000 rates, reservation in PostgreSQL, records to the stream), through Kamailio with digest, drouting and dialog,
// through our proxy alone, through Kamailio alone, and straight. The system under test is a process of its own, and reported
// is its CPU time for a call, its memory at the end, how many calls failed, and how long a phone waits for the first answer
// and for the 180 of the callee. The engines and the worker are other processes: engines-ms is what they take for a call,
// machine-ms what all processes take together, SIPp included, of 2,000 ms that two cores have in a second.
//
// TRUNKLINE_BENCH_RATES has other rates, TRUNKLINE_BENCH_SECONDS another time than 20 s, TRUNKLINE_BENCH_SYSTEMS some of
// "whole,kamailio,relay,kamailio-relay,straight", TRUNKLINE_PROFILE the beginning of the names of files for profiles.
func BenchmarkSIPp(b *testing.B) {
	rates, systems := "500,1000", "whole,kamailio,relay,kamailio-relay,straight"
	if text := os.Getenv("TRUNKLINE_BENCH_RATES"); text != "" {
		rates = text
	}
	if text := os.Getenv("TRUNKLINE_BENCH_SYSTEMS"); text != "" {
		systems = text
	}
	for rate := range strings.SplitSeq(rates, ",") {
		for name := range strings.SplitSeq(systems, ",") {
			b.Run(rate+"/"+name, func(b *testing.B) {
				n, err := strconv.Atoi(rate)
				require.NoError(b, err)
				for b.Loop() {
					measureSIPp(b, name, n)
				}
			})
		}
	}
}

func measureSIPp(b *testing.B, name string, rate int) {
	b.Helper()
	ctx, stop := context.WithTimeout(b.Context(), 10*time.Minute)
	defer stop()
	carrier := "127.0.3.8:" + port(b)
	calls := rate * envInt(b, "TRUNKLINE_BENCH_SECONDS", 20)
	answering := startCarrier(ctx, b, carrier, calls)
	defer end(answering)
	m := startMeasured(b, name, carrier)
	defer m.stop()
	time.Sleep(3 * time.Second) // What follows a start is over by then.

	cpu, engines, all := cpuOf(b, m.pids...), cpuOf(b, m.engines...), busy(b)
	asked, asking := context.WithCancel(ctx)
	phone := newProbe(b, m.at, loadPhone(7))
	done := make(chan struct{})
	go func() {
		defer close(done)
		phone.run(asked, 20*time.Millisecond)
	}()
	if m.pprof != nil {
		go m.pprof(b)
	}
	out, _ := load{scenario: m.scenario, rate: rate, calls: calls, talk: 500 * time.Millisecond}.caller(ctx, b, m.at.String()).CombinedOutput()
	asking()
	<-done
	calls += phone.calls
	b.ReportMetric(perCall(cpuOf(b, m.pids...)-cpu, calls), "cpu-ms/call")
	b.ReportMetric(perCall(cpuOf(b, m.engines...)-engines, calls), "engines-ms/call")
	b.ReportMetric(perCall(busy(b)-all, calls), "machine-ms/call")
	b.ReportMetric(float64(failedCalls(string(out))+phone.lost), "failed")
	b.ReportMetric(float64(memoryOf(b, m.pids...)>>20), "MB")
	b.ReportMetric(quantile(phone.first, 50), "p50-ms-first")
	b.ReportMetric(quantile(phone.first, 99), "p99-ms-first")
	b.ReportMetric(quantile(phone.ringing, 50), "p50-ms-180")
	b.ReportMetric(quantile(phone.ringing, 99), "p99-ms-180")
}

func perCall(cpu time.Duration, calls int) float64 {
	return float64(cpu.Microseconds()) / 1000 / float64(calls)
}

// startMeasured starts one of the systems that BenchmarkSIPp names.
func startMeasured(b *testing.B, name, carrier string) *yardstick {
	b.Helper()
	switch name {
	case "whole":
		return startWhole(b, carrier)
	case "kamailio", "kamailio-relay":
		return startKamailio(b, carrier, name == "kamailio")
	case "relay":
		return startRelay(b, carrier)
	case "straight":
		return &yardstick{at: netip.MustParseAddrPort(carrier), scenario: "plain_uac.xml", stop: func() {}} // SIPp calls SIPp.
	}
	require.Fail(b, "no such system", name)
	return nil
}

// startWhole runs our system with the worker and the engines in one process and the proxy in another.
func startWhole(b *testing.B, carrier string, env ...string) *yardstick {
	b.Helper()
	s := newSite(b, carrier, carrier, "10")
	s.env = append(s.env, env...)
	s.manyRates(150_000)
	s.manyPhones()
	proxy := s.startApart()
	return &yardstick{
		at: s.sip, scenario: "load_uac.xml", pids: []int{proxy.Process.Pid}, engines: family(b, s.process.Process.Pid),
		pprof: s.profiles, goroutines: s.goroutines, inProgress: s.inProgress,
		stop: func() {
			end(proxy)
			s.kill()
		},
	}
}

// BenchmarkSIPpHeld sets calls up, holds them, and reports the memory that the proxy takes for each: 2,000 calls for ten
// seconds. TRUNKLINE_BENCH_CALLS and TRUNKLINE_BENCH_SECONDS have other figures; the goal is one of 50000 and 60.
func BenchmarkSIPpHeld(b *testing.B) {
	calls, hold := envInt(b, "TRUNKLINE_BENCH_CALLS", 2000), envInt(b, "TRUNKLINE_BENCH_SECONDS", 10)
	for b.Loop() {
		holdSIPp(b, calls, time.Duration(hold)*time.Second)
	}
}

func holdSIPp(b *testing.B, calls int, hold time.Duration) {
	b.Helper()
	const rate = 400
	ctx, stop := context.WithTimeout(b.Context(), 15*time.Minute)
	defer stop()
	carrier := "127.0.3.8:" + port(b)
	answering := startCarrier(ctx, b, carrier, 2*calls)
	defer end(answering)
	m := startWhole(b, carrier, "TRUNKLINE_SIP_MAX_CALLS="+strconv.Itoa(2*calls), "TRUNKLINE_SIP_INITIAL_GRANT=10m")
	defer m.stop()
	time.Sleep(3 * time.Second)
	before := memoryOf(b, m.pids...)
	talk := time.Duration(calls/rate)*time.Second + hold + time.Minute
	caller := load{scenario: m.scenario, rate: rate, calls: calls, talk: talk}.caller(ctx, b, m.at.String())
	require.NoError(b, caller.Start())
	defer end(caller)
	require.Eventually(b, func() bool { return m.inProgress() >= calls*95/100 }, talk, time.Second)
	time.Sleep(hold)
	held := m.inProgress()
	b.ReportMetric(float64(held), "calls-held")
	b.ReportMetric(float64(memoryOf(b, m.pids...)-before)/1024/float64(max(held, 1)), "KB/call")
	b.ReportMetric(float64(m.goroutines()), "goroutines")
	if m.pprof != nil {
		m.pprof(b)
	}
}

// BenchmarkSIPpFlat places calls for a long time and reports memory and goroutines of the proxy in the first and in the last
// third of it: half a minute at 200 calls a second. TRUNKLINE_BENCH_RATE and TRUNKLINE_BENCH_SECONDS have other figures; the
// goal is one of 500 and 600.
func BenchmarkSIPpFlat(b *testing.B) {
	rate, seconds := envInt(b, "TRUNKLINE_BENCH_RATE", 200), envInt(b, "TRUNKLINE_BENCH_SECONDS", 30)
	for b.Loop() {
		flatSIPp(b, rate, time.Duration(seconds)*time.Second)
	}
}

func flatSIPp(b *testing.B, rate int, whole time.Duration) {
	b.Helper()
	ctx, stop := context.WithTimeout(b.Context(), whole+5*time.Minute)
	defer stop()
	carrier, calls := "127.0.3.8:"+port(b), rate*int(whole.Seconds())
	answering := startCarrier(ctx, b, carrier, calls)
	defer end(answering)
	m := startWhole(b, carrier)
	defer m.stop()
	caller := load{scenario: m.scenario, rate: rate, calls: calls, talk: 500 * time.Millisecond}.caller(ctx, b, m.at.String())
	var out strings.Builder
	caller.Stdout = &out
	require.NoError(b, caller.Start())
	defer end(caller)
	every := min(10*time.Second, whole/9)
	var memory, goroutines []float64
	for begun := time.Now(); time.Since(begun) < whole; {
		time.Sleep(every)
		memory = append(memory, float64(memoryOf(b, m.pids...)>>20))
		goroutines = append(goroutines, float64(m.goroutines()))
		_, _ = fmt.Fprintf(os.Stderr, "after %3.0f s: %.0f MB, %.0f goroutines\n", time.Since(begun).Seconds(), memory[len(memory)-1], goroutines[len(goroutines)-1])
	}
	_ = caller.Wait()
	b.ReportMetric(float64(failedCalls(out.String())), "failed")
	third := len(memory) / 3
	b.ReportMetric(mean(memory[:third]), "MB-first-third")
	b.ReportMetric(mean(memory[len(memory)-third:]), "MB-last-third")
	b.ReportMetric(mean(goroutines[:third]), "goroutines-first-third")
	b.ReportMetric(mean(goroutines[len(goroutines)-third:]), "goroutines-last-third")
}

func mean(figures []float64) float64 {
	sum := 0.0
	for _, f := range figures {
		sum += f
	}
	return sum / float64(max(len(figures), 1))
}

// manyRates gives both carriers decks of so many prefixes.
func (s *site) manyRates(n int) {
	s.t.Helper()
	for _, deck := range []string{"alfa.csv", "beta.csv"} {
		var text strings.Builder
		text.WriteString("prefix,destination,rate,connect_fee,initial,next\n49,Germany,1.2,0,1,1\n")
		for i := range n - 1 {
			fmt.Fprintf(&text, "49%06d,Place %d,0.%04d,0,60,1\n", 100_000+i, i%500, i%9000+1)
		}
		require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, deck), []byte(text.String()), 0o600))
	}
}

// manyPhones adds the tenants whose phones the load is of.
func (s *site) manyPhones() {
	s.t.Helper()
	file := filepath.Join(s.dir, "operator.yaml")
	text, err := os.ReadFile(file)
	require.NoError(s.t, err)
	var more strings.Builder
	for t := range loadTenants {
		fmt.Fprintf(&more, "  - id: t%d\n    time_zone: Europe/Berlin\n    currency: EUR\n    tariff: retail\n    dial_plan: plain\n"+
			"    account: {mode: postpaid, credit: \"100000000\"}\n    branches:\n      - id: main\n        extensions:\n", t)
		for e := range loadExtensions {
			fmt.Fprintf(&more, "          - {id: \"%d\", password: secret}\n", 100+e)
		}
	}
	require.NoError(s.t, os.WriteFile(file, append(text, more.String()...), 0o600))
}

// startApart runs the worker with the engines in one process and the proxy, which is returned, in another.
func (s *site) startApart() *exec.Cmd {
	s.t.Helper()
	exe, err := os.Executable()
	require.NoError(s.t, err)
	s.process = exec.Command(exe, "worker", "--embedded")
	s.process.Env, s.process.Stderr = append(slices.Clone(s.env), "TRUNKLINE_LOG_LEVEL=warn", "TRUNKLINE_HTTP_LISTEN=127.0.0.1:0"), os.Stderr
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
	require.Eventually(s.t, func() bool { // The worker has said where the engines are, and may still be making their schema.
		code, _ := s.run("doctor")
		return code == 0 || code == exitPartial
	}, 60*time.Second, 500*time.Millisecond)
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	proxy := exec.Command(exe, "sipproxy")
	proxy.Env = append(slices.Clone(s.env), "TRUNKLINE_LOG_LEVEL=warn", "TRUNKLINE_SIP_SOURCE_RATE=-1", "TRUNKLINE_DATA="+filepath.Join(s.dir, "proxy"),
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

// inProgress asks the proxy of startApart how many calls there are.
func (s *site) inProgress() int {
	var status struct {
		Calls int `json:"calls_in_progress"`
	}
	code, out := s.run("status", "--format", "json", "--data", filepath.Join(s.dir, "proxy"))
	if code == exitUsage || json.Unmarshal([]byte(out), &status) != nil {
		return 0
	}
	return status.Calls
}

// debug asks the proxy of startApart for one of its profiles, into a file or as text.
func (s *site) debug(path string, more ...string) []byte {
	s.t.Helper()
	key, err := os.ReadFile(filepath.Join(s.dir, "proxy", app.LocalKeyFile))
	require.NoError(s.t, err)
	args := append([]string{"-s", "-H", "Authorization: Bearer " + strings.TrimSpace(string(key)), "http://" + s.http + path}, more...)
	out, err := exec.Command("curl", args...).Output()
	require.NoError(s.t, err)
	return out
}

// goroutines is how many the proxy of startApart has.
func (s *site) goroutines() int {
	var n int
	_, err := fmt.Sscanf(string(s.debug("/debug/pprof/goroutine?debug=1")), "goroutine profile: total %d", &n)
	require.NoError(s.t, err)
	return n
}

// profiles writes profiles of CPU and memory of the proxy of startApart to files that TRUNKLINE_PROFILE names.
func (s *site) profiles(b *testing.B) {
	b.Helper()
	if file := os.Getenv("TRUNKLINE_PROFILE"); file != "" {
		s.debug("/debug/pprof/profile?seconds=8", "-o", file+".cpu")
		s.debug("/debug/pprof/heap?gc=1", "-o", file+".heap")
	}
}
