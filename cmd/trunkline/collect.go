package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"trunkline/cdr/collect"
	"trunkline/cdr/kafka"
	"trunkline/cdr/smdr"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/sql/postgres"
)

func newCollectCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use:   "collect",
		Short: "Fetch the call records of the tenants' PBXs as they come",
		Long: `Collect reads the PBXs that the operator's file declares under pbxs with a source: folders that others write to, connections
that PBXs make to us or wait for from us, serial lines. What comes over a line is kept below --data before anything is made
of it; how far it was read is remembered over restarts. Mappings that change are in force at once; for PBXs and sources that
were added or changed start it again.`,
		Example: "  trunkline collect --config trunkline.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			log, err := newLogger(&c.Log, cmd.ErrOrStderr())
			if err != nil {
				return withCode(exitUsage, err)
			}
			return runCollector(cmd.Context(), &c, log)
		},
	}
	f.register(cmd)
	return cmd
}

// collector fetches the records of all PBXs.
type collector struct {
	data     string
	live     *provision.Live
	producer *kafka.Producer
	keeper   *postgres.Imports
	log      *slog.Logger
}

func runCollector(ctx context.Context, c *config, log *slog.Logger) error {
	e, err := reachEngines(ctx, c, log)
	if err != nil {
		return err
	}
	defer e.stop(context.WithoutCancel(ctx), log)
	db, err := newStores(ctx, e, 4, log)
	if err != nil {
		return withCode(exitConflict, err)
	}
	defer db.disconnect()
	set, err := newProvisioning(ctx, db, log)
	if err != nil {
		return err
	}
	producer, err := openLegs(ctx, e.Kafka, log)
	if err != nil {
		return withCode(exitConflict, err)
	}
	defer func() { _ = producer.Close() }()
	var watching sync.WaitGroup
	defer watching.Wait()
	life, end := context.WithCancel(ctx)
	defer end()
	watching.Go(func() { set.watch(life) })
	k := &collector{filepath.Join(c.Data, "collect"), set.live, producer, postgres.NewImports(db.db, clock.System{}), log}
	return k.run(life)
}

// run works until ctx ends or a source cannot be opened.
func (k *collector) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	started := 0
	for i := range k.live.Snapshot().Operator().Tenants {
		t := &k.live.Snapshot().Operator().Tenants[i]
		for j := range t.PBXs {
			if t.Inactive || t.PBXs[j].Source.Kind == "" {
				continue
			}
			if err := k.start(ctx, g, t.ID, &t.PBXs[j]); err != nil {
				return errors.Join(fmt.Errorf("PBX %s of %s: %w", t.PBXs[j].ID, t.ID, err), g.Wait())
			}
			started++
		}
	}
	if started == 0 {
		return withCode(exitConflict, errors.New("no PBX has a source: declare one under pbxs in the operator's file"))
	}
	k.log.InfoContext(ctx, "collecting call records", "pbxs", started)
	return g.Wait()
}

// start opens the way in of one PBX and follows what it brings.
func (k *collector) start(ctx context.Context, g *errgroup.Group, tenant string, p *provision.PBX) error {
	source, err := newImportSource(k.live.Snapshot(), tenant, p.ID)
	if err != nil {
		return err
	}
	dir := filepath.Join(k.data, tenant, p.ID)
	follower := &collect.Follower{
		State: filepath.Join(dir, "state.json"), Format: source.format,
		Options: smdr.Options{Zone: source.zone, Stamp: p.Stamp}, Clock: clock.System{}, Log: k.log,
		Output: func(origin string) collect.Output { return k.output(ctx, tenant, p.ID, origin) },
	}
	if p.Source.Kind == "folder" {
		follower.Dir, follower.Pattern = p.Source.Path, p.Source.Files
		g.Go(func() error { return follower.Run(ctx) })
		return nil
	}
	keep, err := collect.OpenCaptures(filepath.Join(dir, "captures"), clock.System{})
	if err != nil {
		return err
	}
	follower.Dir, follower.Capture = keep.Dir(), true
	if p.Source.Kind == "listen" {
		allow, err := allowed(p.Source.Allow)
		if err != nil {
			return err
		}
		l, err := collect.Listen(ctx, p.Source.Address, allow, keep, k.log)
		if err != nil {
			return withCode(exitConflict, err)
		}
		g.Go(func() error { return l.Run(ctx) })
	} else {
		c := &collect.Connection{User: p.Source.User, Password: p.Source.Password, Keep: keep, Clock: clock.System{}, Log: k.log}
		c.Address, c.Device = p.Source.Address, p.Source.Path
		g.Go(func() error { return c.Run(ctx) })
	}
	g.Go(func() error { return follower.Run(ctx) })
	return nil
}

// allowed reads addresses and ranges; they were checked when they were provisioned.
func allowed(texts []string) ([]netip.Prefix, error) {
	out := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				return nil, fmt.Errorf("source.allow: %q is no address or range: %w", text, err)
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		out = append(out, p)
	}
	return out, nil
}

// liveSink is a sink whose mappings are those in force.
type liveSink struct {
	importSink

	k      *collector
	seen   *provision.Snapshot
	tenant string
	pbx    string
}

// output returns the sink of one stream.
func (k *collector) output(ctx context.Context, tenant, pbx, origin string) collect.Output {
	return &liveSink{importSink: importSink{ctx: ctx, sender: k.producer, keeper: k.keeper, origin: origin}, k: k, tenant: tenant, pbx: pbx}
}

// refresh takes the mappings of the snapshot in force.
func (s *liveSink) refresh() error {
	now := s.k.live.Snapshot()
	if s.seen == now {
		return nil
	}
	source, err := newImportSource(now, s.tenant, s.pbx)
	if err != nil {
		return err
	}
	s.seen, s.mapper = now, &source.mapper
	return nil
}

// Call implements smdr.Sink.
func (s *liveSink) Call(c *smdr.Call) error {
	if err := s.refresh(); err != nil {
		return err
	}
	return s.importSink.Call(c)
}

// Fault implements smdr.Sink.
func (s *liveSink) Fault(f smdr.Fault) error {
	if err := s.refresh(); err != nil {
		return err
	}
	return s.importSink.Fault(f)
}

// sendLimit bounds how long the topic or the database may keep a stream waiting; then it is read again.
const sendLimit = time.Minute

// Flush implements collect.Output.
func (s *liveSink) Flush() error {
	ctx, cancel := context.WithTimeout(s.ctx, sendLimit)
	defer cancel()
	whole := s.ctx
	s.ctx = ctx
	defer func() { s.ctx = whole }()
	return s.flush()
}
