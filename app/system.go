package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"trunkline/access"
	"trunkline/api"
	"trunkline/api/pages"
	"trunkline/app/config"
	"trunkline/app/engine"
	"trunkline/app/inforce"
	"trunkline/app/store"
	"trunkline/cdr/kafka"
	"trunkline/cdr/spool"
	"trunkline/console"
	"trunkline/credit"
	"trunkline/credit/quota"
	"trunkline/demo"
	"trunkline/internal/cause"
	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/internal/embedded"
	"trunkline/job"
	"trunkline/rating/worker"
	"trunkline/rating/worker/repair"
	"trunkline/sipproxy"
	"trunkline/sql/postgres"
)

// System is everything that a process runs.
type System struct {
	config  *config.Config
	parts   Parts
	log     *slog.Logger
	metrics *prometheus.Registry

	engines      *engine.Engines
	folder       *embedded.Folder // Nil: the engines hold it.
	Stores       *store.Stores
	lease        *credit.Grace
	quotas       *quota.Pool
	books        *postgres.Books
	provisioning *inforce.Keeper
	producer     *kafka.Producer
	spool        *spool.Spool
	presence     *presence     // Of the proxy.
	room         *disk.Reserve // Nil: none is kept aside.
	proxy        *sipproxy.Proxy
	worker       *worker.Worker
	repair       *repair.Repair
	imported     *kafka.Producer
	imports      *postgres.Imports
	http         *api.Server
	desk         *job.Desk
	password     string
	unpublish    func() // Takes back where the pages are.
	traffic      *demo.Traffic
	measured     atomic.Int64 // When the figures that routing looks at were worked out last, Unix seconds.

	failed  chan error
	life    context.Context //nolint:containedctx // Ends with the system; its background work hangs on it.
	end     context.CancelFunc
	running sync.WaitGroup
	Started time.Duration
}

// Start starts the engines and then the parts, each when what it needs is ready.
func Start(ctx context.Context, c *config.Config, p Parts, log *slog.Logger) (*System, error) {
	begun := clock.System{}.Now()
	s := &System{config: c, parts: p, log: log, metrics: prometheus.NewRegistry(), failed: make(chan error, 4)}
	s.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.life, s.end = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.start(ctx); err != nil {
		s.Stop(ctx)
		return nil, err
	}
	s.Started = clock.System{}.Now().Sub(begun)
	log.InfoContext(ctx, "ready", "milliseconds", s.Started.Milliseconds())
	return s, nil
}

func (s *System) start(ctx context.Context) error {
	s.running.Go(func() { tendGarbage(s.life, memoryLimit(s.config.Memory)) })
	if err := s.open(ctx); err != nil {
		return err
	}
	s.running.Go(func() { s.provisioning.Watch(s.life) })
	s.running.Go(func() { s.provisioning.Retry(s.life) })
	s.running.Go(func() { s.keepHouse(s.life) })
	s.running.Go(func() { s.keepMeasures(s.life) })
	s.observe()
	if s.parts.Worker {
		if err := s.startWorker(); err != nil {
			return err
		}
		s.mailReports()
	}
	if s.parts.SIP {
		if err := s.startProxy(ctx); err != nil {
			return cause.Mark(cause.State, err)
		}
	}
	if err := s.startImports(); err != nil {
		return err
	}
	if s.config.HTTP.Listen != "" {
		if err := s.startHTTP(ctx); err != nil {
			return cause.Mark(cause.State, err)
		}
	}
	if s.parts.Demo {
		return s.startDemo(ctx)
	}
	return nil
}

