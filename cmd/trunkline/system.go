package main

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
	"trunkline/cdr/kafka"
	"trunkline/cdr/spool"
	"trunkline/console"
	"trunkline/demo"
	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/internal/embedded"
	"trunkline/job"
	"trunkline/rating/worker"
	"trunkline/rating/worker/repair"
	"trunkline/sipproxy"
	"trunkline/sql/postgres"
)

// system is everything that a process runs.
type system struct {
	config  *config
	parts   parts
	log     *slog.Logger
	metrics *prometheus.Registry

	engines      *engines
	folder       *embedded.Folder // Nil: the engines hold it.
	stores       *stores
	lease        *lease
	books        *postgres.Books
	provisioning *provisioning
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
	started time.Duration
}

// startSystem starts the engines and then the parts, each when what it needs is ready.
func startSystem(ctx context.Context, c *config, p parts, log *slog.Logger) (*system, error) {
	begun := clock.System{}.Now()
	s := &system{config: c, parts: p, log: log, metrics: prometheus.NewRegistry(), failed: make(chan error, 4)}
	s.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.life, s.end = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.start(ctx); err != nil {
		s.stop(ctx)
		return nil, err
	}
	s.started = clock.System{}.Now().Sub(begun)
	log.InfoContext(ctx, "ready", "milliseconds", s.started.Milliseconds())
	return s, nil
}

func (s *system) start(ctx context.Context) error {
	s.running.Go(func() { tendGarbage(s.life) })
	if err := s.open(ctx); err != nil {
		return err
	}
	s.running.Go(func() { s.provisioning.watch(s.life) })
	s.running.Go(func() { s.provisioning.retry(s.life) })
	s.running.Go(func() { s.keepHouse(s.life) })
	s.running.Go(func() { s.keepMeasures(s.life) })
	s.observe()
	if s.parts.worker {
		if err := s.startWorker(); err != nil {
			return err
		}
		s.mailReports()
	}
	if s.parts.sip {
		if err := s.startProxy(ctx); err != nil {
			return withCode(exitConflict, err)
		}
	}
	if err := s.startImports(); err != nil {
		return err
	}
	if s.config.HTTP.Listen != "" {
		if err := s.startHTTP(ctx); err != nil {
			return withCode(exitConflict, err)
		}
	}
	if s.parts.demo {
		return s.startDemo(ctx)
	}
	return nil
}

// open starts or reaches the engines, and reads what is provisioned.
func (s *system) open(ctx context.Context) (err error) {
	if s.engines, err = startEngines(ctx, s.config, s.log); err != nil {
		return err
	}
	if s.engines.folder == nil { // All engines are elsewhere: what is kept here is ours alone all the same.
		if s.folder, err = embedded.Open(s.config.Data); err != nil {
			return withCode(exitConflict, err)
		}
	}
	if err := s.engines.publish(s.config.Data); err != nil {
		return err
	}
	limits := storeLimits{postgres: int32(s.config.Postgres.MaxConns), clickhouse: s.config.Clicks.MaxConns, statement: s.config.Postgres.StatementLimit} //nolint:gosec // At most 1000.
	if s.stores, err = newStores(ctx, s.engines, limits, migrateSchemas, s.log); err != nil {
		return withCode(exitConflict, err)
	}
	if s.books, err = postgres.NewBooks(s.stores.db, clock.System{}); err != nil {
		return err
	}
	if err := repair.Claim(ctx, s.books, s.stores.records); err != nil {
		return withCode(exitConflict, err)
	}
	if err := s.topics(ctx); err != nil {
		return withCode(exitConflict, err)
	}
	if s.parts.demo {
		if err := provisionDemo(ctx, s.stores); err != nil {
			return err
		}
	}
	s.provisioning, err = newProvisioning(ctx, s.stores, s.log)
	return err
}

func (s *system) kafkaConfig() kafka.Config {
	return kafka.Config{Brokers: s.engines.Kafka, Log: s.log}
}

func (s *system) topics(ctx context.Context) error {
	return kafka.EnsureTopics(ctx, s.kafkaConfig(),
		kafka.Topic{Name: kafka.LegsTopic, Parts: s.config.Kafka.Partitions}, kafka.Topic{Name: kafka.DeadTopic, Parts: 1})
}

func (s *system) startProxy(ctx context.Context) (err error) {
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
	listen, err := s.config.SIP.listeners()
	if err != nil {
		return err
	}
	tls, err := s.config.SIP.tls()
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
		FirstStretch: sip.FirstStretch, Stretch: sip.Stretch, DrainTime: sip.DrainTime, SessionCheck: sip.SessionCheck, TraceMemory: sip.TraceMemory,
		FollowRefer: sip.Refer == "follow", Relays: sip.RTPEngine, RelayAuto: sip.Media == "auto", RelayPass: sip.RTPEngineDown == "pass",
	}, sipproxy.Deps{
		Router: s.provisioning.live, Credit: credit, Settings: phoneSettings{s.stores},
		Recorder: s.spool, Clock: clock.System{}, Log: s.log, Metrics: s.metrics, Room: s.room,
	})
	if err != nil {
		return err
	}
	s.proxy.Told(s.presence.last)
	s.observeProxy()
	s.running.Go(func() { s.watchHalt(s.life) })
	s.provisioning.askAgain.Store(s.proxy)
	s.running.Go(func() { s.watchLimits(s.life) })
	s.running.Go(func() { s.beat(s.life) })
	s.running.Go(func() { s.watchGateways(s.life) })
	return nil
}

