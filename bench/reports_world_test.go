package bench_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/internal/embedded/enginetest"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/reports/invoice"
	"trunkline/reports/invoice/tax"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

const (
	tenants  = 1000
	branches = 9
)

// world is 31 days of made-up calls of a thousand companies with nine branches each, in the real engines.
type world struct {
	rows  int64
	chunk int64     // Rows that are made at a time; 0: a million.
	since time.Time // The first of the days that have calls: there are 31.
	dsn   string
	http  string
	// postgresDSN is where its PostgreSQL is, for other processes.
	postgresDSN string
	clicks      *clickhouse.DB
	records     *clickhouse.Store
	postgres    *postgres.DB
	ledger      *postgres.Ledger
	archive     *postgres.Invoices
	snapshot    *provision.Snapshot
	clock       *clock.Manual
	loaded      time.Duration
}

// rowsWanted is how many rows there are to be: TRUNKLINE_BENCH_ROWS, or few, for the test.
func rowsWanted(tb testing.TB) int64 {
	tb.Helper()
	text := os.Getenv("TRUNKLINE_BENCH_ROWS")
	if text == "" {
		return 60_000
	}
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(tb, err)
	return n
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	return newWorldSince(tb, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC))
}

func newWorldSince(tb testing.TB, since time.Time) *world {
	tb.Helper()
	w := &world{rows: rowsWanted(tb), since: since, clock: clock.NewManual(time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC))}
	var err error
	w.dsn, w.http = enginetest.ClickHouseHTTP(tb)
	w.clicks, err = clickhouse.Open(w.dsn, clickhouse.Options{})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, w.clicks.Close()) })
	require.NoError(tb, w.clicks.Migrate(tb.Context()))
	w.records = clickhouse.NewStore(w.clicks)
	w.postgresDSN = enginetest.Postgres(tb)
	w.postgres, err = postgres.Open(tb.Context(), w.postgresDSN, postgres.Options{MaxConns: 8})
	require.NoError(tb, err)
	tb.Cleanup(w.postgres.Close)
	require.NoError(tb, w.postgres.Migrate(tb.Context()))
	w.ledger, w.archive = postgres.NewLedger(w.postgres, w.clock), postgres.NewInvoices(w.postgres, w.clock)
	w.fill(tb)
	w.provision(tb)
	w.book(tb)
	return w
}

// callsSQL makes legs up: of two rows the one is a call and the other its attempt. Companies are of very different sizes: the
// largest has three calls of a hundred.
const callsSQL = `INSERT INTO cdr (sign, batch, slot, call, seq, kind, direction, source, node, tenant, branch, extension, number, carrier, gateway, deck,
    from_number, to_number, setup, progress, connect, disconnect, duration_us, pdd_us, sip_status, cause, released_by, billed, prefix, destination, country,
    sale, cost, sale_currency, cost_currency, tariff)
SELECT 1, 1, toStartOfInterval(at, INTERVAL 15 MINUTE), reinterpretAsUUID(sipHash128(n, 7)), attempt, if(attempt = 0, 'ingress', 'egress'), way, 'sip', 'bench',
    who, concat('b', toString(ext % 9)), toString(100 + ext), if(way = 'inbound', concat('7495', toString(1000000 + ext)), ''), concat('c', toString(h % 5)),
    concat('c', toString(h % 5), '-', toString(h % 2)), 'deck', concat('7495', toString(1000000 + h % 9000000)), called, at,
    if(ok, at + toIntervalMillisecond(200 + h % 4000), toDateTime64(0, 6, 'UTC')), if(ok, at + toIntervalSecond(8), toDateTime64(0, 6, 'UTC')), at + toIntervalSecond(8 + talk), if(ok, talk * 1000000, 0),
    if(ok, (200 + h % 4000) * 1000, 0), if(ok, 200, 486), if(ok, 16, [17, 34, 19, 3][1 + h % 4]), 'callee', if(ok, ceil(talk / 60) * 60, 0), substring(called, 1, 4),
    concat('Destination ', toString(place)), ['RU', 'RU', 'RU', 'DE', 'FR', 'US', 'KZ', 'CN'][1 + place % 8],
    if(attempt = 0 AND ok, toDecimal64((h % 9000) * 0.001, 6), toDecimal64(0, 6)), if(attempt = 1 AND ok, toDecimal64((h % 5000) * 0.001, 6), toDecimal64(0, 6)),
    if(attempt = 0, 'RUB', ''), if(attempt = 1, 'RUB', ''), 'office'
FROM (
    SELECT intDiv(number, 2) AS n, toUInt16(number % 2) AS attempt, sipHash64(intDiv(number, 2)) AS h, sipHash64(intDiv(number, 2), 1) AS g,
        toDateTime64('{since}', 6, 'UTC') + toIntervalSecond(intDiv(h, 1000) % 2678000) AS at,
        concat('t', toString(toUInt32(floor(1000 * pow((g % 1000000) / 1000000., 2))))) AS who, toUInt32(intDiv(g, 1000000) % 45) AS ext,
        ['outbound', 'outbound', 'outbound', 'inbound', 'internal'][1 + intDiv(g, 77) % 5] AS way, intDiv(h, 13) % 100 < 68 AS ok, toInt64(5 + intDiv(h, 17) % 400) AS talk,
        toUInt32(floor(300 * pow((intDiv(g, 991) % 100000) / 100000., 4))) AS place, concat(['7495', '7812', '7916', '7843', '4930', '3314', '1212'][1 + place % 7], toString(1000000 + intDiv(h, 3) % 9000000)) AS called
    FROM numbers({from}, {count})
)`

