package retention_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/e164"
	"trunkline/internal/embedded/enginetest"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating"
	"trunkline/rating/worker"
	"trunkline/rating/worker/repair"
	"trunkline/reports/retention"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

func eur() money.Currency { return money.MustParseCurrency("EUR") }

// flat is one price for everything, for sale and cost.
type flat struct{ tariff *rating.Tariff }

func newFlat(tb testing.TB) flat {
	tb.Helper()
	b := rating.NewDeckBuilder("all", eur())
	for _, digit := range "123456789" {
		require.NoError(tb, b.Add(rating.Rate{
			Prefix: e164.MustParsePrefix(string(digit)), PerMinute: money.MustParseRate("0.123457"), Terms: rating.Terms{Increment: rating.Increment{Initial: 1, Next: 1}},
		}))
	}
	deck, err := b.Build()
	require.NoError(tb, err)
	tariff, err := rating.FlatTariff(deck, rating.DefaultRounding())
	require.NoError(tb, err)
	return flat{tariff}
}

func (flat) Tenant(string, time.Time) (worker.Tenant, bool)     { return worker.Tenant{}, true }
func (f flat) Tariff(*cdr.Leg) (*rating.Tariff, bool, error)    { return f.tariff, true, nil }
func (f flat) Cost(*cdr.Leg) (*rating.Tariff, bool, error)      { return f.tariff, true, nil }
func (flat) Base(*cdr.Leg, money.Currency) (worker.Base, error) { return worker.Base{}, nil }
func (flat) Limits(*cdr.Leg) []ledger.Limit                     { return nil }
func now() time.Time                                            { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func day(n int) time.Time                { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n) }
func everything() (from, till time.Time) { return day(-100), day(100) }
func (w *world) fresh(at time.Time, n int) (id calls.ID) {
	return calls.IDAt(at, w.random.Uint64()+uint64(n))
}

func names(l *cdr.Leg, number string) bool {
	return l.From.Digits() == number || l.To.Digits() == number
}

func keyOf(call string, seq uint16, sign int8, batch int64) string {
	return fmt.Sprint(call, seq, sign, batch)
}

// world is both stores with calls of ten days, and records of all kinds.
type world struct {
	tb      testing.TB
	random  *rand.Rand
	clock   *clock.Manual
	db      *postgres.DB
	books   *postgres.Books
	ledger  *postgres.Ledger
	keep    *postgres.Retention
	clicks  *clickhouse.DB
	store   *clickhouse.Store
	calls   *clickhouse.Retention
	dir     string
	rate    func(worker.Fresh) (worker.Outcome, error)
	records map[string]cdr.Record
}

func newWorld(tb testing.TB, seed uint64) *world {
	tb.Helper()
	w := &world{tb: tb, random: rand.New(rand.NewPCG(seed, 1)), clock: clock.NewManual(now()), dir: filepath.Join(tb.TempDir(), "archive"), records: make(map[string]cdr.Record)}
	var err error
	w.db, err = postgres.Open(tb.Context(), enginetest.PostgresLike(tb, migrated), postgres.Options{})
	require.NoError(tb, err)
	tb.Cleanup(w.db.Close)
	_, err = w.db.Pool().Exec(tb.Context(), `UPDATE ledger_identity SET id = gen_random_uuid()`)
	require.NoError(tb, err, "a copy becomes a ledger of its own")
	w.books, err = postgres.NewBooks(w.db, w.clock)
	require.NoError(tb, err)
	w.ledger, w.keep = postgres.NewLedger(w.db, w.clock), postgres.NewRetention(w.db, w.books, w.clock)
	dsn, address := enginetest.ClickHouseHTTP(tb)
	w.clicks, err = clickhouse.Open(dsn, clickhouse.Options{})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, w.clicks.Close()) })
	require.NoError(tb, w.clicks.Migrate(tb.Context()))
	w.store = clickhouse.NewStore(w.clicks)
	exporter, err := clickhouse.NewExporter(dsn, address, &http.Client{})
	require.NoError(tb, err)
	w.calls = clickhouse.NewRetention(w.store, exporter)
	prices := newFlat(tb)
	w.rate = worker.New(worker.Config{Prices: func() worker.Prices { return prices }, Clock: w.clock}).Rate
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