// open starts or reaches the engines, and reads what is provisioned.
func (s *System) open(ctx context.Context) (err error) {
	if s.engines, err = engine.Start(ctx, s.config, s.log); err != nil {
		return err
	}
	if s.engines.Folder == nil { // All engines are elsewhere: what is kept here is ours alone all the same.
		if s.folder, err = embedded.Open(s.config.Data); err != nil {
			return cause.Mark(cause.State, err)
		}
	}
	if err := s.engines.Publish(s.config.Data); err != nil {
		return err
	}
	limits := store.Limits{Postgres: int32(s.config.Postgres.MaxConns), Clickhouse: s.config.ClickHouse.MaxConns, Statement: s.config.Postgres.StatementLimit} //nolint:gosec // At most 1000.
	if s.Stores, err = store.Connect(ctx, s.engines, limits, store.Migrate, s.log); err != nil {
		return cause.Mark(cause.State, err)
	}
	if s.books, err = postgres.NewBooks(s.Stores.DB, clock.System{}); err != nil {
		return err
	}
	if err := repair.Claim(ctx, s.books, s.Stores.Records); err != nil {
		return cause.Mark(cause.State, err)
	}
	if err := s.topics(ctx); err != nil {
		return cause.Mark(cause.State, err)
	}
	if s.parts.Demo {
		if err := ProvisionDemo(ctx, s.Stores); err != nil {
			return err
		}
	}
	s.provisioning, err = inforce.Open(ctx, s.Stores, s.log)
	return err
}

func (s *System) kafkaConfig() kafka.Config {
	return kafka.Config{Brokers: s.engines.Kafka, Log: s.log}
}

func (s *System) topics(ctx context.Context) error {
	return kafka.EnsureTopics(ctx, s.kafkaConfig(),
		kafka.Topic{Name: kafka.LegsTopic, Parts: s.config.Kafka.Partitions}, kafka.Topic{Name: kafka.DeadTopic, Parts: 1})
}

func (s *System) startProxy(ctx context.Context) (err error) {
	if err := s.present(ctx); err != nil {
		return err
	}
	if err := s.keepRoom(); err != nil {
		return err
	}
	s.producer = kafka.NewProducer(s.kafkaConfig(), kafka.LegsTopic)
	s.spool, err = spool.Open(spool.Config{ //nolint:contextcheck // The spool has a life of its own, ended by Close.
		Dir: filepath.Join(s.config.Data, "spool"), Clock: clock.System{}, Log: s.log, Room: s.room,
	}, s.producer)
	if err != nil {
		return err
	}
	listen, err := s.config.SIP.Listeners()
	if err != nil {
		return err
	}
	tls, err := s.config.SIP.TLS()
	if err != nil {
		return err
	}
	credit, err := s.newCredit() //nolint:contextcheck // Its book has a life of its own, ended by close.
	if err != nil {
		return err
	}
	sip := &s.config.SIP
	s.proxy, err = sipproxy.Open(ctx, sipproxy.Config{
		Node: s.config.Node, Realm: s.realm, Listen: listen, TLS: tls, Origins: sip.Origins, Digest: s.config.SIP.Digest, StateDir: filepath.Join(s.config.Data, "sip"),
		Shards: sip.Shards, MaxCalls: sip.MaxCalls, SourceRate: sip.SourceRate, RingTime: sip.RingTime, MaxDuration: sip.MaxDuration,
		FirstStretch: sip.InitialGrant, Stretch: sip.GrantIncrement, DrainTime: sip.DrainTime, SessionCheck: sip.SessionCheck, TraceMemory: sip.TraceMemory,
		FollowRefer: sip.Refer == "follow", Relays: sip.RTPEngine, RelayAuto: sip.Media == "auto", RelayPass: sip.RTPEngineDown == "pass",
	}, sipproxy.Deps{
		Router: s.provisioning.Live, Credit: credit, Settings: phoneSettings{s.Stores},
		Recorder: s.spool, Clock: clock.System{}, Log: s.log, Metrics: s.metrics, Room: s.room,
	})
	if err != nil {
		return err
	}
	s.proxy.Told(s.presence.last)
	s.observeProxy()
	s.running.Go(func() { s.watchHalt(s.life) })
	s.provisioning.Reauthorize.Store(s.proxy)
	s.running.Go(func() { s.watchLimits(s.life) })
	s.running.Go(func() { s.tendQuotas(s.life) })
	s.running.Go(func() { s.beat(s.life) })
	s.running.Go(func() { s.watchGateways(s.life) })
	return nil
}

