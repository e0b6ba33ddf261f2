package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/sipproxy"
)

const relisten = time.Second

// provisioning keeps the snapshot in force equal to what is stored.
type provisioning struct {
	stores   *stores
	compiler *provision.Compiler
	live     *provision.Live
	log      *slog.Logger
	revision atomic.Int64
	askAgain atomic.Pointer[sipproxy.Proxy] // Told when limits may have changed; nil: no proxy runs here.
}

// newProvisioning compiles what is stored now.
func newProvisioning(ctx context.Context, s *stores, log *slog.Logger) (*provisioning, error) {
	p := &provisioning{stores: s, compiler: provision.NewCompiler(), log: log}
	snapshot, err := p.compile(ctx)
	if err != nil {
		return nil, err
	}
	p.live = provision.NewLive(snapshot)
	return p, nil
}

func (p *provisioning) compile(ctx context.Context) (*provision.Snapshot, error) {
	stored, err := p.stores.provision.Load(ctx)
	if err != nil {
		return nil, err
	}
	p.revision.Store(stored.Revision)
	if len(stored.Objects) == 0 {
		return provision.Empty(), nil
	}
	bundle, err := provision.NewBundle(stored.Objects, stored.Files)
	if err != nil {
		return nil, err
	}
	snapshot, err := p.compiler.Compile(ctx, bundle)
	if err != nil {
		return nil, err
	}
	return snapshot, openAccounts(ctx, p.stores.ledger, snapshot, clock.System{}.Now())
}

// watch puts every change in force until ctx ends. A state that cannot be compiled is reported, and the former one
// stays in force.
func (p *provisioning) watch(ctx context.Context) {
	for {
		err := p.stores.provision.Listen(ctx, func() { p.reload(ctx) })
		if ctx.Err() != nil {
			return
		}
		p.log.WarnContext(ctx, "changes of the provisioning are not heard for the moment", "error", err)
		if clock.Sleep(ctx, clock.System{}, relisten) != nil {
			return
		}
	}
}

func (p *provisioning) reload(ctx context.Context) {
	before := p.revision.Load()
	snapshot, err := p.compile(ctx)
	if err != nil {
		p.log.ErrorContext(ctx, "the provisioning cannot be put in force; the former state stays", "revision", p.revision.Load(), "error", err)
		return
	}
	if p.revision.Load() != before {
		p.live.Swap(snapshot)
		if proxy := p.askAgain.Load(); proxy != nil {
			proxy.AskAgain("") //nolint:contextcheck // What the proxy does then hangs on its own life.
		}
		p.log.InfoContext(ctx, "provisioning in force", "revision", p.revision.Load())
	}
}