const fillChunk = int64(1_000_000)

func (w *world) fill(tb testing.TB) {
	tb.Helper()
	begun := clock.System{}.Now()
	chunk := cmp.Or(w.chunk, fillChunk)
	for from := int64(0); from < w.rows; from += chunk {
		query := strings.NewReplacer("{since}", w.since.UTC().Format(time.DateTime), "{from}", strconv.FormatInt(from, 10), "{count}", strconv.FormatInt(min(chunk, w.rows-from), 10)).Replace(callsSQL)
		require.NoError(tb, w.clicks.Conn().Exec(tb.Context(), query))
	}
	require.NoError(tb, clickhouse.NewStore(w.clicks).Rebuild(tb.Context(), func(string) {}))
	w.loaded = clock.System{}.Now().Sub(begun)
	for range 3000 { // A store that was filled in minutes has years of merging before it.
		var merges uint64
		require.NoError(tb, w.clicks.Conn().QueryRow(tb.Context(), "SELECT count() FROM system.merges WHERE database = currentDatabase()").Scan(&merges))
		if merges == 0 {
			return
		}
		require.NoError(tb, clock.Sleep(tb.Context(), clock.System{}, 100*time.Millisecond))
	}
}

// provision sets the companies up, in Moscow's time.
func (w *world) provision(tb testing.TB) {
	tb.Helper()
	var b strings.Builder
	b.WriteString("name: Bench\nrealm: r\ntariffs: [{id: office, file: office.yaml}]\ndial_plans: [{id: ru, country: \"7\", rules: [{match: \"8XXXXXXXXXX\", strip: 1, add: \"7\"}]}]\n" +
		"route_plans: [{id: all, default: true, rules: [{id: any, policy: block, to: [\"9\"]}]}]\ntenants:\n")
	for t := range tenants {
		fmt.Fprintf(&b, "  - {id: t%d, time_zone: Europe/Moscow, currency: RUB, tariff: office, dial_plan: ru, account: {mode: postpaid}, branches: [", t)
		for i := range branches {
			fmt.Fprintf(&b, "{id: b%d, area: \"495\", extensions: [", i)
			for e := i; e < 45; e += branches {
				fmt.Fprintf(&b, "{id: \"%d\", password: x},", 100+e)
			}
			b.WriteString("]},")
		}
		fmt.Fprintf(&b, "], numbers: [{number: \"+7495%07d\", class: city, branch: b0}]}\n", t)
	}
	files := fstest.MapFS{"operator.yaml": {Data: []byte(b.String())}, "office.yaml": {Data: []byte(`name: office
version: "1"
currency: RUB
time_zone: Europe/Moscow
rounding: {scale: 4}
decks: [{name: d, rates: [{prefix: any, rate: 1}]}]
fees:
  - {name: pbx, text: PBX, amount: 990, prorate: true}
  - {name: seats, text: Seats, amount: 190, per: seats, free: 5}
  - {name: number, text: Number, amount: 250, per: number, prorate: true}
`)}}
	bundle, err := provision.ReadBundle(files, "operator.yaml")
	require.NoError(tb, err)
	w.snapshot, err = provision.NewCompiler().Compile(tb.Context(), bundle)
	require.NoError(tb, err)
	objects, err := bundle.Objects()
	require.NoError(tb, err)
	_, err = postgres.NewProvision(w.postgres.Pool()).Save(tb.Context(), 0, &provision.Changes{Put: objects, Files: bundle.Files}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), "bench")
	require.NoError(tb, err)
	require.NoError(tb, w.archive.PutProfile(tb.Context(), invoice.Profile{DueDays: 14, Tax: tax.Rule{Name: "VAT", Rate: tax.Rate{Percent: "20"}}}, "bench"))
}

