package worker_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/cdr/kafka"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/e164"
	"trunkline/internal/embedded/enginetest"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating"
	"trunkline/rating/worker"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

const (
	sold   = "business" // A tariff, with an allowance.
	bought = "alfa"     // A deck.
)

func rub() money.Currency { return money.MustParseCurrency("RUB") }

func eur() money.Currency { return money.MustParseCurrency("EUR") }

func deck(tb testing.TB, name string, c money.Currency, perMinute string) *rating.Deck {
	tb.Helper()
	b := rating.NewDeckBuilder(name, c)
	require.NoError(tb, b.Add(rating.Rate{
		Prefix: e164.MustParsePrefix("7"), Destination: "Russia", PerMinute: money.MustParseRate(perMinute),
		Terms: rating.Terms{ConnectFee: money.MustParseAmount("0.1"), Increment: rating.Increment{Initial: 30, Next: 6}},
	}))
	d, err := b.Build()
	require.NoError(tb, err)
	return d
}

// prices know one tariff and one deck.
type prices struct {
	tariff, cost *rating.Tariff
	limits       []ledger.Limit
	missing      bool // The tariff is not known.
}

func newPrices(tb testing.TB) *prices {
	tb.Helper()
	tariff, err := rating.NewTariff(rating.Spec{
		Name: sold, Version: "1", Currency: rub(), Rounding: rating.DefaultRounding(),
		Sources:    []rating.Source{{Deck: deck(tb, "prices", rub(), "1.234567")}},
		Allowances: []rating.Allowance{{Name: "free", Measure: rating.Seconds, Amount: 3600, Per: rating.PerExtension}},
	})
	require.NoError(tb, err)
	cost, err := rating.FlatTariff(deck(tb, bought, eur(), "0.0123"), rating.DefaultRounding())
	require.NoError(tb, err)
	limit := money.MustParseAmount("1000000")
	return &prices{tariff: tariff, cost: cost, limits: []ledger.Limit{{Scope: ledger.TenantScope, Period: ledger.Day, Money: &limit}}}
}

func (p *prices) Tenant(string, time.Time) (worker.Tenant, bool) { return worker.Tenant{}, true }

func (p *prices) Tariff(l *cdr.Leg) (*rating.Tariff, bool, error) {
	return p.tariff, l.Tariff == sold && !p.missing, nil
}

func (p *prices) Cost(l *cdr.Leg) (*rating.Tariff, bool, error) { return p.cost, l.Deck == bought, nil }

// Base implements worker.Prices: no tariff builds on a cost here.
func (p *prices) Base(*cdr.Leg, money.Currency) (worker.Base, error) { return worker.Base{}, nil }

func (p *prices) Limits(*cdr.Leg) []ledger.Limit { return p.limits }

// world is a worker's surroundings, with the real engines.
type world struct {
	tb     testing.TB
	cfg    kafka.Config
	topic  string
	parts  int
	dsn    string // Of the database.
	db     *postgres.DB
	books  *postgres.Books
	ledger *postgres.Ledger
	house  *clickhouse.DB
	store  *clickhouse.Store
	prices *prices
	random *rand.Rand
	at     time.Time
	step   time.Duration // Between two calls.
}

func newWorld(tb testing.TB, parts int) *world {
	tb.Helper()
	w := &world{
		tb: tb, parts: parts, step: 7 * time.Second, prices: newPrices(tb), random: rand.New(rand.NewPCG(1, 2)),
		cfg: kafka.Config{Brokers: enginetest.Kafka(tb), Log: slog.New(slog.DiscardHandler)},
		at:  time.Now().UTC().Add(-30 * time.Hour).Truncate(time.Microsecond), //nolint:forbidigo // Ids are minted now.
	}
	w.topic = enginetest.Name(tb)
	require.NoError(tb, kafka.EnsureTopics(tb.Context(), w.cfg, kafka.Topic{Name: w.topic, Parts: parts},
		kafka.Topic{Name: w.topic + ".dead", Parts: 1}))
	var err error
	w.dsn = enginetest.PostgresLike(tb, migrated)
	w.db, err = postgres.Open(tb.Context(), w.dsn, postgres.Options{})
	require.NoError(tb, err)
	tb.Cleanup(func() { w.db.Close() }) // Some tests open another.
	_, err = w.db.Pool().Exec(tb.Context(), `UPDATE ledger_identity SET id = gen_random_uuid()`)
	require.NoError(tb, err, "a copy becomes a ledger of its own")
	w.books, err = postgres.NewBooks(w.db, clock.System{})
	require.NoError(tb, err)
	w.ledger = postgres.NewLedger(w.db, clock.System{})
	house, err := clickhouse.Open(enginetest.ClickHouse(tb), clickhouse.Options{})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, house.Close()) })
	require.NoError(tb, house.Migrate(tb.Context()))
	w.house, w.store = house, clickhouse.NewStore(house)
	return w
}