// post accounts for legs and stores their records.
func (w *world) post(legs []cdr.Leg) {
	w.tb.Helper()
	batch, err := w.books.Post(w.tb.Context(), &worker.Delivery{Source: "test", Legs: legs}, w.rate)
	require.NoError(w.tb, err)
	require.Empty(w.tb, batch.DeadLetters)
	require.NoError(w.tb, w.store.WriteRecords(w.tb.Context(), fmt.Sprint("batch ", batch.ID), batch.Records))
	require.NoError(w.tb, w.books.Stored(w.tb.Context(), batch))
	for _, r := range batch.Records {
		w.records[keyOf(r.Call.String(), r.Seq, r.Sign, r.Batch)] = r
	}
}

// call is a call of a day with its attempt; one in ten is to or from the person.
func (w *world) call(n int) []cdr.Leg {
	at := day(n).Add(time.Duration(w.random.Int64N(int64(23 * time.Hour)))).Truncate(time.Microsecond)
	pick := func(words ...string) string { return words[w.random.IntN(len(words))] }
	in := cdr.Leg{
		Call: w.fresh(at, n), Kind: cdr.Ingress, Direction: calls.Outbound, Source: cdr.SourceSIP, Node: "n", Tenant: pick("acme", "beta"), Branch: pick("b1", "b2"), Extension: "101",
		Tariff: "t", Carrier: "alfa", Gateway: "alfa-1", From: e164.MustParse("4930" + strconv.Itoa(1000000+w.random.IntN(1000))), To: e164.MustParse("4915" + strconv.Itoa(11000000+w.random.IntN(1000))),
		Setup: at, Progress: at.Add(time.Second), Connect: at.Add(2 * time.Second), Disconnect: at.Add(time.Duration(3+w.random.IntN(600)) * time.Second),
		SIPStatus: 200, Cause: 16, ReleasedBy: cdr.SideCaller,
	}
	switch w.random.IntN(10) {
	case 0:
		in.To = e164.MustParse(person)
	case 1:
		in.From = e164.MustParse(person)
	}
	in.CallerID, in.Dialled = "+"+in.From.Digits(), "00"+in.To.Digits()
	in.Trace, in.Raw = []byte(`{"to":"`+in.To.Digits()+`"}`), "SMDR "+in.From.Digits()+" "+in.To.Digits()
	out := in
	out.Kind, out.Seq, out.Deck, out.Trace, out.Raw = cdr.Egress, 1, "d", nil, ""
	return []cdr.Leg{in, out}
}

// close closes the books of all accounts.
func (w *world) close(till time.Time) {
	w.tb.Helper()
	for _, kind := range []ledger.Kind{ledger.TenantAccount, ledger.CarrierAccount} {
		states, err := w.ledger.States(w.tb.Context(), kind)
		require.NoError(w.tb, err)
		require.NotEmpty(w.tb, states)
		for i := range states {
			_, err := w.ledger.Close(w.tb.Context(), ledger.Closing{Account: states[i].Account, Till: till, Reason: "test", By: "test"})
			require.NoError(w.tb, err)
		}
	}
}

// exec runs a statement in PostgreSQL.
func (w *world) exec(statement string, args ...any) {
	w.tb.Helper()
	_, err := w.db.Pool().Exec(w.tb.Context(), statement, args...)
	require.NoError(w.tb, err)
}

// sums are what must never change: the ledger's sums by account, and everything that statistics are made of.
func (w *world) sums() []string {
	w.tb.Helper()
	from, till := everything()
	usage, err := w.ledger.UsageSums(w.tb.Context(), from, till)
	require.NoError(w.tb, err)
	out := []string{fmt.Sprint(usage)}
	for _, q := range []string{
		"SELECT toString(groupArray(t)) FROM (SELECT tuple(grain, time, tenant, branch, direction, carrier, area, sum(legs), sum(answered), sum(duration_us), sum(billed), sum(sale), sum(cost), sumMap(pdd)) AS t FROM cdr_sum WHERE grain <> 'batch' GROUP BY grain, time, tenant, branch, direction, carrier, area ORDER BY grain, time, tenant, branch, direction, carrier, area)",
		"SELECT toString(groupArray(t)) FROM (SELECT tuple(batch, key, sum(legs), sum(sale), sum(cost)) AS t FROM cdr_sum WHERE grain = 'batch' GROUP BY batch, key ORDER BY batch, key)",
	} {
		var text string
		require.NoError(w.tb, w.clicks.Conn().QueryRow(w.tb.Context(), q).Scan(&text))
		out = append(out, text)
	}
	return out
}