// book posts what the calls come to, by hours, as the worker would have.
func (w *world) book(tb testing.TB) {
	tb.Helper()
	rub := money.MustParseCurrency("RUB")
	ctx := tb.Context()
	pool := w.postgres.Pool()
	_, err := pool.Exec(ctx, `INSERT INTO account (id, kind, owner, currency, opened_at) SELECT 'tenant/t' || n || '/RUB', 'tenant', 't' || n, 'RUB', now() FROM generate_series(0, $1 - 1) n
		UNION ALL SELECT 'revenue/house/RUB', 'revenue', 'house', 'RUB', now() ON CONFLICT DO NOTHING`, tenants)
	require.NoError(tb, err)
	var batch int64
	require.NoError(tb, pool.QueryRow(ctx, `INSERT INTO batch (source, legs, records, dead, made_at, stored_at) VALUES ('bench', 0, 0, 0, now(), now()) RETURNING id`).Scan(&batch))
	rows, err := w.clicks.Conn().Query(ctx, `SELECT toString(tenant) AS t, toStartOfHour(slot) AS h, sum(sale * sign), sum(toInt64(sign)) FROM cdr WHERE sale_currency <> '' GROUP BY t, h`)
	require.NoError(tb, err)
	defer rows.Close()
	var postings [][]any
	for rows.Next() {
		var tenant string
		var hour time.Time
		var sale decimal.Decimal
		var legs int64
		require.NoError(tb, rows.Scan(&tenant, &hour, &sale, &legs))
		amount, err := money.FromDecimal(sale, money.HalfEven)
		require.NoError(tb, err)
		postings = append(postings, []any{
			string(ledger.UsageSale), ledger.Tenant(tenant, rub).String(), ledger.Own(ledger.RevenueAccount, rub).String(), "RUB", amount.Micros(), hour, legs, batch, hour,
		})
	}
	require.NoError(tb, rows.Err())
	_, err = pool.CopyFrom(ctx, pgx.Identifier{"posting"}, []string{"purpose", "debit", "credit", "currency", "amount", "slot", "legs", "batch", "posted_at"}, pgx.CopyFromRows(postings))
	require.NoError(tb, err)
	_, err = pool.Exec(ctx, `ANALYZE posting`)
	require.NoError(tb, err)
}

func (w *world) closer() *invoice.Closer {
	return invoice.NewCloser(invoice.Config{
		Usage: w.records, Calls: w.records, Counter: w.records, Postings: w.ledger, Readings: w.archive, Ready: w.archive, Archive: w.archive,
		Snapshot: w.snapshot, Clock: w.clock, Workers: 4,
	})
}

// drain runs a query and reads all that it gives.
func (w *world) drain(ctx context.Context, query string) error {
	rows, err := w.clicks.Conn().Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}