func migrated(ctx context.Context, dsn string) error {
	db, err := postgres.Open(ctx, dsn, postgres.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Migrate(ctx)
}

// call makes the legs of a call that lasted so many seconds: one attempt that failed, and one that did not.
func (w *world) call(tenant string, seconds int) []cdr.Leg {
	w.tb.Helper()
	id, err := calls.NewID()
	require.NoError(w.tb, err)
	w.at = w.at.Add(w.step)
	base := cdr.Leg{
		Call: id, Direction: calls.Outbound, Source: cdr.SourceSIP, Node: "proxy-1", Tenant: tenant, Branch: "moscow",
		Extension: strconv.Itoa(100 + w.random.IntN(3)), From: e164.MustParse("74951234567"), To: e164.MustParse("79161234567"),
		Setup: w.at, Progress: w.at.Add(time.Second), SIPStatus: 200, Cause: 16, ReleasedBy: cdr.SideCaller,
	}
	in, lost, won := base, base, base
	in.Kind, in.Tariff, in.Carrier = cdr.Ingress, sold, "alfa"
	lost.Kind, lost.Seq, lost.Carrier, lost.Deck, lost.SIPStatus = cdr.Egress, 1, "beta", bought, 503
	won.Kind, won.Seq, won.Carrier, won.Deck = cdr.Egress, 2, "alfa", bought
	for _, l := range []*cdr.Leg{&in, &won} {
		l.Connect = w.at.Add(5 * time.Second)
		l.Disconnect = l.Connect.Add(time.Duration(seconds) * time.Second)
	}
	lost.Disconnect = w.at.Add(time.Second)
	return []cdr.Leg{in, lost, won}
}

func (w *world) calls(n int) []cdr.Leg {
	w.tb.Helper()
	legs := make([]cdr.Leg, 0, 3*n)
	for i := range n {
		legs = append(legs, w.call(fmt.Sprintf("tenant-%d", i%3), 1+w.random.IntN(600))...)
	}
	return legs
}

func (w *world) send(legs []cdr.Leg) {
	w.tb.Helper()
	p := kafka.NewProducer(w.cfg, w.topic)
	letters := make([]cdr.Envelope, 0, len(legs))
	for i := range legs {
		letters = append(letters, cdr.Envelope{Key: legs[i].Call.Bytes(), Value: cdr.AppendLeg(nil, &legs[i])})
	}
	require.Eventually(w.tb, func() bool { return p.Send(w.tb.Context(), letters) == nil }, time.Minute, 10*time.Millisecond)
	require.NoError(w.tb, p.Close())
}

// parts of a running worker that a test may exchange.
type wiring struct {
	books worker.Books
	calls worker.Calls
	take  kafka.Take
	agree func(context.Context) error
}

// running is a worker that works in the background.
type running struct {
	*worker.Worker
	stop func()
}

// start starts a worker; change exchanges some of its parts.
func (w *world) start(change func(*wiring)) *running {
	w.tb.Helper()
	parts := wiring{books: w.books, calls: w.store, take: kafka.Take{Most: 500, Linger: 20 * time.Millisecond}}
	if change != nil {
		change(&parts)
	}
	stream, err := kafka.NewConsumer(w.cfg, w.topic, "workers of "+w.topic, parts.take)
	require.NoError(w.tb, err)
	dead := kafka.NewProducer(w.cfg, w.topic+".dead")
	log := slog.New(slog.DiscardHandler)
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	r := &running{Worker: worker.New(worker.Config{
		Topic: w.topic, Stream: stream, Books: parts.books, Calls: parts.calls, DeadLetters: dead, Agree: parts.agree,
		Prices: func() worker.Prices { return w.prices }, Clock: clock.System{}, Log: log,
	})}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.tb.Context()))
	var group sync.WaitGroup
	group.Go(func() {
		if err := r.Run(ctx); err != nil {
			w.tb.Error(err)
		}
	})
	var once sync.Once
	r.stop = func() {
		once.Do(func() {
			cancel()
			group.Wait()
			_ = stream.Leave() // The broker may be away.
			_ = dead.Close()
		})
	}
	w.tb.Cleanup(r.stop)
	return r
}

