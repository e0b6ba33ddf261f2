package sipproxy

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/prometheus/client_golang/prometheus"

	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/sipproxy/auth"
	"trunkline/sipproxy/callflow"
	"trunkline/sipproxy/contact"
	"trunkline/sipproxy/gateway"
	"trunkline/sipproxy/guard"
	"trunkline/sipproxy/headers"
	"trunkline/sipproxy/holds"
	"trunkline/sipproxy/journal"
	"trunkline/sipproxy/registrar"
	"trunkline/sipproxy/release"
	"trunkline/sipproxy/resolver"
	"trunkline/sipproxy/rtpengine"
	"trunkline/sipproxy/wire"
)

// Proxy places calls. Make it with Open, end it with Close.
type Proxy struct {
	cfg      Config
	log      *slog.Logger
	clock    clock.Clock
	router   Router
	credit   Credit
	recorder Recorder
	settings Settings
	metrics  *metrics

	wire      *wire.Wire
	flows     *callflow.Log
	shards    shards
	auth      *auth.Authenticator
	guard     *guard.Guard
	slots     *slots
	releases  *release.Queue
	recording recording
	lastTaken *lastTaken
	health    *gateway.Health
	registrar *registrar.Registrar
	journal   *journal.Journal
	members   *members
	contacts  *contact.Policy
	headers   headers.Rules
	relays    *rtpengine.Pool

	boot  string // The life of the machine.
	order *holds.Order
	load  load

	lifetime   context.Context //nolint:containedctx // Ends with the proxy; what runs in the background hangs on it.
	stop       context.CancelFunc
	stopped    chan struct{}
	closing    sync.Once
	background sync.WaitGroup
}

// Deps are the rooms that a Proxy works with.
type Deps struct {
	Router   Router
	Credit   Credit
	Recorder Recorder
	Settings Settings // Nil: phones set nothing.
	Clock    clock.Clock
	Log      *slog.Logger
	Metrics  prometheus.Registerer
	Resolver resolver.Resolver // Of gateways' names; nil: the system's.
	Disk     disk.FS           // Of StateDir; nil: the machine's.
	Room     *disk.Reserve     // Room on that disk that is kept aside for calls in progress; nil: none is.
}

// Open binds the listeners, takes back the calls and registrations of an earlier life, and starts to serve.
func Open(ctx context.Context, cfg Config, deps Deps) (*Proxy, error) {
	cfg.setDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	p := &Proxy{
		cfg: cfg, log: deps.Log, clock: deps.Clock, router: deps.Router, credit: deps.Credit, recorder: deps.Recorder, settings: deps.Settings,
		slots: newSlots(deps.Clock), members: newMembers(), lastTaken: newLastTaken(), guard: guard.New(deps.Clock, cfg.SourceRate),
		health: gateway.New(deps.Clock, deps.Log, deps.Resolver), flows: callflow.New(cfg.TraceMemory), stopped: make(chan struct{}),
		boot: deps.Clock.Boot(), order: holds.New(holds.Unknown),
	}
	p.lifetime, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	nonces, err := guard.NewNonces()
	if err != nil {
		return nil, err
	}
	if p.relays, err = rtpengine.Open(ctx, cfg.Relays, deps.Clock, deps.Log); err != nil {
		return nil, err
	}
	if p.journal, err = p.openJournal(deps); err != nil { //nolint:contextcheck // It has a life of its own, ended by Close.
		p.relays.Close()
		return nil, err
	}
	p.contacts = p.contactPolicy()
	p.registrar = registrar.New(registrar.Options{
		Min: cfg.RegisterMin, Max: cfg.RegisterMax, Journal: p.journal, Policy: p.contacts, Peer: deps.Router.Source,
		Refused: func() { p.metrics.contacts.Inc() }, Clock: deps.Clock, Log: deps.Log,
	})
	p.auth = auth.New(auth.Options{
		Realm: cfg.Realm, Digest: cfg.Digest, Callers: deps.Router, Guard: p.guard, Nonces: nonces, SpeaksFrom: p.registrar.SpeaksFrom,
		Failed: func() { p.metrics.authFailures.Inc() }, Clock: deps.Clock, Log: deps.Log,
	})
	p.releases = release.New(release.Options{Ledger: p.credit, Journal: p.journal, Clock: p.clock, Log: p.log})
	ready := make(chan struct{})
	p.wire, err = wire.Open(ctx, wire.Options{
		Listen: cfg.Listen, TLS: cfg.TLS, Origins: cfg.Origins, Log: deps.Log, Clock: deps.Clock, Tap: p.tap(),
		Known: func(addr netip.Addr) bool {
			_, ok := deps.Router.Source(addr)
			return ok || p.health.Owns(addr)
		},
		Handler: func(msg sip.Message, flow wire.Flow) {
			<-ready // What comes in the first moments waits until the calls of the last life are known.
			p.dispatch(msg, flow)
		},
	})
	if err != nil {
		p.relays.Close()
		_ = p.journal.Close()
		return nil, err
	}
	p.metrics = newMetrics(p, deps.Metrics)
	for i := range cfg.Shards {
		p.shards = append(p.shards, p.newShard(i))
	}
	p.start(ready) //nolint:contextcheck // It begins the proxy's own life.
	return p, nil
}

