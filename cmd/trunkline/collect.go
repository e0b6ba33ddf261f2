package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"trunkline/cdr/collect"
	"trunkline/cdr/importer"
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
of it; how far it was read is remembered over restarts. What is changed in the operator's file is in force within seconds.

serve does this too: run collect where the PBXs are reached from another host, and set collect: false for serve there.`,
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

// runCollector runs the collector alone, against the engines of a running system or those that are configured.
func runCollector(ctx context.Context, c *config, log *slog.Logger) error {
	e, err := reachEngines(ctx, c, log)
	if err != nil {
		return err
	}
	defer e.stop(context.WithoutCancel(ctx), log)
	db, err := newStores(ctx, e, storeLimits{postgres: 4, clickhouse: 4, statement: c.Postgres.StatementLimit}, checkSchemas, log)
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
	keeper, err := postgres.NewImports(db.db, clock.System{})
	if err != nil {
		return err
	}
	k := newCollector(c, set.live, producer, keeper, log)
	if sources(set.live.Snapshot()) == 0 {
		log.WarnContext(ctx, "no PBX has a source yet: declare one under pbxs in the operator's file")
	}
	return withCode(exitConflict, k.run(life))
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
	*importer.Sink

	ctx    context.Context //nolint:containedctx // Lives as long as one stream is read.
	k      *collector
	seen   *provision.Snapshot
	tenant string
	pbx    string
	origin string
	stream string
}

// output returns the sink of one stream.
func (k *collector) output(ctx context.Context, tenant, pbx, origin, stream string) collect.Output {
	return &liveSink{ctx: ctx, k: k, tenant: tenant, pbx: pbx, origin: origin, stream: stream}
}

// refresh takes the mappings of the snapshot in force.
func (s *liveSink) refresh() error {
	now := s.k.live.Snapshot()
	if s.seen == now {
		return nil
	}
	source, err := newImportSource(s.ctx, now, s.k.keeper, s.tenant, s.pbx)
	if err != nil {
		return err
	}
	if s.Sink == nil {
		begun := source.begin(s.origin, importer.WayCollect, "collector")
		begun.Stream, begun.Strict = s.stream, source.pbx.Source.Kind != "folder"
		s.Sink = importer.NewSink(s.ctx, &source.mapper, s.k.sender, s.k.keeper, begun)
	}
	s.seen, s.Mapper = now, &source.mapper
	return nil
}

// Keep implements collect.Output.
func (s *liveSink) Keep(at int64, p []byte) error {
	if err := s.refresh(); err != nil {
		return err
	}
	return s.Sink.Keep(at, p)
}

// Call implements smdr.Sink.
func (s *liveSink) Call(c *smdr.Call) error {
	if err := s.refresh(); err != nil {
		return err
	}
	return s.Sink.Call(c)
}

// Fault implements smdr.Sink.
func (s *liveSink) Fault(f smdr.Fault) error {
	if err := s.refresh(); err != nil {
		return err
	}
	return s.Sink.Fault(f)
}

// sendLimit bounds how long the topic or the database may keep a stream waiting; then it is read again.
const sendLimit = time.Minute

// Flush implements collect.Output.
func (s *liveSink) Flush() error {
	if s.Sink == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, sendLimit)
	defer cancel()
	defer s.Within(ctx)()
	return s.Sink.Flush()
}