// realm is asked anew for every challenge, as it may be provisioned after the start.
func (s *System) realm() string { return s.provisioning.Live.Snapshot().Operator().Realm }

func (s *System) startHTTP(ctx context.Context) (err error) {
	local, err := keptSecret(s.config.Data, LocalKeyFile)
	if err != nil {
		return err
	}
	store := postgres.NewAccess(s.Stores.DB, clock.System{})
	gate := access.NewGate(store, s.title(), clock.System{})
	if s.parts.HTTP {
		if err := s.openDoor(ctx, gate); err != nil {
			return err
		}
	}
	desk := s.newConsole(gate, store)
	if len(s.config.Exchange.Sources) > 0 {
		s.running.Go(func() { s.keepRates(s.life) })
	}
	shown, err := s.pages(desk, gate)
	if err != nil {
		return err
	}
	s.http, err = api.Open(ctx, api.Options{
		Listen: s.config.HTTP.Listen, PublicURL: s.config.HTTP.PublicURL, Secure: s.config.HTTP.Secure(), Gate: gate,
		Console: desk, Idempotency: answers{store}, LocalKey: local, Health: s.checks(), Pages: shown,
		Metrics: s.metrics, Clock: clock.System{}, Log: s.log,
	})
	if err != nil {
		return err
	}
	s.unpublish, err = publishAddress(s.config.Data, s.http.Addr())
	return err
}

// pages are shown by processes that have them.
func (s *System) pages(desk *console.Console, gate *access.Gate) (api.Pages, error) {
	if !s.parts.HTTP {
		return nil, nil //nolint:nilnil // None are shown.
	}
	return pages.New(pages.Options{
		Console: desk, Gate: gate, Clock: clock.System{}, Log: s.log,
		Brand: s.brand,
		OIDC:  pages.OIDC{Issuer: s.config.HTTP.OIDCIssuer, Client: s.config.HTTP.OIDCClient, Secret: s.config.HTTP.OIDCSecret, Back: s.config.HTTP.PublicURL},
	})
}

// brand is how the pages look for somebody of a tenant, or for who comes by a host name.
func (s *System) brand(host, tenant string) pages.Brand {
	snapshot := s.provisioning.Live.Snapshot()
	b := snapshot.BrandOf(tenant)
	if b == nil {
		b = snapshot.BrandAt(host)
	}
	if b == nil {
		return pages.Brand{Name: s.title()}
	}
	return pages.Brand{Name: b.Name, Colour: b.Colour, Image: b.Image, ImageType: b.ImageType()}
}

// title is the operator's name.
func (s *System) title() string {
	return cmp.Or(s.provisioning.Live.Snapshot().Operator().Name, "Trunkline")
}

// openDoor sees to it that somebody can sign in, and keeps their password for the banner while it is the first one.
func (s *System) openDoor(ctx context.Context, gate *access.Gate) error {
	password, err := keptSecret(s.config.Data, "console.password")
	if err != nil {
		return err
	}
	first, err := firstUser(ctx, gate, password, s.log)
	if first {
		s.password = password
	}
	return err
}

// ConsoleUser is the login of the first user.
const ConsoleUser = "operator"

// keptSecret reads a secret of the data folder, or makes one at the first start.
func keptSecret(data, name string) (string, error) {
	file := filepath.Join(data, name)
	text, err := os.ReadFile(file) //nolint:gosec // A name of our own in a configured folder.
	if err == nil && len(strings.TrimSpace(string(text))) > 0 {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("secret of the pages: %w", err)
	}
	var b [15]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("secret of the pages: %w", err)
	}
	secret := base64.RawURLEncoding.EncodeToString(b[:])
	if err := os.MkdirAll(data, 0o700); err != nil {
		return "", fmt.Errorf("secret of the pages: %w", err)
	}
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("secret of the pages: %w", err)
	}
	return secret, nil
}