func (p *Proxy) openJournal(deps Deps) (*journal.Journal, error) {
	o := journal.Options{Dir: p.cfg.StateDir, FS: deps.Disk, Clock: deps.Clock, Log: deps.Log, Room: deps.Room}
	if o.FS == nil {
		o.FS = disk.OS{}
	}
	return journal.Open(o)
}

// tap lets the log of call flows listen, if there is one.
func (p *Proxy) tap() wire.Tap {
	if p.flows == nil {
		return nil
	}
	return func(sent bool, flow wire.Flow, callID string, data []byte) {
		p.flows.Add(p.clock.Now(), sent, flow.Transport(), flow.Remote(), callID, data)
	}
}

func (p *Proxy) start(ready chan struct{}) {
	p.health.Know(p.router.Gateways())
	p.recover()
	for _, s := range p.shards {
		s.start()
	}
	close(ready)
	p.background.Go(p.probeGateways)
	p.background.Go(func() { p.releases.Run(p.lifetime) })
}

// dispatch gives a message to the shard of its dialog. A shard that is far behind loses messages rather than memory.
func (p *Proxy) dispatch(msg sip.Message, flow wire.Flow) {
	if !p.shards.of(msg.CallID().Value()).queue.add(event{msg: msg, flow: flow}) {
		p.metrics.dropped.Inc()
	}
}

// Addr returns the bound address of the first listener of a transport: udp, tcp, tls, ws or wss.
func (p *Proxy) Addr(transport string) (netip.AddrPort, bool) { return p.wire.Addr(transport) }

// Addrs returns the bound addresses of all listeners of a transport.
func (p *Proxy) Addrs(transport string) []netip.AddrPort { return p.wire.Addrs(transport) }

// Drain refuses new calls and waits until those in progress are over or ctx ends.
func (p *Proxy) Drain(ctx context.Context) {
	p.load.draining.Store(true)
	for p.load.inProgress.Load() > 0 {
		if clock.Sleep(ctx, p.clock, 100*time.Millisecond) != nil {
			p.log.WarnContext(ctx, "calls in progress outlast the drain; they are taken back at the next start", "calls", p.load.inProgress.Load())
			return
		}
	}
}

// Close stops serving at once. Calls in progress stay in the journal and are taken back by the next Open.
// It may be repeated.
func (p *Proxy) Close() error {
	p.stop()
	p.wire.Close()
	for _, s := range p.shards {
		s.queue.close()
	}
	p.closing.Do(func() { close(p.stopped) })
	p.background.Wait()
	p.relays.Close()
	return p.journal.Close()
}
