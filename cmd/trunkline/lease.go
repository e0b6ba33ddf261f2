package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/sipproxy"
)

// leaseRest is how long the ledger has to answer without a fault before tenants get their lease anew: until then what they
// talked for on it may not have been accounted for.
const leaseRest = 15 * time.Minute

// lease says what becomes of calls while the ledger does not answer: they are refused, or let pass for some time each and
// for some time in all for each tenant. The time that was let pass is charged like any other when the ledger is back.
type lease struct {
	first  time.Duration // What a call asks for before it is connected.
	call   time.Duration // 0: calls are refused.
	tenant time.Duration
	clock  clock.Clock
	log    *slog.Logger

	away             prometheus.Gauge
	passed, refusals prometheus.Counter

	mu     sync.Mutex
	taken  map[string]time.Duration     // By tenant, since the ledger went away.
	calls  map[cdr.CallID]time.Duration // What each call of them was let pass for.
	failed time.Time                    // When the ledger last did not answer; zero: not since the lease is new.
	gone   bool
}

func newLease(first, call, tenant time.Duration, c clock.Clock, log *slog.Logger, metrics prometheus.Registerer) *lease {
	l := &lease{
		first: first, call: call, tenant: tenant, clock: c, log: log,
		taken: make(map[string]time.Duration), calls: make(map[cdr.CallID]time.Duration),
		away:     prometheus.NewGauge(prometheus.GaugeOpts{Name: "trunkline_ledger_away", Help: "1 while the ledger does not answer the proxy."}),
		passed:   prometheus.NewCounter(prometheus.CounterOpts{Name: "trunkline_ledger_let_pass_total", Help: "Requests for money that were let pass on the lease of their tenant while the ledger did not answer."}),
		refusals: prometheus.NewCounter(prometheus.CounterOpts{Name: "trunkline_ledger_unanswered_total", Help: "Requests for money that were neither answered by the ledger nor let pass."}),
	}
	metrics.MustRegister(l.away, l.passed, l.refusals)
	return l
}

// take lets a call pass for as long as it may without the ledger, or answers with the ledger's error.
func (l *lease) take(ctx context.Context, id cdr.CallID, tenant string, upTo time.Duration, cause error) (sipproxy.Grant, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = l.clock.Now()
	if !l.gone {
		l.gone = true
		l.away.Set(1)
		l.log.ErrorContext(ctx, "the ledger does not answer", "policy", l.policy(), "error", cause)
	}
	before, known := l.calls[id]
	allowed := min(l.call, upTo)
	if !known && upTo > l.first {
		allowed = 0 // A call in progress goes on for what is held for it, and asks again meanwhile.
	}
	if allowed <= before || l.taken[tenant]+allowed-before > l.tenant {
		l.refusals.Inc()
		return sipproxy.Grant{}, cause
	}
	l.taken[tenant] += allowed - before
	l.calls[id] = allowed
	l.passed.Inc()
	return sipproxy.Grant{Granted: allowed}, nil
}

// answered notes that the ledger is there.
func (l *lease) answered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed.IsZero() {
		return
	}
	if l.gone {
		l.gone = false
		l.away.Set(0)
		l.log.Info("the ledger answers again", "calls_let_pass", len(l.calls))
	}
	if l.clock.Now().Sub(l.failed) > leaseRest {
		clear(l.taken)
		clear(l.calls)
		l.failed = time.Time{}
	}
}

func (l *lease) policy() string { return leasePolicy(l.call, l.tenant) }

// leasePolicy tells what the proxy does while the ledger does not answer.
func leasePolicy(call, tenant time.Duration) string {
	if call == 0 {
		return "calls that cost anything are refused"
	}
	return fmt.Sprintf("calls are let pass for %s each, %s a tenant in all", call, tenant)
}
