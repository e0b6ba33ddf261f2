package sipproxy_test

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/routing"
	"trunkline/sipproxy"
	"trunkline/sipproxy/agent"
	"trunkline/sipproxy/resolver"
	"trunkline/sipproxy/wire"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // sipgo's agents log on it.
	goleak.VerifyTestMain(m,
		// sipgo's own, in the agents at the other ends: the proxy uses neither its transactions nor its transports.
		goleak.IgnoreAnyFunction("github.com/emiago/sipgo/sip.(*baseTx).Init.func1"),
		goleak.IgnoreAnyFunction("github.com/emiago/sipgo/sip.(*TransportUDP).readUDPConnection"),
		goleak.IgnoreAnyFunction("github.com/emiago/sipgo/sip.(*TransportUDP).readListenerConnection"))
}

const realm = "pbx.example"

// world is a proxy with everything around it that a test may set: who calls, where calls go, what money there is.
type world struct {
	t     *testing.T
	proxy *sipproxy.Proxy
	cfg   sipproxy.Config

	mu       sync.Mutex
	logins   map[string]routing.Caller
	sources  map[netip.Addr]routing.Caller
	route    func(c routing.Caller, dialled string) *routing.Route
	gateways []provision.Gateway
	grants   []sipproxy.Grant // Answers of the ledger, one after the other; the last one stays.
	released []calls.ID
	ended    []calls.ID
	quota    bool // There is one that is enough for all.
	drawn    int  // How often it was drawn on.
	away     bool // The ledger is not told of ends.
	legs     []*cdr.Leg
	recorded chan struct{}
	resolver resolver.Resolver
	log      *slog.Logger // In the place of the test's.
	settings sipproxy.Settings
	router   sipproxy.Router // In the place of the world itself.
	fail     error           // What Record answers,
	failOf   string          // for calls to this number only, where it is set.
	ledger   chan struct{}   // Where it is set, the ledger answers when it is closed.
	asked    atomic.Int64    // How often the ledger was asked.
	clock    clock.Clock     // Nil: the machine's.
	disk     disk.FS         // Nil: the machine's.
	room     *disk.Reserve
	metrics  *prometheus.Registry // Of the proxy that was opened last.
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, logins: map[string]routing.Caller{}, sources: map[netip.Addr]routing.Caller{},
		recorded: make(chan struct{}, 100),
	}
	w.cfg = sipproxy.Config{
		Node: "test", Realm: func() string { return realm }, StateDir: t.TempDir(),
		Listen: []wire.Listen{{Transport: "udp", Address: "127.0.0.1:0"}, {Transport: "tcp", Address: "127.0.0.1:0"}},
	}
	return w
}

func (w *world) open() {
	w.t.Helper()
	w.metrics = prometheus.NewRegistry()
	if w.clock == nil {
		w.clock = clock.System{}
	}
	router := w.router
	if router == nil {
		router = w
	}
	log := w.log
	if log == nil {
		log = testLog(w.t)
	}
	p, err := sipproxy.Open(w.t.Context(), w.cfg, sipproxy.Deps{
		Router: router, Settings: w.settings, Credit: w, Recorder: w, Clock: w.clock, Log: log, Metrics: w.metrics,
		Resolver: w.resolver, Disk: w.disk, Room: w.room,
	})
	require.NoError(w.t, err)
	w.proxy = p
	w.t.Cleanup(func() { _ = p.Close() })
}

