package credit

import (
	"reflect"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"trunkline/credit/quota"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/sipproxy"
)

// Edge reserves calls in memory, from quotas. It is safe for concurrent use.
type Edge struct {
	Pool *quota.Pool

	drawn, asked prometheus.Counter

	mu     sync.Mutex
	of     *provision.Snapshot
	scopes map[scopeKey]*quota.Scope
}

// NewEdge returns an edge over a pool.
func NewEdge(p *quota.Pool, metrics prometheus.Registerer) *Edge {
	e := &Edge{
		Pool:  p,
		drawn: prometheus.NewCounter(prometheus.CounterOpts{Name: "trunkline_reservations_by_quota_total", Help: "Reservations that were made in memory, from a quota."}),
		asked: prometheus.NewCounter(prometheus.CounterOpts{Name: "trunkline_reservations_by_ledger_total", Help: "Reservations that no quota was enough for: the ledger was asked."}),
	}
	metrics.MustRegister(e.drawn, e.asked)
	return e
}

type scopeKey struct{ tenant, branch, extension string }

// draw reserves a call from a quota; false: there is none that is enough, and the ledger is to be asked.
func (e *Edge) draw(s *provision.Snapshot, r *sipproxy.Reservation) (sipproxy.Grant, bool) {
	scope := e.scope(s, scopeKey{r.Route.Tenant, r.Route.Branch, r.Route.Extension})
	if scope == nil {
		return sipproxy.Grant{}, false
	}
	steps, err := priceSteps(r.Route, r.UpTo, 1)
	if err != nil || len(steps) != 1 {
		return sipproxy.Grant{}, false
	}
	draw, ok := e.Pool.Take(scope, r.Call, steps[0], r.Has)
	if !ok {
		e.asked.Inc()
		return sipproxy.Grant{}, false
	}
	e.drawn.Inc()
	return sipproxy.Grant{Granted: time.Duration(draw.Seconds) * time.Second, Draw: draw}, ok
}

// scope is what calls of an extension count against, the same pointer as long as nothing changes of it; nil: there is no such tenant.
func (e *Edge) scope(s *provision.Snapshot, k scopeKey) *quota.Scope {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.of != s {
		e.change(s)
	}
	if known := e.scopes[k]; known != nil {
		return known
	}
	fresh := scopeOf(s, k)
	if fresh == nil {
		return nil
	}
	own := scopeKey{k.tenant, fresh.Branch, fresh.Extension}
	if known := e.scopes[own]; known != nil && reflect.DeepEqual(known, fresh) {
		fresh = known // It is shared by all who count against the same.
	}
	e.scopes[k], e.scopes[own] = fresh, fresh
	return fresh
}

// change goes over to what is provisioned now. Quotas of accounts whose limits or caps are others now are dealt out no more.
func (e *Edge) change(s *provision.Snapshot) {
	e.of, e.scopes = s, make(map[scopeKey]*quota.Scope, len(e.scopes))
	for _, known := range e.Pool.Scopes() {
		k := scopeKey{known.Account.Owner, known.Branch, known.Extension}
		if fresh := scopeOf(s, k); fresh != nil && reflect.DeepEqual(known, fresh) {
			e.scopes[k] = known
		} else {
			e.Pool.Recall(&known.Account)
		}
	}
}

// scopeOf is nil where there is no such tenant.
func scopeOf(s *provision.Snapshot, k scopeKey) *quota.Scope {
	t, ok := s.Tenant(k.tenant)
	if !ok {
		return nil
	}
	out := &quota.Scope{
		Account: ledger.Tenant(t.ID, t.Currency), Zone: s.Zone(t.ID),
		Limits: LimitsOf(s, t, k.branch, k.extension), Concurrency: concurrencyCaps(s, t, k.branch, k.extension),
	}
	if b, ok := s.Branch(t.ID, k.branch); ok && (len(b.Limits) > 0 || b.MaxCalls > 0) {
		out.Branch = k.branch
	}
	if e, ok := s.Extension(t.ID, k.extension); ok && (len(e.Limits) > 0 || e.MaxCalls > 0) {
		out.Extension = k.extension
	}
	return out
}
