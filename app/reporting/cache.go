package reporting

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"trunkline/cdr"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/internal/ttlcache"
	"trunkline/reports"
	"trunkline/reports/traffic"
	"trunkline/sql/clickhouse"
)

// Cache are those that people ask ClickHouse: so many at a time, each once for all who ask it, and its answer for a moment.
// Their keys have all that narrows them and nothing of who asks; the console narrows before it asks, and blanks a copy.
type Cache struct {
	turns   turns
	figures *ttlcache.Cache[[]*reports.Answer]
	calls   *ttlcache.Cache[[]cdr.Record]
}

const (
	answerKept   = 2 * time.Second // A call that was rated shows after that at the latest.
	answersMost  = 500
	answersBytes = 64 << 20
	rowBytes     = 1 << 10 // About what a row of figures takes; a leg takes as much, and its trace.
	questionWait = 3 * time.Minute
)

// NewCache returns an empty cache.
func NewCache(c clock.Clock) *Cache {
	return &Cache{
		turns: make(turns, turnsMost),
		figures: ttlcache.New(ttlcache.Options[[]*reports.Answer]{
			For: answerKept, Wait: questionWait, Entries: answersMost, Size: answersBytes, SizeOf: figuresSize, Clock: c,
		}),
		calls: ttlcache.New(ttlcache.Options[[]cdr.Record]{
			For: answerKept, Wait: questionWait, Entries: answersMost, Size: answersBytes, SizeOf: callsSize, Clock: c,
		}),
	}
}

func figuresSize(answers []*reports.Answer) int64 {
	n := int64(len(answers)) * rowBytes
	for _, a := range answers {
		n += int64(len(a.Rows)) * rowBytes
	}
	return n
}

func callsSize(records []cdr.Record) int64 {
	n := int64(len(records)+1) * rowBytes
	for i := range records {
		n += int64(len(records[i].Trace) + len(records[i].Raw))
	}
	return n
}

// turns bounds how many questions of people ClickHouse answers at a time: more of them are not answered sooner, and the
// worker always finds a connection.
type turns chan struct{}

const (
	turnsMost = 6
	turnWait  = 30 * time.Second
)

// take waits for a turn, which the returned function gives back.
func (t turns) take(ctx context.Context) (give func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, turnWait)
	defer cancel()
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a turn at ClickHouse: %w", ctx.Err())
	}
}

// Records are the rated legs.
type Records struct {
	Store legStore
	Cache *Cache
}

// legStore is where they are.
type legStore interface {
	Records(ctx context.Context, f clickhouse.Filter) ([]cdr.Record, error)
	EachRecord(ctx context.Context, f clickhouse.Filter, do func(*cdr.Record) error) error
	CountRecords(ctx context.Context, f clickhouse.Filter) (int64, error)
}

// Search implements console.Records.
func (r Records) Search(ctx context.Context, q console.RecordQuery) ([]cdr.Record, error) {
	shared, err := r.Cache.calls.Get(ctx, callsKey(&q), func(ctx context.Context) ([]cdr.Record, error) { return r.search(ctx, q) })
	return slices.Clone(shared), err
}

// callsKey names a search by all that narrows it.
func callsKey(q *console.RecordQuery) string {
	return fmt.Sprintf("%d %d %q %q %q %t %q %d %d", q.From.UnixNano(), q.Till.UnixNano(), q.Tenant, q.Branch, q.Call, q.OnlyIngress, q.Filter, q.Limit, q.Offset)
}

func (r Records) search(ctx context.Context, q console.RecordQuery) ([]cdr.Record, error) {
	give, err := r.Cache.turns.take(ctx)
	if err != nil {
		return nil, err
	}
	defer give()
	f := legsFilter(&q)
	f.Brief = q.Call.IsZero() // Only the page of a call shows its trace.
	return r.Store.Records(ctx, f)
}

func legsFilter(q *console.RecordQuery) clickhouse.Filter {
	f := clickhouse.Filter{
		From: q.From, Till: q.Till, Tenant: q.Tenant, Branch: q.Branch, Call: q.Call, Where: q.Filter, Limit: q.Limit, Offset: q.Offset,
	}
	if q.OnlyIngress {
		f.Kind = cdr.Ingress
	}
	return f
}

// Each implements console.Records. It takes no turn: it may take minutes, and how many go on at a time is bounded elsewhere.
func (r Records) Each(ctx context.Context, q console.RecordQuery, do func(*cdr.Record) error) error {
	return r.Store.EachRecord(ctx, legsFilter(&q), do)
}

// Count implements console.Records.
func (r Records) Count(ctx context.Context, q console.RecordQuery) (int64, error) {
	give, err := r.Cache.turns.take(ctx)
	if err != nil {
		return 0, err
	}
	defer give()
	return r.Store.CountRecords(ctx, legsFilter(&q))
}

// Figures answers questions of statistics.
type Figures struct {
	Cache *Cache
	Ask   func(ctx context.Context, list []reports.Question) ([]*reports.Answer, error)
}

// AskAll implements console.Figures.
func (f Figures) AskAll(ctx context.Context, list []reports.Question) ([]*reports.Answer, error) {
	keys := make([]string, len(list))
	for i := range list {
		keys[i] = list[i].Key()
	}
	return f.Cache.figures.Get(ctx, strings.Join(keys, "\n"), func(ctx context.Context) ([]*reports.Answer, error) {
		give, err := f.Cache.turns.take(ctx)
		if err != nil {
			return nil, err
		}
		defer give()
		return f.Ask(ctx, list)
	})
}

// Lines are the legs that occupied lines.
type Lines struct {
	traffic.Store

	Cache *Cache
}

// EachLeg implements traffic.Store.
func (l Lines) EachLeg(ctx context.Context, q traffic.Query, do func(*traffic.Leg) error) error {
	give, err := l.Cache.turns.take(ctx)
	if err != nil {
		return err
	}
	defer give()
	return l.Store.EachLeg(ctx, q, do)
}