func testLog(t *testing.T) *slog.Logger {
	t.Helper()
	if !testing.Verbose() {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (w *world) addr() netip.AddrPort {
	w.t.Helper()
	a, ok := w.proxy.Addr("udp")
	require.True(w.t, ok)
	return a
}

func (w *world) account(login string) agent.Account {
	return agent.Account{Proxy: w.addr(), Realm: realm, Login: login, Password: "secret-" + login}
}

// extension adds a login whose password is "secret-" and the login.
func (w *world) extension(login string) {
	secret := fmt.Sprintf("%s:%s:secret-%s", login, realm, login)
	m, s := md5.Sum([]byte(secret)), sha256.Sum256([]byte(secret))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logins[login] = routing.Caller{
		Kind: routing.CallerExtension, Tenant: "acme", Branch: "main", Extension: login, Login: login,
		HA1MD5: hex.EncodeToString(m[:]), HA1SHA256: hex.EncodeToString(s[:]),
	}
}

func (w *world) agent(name string) *agent.Agent {
	w.t.Helper()
	return w.agentAt(name, "127.0.0.1")
}

// agentAt is an agent at an address of its own.
func (w *world) agentAt(name, address string) *agent.Agent {
	w.t.Helper()
	a, err := agent.New(w.t.Context(), name, address+":0", testLog(w.t))
	require.NoError(w.t, err)
	w.t.Cleanup(a.Close)
	return a
}

// carrier adds a gateway that behaves as told.
func (w *world) carrier(id string, b agent.Behaviour, more ...func(*provision.Gateway)) *agent.Agent {
	w.t.Helper()
	a := w.agent(id)
	a.OnCall(func(agent.Incoming) agent.Behaviour { return b })
	g := provision.Gateway{ID: id, Carrier: id + "-co", Address: a.Addr().String()}
	for _, f := range more {
		f(&g)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gateways = append(w.gateways, g)
	return a
}

// changeGateway changes the first gateway while the proxy runs.
func (w *world) changeGateway(change func(*provision.Gateway)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed := slices.Clone(w.gateways) // Others are looking at the list.
	change(&changed[0])
	w.gateways = changed
}

// routes sets where calls go while the proxy runs.
func (w *world) routes(f func(c routing.Caller, dialled string) *routing.Route) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.route = f
}

// Login implements sipproxy.Router.
func (w *world) Login(user string) (routing.Caller, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.logins[user]
	return c, ok
}

// Source implements sipproxy.Router.
func (w *world) Source(addr netip.Addr) (routing.Caller, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.sources[addr]
	return c, ok
}

// Redirect implements sipproxy.Router: nobody forwards.
func (w *world) Redirect(*routing.Route, string, string, time.Time) (routing.Target, bool) {
	return routing.Target{}, false
}

// Gateways implements sipproxy.Router.
func (w *world) Gateways() []provision.Gateway {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gateways
}

// Route implements sipproxy.Router: by default a call goes to all gateways in their order, and money is asked for.
func (w *world) Route(c routing.Caller, dialled, _ string, _ time.Time) *routing.Route {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.route != nil {
		return w.route(c, dialled)
	}
	return w.toAll(c, dialled)
}

// toAll leads to all gateways in their order.
func (w *world) toAll(c routing.Caller, dialled string) *routing.Route {
	r := &routing.Route{
		Direction: calls.Outbound, Tenant: c.Tenant, Branch: c.Branch, Extension: c.Extension,
		From: e164.MustParse("74950000101"), Tariff: "retail", Quote: &rating.Quote{},
	}
	if to, err := e164.Parse(dialled); err == nil {
		r.To = to
	}
	for i := range w.gateways {
		r.Targets = append(r.Targets, routing.Target{
			Gateway: &w.gateways[i], Carrier: &provision.Carrier{ID: w.gateways[i].Carrier},
			ToSent: dialled, FromSent: "74950000101", Deck: "deck", RingTime: w.gateways[i].RingTime,
		})
	}
	return r
}

// Reserve implements sipproxy.Credit.
func (w *world) Reserve(ctx context.Context, _ sipproxy.Reservation) (sipproxy.Grant, error) {
	w.asked.Add(1)
	if w.ledger != nil {
		select {
		case <-w.ledger:
		case <-ctx.Done():
			return sipproxy.Grant{}, ctx.Err()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.grants) == 0 {
		return sipproxy.Grant{Granted: time.Hour}, nil
	}
	g := w.grants[0]
	w.away = w.away && g.Refusal == "" // It is back when it refuses.
	if len(w.grants) > 1 {
		w.grants = w.grants[1:]
	}
	return g, nil
}

// Draw implements sipproxy.Credit.
func (w *world) Draw(r sipproxy.Reservation) (sipproxy.Grant, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.quota {
		return sipproxy.Grant{}, false
	}
	w.drawn++
	g := sipproxy.Grant{Granted: r.UpTo, Draw: cdr.Draw{Quota: cdr.QuotaID{7}, Money: money.FromMicros(r.UpTo.Microseconds()), Seconds: int64(r.UpTo.Seconds())}}
	return g, true
}

// Release implements sipproxy.Credit.
func (w *world) Release(_ context.Context, id calls.ID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.released = append(w.released, id)
	return nil
}

// End implements sipproxy.Credit.
func (w *world) End(_ context.Context, ids []calls.ID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away {
		return errors.New("the ledger is away") //nolint:err113 // Of a test.
	}
	w.ended = append(w.ended, ids...)
	return nil
}

// Record implements sipproxy.Recorder.
func (w *world) Record(_ context.Context, calls ...[]*cdr.Leg) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil && (w.failOf == "" || slices.ContainsFunc(calls, func(legs []*cdr.Leg) bool { return legs[0].Dialled == w.failOf })) {
		return w.fail
	}
	for _, legs := range calls {
		w.legs = append(w.legs, legs...)
		w.recorded <- struct{}{}
	}
	return nil
}

// record waits for the next call to be recorded and returns its legs.
func (w *world) record() []*cdr.Leg {
	w.t.Helper()
	select {
	case <-w.recorded:
	case <-time.After(40 * time.Second):
		w.t.Fatal("no call was recorded")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	legs := w.legs
	w.legs = nil
	return legs
}

// dial makes a call as anna and returns its outcome.
func (w *world) dial(a *agent.Agent, c agent.Call) agent.Outcome {
	w.t.Helper()
	out, err := a.Dial(w.t.Context(), w.account("anna"), c)
	require.NoError(w.t, err)
	return out
}
