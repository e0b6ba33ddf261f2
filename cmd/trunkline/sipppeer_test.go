//go:build sipp

package main

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/e164"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy"
	"trunkline/sipproxy/wire"
)

// yardstick is a system under test.
type yardstick struct {
	at       netip.AddrPort
	scenario string // Of those who call.
	pids     []int
	engines  []int // What works for it in other processes.
	stop     func()

	// Of the whole system only.
	pprof      func(b *testing.B)
	goroutines func() int
	inProgress func() int
}

// startKamailio runs Kamailio for calls to a carrier; whole says with all that it can do of what we do.
func startKamailio(b *testing.B, carrier string, whole bool) *yardstick {
	b.Helper()
	if _, err := exec.LookPath("kamailio"); err != nil {
		b.Skip("Kamailio is not measured beside it: apt-get install kamailio kamailio-sqlite-modules sqlite3")
	}
	m := &yardstick{at: netip.MustParseAddrPort("127.0.0.1:" + port(b)), scenario: "plain_uac.xml"}
	args := []string{b.TempDir(), m.at.String(), carrier}
	if whole {
		m.scenario = "load_uac.xml"
		args = append(args, "WHOLE")
	}
	script, err := filepath.Abs(filepath.Join("..", "..", "bench", "kamailio", "calls"))
	require.NoError(b, err)
	cmd := exec.Command(script, args...)
	require.NoError(b, cmd.Start())
	m.stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	b.Cleanup(m.stop)
	awaitSIP(b, m.at)
	m.pids = family(b, cmd.Process.Pid)
	return m
}

// awaitSIP waits until something answers at an address.
func awaitSIP(tb testing.TB, at netip.AddrPort) {
	tb.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(at))
	require.NoError(tb, err)
	defer conn.Close()
	require.Eventually(tb, func() bool {
		local := conn.LocalAddr().String()
		_, _ = conn.Write([]byte("OPTIONS sip:" + at.String() + " SIP/2.0\r\nVia: SIP/2.0/UDP " + local + ";branch=z9hG4bK" +
			time.Now().Format("150405.000000") + ";rport\r\nMax-Forwards: 70\r\nFrom: <sip:a@pbx.test>;tag=1\r\nTo: <sip:b@pbx.test>\r\n" +
			"Call-ID: await-" + local + "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"))
		_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		_, err := conn.Read(make([]byte, 4096))
		return err == nil
	}, 20*time.Second, 100*time.Millisecond)
}

// startRelay runs our proxy alone in a process of its own: every call goes to one carrier, nobody is asked for credentials,
// no money is held, and records go nowhere. The journal is written as ever.
func startRelay(b *testing.B, carrier string) *yardstick {
	b.Helper()
	m := &yardstick{at: netip.MustParseAddrPort(freeAddress(b, "udp")), scenario: "plain_uac.xml"}
	exe, err := os.Executable()
	require.NoError(b, err)
	cmd := exec.Command(exe, "-test.run", "^TestRelayForBenchmark$", "-test.timeout", "0")
	cmd.Env = append(os.Environ(), "GOGC=400", relayEnv+"="+m.at.String()+" "+carrier+" "+b.TempDir())
	cmd.Stderr = os.Stderr
	require.NoError(b, cmd.Start())
	m.pids, m.stop = []int{cmd.Process.Pid}, func() { end(cmd) }
	b.Cleanup(m.stop)
	awaitSIP(b, m.at)
	return m
}

const relayEnv = "TRUNKLINE_BENCH_RELAY" // Where it listens, the carrier, and the folder.

// TestRelayForBenchmark is the proxy of startRelay, in its own process; without the environment for that it is nothing.
func TestRelayForBenchmark(t *testing.T) {
	words := strings.Fields(os.Getenv(relayEnv))
	if len(words) != 3 {
		return
	}
	r := &relayOnly{gateway: provision.Gateway{ID: "carrier", Carrier: "carrier", Address: words[1]}}
	p, err := sipproxy.Open(t.Context(), sipproxy.Config{
		Node: "relay", Realm: func() string { return "pbx.test" }, StateDir: words[2], SourceRate: -1, MaxCalls: 100_000,
		Listen: []wire.Listen{{Transport: "udp", Address: words[0]}}, TraceMemory: 64 << 20,
	}, sipproxy.Deps{
		Router: r, Credit: r, Recorder: r, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
	})
	require.NoError(t, err)
	defer p.Close()
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
	defer stop()
	<-ctx.Done()
}

// relayOnly sends every call to one gateway.
type relayOnly struct{ gateway provision.Gateway }

func (r *relayOnly) Login(string) (routing.Caller, bool) { return routing.Caller{}, false }

func (r *relayOnly) Source(netip.Addr) (routing.Caller, bool) {
	return routing.Caller{Kind: routing.CallerExtension, Tenant: "t0", Extension: "100"}, true
}

func (r *relayOnly) Route(_ routing.Caller, dialled, _ string, _ time.Time) *routing.Route {
	number, _ := e164.Parse(strings.TrimPrefix(dialled, "+"))
	return &routing.Route{
		Direction: calls.Outbound, Tenant: "t0", Extension: "100", To: number,
		Targets: []routing.Target{{Gateway: &r.gateway, ToSent: dialled, FromSent: "100"}},
	}
}

func (r *relayOnly) Redirect(*routing.Route, string, string, time.Time) (routing.Target, bool) {
	return routing.Target{}, false
}

func (r *relayOnly) Gateways() []provision.Gateway { return []provision.Gateway{r.gateway} }

func (r *relayOnly) Draw(sipproxy.Reservation) (sipproxy.Grant, bool) { return sipproxy.Grant{}, true }

func (r *relayOnly) Reserve(context.Context, sipproxy.Reservation) (sipproxy.Grant, error) {
	return sipproxy.Grant{}, nil
}

func (r *relayOnly) Release(context.Context, calls.ID) error { return nil }

func (r *relayOnly) End(context.Context, []calls.ID) error { return nil }

func (r *relayOnly) Record(context.Context, ...[]*cdr.Leg) error { return nil }