// agree does what doctor does.
func (w *world) agree() {
	w.tb.Helper()
	from, till := everything()
	days, err := w.store.RetiredDays(w.tb.Context(), from, till)
	require.NoError(w.tb, err)
	position, err := w.books.Position(w.tb.Context(), from, till, days...)
	require.NoError(w.tb, err)
	differences, err := ledger.ReconcileAt(w.tb.Context(), position, w.store, from, till)
	require.NoError(w.tb, err)
	require.NotEmpty(w.tb, differences)
	for _, d := range differences {
		require.True(w.tb, d.OK(), "%+v", d)
	}
	batches, err := repair.Compare(w.tb.Context(), w.books, w.store)
	require.NoError(w.tb, err)
	require.True(w.tb, batches.None())
}

// there are the keys of the calls in the store.
func (w *world) there() map[string]bool {
	w.tb.Helper()
	records, err := w.store.Records(w.tb.Context(), clickhouse.Filter{Limit: 100_000})
	require.NoError(w.tb, err)
	out := make(map[string]bool, len(records))
	for _, r := range records {
		out[keyOf(r.Call.String(), r.Seq, r.Sign, r.Batch)] = true
	}
	require.Len(w.tb, out, len(records))
	return out
}

// archived are the keys of the calls in all archives; each is there once.
func (w *world) archived() map[string]bool {
	w.tb.Helper()
	out := make(map[string]bool)
	for _, name := range w.files("calls") {
		require.NoError(w.tb, retention.Read(w.tb.Context(), name, func(b arrow.Record) error {
			column := func(name string) arrow.Array { return b.Column(b.Schema().FieldIndices(name)[0]) }
			for i := range int(b.NumRows()) {
				key := keyOf(column("call").(*array.String).Value(i), column("seq").(*array.Uint16).Value(i), column("sign").(*array.Int8).Value(i), column("batch").(*array.Int64).Value(i))
				require.False(w.tb, out[key], "archived twice")
				out[key] = true
				r := w.records[key]
				require.Equal(w.tb, r.Sale.Micros(), int64(column("sale").(*array.Decimal128).Value(i).LowBits()))
				require.Equal(w.tb, r.Raw, column("raw").(*array.String).Value(i))
				require.Equal(w.tb, r.Connect.UnixMicro(), int64(column("connect").(*array.Timestamp).Value(i)))
			}
			return nil
		}))
	}
	return out
}

func (w *world) files(kind string) []string {
	w.tb.Helper()
	all, err := filepath.Glob(filepath.Join(w.dir, kind, "*"))
	require.NoError(w.tb, err)
	for _, name := range all {
		require.True(w.tb, strings.HasSuffix(name, ".parquet"), "%s is left over", name)
	}
	return all
}

// runner is a run of its rules.
func (w *world) runner(rules retention.Rules) *retention.Runner {
	return &retention.Runner{
		Rules: rules, Clock: w.clock, Books: w.keep, Calls: w.calls, Columns: w.calls, Rows: w.keep, Log: w.keep, Holds: w.keep,
		Archives: retention.Archives{Dir: w.dir}, Alone: w.keep.Alone, Told: func(retention.Done) {},
	}
}

func (w *world) eraser() *retention.Eraser {
	return &retention.Eraser{
		Statutory: mustSpan("10d"), Clock: w.clock, Holds: w.keep, Calls: w.calls, Places: []retention.People{w.keep, w.calls}, Log: w.keep, Trail: w.keep, Alone: w.keep.Alone,
	}
}

func mustSpan(text string) retention.Span {
	s, err := retention.ParseSpan(text)
	if err != nil {
		panic(err)
	}
	return s
}

// hold puts a hold in force.
func (w *world) hold(ctx context.Context, h retention.Hold) int64 {
	w.tb.Helper()
	h.Reason, h.By = "case 12", "test"
	made, err := w.keep.Add(ctx, h)
	require.NoError(w.tb, err)
	return made.ID
}
