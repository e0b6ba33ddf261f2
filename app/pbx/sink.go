package pbx

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"trunkline/cdr/collect"
	"trunkline/cdr/importer"
	"trunkline/cdr/smdr"
	"trunkline/provision"
)

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
	source, err := NewSource(s.ctx, now, s.k.keeper, s.tenant, s.pbx)
	if err != nil {
		return err
	}
	if s.Sink == nil {
		begun := source.Begin(s.origin, importer.WayCollect, "collector")
		begun.Stream, begun.Strict = s.stream, source.PBX.Source.Kind != "folder"
		s.Sink = importer.NewSink(s.ctx, &source.Mapper, s.k.sender, s.k.keeper, begun)
	}
	s.seen, s.Mapper = now, &source.Mapper
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