func (s *System) checks() []api.Check {
	return append([]api.Check{
		{Name: "postgres", Probe: func(ctx context.Context) error { return s.Stores.DB.Pool().Ping(ctx) }},
		{Name: "clickhouse", Probe: s.Stores.ClickHouse.Ping},
		{Name: "kafka", Probe: func(ctx context.Context) error { return kafka.Ping(ctx, s.kafkaConfig()) }},
	}, append(s.proxyChecks(), s.workerChecks()...)...)
}

// demoDrain is how long the demo waits for its calls: its phones have hung up, only unanswered ones are left.
const demoDrain = 2 * time.Second

// Stop ends the parts in the order in which work flows: no new calls, then what they left behind, then the engines.
func (s *System) Stop(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	var err error
	if s.traffic != nil {
		s.traffic.Close()
	}
	if s.proxy != nil {
		limit := s.config.SIP.DrainTime
		if s.parts.Demo {
			limit = min(limit, demoDrain)
		}
		s.closeQuotas(ctx)
		drain, cancel := context.WithTimeout(ctx, limit)
		s.proxy.Drain(drain)
		cancel()
		err = errors.Join(err, s.proxy.Close())
	}
	if s.spool != nil {
		flush, cancel := context.WithTimeout(ctx, 5*time.Second)
		_ = s.spool.Flush(flush) // What is not sent is sent at the next start.
		cancel()
		err = errors.Join(err, s.spool.Close(), s.producer.Close())
	}
	if s.lease != nil {
		err = errors.Join(err, s.lease.Close())
	}
	if s.room != nil {
		err = errors.Join(err, s.room.Close())
	}
	if s.unpublish != nil {
		s.unpublish()
	}
	if s.http != nil {
		err = errors.Join(err, s.http.Close()) //nolint:contextcheck // Its limit is its own.
	}
	if s.desk != nil {
		s.desk.Close()
	}
	s.end()
	s.running.Wait()
	if s.imported != nil {
		err = errors.Join(err, s.imported.Close())
	}
	if s.Stores != nil {
		s.Stores.Disconnect()
	}
	if s.engines != nil {
		s.engines.Stop(ctx, s.log)
	}
	if s.folder != nil {
		err = errors.Join(err, s.folder.Close())
	}
	if err != nil {
		s.log.ErrorContext(ctx, "stopping was not clean", "error", err)
	}
}

// banner says where everything is and what to try.
func (s *System) banner(out io.Writer) {
	var b strings.Builder
	fmt.Fprintf(&b, "\nTrunkline is ready after %.1f s.\n", s.Started.Seconds())
	if s.http != nil {
		if s.parts.HTTP {
			fmt.Fprintf(&b, "  page     http://%s/   %s\n", s.http.Addr(), s.doorHint())
		}
		fmt.Fprintf(&b, "  health   http://%s/healthz/ready   metrics at /metrics, for a key with metrics:read\n", s.http.Addr())
	}
	if s.proxy != nil {
		for _, transport := range []string{"udp", "tcp", "tls", "ws", "wss"} {
			if addr, ok := s.proxy.Addr(transport); ok {
				fmt.Fprintf(&b, "  sip      %s/%s   realm %s\n", transport, addr, cmp.Or(s.realm(), "(none yet: apply an operator's file)"))
			}
		}
	}
	fmt.Fprintf(&b, "  data     %s\n", s.config.Data)
	if s.parts.Demo {
		fmt.Fprint(&b, demoHints(s.config))
	}
	_, _ = io.WriteString(out, b.String()+"\nStop with Ctrl-C.\n")
}

// doorHint says how to sign in.
func (s *System) doorHint() string {
	if s.password == "" {
		return "sign in with your own login; `trunkline user password` sets a password"
	}
	return "sign in as " + ConsoleUser + " with " + s.password
}

// SipAddr is the proxy's address for the demo's phones.
func (s *System) SipAddr() (netip.AddrPort, error) {
	addr, ok := s.proxy.Addr("udp")
	if !ok {
		return addr, errors.New("the demo needs a UDP listener: add udp/127.0.0.1:5060 to sip.listen")
	}
	return addr, nil
}
