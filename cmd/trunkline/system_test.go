package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/sipproxy/agent"
)

// site is a whole system in a process of its own, with phones and carriers around it.
type site struct {
	t       testing.TB
	dir     string
	sip     netip.AddrPort
	http    string
	env     []string
	process *exec.Cmd
	output  *bytes.Buffer
}

const siteOperator = `
name: Test Telecom
realm: pbx.test
carriers:
  - {id: alfa, currency: EUR, deck: alfa}
  - {id: beta, currency: EUR, deck: beta}
gateways:
  - {id: alfa-1, carrier: alfa, address: "%s", silence: 1s, ring_time: 3s}
  - {id: beta-1, carrier: beta, address: "%s", ring_time: 3s}
decks:
  - {id: alfa, file: alfa.csv, currency: EUR}
  - {id: beta, file: beta.csv, currency: EUR}
tariffs:
  - {id: retail, file: retail.yaml}
dial_plans:
  - id: plain
    country: "49"
    rules: [{match: "1XX", extension: true}, {match: "+.", strip: 1}, {match: "00.", strip: 2}]
route_plans:
  - {id: all, default: true, rules: [{id: any, policy: least_cost}]}
tenants:
  - id: acme
    time_zone: Europe/Berlin
    currency: EUR
    tariff: retail
    dial_plan: plain
    account: {mode: postpaid, credit: "100000"}
    branches:
      - {id: berlin, name: Berlin, area: "30", extensions: [{id: "101", password: secret}, {id: "102", password: secret}]}
      - {id: koeln, name: Köln, area: "221", extensions: [{id: "103", password: secret}]}
    numbers: [{number: "+4930100", branch: berlin, extension: "101"}]
  - id: poor
    time_zone: Europe/Berlin
    currency: EUR
    tariff: retail
    dial_plan: plain
    account: {mode: prepaid, opening: "%s"}
    branches:
      - {id: main, extensions: [{id: "201", password: secret}]}
`

// newSite writes the files of a system with two carriers. Prepaid tenant poor has the given opening balance; a second
// of talk costs him 0.1.
func newSite(tb testing.TB, alfa, beta, opening string) *site {
	tb.Helper()
	s := &site{t: tb, dir: tb.TempDir()}
	write := func(name, text string) {
		require.NoError(tb, os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600))
	}
	write("operator.yaml", fmt.Sprintf(siteOperator, alfa, beta, opening))
	write("alfa.csv", "prefix,destination,rate,connect_fee,initial,next\n49,Germany,1.2,0,1,1\n4915,Germany mobile,2.4,0,1,1\n")
	write("beta.csv", "prefix,destination,rate,connect_fee,initial,next\n49,Germany,1.8,0,1,1\n4915,Germany mobile,3.0,0,1,1\n")
	write("retail.yaml", "name: retail\ncurrency: EUR\ndecks:\n  - name: world\n    defaults: {increment: 1/1}\n    rates:\n"+
		"      - {prefix: \"49\", destination: Germany, rate: 6}\n      - {prefix: \"4915\", destination: Germany mobile, rate: 9}\n")
	s.sip = netip.MustParseAddrPort(freeAddress(tb, "udp"))
	s.http = freeAddress(tb, "tcp")
	packages, err := filepath.Abs(filepath.Join("..", "..", "node_modules"))
	require.NoError(tb, err)
	s.env = append(os.Environ(), "TRUNKLINE_PACKAGES="+packages, "TRUNKLINE_DATA="+filepath.Join(s.dir, "var"), "TRUNKLINE_NODE=test",
		"TRUNKLINE_SIP_LISTEN=udp/"+s.sip.String()+",tcp/"+s.sip.String(), "TRUNKLINE_HTTP_LISTEN="+s.http,
		"TRUNKLINE_SIP_INITIAL_GRANT=10s", "TRUNKLINE_SIP_DRAIN_TIME=2s")
	return s
}

