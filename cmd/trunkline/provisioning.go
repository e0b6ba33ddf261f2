package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sipproxy"
)

const (
	relisten   = time.Second
	retryEvery = 2 * time.Second
	tellEvery  = time.Minute
)

// provisioning keeps the snapshot in force equal to what is stored.
type provisioning struct {
	stores    *stores
	compiler  *provision.Compiler
	live      *routing.Live
	log       *slog.Logger
	revision  atomic.Int64          // That is in force.
	fault     atomic.Pointer[error] // Why what is stored is not in force; nil: it is.
	clock     clock.Clock
	told      time.Time                      // When the log was told last that it cannot be.
	reloading sync.Mutex                     // One puts things in force at a time.
	askAgain  atomic.Pointer[sipproxy.Proxy] // Told when limits may have changed; nil: no proxy runs here.
}

// newProvisioning compiles what is stored now.
func newProvisioning(ctx context.Context, s *stores, log *slog.Logger) (*provisioning, error) {
	p := &provisioning{stores: s, compiler: provision.NewCompiler(), log: log, clock: clock.System{}}
	snapshot, revision, err := p.compile(ctx)
	if err != nil {
		return nil, err
	}
	p.live = routing.NewLive(snapshot)
	p.revision.Store(revision)
	return p, nil
}

// compile compiles what is stored, and returns it with its revision.
func (p *provisioning) compile(ctx context.Context) (*provision.Snapshot, int64, error) {
	stored, err := p.stores.provision.Load(ctx)
	if err != nil {
		return nil, 0, err
	}
	if len(stored.Objects) == 0 {
		return provision.Empty(), stored.Revision, nil
	}
	bundle, err := stored.Bundle()
	if err != nil {
		return nil, stored.Revision, err
	}
	snapshot, err := p.compiler.Compile(ctx, bundle)
	return snapshot, stored.Revision, err
}

// watch puts every change in force until ctx ends. A state that cannot be compiled is reported, and the former one
// stays in force.
func (p *provisioning) watch(ctx context.Context) {
	for {
		err := p.stores.provision.Listen(ctx, func() {
			p.reloading.Lock()
			defer p.reloading.Unlock()
			p.reload(ctx)
		})
		if ctx.Err() != nil {
			return
		}
		p.log.WarnContext(ctx, "changes of the provisioning are not heard for the moment", "error", err)
		if clock.Sleep(ctx, clock.System{}, relisten) != nil {
			return
		}
	}
}

// reload puts what is stored in force. What cannot be is tried again and again: it may be a fault of the moment, and a client who
// was blocked must not call on until the next change.
func (p *provisioning) reload(ctx context.Context) {
	snapshot, revision, err := p.compile(ctx)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		err = fmt.Errorf("revision %d is stored and cannot be put in force, revision %d stays: %w", revision, p.revision.Load(), err)
		if p.fault.Swap(&err) == nil || p.clock.Now().Sub(p.told) > tellEvery {
			p.told = p.clock.Now()
			p.log.ErrorContext(ctx, "the provisioning cannot be put in force; the former state stays, and it is tried again", "error", err)
		}
		return
	}
	p.fault.Store(nil)
	if revision == p.revision.Load() {
		return
	}
	p.live.Swap(snapshot)
	p.revision.Store(revision)
	if proxy := p.askAgain.Load(); proxy != nil {
		proxy.Reauthorize("") //nolint:contextcheck // What the proxy does then hangs on its own life.
	}
	p.log.InfoContext(ctx, "provisioning in force", "revision", revision)
}

// retry tries again to put in force what could not be, until ctx ends.
func (p *provisioning) retry(ctx context.Context) {
	for clock.Sleep(ctx, clock.System{}, retryEvery) == nil {
		if p.fault.Load() != nil {
			p.reloading.Lock()
			p.reload(ctx)
			p.reloading.Unlock()
		}
	}
}