// settled waits until the marks stand at the ends of the topic and nothing waits to be stored.
func (w *world) settled() {
	w.tb.Helper()
	require.Eventually(w.tb, func() bool {
		ends, err := kafka.Ends(w.tb.Context(), w.cfg, w.topic)
		if err != nil {
			return false
		}
		parts := make([]int, 0, len(ends))
		for p := range ends {
			parts = append(parts, p)
		}
		marks, err := w.books.Marks(w.tb.Context(), w.topic, parts)
		if err != nil {
			return false
		}
		for _, m := range marks {
			if m.Next < ends[m.Part] {
				return false
			}
		}
		waiting, _, err := w.books.WaitingCount(w.tb.Context())
		return err == nil && waiting == 0
	}, 2*time.Minute, 20*time.Millisecond, "the worker does not get to the end")
}

// requireSums checks the first invariant: calls, postings and balances agree to the last millionth, and every leg is
// there once.
func (w *world) requireSums(legs int) {
	w.tb.Helper()
	ctx := w.tb.Context()
	from, till := time.Unix(0, 0), time.Now().Add(24*time.Hour) //nolint:forbidigo // All of them.
	differences, err := ledger.Reconcile(ctx, w.ledger, w.store, from, till)
	require.NoError(w.tb, err)
	require.NotEmpty(w.tb, differences)
	for _, d := range differences {
		require.True(w.tb, d.OK(), "%s: posted %s for %d legs, recorded %s for %d", d.Account, d.Posted, d.PostedLegs, d.Recorded, d.Legs)
		s, err := w.ledger.State(ctx, d.Account)
		require.NoError(w.tb, err)
		require.True(w.tb, s.Pending.IsZero())
		balance, err := s.Balance()
		require.NoError(w.tb, err)
		require.Equal(w.tb, w.posted(d.Account), balance, "%s", d.Account)
	}
	sums, err := w.store.Sums(ctx, clickhouse.Filter{})
	require.NoError(w.tb, err)
	var n int64
	for _, s := range sums {
		n += s.Legs
	}
	require.Equal(w.tb, int64(legs), n, "rows")
	var zero, rated int64
	require.NoError(w.tb, w.db.Pool().QueryRow(ctx, `SELECT coalesce(sum(credits - debits), 0)::bigint FROM account`).Scan(&zero))
	require.Zero(w.tb, zero, "all accounts together")
	require.NoError(w.tb, w.db.Pool().QueryRow(ctx, `SELECT count(*) FROM rated_leg`).Scan(&rated))
	require.Equal(w.tb, int64(legs), rated)
}

// requirePrices checks that the sums are those of rating the legs one after the other, whatever came in between. It holds
// for what one part of the stream brought, in order.
func (w *world) requirePrices(legs []cdr.Leg) {
	w.tb.Helper()
	tallies := make(map[string]rating.Tally)
	want := make(map[string]money.Amount)
	seen := make(map[string]bool)
	for i := range legs {
		l := &legs[i]
		if l.Kind != cdr.Ingress || seen[l.ID()] {
			continue
		}
		seen[l.ID()] = true
		tally, ok := tallies[l.Tenant]
		if !ok {
			tally = make(rating.Tally)
			tallies[l.Tenant] = tally
		}
		c, err := w.prices.tariff.Price(rating.Call{
			From: l.From, To: l.To, Connect: l.Connect, Duration: l.Duration(), Extension: l.Extension, Branch: l.Branch,
		}, tally)
		require.NoError(w.tb, err)
		tally.Apply(c.Uses)
		sum, err := want[l.Tenant].Add(c.Total)
		require.NoError(w.tb, err)
		want[l.Tenant] = sum
	}
	for tenant, amount := range want {
		require.Equal(w.tb, amount, w.usage(ledger.Tenant(tenant, rub())), tenant)
	}
}

// posted is what the postings of an account add up to.
func (w *world) posted(a ledger.Account) money.Amount {
	w.tb.Helper()
	var micros int64
	require.NoError(w.tb, w.db.Pool().QueryRow(w.tb.Context(), `SELECT coalesce(sum(CASE WHEN credit = $1 THEN amount ELSE -amount END), 0)::bigint
		FROM posting WHERE credit = $1 OR debit = $1`, a.String()).Scan(&micros))
	return money.FromMicros(micros)
}

// usage is what calls came to on an account.
func (w *world) usage(a ledger.Account) money.Amount {
	w.tb.Helper()
	sums, err := w.ledger.UsageSums(w.tb.Context(), time.Unix(0, 0), w.at.Add(24*time.Hour))
	require.NoError(w.tb, err)
	for _, s := range sums {
		if s.Account == a {
			return s.Amount
		}
	}
	return money.Amount{}
}

var errInjected = errors.New("injected")

func isMoved(err error) bool { return errors.Is(err, worker.ErrMoved) }

func mustTariff(tb testing.TB, spec rating.Spec) *rating.Tariff {
	tb.Helper()
	t, err := rating.NewTariff(spec)
	require.NoError(tb, err)
	return t
}

func noCounters(string, string) rating.Counters { return rating.Tally{} }
