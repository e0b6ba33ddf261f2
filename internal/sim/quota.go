package sim

import (
	"context"
	"reflect"
	"time"

	"github.com/google/uuid"

	"trunkline/credit/quota"
	"trunkline/internal/calls"
	"trunkline/internal/sim/memory"
	"trunkline/ledger"
)

// flakyQuotas is the ledger as a proxy's pool of quotas reaches it: it may be away, and answers may be lost.
type flakyQuotas struct {
	*memory.Store
	w *world
}

func (f *flakyQuotas) away() error {
	if f.w.ledgerAway {
		return errAway
	}
	return nil
}

func (f *flakyQuotas) lost(err error) error {
	if err == nil && f.w.chance(12) {
		return errAway
	}
	return err
}

// DrawQuota implements quota.Ledger.
func (f *flakyQuotas) DrawQuota(ctx context.Context, r ledger.QuotaRequest) (ledger.QuotaAnswer, error) {
	if err := f.away(); err != nil {
		return ledger.QuotaAnswer{}, err
	}
	a, err := f.Store.DrawQuota(ctx, r)
	f.w.trace("%s: draws %v of %s %s beyond %v on %s: %v %s", r.Node, r.More, r.Account.Owner, r.Extension, r.Had, r.ID, a.Granted, a.Refusal)
	return a, f.lost(err)
}

// RetireQuota implements quota.Ledger.
func (f *flakyQuotas) RetireQuota(ctx context.Context, id uuid.UUID, drawn ledger.Use) error {
	if err := f.away(); err != nil {
		return err
	}
	f.w.trace("quota %s is given back; %v of it is drawn", id, drawn)
	return f.lost(f.Store.RetireQuota(ctx, id, drawn))
}

// FinishQuotas implements quota.Ledger.
func (f *flakyQuotas) FinishQuotas(ctx context.Context, life ledger.Life, ids []uuid.UUID, beat int64) error {
	if err := f.away(); err != nil {
		return err
	}
	f.w.trace("%s: quotas %v are finished by beat %d", life.Node, ids, beat)
	return f.lost(f.Store.FinishQuotas(ctx, life, ids, beat))
}

// Quotas implements quota.Ledger.
func (f *flakyQuotas) Quotas(ctx context.Context, life ledger.Life) ([]ledger.Quota, error) {
	if err := f.away(); err != nil {
		return nil, err
	}
	list, err := f.Store.Quotas(ctx, life)
	return list, f.lost(err)
}

// newPool makes the pool of a life of the process. Time goes by in great steps here, and calls are few.
func (p *proxy) newPool() *quota.Pool {
	terms := quota.DefaultTerms(stretch)
	terms.Busy, terms.Ordinary, terms.Share, terms.Idle = 1, 1, 1+p.w.random.Int64N(3), 10*time.Minute
	terms.Longest = time.Duration(1+p.w.random.IntN(10)) * time.Minute
	return quota.New(terms, &flakyQuotas{p.w.store, p.w}, p.machine, p.life(), func() uuid.UUID {
		p.w.minted++
		return uuid.UUID(calls.IDAt(p.machine.Now(), p.w.options.Seed<<20|p.w.minted).Bytes())
	})
}

// draw draws on a quota for a call.
func (p *proxy) draw(c *call, upTo time.Duration) bool {
	if p.w.random.IntN(4) > 0 {
		_ = p.pool.Tend(p.w.ctx) // Else it is as the ledger said before.
	}
	steps, err := c.fate.quote.PriceSteps(int64(upTo/time.Second), 1)
	if err != nil || len(steps) != 1 {
		return false
	}
	d, ok := p.pool.Take(p.scope(c), c.id, ledger.GrantOption{Seconds: steps[0].Seconds, Cost: steps[0].Cost}, c.Draw.Draw())
	if !ok {
		return false
	}
	c.setDraw(d)
	p.w.trace("%s: call %s draws %v s on %s", p.name, c.id, d.Seconds, uuid.UUID(d.Quota))
	c.fate.anyExtension = p.w.prices.AtOnce[c.Tenant].Extension == 0
	c.Granted, c.Final = time.Duration(d.Seconds)*time.Second, false
	c.fate.granted = max(c.fate.granted, c.Granted)
	return true
}

// scope is what calls of an extension count against.
func (p *proxy) scope(c *call) *quota.Scope {
	w, tenant := p.w, c.fate.tenant
	fresh := &quota.Scope{Account: tenant, Limits: w.prices.Limit[tenant.Owner], Concurrency: w.prices.AtOnce[tenant.Owner]}
	if fresh.Concurrency.Extension > 0 {
		fresh.Extension = c.Extension
	}
	if p.caps[tenant] != fresh.Concurrency { // As credit.Edge does when what is provisioned has changed.
		p.pool.Recall(&tenant)
		p.caps[tenant] = fresh.Concurrency
	}
	key := tenant.Owner + "/" + fresh.Extension
	if known := p.scopes[key]; known != nil && reflect.DeepEqual(known, fresh) {
		return known
	}
	p.scopes[key] = fresh
	return fresh
}

// recorded reports whether calls are over and in the spool.
func (p *proxy) recorded(ids ...calls.ID) bool {
	return p.w.options.Fault == EarlyQuota || p.order.Recorded(ids...)
}
