package credit

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

	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/sipproxy"
	"trunkline/sipproxy/journal"
)

// WholeShare is the share of a proxy that is alone, in millionths.
const WholeShare = 1_000_000

// Terms say how much grace time calls get while the ledger does not answer.
type Terms struct {
	First  time.Duration // What a call asks for before it is connected.
	Call   time.Duration // 0: calls are refused.
	Tenant time.Duration // By all proxies together.
}

// Grace decides about calls while the ledger does not answer: they are refused, or each gets some grace time, and all of a
// tenant some in total, of which this proxy has a share. Grace time is charged like any other when the ledger is back, and a
// tenant can use it again when that is proven. It is on disk before it is granted, so a restart changes nothing. RFC 8506
// section 5.7 calls the choice Credit-Control-Failure-Handling: TERMINATE without grace, CONTINUE within it.
type Grace struct {
	Terms
	book *journal.Journal
	log  *slog.Logger

	up               prometheus.Gauge
	passed, refusals prometheus.Counter

	mu    sync.Mutex
	share int64                      // In millionths.
	taken map[string]time.Duration   // By tenant, since it was last settled.
	calls map[calls.ID]time.Duration // The grace time of each call.
	proof int64                      // The sign of life by which all of them were in the stream; 0: there was none since the last grant.
	gone  bool
}

// The keys of the book: what tenants and calls have taken, in nanoseconds, and the share.
const (
	graceTenant = "tenant/"
	graceCall   = "call/"
	graceShare  = "share"
)

// OpenGrace opens the book of grace time that was granted.
func OpenGrace(terms Terms, o journal.Options, metrics prometheus.Registerer) (*Grace, error) {
	book, err := journal.Open(o)
	if err != nil {
		return nil, err
	}
	l := &Grace{
		Terms: terms, book: book, log: o.Log,
		taken: make(map[string]time.Duration), calls: make(map[calls.ID]time.Duration),
		up:       prometheus.NewGauge(prometheus.GaugeOpts{Name: "trunkline_ledger_up", Help: "1 while the ledger answers the proxy, 0 while it does not."}),
		passed:   prometheus.NewCounter(prometheus.CounterOpts{Name: "trunkline_grace_grants_total", Help: "Grants of grace time to calls while the ledger did not answer."}),
		refusals: prometheus.NewCounter(prometheus.CounterOpts{Name: "trunkline_ledger_unanswered_total", Help: "Credit requests that the ledger did not answer and that had no grace time."}),
	}
	l.up.Set(1) // Until a request shows otherwise.
	metrics.MustRegister(l.up, l.passed, l.refusals)
	for key, value := range book.Entries() {
		if err := l.read(key, string(value)); err != nil {
			o.Log.Warn("a line in the book of grace time cannot be read", "key", key, "error", err)
		}
	}
	return l, nil
}

// JournalOptions say where the book of a data folder is.
func JournalOptions(data string, log *slog.Logger) journal.Options {
	return journal.Options{Dir: filepath.Join(data, "lease"), FS: disk.OS{}, Clock: clock.System{}, Log: log, SegmentBytes: 1 << 20}
}

func (l *Grace) read(key, value string) error {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return err
	}
	if tenant, ok := strings.CutPrefix(key, graceTenant); ok {
		l.taken[tenant] = time.Duration(n)
		return nil
	}
	if text, ok := strings.CutPrefix(key, graceCall); ok {
		id, err := calls.ParseID(text)
		l.calls[id] = time.Duration(n)
		return err
	}
	l.share = n
	return nil
}

func graceLine(key string, n int64) journal.Change {
	return journal.Change{Key: key, Value: strconv.AppendInt(nil, n, 10)}
}

// Take grants a call the grace time that it may have, or answers with the ledger's error.
func (l *Grace) Take(ctx context.Context, id calls.ID, tenant string, upTo time.Duration, cause error) (sipproxy.Grant, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.gone {
		l.gone = true
		l.up.Set(0)
		l.log.ErrorContext(ctx, "the ledger does not answer", "policy", l.policy(), "share_millionths", l.share, "error", cause)
	}
	before, known := l.calls[id]
	allowed := min(l.Call, upTo)
	if !known && upTo > l.First {
		allowed = 0 // A call in progress goes on for what is held for it, and asks again meanwhile.
	}
	taken := l.taken[tenant] + allowed - before
	if allowed <= before || taken > l.mine() || l.book.Write(graceLine(graceTenant+tenant, int64(taken)), graceLine(graceCall+id.String(), int64(allowed))) != nil {
		l.refusals.Inc()
		return sipproxy.Grant{}, cause
	}
	l.taken[tenant], l.calls[id], l.proof = taken, allowed, 0
	l.passed.Inc()
	return sipproxy.Grant{Granted: allowed, Lent: true}, nil
}

// mine is how much grace time this proxy may grant calls of a tenant.
func (l *Grace) mine() time.Duration {
	return time.Duration(int64(l.Tenant/time.Second)*l.share/WholeShare) * time.Second
}

// Answered notes that the ledger is there.
func (l *Grace) Answered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone {
		l.gone = false
		l.up.Set(1)
		l.log.Info("the ledger answers again", "calls_with_grace", len(l.calls))
	}
}

// Known is the share that this proxy knows of.
func (l *Grace) Known() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.share
}

// Assign takes the share that the ledger says.
func (l *Grace) Assign(share int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if share == l.share {
		return
	}
	if l.book.Write(graceLine(graceShare, share)) != nil && share > l.share {
		return // It may not be forgotten that it was this much.
	}
	l.share = share
}

// Calls returns the calls that got grace time.
func (l *Grace) Calls() []calls.ID {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := make([]calls.ID, 0, len(l.calls))
	for id := range l.calls {
		ids = append(ids, id)
	}
	return ids
}

// InStream notes the sign of life by which the legs of these calls were in the stream, if no other got grace since.
func (l *Grace) InStream(calls int, beat int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if calls == len(l.calls) && calls > 0 && l.proof == 0 {
		l.proof = beat
	}
}

// Settled restores the grace of tenants when all of it is accounted for: the books have got as far as the stream was by
// that sign of life.
func (l *Grace) Settled(beat int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.proof == 0 || beat < l.proof {
		return
	}
	var keys []string
	for tenant := range l.taken {
		keys = append(keys, graceTenant+tenant)
	}
	for id := range l.calls {
		keys = append(keys, graceCall+id.String())
	}
	if err := l.book.Remove(keys...); err != nil {
		return // It is tried again with the next sign of life.
	}
	clear(l.taken)
	clear(l.calls)
	l.proof = 0
}

// Close closes the book of what was granted.
func (l *Grace) Close() error { return l.book.Close() }

func (l *Grace) policy() string { return PolicyText(l.Call, l.Tenant) }

// PolicyText tells what the proxy does while the ledger does not answer.
func PolicyText(call, tenant time.Duration) string {
	if call == 0 {
		return "calls that cost anything are refused"
	}
	return fmt.Sprintf("calls get %s of grace each, %s a tenant in all, over all proxies", call, tenant)
}
