package pipeline_test

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/cdr/kafka"
	"trunkline/demo"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/e164"
	"trunkline/internal/embedded/enginetest"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/rating/worker"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// prices are those of a snapshot, as the program gives them to its worker.
type prices struct{ *provision.Snapshot }

func (p prices) Tenant(id string, _ time.Time) (worker.Tenant, bool) {
	_, ok := p.Snapshot.Tenant(id)
	return worker.Tenant{Zone: time.UTC}, ok
}

func (p prices) Tariff(l *cdr.Leg) (*rating.Tariff, bool, error) {
	if l.Tariff == "" {
		return nil, true, nil
	}
	t, ok := p.Snapshot.Tariff(l.Tariff)
	return t, ok, nil
}

func (p prices) Cost(l *cdr.Leg) (*rating.Tariff, bool, error) {
	if l.Deck == "" {
		return nil, true, nil
	}
	t, ok := p.Snapshot.Cost(l.Deck)
	return t, ok, nil
}

// Base implements worker.Prices: no tariff builds on a cost here.
func (p prices) Base(*cdr.Leg, money.Currency) (worker.Base, error) { return worker.Base{}, nil }

func (p prices) Limits(l *cdr.Leg) []ledger.Limit {
	t, ok := p.Snapshot.Tenant(l.Tenant)
	if !ok {
		return nil
	}
	var out []ledger.Limit
	for _, limit := range t.Limits {
		out = append(out, ledger.Limit{Scope: ledger.TenantScope, Period: ledger.Period(limit.Period), Money: limit.Money, Seconds: limit.Seconds, Calls: limit.Calls})
	}
	return out
}

// world is the pipeline with its engines.
type world struct {
	cfg      kafka.Config
	topic    string
	parts    int
	snapshot *provision.Snapshot
	books    *postgres.Books
	ledger   *postgres.Ledger
	clicks   *clickhouse.DB
	store    *clickhouse.Store
	pool     *pgxpool.Pool
	workers  []*worker.Worker
	history  []*cdr.Leg
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	ctx := tb.Context()
	w := &world{parts: 4, cfg: kafka.Config{Brokers: enginetest.Kafka(tb), Log: slog.New(slog.DiscardHandler)}, topic: enginetest.Name(tb)}
	require.NoError(tb, kafka.EnsureTopics(ctx, w.cfg, kafka.Topic{Name: w.topic, Parts: w.parts}, kafka.Topic{Name: w.topic + ".dead", Parts: 1}))
	bundle, err := provision.ReadBundle(demo.Files(), demo.OperatorFile)
	require.NoError(tb, err)
	w.snapshot, err = provision.NewCompiler().Compile(ctx, bundle)
	require.NoError(tb, err)
	for legs := range demo.History(w.snapshot, clock.System{}.Now()) {
		w.history = append(w.history, legs...)
	}
	db, err := postgres.Open(ctx, enginetest.Postgres(tb), postgres.Options{})
	require.NoError(tb, err)
	tb.Cleanup(db.Close)
	require.NoError(tb, db.Migrate(ctx))
	w.pool = db.Pool()
	w.books, err = postgres.NewBooks(db, clock.System{})
	require.NoError(tb, err)
	w.ledger = postgres.NewLedger(db, clock.System{})
	w.clicks = openClickHouse(tb)
	w.store = clickhouse.NewStore(w.clicks)
	return w
}

func openClickHouse(tb testing.TB) *clickhouse.DB {
	tb.Helper()
	db, err := clickhouse.Open(enginetest.ClickHouse(tb), clickhouse.Options{})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, db.Close()) })
	require.NoError(tb, db.Migrate(tb.Context()))
	return db
}

// backlog is the time that the legs of a measurement were made in: what a proxy sends after an outage.
const backlog = 6 * time.Hour

