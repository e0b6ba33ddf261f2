package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/internal/embedded/enginetest"
)

const (
	people   = 50
	requests = 300 // Of each measurement, spread over those who ask.
	alone    = 10  // Of one who is alone.
	password = "quiet-river-77"
	// answersKept is a little longer than the pages keep an answer for others: who waits so long is answered by the engines.
	answersKept = 2200 * time.Millisecond
)

// BenchmarkAPI measures what people at the pages and programs at the API wait for, over calls of the last 31 days
// (TRUNKLINE_BENCH_ROWS legs) of a thousand companies: one who is alone and never finds a kept answer, fifty who ask at once for
// the first time, and fifty who ask again and again. The program that is asked is bin/trunkline, a process of its own.
func BenchmarkAPI(b *testing.B) {
	since := clock.System{}.Now().UTC().Truncate(time.Hour).Add(-30*24*time.Hour - 23*time.Hour)
	w := newWorldSince(b, since)
	b.Run("load", func(b *testing.B) {
		for b.Loop() { // The framework wants its loop; it is done already.
		}
		b.ReportMetric(w.loaded.Seconds(), "seconds")
		b.ReportMetric(float64(w.rows)/w.loaded.Seconds(), "rows/s")
		b.ReportMetric(0, "ns/op")
	})
	s := serve(b, w)
	clients := s.signedIn(b, "manager", people)
	operators := s.signedIn(b, "operator", people)
	s.signedIn(b, "accountant", 2)
	for _, m := range []struct {
		name string
		path string
		by   []*http.Client
	}{
		{"client-page", "/", clients},
		{"operator-page", "/", operators},
		{"calls-page", "/calls", operators},
		{"statistics-page", "/statistics", operators},
		{"api-stats", "/api/v1/stats?period=this-month&by=day", operators},
		{"api-calls", "/api/v1/calls?period=today", operators},
		{"client-api-stats", "/api/v1/stats?period=this-month&by=branch", clients},
		{"client-api-calls", "/api/v1/calls?period=this-month", clients},
	} {
		b.Run(m.name+"/alone", func(b *testing.B) { s.measure(b, m.by[:1], alone, m.path, answersKept) })
		b.Run(m.name+"/fifty-first", func(b *testing.B) { s.measure(b, m.by, 1, m.path, answersKept) })
		b.Run(m.name+"/fifty", func(b *testing.B) { s.measure(b, m.by, requests/people, m.path, 0) })
	}
	paint(b, s)
}

// served is the program with the world's engines.
type served struct {
	base, key string
}

// serve starts the program that `make build` made.
func serve(b *testing.B, w *world) *served {
	b.Helper()
	listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	require.NoError(b, err)
	address := listener.Addr().String()
	require.NoError(b, listener.Close())
	dir := b.TempDir()
	program, err := filepath.Abs(filepath.Join("..", "bin", "trunkline"))
	require.NoError(b, err)
	cmd := exec.CommandContext(context.WithoutCancel(b.Context()), program, "serve")
	cmd.Env = append(os.Environ(), "TRUNKLINE_DATA="+dir, "TRUNKLINE_HTTP_LISTEN="+address, "TRUNKLINE_POSTGRES_DSN="+w.postgresDSN, "TRUNKLINE_CLICKHOUSE_DSN="+w.dsn,
		"TRUNKLINE_CLICKHOUSE_HTTP="+w.http, "TRUNKLINE_KAFKA_BROKERS="+strings.Join(enginetest.Kafka(b), ","), "TRUNKLINE_SIP_LISTEN=udp/127.0.0.1:0", "TRUNKLINE_LOG_LEVEL=error")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	s := &served{base: "http://" + address}
	require.Eventually(b, func() bool {
		res, err := http.Get(s.base + "/healthz/ready")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, time.Minute, 100*time.Millisecond, "%s", said.String())
	key, err := os.ReadFile(filepath.Join(dir, "local.key"))
	require.NoError(b, err)
	s.key = strings.TrimSpace(string(key))
	return s
}

// signedIn makes so many users of a role and signs them in. Managers belong to companies from the largest to the smallest.
func (s *served) signedIn(b *testing.B, role string, count int) []*http.Client {
	b.Helper()
	out := make([]*http.Client, count)
	for i := range out {
		tenant := ""
		if role == "manager" {
			tenant = fmt.Sprintf("t%d", i*tenants/count)
		}
		login := fmt.Sprintf("%s%d", role, i)
		body, err := json.Marshal(map[string]string{"login": login, "role": role, "tenant": tenant})
		require.NoError(b, err)
		req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.base+"/api/v1/users", bytes.NewReader(body))
		require.NoError(b, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+s.key)
		res, err := http.DefaultClient.Do(req)
		require.NoError(b, err)
		var made struct{ Link string }
		require.NoError(b, json.NewDecoder(res.Body).Decode(&made))
		require.NoError(b, res.Body.Close())
		jar, err := cookiejar.New(nil)
		require.NoError(b, err)
		out[i] = &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 2}}
		for address, form := range map[string]url.Values{made.Link: {"password": {password}, "again": {password}}} {
			res, err := out[i].PostForm(address, form)
			require.NoError(b, err)
			require.NoError(b, res.Body.Close())
		}
		res, err = out[i].PostForm(s.base+"/sign-in", url.Values{"login": {login}, "password": {password}})
		require.NoError(b, err)
		require.NoError(b, res.Body.Close())
		require.Equal(b, http.StatusOK, res.StatusCode)
	}
	return out
}