// portsTaken counts the ports that this process has looked at.
var portsTaken atomic.Int64

// freeAddress returns an address that nobody uses, below the range from which the kernel takes ports for clients: a
// process that is killed and started again finds it free. No two are alike: what a test starts later takes its port later.
func freeAddress(tb testing.TB, network string) string {
	tb.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+(os.Getpid()*97+int(portsTaken.Add(1)))%10_000)
		if network == "udp" {
			c, err := new(net.ListenConfig).ListenPacket(tb.Context(), "udp", address)
			if err != nil {
				continue
			}
			require.NoError(tb, c.Close())
		}
		l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", address) // SIP listens on both.
		if err != nil {
			continue
		}
		require.NoError(tb, l.Close())
		return address
	}
	tb.Fatal("no free port")
	return ""
}

// carrier is a simulated gateway; carriers have addresses of their own, by which their calls are known.
func carrier(tb testing.TB, name string, b agent.Behaviour) *agent.Agent {
	tb.Helper()
	a, err := agent.New(tb.Context(), name, "127.0.3.1:0", slog.New(slog.DiscardHandler))
	require.NoError(tb, err)
	tb.Cleanup(a.Close)
	a.OnCall(func(agent.Incoming) agent.Behaviour { return b })
	return a
}

func phone(tb testing.TB) *agent.Agent {
	tb.Helper()
	a, err := agent.New(tb.Context(), "phone", "127.0.0.1:0", slog.New(slog.DiscardHandler))
	require.NoError(tb, err)
	tb.Cleanup(a.Close)
	return a
}