// legs returns so many legs: the calls of the demo's history, again and again under other ids, begun within the backlog.
func (w *world) legs(n int) func(yield func(*cdr.Leg) bool) {
	begin := clock.System{}.Now().Add(-backlog - time.Hour).Truncate(time.Second)
	return func(yield func(*cdr.Leg) bool) {
		var last calls.ID
		var id calls.ID
		var moved time.Duration
		for i := range n {
			leg := *w.history[i%len(w.history)]
			if leg.Call != last || i%len(w.history) == 0 {
				last = leg.Call
				at := begin.Add(backlog / 1000 * time.Duration(int64(i)*1000/int64(n))).Add(time.Duration(i%1000) * 21 * time.Millisecond)
				id, moved = calls.IDAt(at, uint64(i)*0x9e3779b97f4a7c15), at.Sub(leg.Setup) // Spread as random ids are.
			}
			leg.SIPCallID = strings.Replace(leg.SIPCallID, leg.Call.String(), id.String(), 1)
			leg.Call = id
			for _, t := range []*time.Time{&leg.Setup, &leg.Progress, &leg.Connect, &leg.Disconnect} {
				if !t.IsZero() {
					*t = t.Add(moved)
				}
			}
			if !yield(&leg) {
				return
			}
		}
	}
}

const sendChunk = 20_000

func (w *world) send(tb testing.TB, n int) {
	tb.Helper()
	p := kafka.NewProducer(w.cfg, w.topic)
	chunk := make([]cdr.Envelope, 0, sendChunk)
	flush := func() {
		require.NoError(tb, p.Send(tb.Context(), chunk))
		chunk = chunk[:0]
	}
	for leg := range w.legs(n) {
		chunk = append(chunk, cdr.Envelope{Key: leg.Call.Bytes(), Value: cdr.AppendLeg(nil, leg)})
		if len(chunk) == sendChunk {
			flush()
		}
	}
	flush()
	require.NoError(tb, p.Close())
}

// work runs as many workers as are wanted until everything in the topic is settled and stored, and returns how long that took.
func (w *world) work(tb testing.TB) time.Duration {
	tb.Helper()
	countries, err := e164.NewCountries()
	require.NoError(tb, err)
	dead := kafka.NewProducer(w.cfg, w.topic+".dead")
	ctx, cancel := context.WithCancel(tb.Context())
	var group sync.WaitGroup
	begun := clock.System{}.Now()
	for range wanted(tb, "TRUNKLINE_BENCH_WORKERS", 1) {
		stream, err := kafka.NewConsumer(w.cfg, w.topic, "workers of "+w.topic, kafka.Take{})
		require.NoError(tb, err)
		one := worker.New(worker.Config{
			Topic: w.topic, Stream: stream, Books: w.books, Calls: w.store, DeadLetters: dead,
			Prices: func() worker.Prices { return prices{w.snapshot} }, Country: countries.Of, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
		})
		w.workers = append(w.workers, one)
		group.Go(func() {
			_ = one.Run(ctx)
			if err := stream.Leave(); err != nil {
				tb.Error(err)
			}
		})
	}
	for !w.settled(tb) {
		require.NoError(tb, clock.Sleep(ctx, clock.System{}, 20*time.Millisecond))
	}
	took := clock.System{}.Now().Sub(begun)
	cancel()
	group.Wait()
	require.NoError(tb, dead.Close())
	return took
}

func (w *world) settled(tb testing.TB) bool {
	tb.Helper()
	ends, err := kafka.Ends(tb.Context(), w.cfg, w.topic)
	require.NoError(tb, err)
	parts := make([]int, 0, len(ends))
	for p := range ends {
		parts = append(parts, p)
	}
	marks, err := w.books.Marks(tb.Context(), w.topic, parts)
	require.NoError(tb, err)
	for _, m := range marks {
		if m.Next < ends[m.Part] {
			return false
		}
	}
	waiting, _, err := w.books.WaitingCount(tb.Context())
	require.NoError(tb, err)
	return waiting == 0
}

// wanted is a number of an environment variable, or another.
func wanted(tb testing.TB, name string, otherwise int) int {
	tb.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(tb, err)
	return n
}
