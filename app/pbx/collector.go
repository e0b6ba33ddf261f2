package pbx

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"trunkline/app/config"
	"trunkline/cdr/collect"
	"trunkline/cdr/importer"
	"trunkline/internal/clock"
	"trunkline/internal/embedded"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sql/postgres"
)

const (
	collectLook  = 2 * time.Second // Between two looks at what is provisioned.
	collectPause = time.Second     // After a way in failed; it doubles up to collectLong.
	collectLong  = time.Minute
)

// collector fetches the records of all PBXs that are provisioned with a source.
type collector struct {
	data    string
	live    *routing.Live
	sender  importer.Sender
	keeper  *postgres.Imports
	log     *slog.Logger
	running map[string]*collecting // By tenant and PBX.
}

// collecting is one PBX whose records are being fetched.
type collecting struct {
	spec string // What it was started with.
	stop context.CancelFunc
	done chan struct{}
}

// NewCollector returns what collects the records of all PBXs that have a source, as it is set up at each moment; Run does it.
func NewCollector(c *config.Config, live *routing.Live, sender importer.Sender, keeper *postgres.Imports, log *slog.Logger) *collector {
	return &collector{filepath.Join(c.Data, "collect"), live, sender, keeper, log, make(map[string]*collecting)}
}

// CountSources counts the PBXs that have a way in.
func CountSources(s *provision.Snapshot) int {
	n := 0
	for _, t := range s.Operator().Tenants {
		for i := range t.PBXs {
			if !t.Inactive && t.PBXs[i].Source.Kind != "" {
				n++
			}
		}
	}
	return n
}

// Run works until ctx ends. An error is told when another process works in the same folder.
func (k *collector) Run(ctx context.Context) error {
	folder, err := embedded.Open(k.data)
	if err != nil {
		return fmt.Errorf("collect call records: %w", err)
	}
	defer func() { _ = folder.Close() }() // The lock ends with the process at the latest.
	defer k.end(nil)
	var seen *provision.Snapshot
	for ctx.Err() == nil {
		if now := k.live.Snapshot(); now != seen {
			k.end(now)
			k.begin(ctx, now)
			seen = now
		}
		_ = clock.Sleep(ctx, clock.System{}, collectLook) // The loop looks at ctx.
	}
	return nil
}

// each calls do for every PBX with a way in.
func (k *collector) each(s *provision.Snapshot, do func(key, spec, tenant string, p *provision.PBX)) {
	tenants := s.Operator().Tenants
	for i := range tenants {
		t := &tenants[i]
		for j := range t.PBXs {
			p := &t.PBXs[j]
			if t.Inactive || p.Source.Kind == "" {
				continue
			}
			do(t.ID+"/"+p.ID, fmt.Sprintf("%q %q %q %q %+v", p.Format, p.Description, p.TimeZone+"/"+t.TimeZone, p.Stamp+"/"+p.Charset, p.Source), t.ID, p)
		}
	}
}

// end stops what a snapshot does not have, or has otherwise; all of it if there is none.
func (k *collector) end(s *provision.Snapshot) {
	stay := make(map[string]bool)
	if s != nil {
		k.each(s, func(key, spec, _ string, _ *provision.PBX) {
			stay[key] = k.running[key] != nil && k.running[key].spec == spec
		})
	}
	for key, r := range k.running {
		if !stay[key] {
			r.stop()
			<-r.done
			delete(k.running, key)
		}
	}
}

// begin starts what does not run yet.
func (k *collector) begin(ctx context.Context, s *provision.Snapshot) {
	k.each(s, func(key, spec, tenant string, p *provision.PBX) {
		if k.running[key] != nil {
			return
		}
		life, stop := context.WithCancel(ctx)
		r := &collecting{spec: spec, stop: stop, done: make(chan struct{})}
		k.running[key] = r
		go func() {
			defer close(r.done)
			defer stop()
			k.log.InfoContext(life, "collecting call records", "tenant", tenant, "pbx", p.ID, "source", p.Source.Kind)
			k.keepOn(life, tenant, p)
		}()
	})
}

// keepOn fetches the records of one PBX until ctx ends, whatever fails on the way: a fault of one does not stop others.
func (k *collector) keepOn(ctx context.Context, tenant string, p *provision.PBX) {
	for pause := collectPause; ctx.Err() == nil; pause = min(2*pause, collectLong) {
		err := k.follow(ctx, tenant, p)
		if ctx.Err() != nil {
			return
		}
		k.log.ErrorContext(ctx, "call records cannot be collected; another try follows",
			"tenant", tenant, "pbx", p.ID, "pause", pause, "error", err)
		_ = clock.Sleep(ctx, clock.System{}, pause) // The loop looks at ctx.
	}
}

// follow opens the way in of one PBX and follows what it brings, until ctx ends or something fails.
func (k *collector) follow(ctx context.Context, tenant string, p *provision.PBX) error {
	source, err := NewSource(ctx, k.live.Snapshot(), k.keeper, tenant, p.ID)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	dir := filepath.Join(k.data, tenant, p.ID)
	follower := &collect.Follower{
		State: filepath.Join(dir, "state.json"), Format: source.Format,
		Options: source.Options(), Clock: clock.System{}, Log: k.log,
		Output: func(origin, stream string) collect.Output { return k.output(ctx, tenant, p.ID, origin, stream) },
	}
	if p.Source.Kind == "folder" {
		follower.Dir, follower.Pattern = p.Source.Path, p.Source.Files
		return follower.Run(ctx)
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
			return err
		}
		g.Go(func() error { return l.Run(ctx) })
	} else {
		c := &collect.Connection{User: p.Source.User, Password: p.Source.Password, Keep: keep, Clock: clock.System{}, Log: k.log}
		c.Address, c.Device = p.Source.Address, p.Source.Path
		g.Go(func() error { return c.Run(ctx) })
	}
	g.Go(func() error { return follower.Run(ctx) })
	return g.Wait()
}
