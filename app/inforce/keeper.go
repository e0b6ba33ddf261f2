package inforce

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy"
)

const (
	// Relisten is how long is waited before changes are listened for again.
	Relisten   = time.Second
	retryEvery = 2 * time.Second
	tellEvery  = time.Minute
)

// Source is where the provisioning is stored.
type Source interface {
	// Compile reads all of it and makes a snapshot, and returns its revision, also of one that cannot be compiled.
	Compile(ctx context.Context, c *provision.Compiler) (*provision.Snapshot, int64, error)
	// Listen calls do after every change until ctx ends, or until changes are not heard any more.
	Listen(ctx context.Context, do func()) error
}

// stored is the provisioning in the stores of a system.
type stored struct{ *store.Stores }

// Listen implements Source.
func (s stored) Listen(ctx context.Context, do func()) error { return s.Provision.Listen(ctx, do) }

// Keeper keeps the snapshot in force equal to what is stored.
type Keeper struct {
	source      Source
	Compiler    *provision.Compiler
	Live        *routing.Live
	log         *slog.Logger
	Revision    atomic.Int64          // That is in force.
	Fault       atomic.Pointer[error] // Why what is stored is not in force; nil: it is.
	clock       clock.Clock
	told        time.Time                      // When the log was told last that it cannot be.
	reloading   sync.Mutex                     // One puts things in force at a time.
	Reauthorize atomic.Pointer[sipproxy.Proxy] // Told when limits may have changed; nil: no proxy runs here.
}

// Open compiles what is stored now in the stores of a system.
func Open(ctx context.Context, s *store.Stores, log *slog.Logger) (*Keeper, error) {
	return New(ctx, stored{s}, clock.System{}, log)
}

// New compiles what a source has now. It fails where that cannot be: there is no former state that could stay in force.
func New(ctx context.Context, source Source, c clock.Clock, log *slog.Logger) (*Keeper, error) {
	p := &Keeper{source: source, Compiler: provision.NewCompiler(), log: log, clock: c}
	snapshot, revision, err := p.source.Compile(ctx, p.Compiler)
	if err != nil {
		return nil, err
	}
	p.Live = routing.NewLive(snapshot)
	p.Revision.Store(revision)
	return p, nil
}

// Watch puts every change in force until ctx ends. A state that cannot be compiled is reported, and the former one
// stays in force.
func (p *Keeper) Watch(ctx context.Context) {
	for {
		err := p.source.Listen(ctx, func() {
			p.reloading.Lock()
			defer p.reloading.Unlock()
			p.reload(ctx)
		})
		if ctx.Err() != nil {
			return
		}
		p.log.WarnContext(ctx, "changes of the provisioning are not heard for the moment", "error", err)
		if clock.Sleep(ctx, p.clock, Relisten) != nil {
			return
		}
	}
}

// reload puts what is stored in force. What cannot be is tried again and again: it may be a fault of the moment, and a client who
// was blocked must not call on until the next change.
func (p *Keeper) reload(ctx context.Context) {
	snapshot, revision, err := p.source.Compile(ctx, p.Compiler)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		err = fmt.Errorf("revision %d is stored and cannot be put in force, revision %d stays: %w", revision, p.Revision.Load(), err)
		if p.Fault.Swap(&err) == nil || p.clock.Now().Sub(p.told) > tellEvery {
			p.told = p.clock.Now()
			p.log.ErrorContext(ctx, "the provisioning cannot be put in force; the former state stays, and it is tried again", "error", err)
		}
		return
	}
	p.Fault.Store(nil)
	if revision == p.Revision.Load() {
		return
	}
	p.Live.Swap(snapshot)
	p.Revision.Store(revision)
	if proxy := p.Reauthorize.Load(); proxy != nil {
		proxy.Reauthorize("") //nolint:contextcheck // What the proxy does then hangs on its own life.
	}
	p.log.InfoContext(ctx, "provisioning in force", "revision", revision)
}

// Retry tries again to put in force what could not be, until ctx ends.
func (p *Keeper) Retry(ctx context.Context) {
	for clock.Sleep(ctx, p.clock, retryEvery) == nil {
		if p.Fault.Load() != nil {
			p.reloading.Lock()
			p.reload(ctx)
			p.reloading.Unlock()
		}
	}
}