// start runs the system and waits until it is ready.
func (s *site) start() {
	s.t.Helper()
	exe, err := os.Executable()
	require.NoError(s.t, err)
	s.output = &bytes.Buffer{}
	s.process = exec.Command(exe, "serve")
	both := &lockedWriter{b: s.output}
	s.process.Env, s.process.Stdout, s.process.Stderr = s.env, both, both
	require.NoError(s.t, s.process.Start())
	s.t.Cleanup(s.kill)
	ready := assert.Eventually(s.t, func() bool {
		res, err := http.Get("http://" + s.http + "/healthz/ready")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, 60*time.Second, 50*time.Millisecond)
	if !ready {
		s.kill()
		s.t.Fatalf("the system does not get ready: %s", s.output)
	}
}

type lockedWriter struct {
	mu sync.Mutex
	b  *bytes.Buffer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

// kill ends the process as a power cut would.
func (s *site) kill() {
	if s.process == nil || s.process.ProcessState != nil {
		return
	}
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

// run runs a command against the system and returns its code and output.
func (s *site) run(args ...string) (int, string) {
	s.t.Helper()
	exe, err := os.Executable()
	require.NoError(s.t, err)
	cmd := exec.CommandContext(s.t.Context(), exe, args...)
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func (s *site) must(args ...string) string {
	s.t.Helper()
	code, out := s.run(args...)
	require.Zero(s.t, code, "trunkline %s: %s", strings.Join(args, " "), out)
	return out
}

// apply provisions the operator's file and waits until the running system uses it.
func (s *site) apply() {
	s.t.Helper()
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	require.Eventually(s.t, func() bool {
		status, err := phone(s.t).Register(s.t.Context(), s.account("acme-101"), 60)
		return err == nil && status == 200
	}, 10*time.Second, 100*time.Millisecond)
}

func (s *site) account(login string) agent.Account {
	return agent.Account{Proxy: s.sip, Realm: "pbx.test", Login: login, Password: "secret"}
}

// records waits for so many legs to be visible, and returns them.
func (s *site) records(n int) []map[string]string {
	s.t.Helper()
	var rows []map[string]string
	require.Eventually(s.t, func() bool {
		code, out := s.run("report", "cdr", "--format", "json")
		return code == 0 && json.Unmarshal([]byte(out), &rows) == nil && len(rows) >= n
	}, 60*time.Second, 300*time.Millisecond)
	require.Len(s.t, rows, n)
	return rows
}

// sums makes sure that ledger and calls agree.
func (s *site) sums() {
	s.t.Helper()
	said := ""
	if !assert.Eventually(s.t, func() bool {
		code, out := s.run("doctor")
		said = out
		return code == 0
	}, 30*time.Second, 300*time.Millisecond, "the sums of ledger and calls agree") {
		s.t.Fatal(said)
	}
}

func TestSystemFromInviteToExpenseReport(t *testing.T) {
	t.Parallel()
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 503})
	beta := carrier(t, "beta", agent.Behaviour{Status: 200, Ring: 100 * time.Millisecond})
	s := newSite(t, alfa.Addr().String(), beta.Addr().String(), "10")
	s.start()
	s.apply()
	out, err := phone(t).Dial(t.Context(), s.account("acme-101"), agent.Call{To: "+4915112345678", Talk: 1500 * time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, 200, out.Status)
	rows := s.records(3) // The caller's leg, 503 at alfa, answered by beta.
	var in, eg map[string]string
	for _, r := range rows {
		switch {
		case r["kind"] == "ingress":
			in = r
		case r["gateway"] == "beta-1":
			eg = r
		}
	}
	require.Equal(t, "2", in["billed"])
	require.Equal(t, "0.3", in["sale"], "two seconds at 9 a minute")
	require.Equal(t, "0.1", eg["cost"], "two seconds at 3 a minute")
	require.Equal(t, "Germany mobile", in["destination"])
	var report struct {
		Rows  []struct{ Name, Total string }
		Total struct{ Total string }
	}
	require.NoError(t, json.Unmarshal([]byte(s.must("report", "expenses", "--tenant", "acme", "--format", "json")), &report))
	require.Len(t, report.Rows, 2)
	require.Equal(t, "0.3", report.Total.Total)
	require.Contains(t, s.must("report", "expenses", "--tenant", "acme"), "Köln")
	s.sums()
	require.Regexp(t, `(?s)alfa-1.*beta-1`, s.must("route", "--call", in["call"]), "as it was decided then")

	said := s.must("sip", "trace", in["call"], "--full")
	require.Regexp(t, `(?s)INVITE \+4915112345678 \(SDP\) .*407 Proxy Auth.*INVITE \+4915112345678.*503 Refused.*INVITE 4915112345678 \(SDP\).*200 OK.*BYE`, said)
	require.Contains(t, said, "Proxy-Authorization: Digest (hidden)")
	require.NotContains(t, said, "response=")
	code, out2 := s.run("sip", "trace", "01a20099-ccf6-7ce3-9ad3-d83497067c31")
	require.Equal(t, exitPartial, code, out2)
	status := s.must("status")
	require.Regexp(t, `(?s)1 registered.*alfa-1 +alfa .* open.*0 calls in progress`, status)

	// What the calls left behind closes the gates of routing: alfa answers nothing, and beta is owed too much.
	s.change(`{id: any, policy: least_cost}`, `{id: any, policy: least_cost, quality: {min_calls: 1, min_asr: 50}}`)
	s.change(`deck: beta}`, `deck: beta, debt_limit: "0.05"}`)
	s.apply()
	code, route := s.run("route", "--tenant", "acme", "--from", "101", "--to", "+4915112345678")
	require.Equal(t, exitPartial, code, route)
	require.Regexp(t, `alfa-1 +alfa +quality`, route)
	require.Regexp(t, `beta-1 +beta +debt`, route)
}

// change puts another text into the operator's file.
func (s *site) change(from, to string) {
	s.t.Helper()
	path := filepath.Join(s.dir, "operator.yaml")
	text, err := os.ReadFile(path)
	require.NoError(s.t, err)
	require.Contains(s.t, string(text), from)
	require.NoError(s.t, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), from, to)), 0o600))
}