// realm is asked anew for every challenge, as it may be provisioned after the start.
func (s *system) realm() string { return s.provisioning.live.Snapshot().Operator().Realm }

func (s *system) startHTTP(ctx context.Context) (err error) {
	local, err := keptSecret(s.config.Data, localKeyFile)
	if err != nil {
		return err
	}
	store := postgres.NewAccess(s.stores.db, clock.System{})
	gate := access.NewGate(store, s.title(), clock.System{})
	if s.parts.http {
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
		Listen: s.config.HTTP.Listen, PublicURL: s.config.HTTP.PublicURL, Secure: s.config.HTTP.secure(), Gate: gate,
		Console: desk, Answers: answers{store}, LocalKey: local, Health: s.checks(), Pages: shown,
		Importer: &uploads{s.provisioning.live, s.imported, s.imports}, Metrics: s.metrics, Clock: clock.System{}, Log: s.log,
	})
	if err != nil {
		return err
	}
	s.unpublish, err = publishAddress(s.config.Data, s.http.Addr())
	return err
}

// pages are shown by processes that have them.
func (s *system) pages(desk *console.Console, gate *access.Gate) (api.Pages, error) {
	if !s.parts.http {
		return nil, nil //nolint:nilnil // None are shown.
	}
	return pages.New(pages.Options{
		Console: desk, Gate: gate, Clock: clock.System{}, Log: s.log,
		Brand: s.brand,
		OIDC:  pages.OIDC{Issuer: s.config.HTTP.OIDCIssuer, Client: s.config.HTTP.OIDCClient, Secret: s.config.HTTP.OIDCSecret, Back: s.config.HTTP.PublicURL},
	})
}

// brand is how the pages look for somebody of a tenant, or for who comes by a host name.
func (s *system) brand(host, tenant string) pages.Brand {
	snapshot := s.provisioning.live.Snapshot()
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
func (s *system) title() string {
	return cmp.Or(s.provisioning.live.Snapshot().Operator().Name, "Trunkline")
}

// openDoor sees to it that somebody can sign in, and keeps his password for the banner while it is the first one.
func (s *system) openDoor(ctx context.Context, gate *access.Gate) error {
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

const consoleUser = "operator"

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

func (s *system) checks() []api.Check {
	return append([]api.Check{
		{Name: "postgres", Probe: func(ctx context.Context) error { return s.stores.db.Pool().Ping(ctx) }},
		{Name: "clickhouse", Probe: s.stores.clicks.Ping},
		{Name: "kafka", Probe: func(ctx context.Context) error { return kafka.Ping(ctx, s.kafkaConfig()) }},
	}, append(s.proxyChecks(), s.workerChecks()...)...)
}

// demoDrain is how long the demo waits for its calls: its phones have hung up, only unanswered ones are left.
const demoDrain = 2 * time.Second

// stop ends the parts in the order in which work flows: no new calls, then what they left behind, then the engines.
func (s *system) stop(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	var err error
	if s.traffic != nil {
		s.traffic.Close()
	}
	if s.proxy != nil {
		limit := s.config.SIP.DrainTime
		if s.parts.demo {
			limit = min(limit, demoDrain)
		}
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
		err = errors.Join(err, s.lease.close())
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
	if s.stores != nil {
		s.stores.disconnect()
	}
	if s.engines != nil {
		s.engines.stop(ctx, s.log)
	}
	if s.folder != nil {
		err = errors.Join(err, s.folder.Close())
	}
	if err != nil {
		s.log.ErrorContext(ctx, "stopping was not clean", "error", err)
	}
}

// banner says where everything is and what to try.
func (s *system) banner(out io.Writer) {
	var b strings.Builder
	fmt.Fprintf(&b, "\nTrunkline is ready after %.1f s.\n", s.started.Seconds())
	if s.http != nil {
		if s.parts.http {
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
	if s.parts.demo {
		fmt.Fprint(&b, demoHints(s.config))
	}
	_, _ = io.WriteString(out, b.String()+"\nStop with Ctrl-C.\n")
}

// doorHint says how to sign in.
func (s *system) doorHint() string {
	if s.password == "" {
		return "sign in with your own login; `trunkline user password` sets a password"
	}
	return "sign in as " + consoleUser + " with " + s.password
}

// sipAddr is the proxy's address for the demo's phones.
func (s *system) sipAddr() (netip.AddrPort, error) {
	addr, ok := s.proxy.Addr("udp")
	if !ok {
		return addr, errors.New("the demo needs a UDP listener: add udp/127.0.0.1:5060 to sip.listen")
	}
	return addr, nil
}
