package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/sipproxy"
	"trunkline/sipproxy/journal"
)

// wholeShare is the share of a proxy that is alone, in millionths.
const wholeShare = 1_000_000

// leaseTerms say what may be let pass while the ledger does not answer.
type leaseTerms struct {
	first  time.Duration // What a call asks for before it is connected.
	call   time.Duration // 0: calls are refused.
	tenant time.Duration // By all proxies together.
}

// lease says what becomes of calls while the ledger does not answer: they are refused, or let pass for some time each and
// for some time in all for each tenant, of which this proxy has its share. The time that was let pass is charged like any other when the ledger is back;
// a tenant gets it anew when that is proven. What was let pass is on disk before it is granted, so a restart changes nothing.
type lease struct {
	leaseTerms
	book *journal.Journal
	log  *slog.Logger

	away             prometheus.Gauge
	passed, refusals prometheus.Counter

	mu    sync.Mutex
	share int64                        // In millionths.
	taken map[string]time.Duration     // By tenant, since the lease is new.
	calls map[cdr.CallID]time.Duration // What each call of them was let pass for.
	proof int64                        // The sign of life by which all of them were in the stream; 0: there was none since the last was let pass.
	gone  bool
}

// The keys of the book: what tenants and calls have taken, in nanoseconds, and the share.
const (
	leaseTenant = "tenant/"
	leaseCall   = "call/"
	leaseShare  = "share"
)

// openLease opens the book of what was let pass.
func openLease(terms leaseTerms, o journal.Options, metrics prometheus.Registerer) (*lease, error) {
	book, err := journal.Open(o)
	if err != nil {
		return nil, err
	}
	l := &lease{
		leaseTerms: terms, book: book, log: o.Log,
		taken: make(map[string]time.Duration), calls: make(map[cdr.CallID]time.Duration),
		away:     prometheus.NewGauge(prometheus.GaugeOpts{Name: "trunkline_ledger_away", Help: "1 while the ledger does not answer the proxy."}),
		passed:   prometheus.NewCounter(prometheus.CounterOpts{Name: "trunkline_ledger_let_pass_total", Help: "Requests for money that were let pass on the lease of their tenant while the ledger did not answer."}),
		refusals: prometheus.NewCounter(prometheus.CounterOpts{Name: "trunkline_ledger_unanswered_total", Help: "Requests for money that were neither answered by the ledger nor let pass."}),
	}
	metrics.MustRegister(l.away, l.passed, l.refusals)
	for key, value := range book.Entries() {
		if err := l.read(key, string(value)); err != nil {
			o.Log.Warn("a line in the book of what was let pass cannot be read", "key", key, "error", err)
		}
	}
	return l, nil
}

// leaseOptions say where the book of a data folder is.
func leaseOptions(data string, log *slog.Logger) journal.Options {
	return journal.Options{Dir: filepath.Join(data, "lease"), FS: disk.OS{}, Clock: clock.System{}, Log: log, SegmentBytes: 1 << 20}
}

func (l *lease) read(key, value string) error {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return err
	}
	if tenant, ok := strings.CutPrefix(key, leaseTenant); ok {
		l.taken[tenant] = time.Duration(n)
		return nil
	}
	if text, ok := strings.CutPrefix(key, leaseCall); ok {
		id, err := cdr.ParseCallID(text)
		l.calls[id] = time.Duration(n)
		return err
	}
	l.share = n
	return nil
}

func leaseLine(key string, n int64) journal.Change {
	return journal.Change{Key: key, Value: strconv.AppendInt(nil, n, 10)}
}

// take lets a call pass for as long as it may without the ledger, or answers with the ledger's error.
func (l *lease) take(ctx context.Context, id cdr.CallID, tenant string, upTo time.Duration, cause error) (sipproxy.Grant, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.gone {
		l.gone = true
		l.away.Set(1)
		l.log.ErrorContext(ctx, "the ledger does not answer", "policy", l.policy(), "share_millionths", l.share, "error", cause)
	}
	before, known := l.calls[id]
	allowed := min(l.call, upTo)
	if !known && upTo > l.first {
		allowed = 0 // A call in progress goes on for what is held for it, and asks again meanwhile.
	}
	taken := l.taken[tenant] + allowed - before
	if allowed <= before || taken > l.mine() || l.book.Write(leaseLine(leaseTenant+tenant, int64(taken)), leaseLine(leaseCall+id.String(), int64(allowed))) != nil {
		l.refusals.Inc()
		return sipproxy.Grant{}, cause
	}
	l.taken[tenant], l.calls[id], l.proof = taken, allowed, 0
	l.passed.Inc()
	return sipproxy.Grant{Granted: allowed, Lent: true}, nil
}

// mine is what this proxy may let pass of a tenant.
func (l *lease) mine() time.Duration {
	return time.Duration(int64(l.tenant/time.Second)*l.share/wholeShare) * time.Second
}

// answered notes that the ledger is there.
func (l *lease) answered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone {
		l.gone = false
		l.away.Set(0)
		l.log.Info("the ledger answers again", "calls_let_pass", len(l.calls))
	}
}

// known is the share that this proxy knows of.
func (l *lease) known() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.share
}

// assign takes the share that the ledger says.
func (l *lease) assign(share int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if share == l.share {
		return
	}
	if l.book.Write(leaseLine(leaseShare, share)) != nil && share > l.share {
		return // It may not be forgotten that it was this much.
	}
	l.share = share
}

// lent returns the calls that were let pass.
func (l *lease) lent() []cdr.CallID {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := make([]cdr.CallID, 0, len(l.calls))
	for id := range l.calls {
		ids = append(ids, id)
	}
	return ids
}

// inStream notes the sign of life by which the legs of these calls were in the stream, if no other was let pass since.
func (l *lease) inStream(calls int, beat int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if calls == len(l.calls) && calls > 0 && l.proof == 0 {
		l.proof = beat
	}
}

// settled gives tenants their lease anew when all that was let pass is accounted for: the books have got as far as the stream was by that sign of
// life.
func (l *lease) settled(beat int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.proof == 0 || beat < l.proof {
		return
	}
	var keys []string
	for tenant := range l.taken {
		keys = append(keys, leaseTenant+tenant)
	}
	for id := range l.calls {
		keys = append(keys, leaseCall+id.String())
	}
	if err := l.book.Remove(keys...); err != nil {
		return // It is tried again with the next sign of life.
	}
	clear(l.taken)
	clear(l.calls)
	l.proof = 0
}

func (l *lease) close() error { return l.book.Close() }

func (l *lease) policy() string { return leasePolicy(l.call, l.tenant) }

// leasePolicy tells what the proxy does while the ledger does not answer.
func leasePolicy(call, tenant time.Duration) string {
	if call == 0 {
		return "calls that cost anything are refused"
	}
	return fmt.Sprintf("calls are let pass for %s each, %s a tenant in all, by all proxies together", call, tenant)
}