func TestSystemCutsACallWhenItsMoneyEnds(t *testing.T) {
	t.Parallel()
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 200})
	s := newSite(t, alfa.Addr().String(), alfa.Addr().String(), "0.35")
	s.start()
	s.apply()
	calls := 4 // At once, on money for three seconds of one.
	var talked sync.Map
	var group sync.WaitGroup
	for i := range calls {
		p := phone(t)
		group.Go(func() {
			out, err := p.Dial(t.Context(), s.account("poor-201"), agent.Call{To: "+49301234567"})
			if err == nil && out.Status == 200 {
				talked.Store(i, out)
			}
		})
	}
	group.Wait()
	answered := 0
	talked.Range(func(_, v any) bool {
		answered++
		out, ok := v.(agent.Outcome)
		require.True(t, ok)
		require.True(t, out.ByCallee, "we hung up")
		return true
	})
	require.Equal(t, 1, answered, "the others had no money")
	rows := s.records(calls + 1)
	total := 0
	for _, r := range rows {
		if r["kind"] == "ingress" && r["sale"] != "0" {
			require.Equal(t, "0.3", r["sale"], "three whole seconds")
			require.Equal(t, "limit", r["ended_by"])
			total++
		}
	}
	require.Equal(t, 1, total)
	s.sums()
}

func TestSystemKilledInMidCall(t *testing.T) {
	t.Parallel()
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 200})
	s := newSite(t, alfa.Addr().String(), alfa.Addr().String(), "0.55")
	s.start()
	s.apply()
	answered, ended := make(chan struct{}), make(chan agent.Outcome, 2)
	rich, poor := phone(t), phone(t)
	go func() {
		out, _ := rich.Dial(t.Context(), s.account("acme-101"), agent.Call{To: "+49301234567", Talk: 8 * time.Second})
		ended <- out
	}()
	go func() {
		out, _ := poor.Dial(t.Context(), s.account("poor-201"), agent.Call{To: "+49301234567", OnAnswer: func() { close(answered) }})
		ended <- out
	}()
	<-answered
	s.settled(2)
	s.kill()
	s.start()
	for range 2 {
		out := <-ended
		require.Equal(t, 200, out.Status)
	}
	rows := s.records(4)
	for _, r := range rows {
		if r["kind"] == "ingress" && r["tenant"] == "poor" {
			require.Equal(t, "0.5", r["sale"], "cut in time although the proxy died meanwhile")
			require.Equal(t, "limit", r["ended_by"])
		}
		if r["kind"] == "ingress" && r["tenant"] == "acme" {
			require.Equal(t, "caller", r["ended_by"], "the caller's BYE found its call again")
		}
	}
	s.sums()
}

// settled waits until so many calls are answered.
func (s *site) settled(calls int) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		code, out := s.run("status", "--format", "json")
		return code == exitOK && strings.Count(out, `"state":"answered"`) >= calls
	}, 10*time.Second, 20*time.Millisecond)
}

func TestSystemKilledAgainAndAgainUnderLoad(t *testing.T) {
	t.Parallel()
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 200, Talk: 400 * time.Millisecond})
	beta := carrier(t, "beta", agent.Behaviour{Status: 486, NoRing: true})
	s := newSite(t, alfa.Addr().String(), beta.Addr().String(), "3")
	s.start()
	s.apply()
	phones := make([]*agent.Agent, 8)
	for i := range phones {
		phones[i] = phone(t)
	}
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		var group sync.WaitGroup
		for i, p := range phones {
			account := s.account([]string{"acme-101", "acme-103", "poor-201"}[i%3])
			group.Go(func() {
				for range 3 {
					_, _ = p.Dial(ctx, account, agent.Call{To: "+49301234567", GiveUp: 2 * time.Second, Talk: time.Second})
				}
			})
		}
		require.NoError(t, clock.Sleep(ctx, clock.System{}, 900*time.Millisecond))
		s.kill()
		s.start()
		group.Wait()
		cancel()
	}
	s.sums()
	require.Contains(t, s.must("doctor"), "tenant/poor/EUR")
}