// measure lets some people ask at once, each so many times, and reports the middle and the slowest hundredth of what they waited.
// Before each time they wait a pause.
func (s *served) measure(b *testing.B, by []*http.Client, each int, path string, pause time.Duration) {
	b.Helper()
	require.NoError(b, clock.Sleep(b.Context(), clock.System{}, answersKept)) // What was asked before is forgotten.
	var times []time.Duration
	var mu sync.Mutex
	begun := clock.System{}.Now()
	var group sync.WaitGroup
	for _, client := range by {
		group.Go(func() {
			for i := range each {
				if i > 0 && clock.Sleep(b.Context(), clock.System{}, pause) != nil {
					return
				}
				begun := clock.System{}.Now()
				res, err := client.Get(s.base + path)
				if err != nil {
					b.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, res.Body)
				took := clock.System{}.Now().Sub(begun)
				if err != nil || res.Body.Close() != nil || res.StatusCode != http.StatusOK {
					b.Errorf("%s: %d %v", path, res.StatusCode, err)
					return
				}
				mu.Lock()
				times = append(times, took)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	all := clock.System{}.Now().Sub(begun)
	for b.Loop() { // The framework wants its loop.
	}
	if len(times) == 0 {
		b.Fatal("nothing was answered")
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(times[(len(times)-1)*99/100].Microseconds())/1000, "p99-ms")
	if pause == 0 {
		b.ReportMetric(float64(len(times))/all.Seconds(), "requests/s")
	}
	b.ReportMetric(0, "ns/op")
}

// painted is what a browser tells of a page.
type painted struct {
	First  float64 `json:"first"`  // Milliseconds from the click to the first contentful paint.
	Ready  float64 `json:"ready"`  // Until everything is loaded.
	Weight float64 `json:"weight"` // Bytes that came over the line, packed, without the library of charts.
	Chart  float64 `json:"chart"`
}

const paintedScript = `(() => { const n = performance.getEntriesByType("navigation")[0], all = [n, ...performance.getEntriesByType("resource")];
	const sum = (l) => l.reduce((s, e) => s + e.transferSize, 0), chart = (e) => /echarts|world\.json/.test(e.name);
	return {first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1, ready: n.loadEventEnd, weight: sum(all.filter((e) => !chart(e))), chart: sum(all.filter(chart))}; })()`

// clearCache forgets what the browser keeps of earlier pages.
func clearCache() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.ClearBrowserCache, cdp.Empty{})
		return err
	})
}

// paintMost bounds the time of one page, with the sign-in before it.
const paintMost = time.Minute

// paint opens pages in Chromium, each for the first time with nothing kept and then again.
func paint(b *testing.B, s *served) {
	b.Helper()
	path, err := exec.LookPath("chromium")
	require.NoError(b, err, "Chromium is not installed: apt-get install chromium")
	ctx, stop := chromedp.NewExecAllocator(context.WithoutCancel(b.Context()), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true))...)
	b.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx)
	b.Cleanup(end)
	require.NoError(b, chromedp.Do(ctx))
	for _, visit := range []struct {
		login string
		pages []string
	}{
		{"operator1", []string{"/", "/live", "/calls", "/statistics", "/tenants", "/tenants/t1", "/tenants/t1?tab=extensions", "/numbers?tenant=t1", "/carriers", "/route-plans/all", "/tariffs/office", "/accounts", "/accounts/t1", "/limits?tenant=t1", "/expenses?tenant=t1", "/invoices", "/users", "/audit", "/alerts", "/health", "/settings", "/me"}},
		{"accountant1", []string{"/", "/calls", "/statistics", "/tenants", "/accounts", "/accounts/t1", "/limits?tenant=t1", "/expenses?tenant=t1", "/invoices", "/close", "/tariffs", "/me"}},
		{"manager1", []string{"/", "/calls", "/statistics", "/employees", "/expenses", "/invoices", "/accounts"}},
	} {
		for _, page := range visit.pages {
			b.Run("paint/"+visit.login+page, func(b *testing.B) {
				tab, end := chromedp.NewContext(ctx, chromedp.WithNewBrowserContext())
				defer end()
				tab, give := context.WithTimeout(tab, paintMost)
				defer give()
				require.NoError(b, chromedp.Do(tab, chromedp.Navigate(s.base+"/sign-in"), chromedp.SetValue(chromedp.CSS("[name=login]"), visit.login), chromedp.SetValue(chromedp.CSS("[name=password]"), password)))
				_, err := chromedp.RunResponse(tab, chromedp.Click(chromedp.CSS("button.main")))
				require.NoError(b, err)
				for b.Loop() { // The framework wants its loop, and forgets what was reported before it.
				}
				for i, name := range []string{"first", "again"} {
					if i == 0 { // The sign-in left style and scripts behind.
						require.NoError(b, chromedp.Do(tab, chromedp.Navigate("about:blank"), clearCache()))
					}
					require.NoError(b, chromedp.Do(tab, chromedp.Navigate(s.base+page), chromedp.WaitReady(chromedp.CSS("main"))))
					_, err := chromedp.Run(tab, chromedp.Poll[any](`performance.getEntriesByType("navigation")[0].loadEventEnd > 0 && performance.getEntriesByName("first-contentful-paint").length`))
					require.NoError(b, err)
					p, err := chromedp.Run(tab, chromedp.Evaluate[painted](paintedScript))
					require.NoError(b, err)
					b.ReportMetric(p.First, name+"-paint-ms")
					b.ReportMetric(p.Ready, name+"-ready-ms")
					b.ReportMetric(p.Weight/1000, name+"-KB")
					b.ReportMetric(p.Chart/1000, name+"-chart-KB")
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
