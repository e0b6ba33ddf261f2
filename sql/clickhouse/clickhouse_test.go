package clickhouse_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/internal/embedded/enginetest"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/sql/clickhouse"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

func open(tb testing.TB) (*clickhouse.Store, *clickhouse.DB) {
	tb.Helper()
	db := openEmpty(tb)
	require.NoError(tb, db.Migrate(tb.Context()))
	return clickhouse.NewStore(db), db
}

func openEmpty(tb testing.TB) *clickhouse.DB {
	tb.Helper()
	db, err := clickhouse.Open(enginetest.ClickHouse(tb), clickhouse.Options{})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, db.Close()) })
	return db
}

func rub() money.Currency { return money.MustParseCurrency("RUB") }

// sample makes the two legs of a call.
func sample(tb testing.TB, branch string, at time.Time, sale, cost string) []cdr.Record {
	tb.Helper()
	id, err := calls.NewID()
	require.NoError(tb, err)
	leg := cdr.Leg{
		Call: id, Kind: cdr.Ingress, Direction: calls.Outbound, Source: cdr.SourceSIP, Node: "proxy-1",
		Tenant: "beauty", Branch: branch, Extension: "101", Tariff: "business", Carrier: "alfa", Gateway: "alfa-1",
		From: e164.MustParse("74951234567"), To: e164.MustParse("79161234567"), CallerID: "+74951234567", Dialled: "89161234567",
		Setup: at, Progress: at.Add(2 * time.Second), Connect: at.Add(7 * time.Second), Disconnect: at.Add(67 * time.Second),
		Granted: 5 * time.Minute, SIPStatus: 200, Cause: 16, ReleasedBy: cdr.SideCaller,
		SIPCallID: "a84b4c76e66710@pc33.example", Remote: "127.0.0.1:5060", Trace: []byte(`{"why":"least cost"}`), Raw: "raw", Trunk: "main",
	}
	in := cdr.Record{
		Leg: leg, Sign: 1, Batch: 7, Slot: cdr.SlotOf(&leg), Billed: 60, Covered: 30, Prefix: "7916", Destination: "Russia mobile",
		Country: "RU", PerMinute: money.MustParseRate("1.234567891"), ConnectFee: money.MustParseAmount("0.5"),
		Sale: money.MustParseAmount(sale), SaleCurrency: rub(), TariffVersion: "business@3", Note: "allowance",
	}
	out := in
	out.Kind, out.Seq, out.Deck, out.Trace, out.Raw = cdr.Egress, 1, "alfa", nil, ""
	out.Sale, out.SaleCurrency = money.Amount{}, money.Currency{}
	out.Cost, out.CostCurrency, out.DeckVersion = money.MustParseAmount(cost), money.MustParseCurrency("EUR"), "alfa@9"
	return []cdr.Record{in, out}
}

func TestRecordsComeBack(t *testing.T) {
	store, _ := open(t)
	at := time.Date(2026, 11, 3, 9, 30, 0, 123456000, time.UTC)
	want := sample(t, "moscow", at, "1.234567", "0.000001")
	unanswered := sample(t, "moscow", at.Add(-time.Hour), "0", "0")[:1]
	unanswered[0].Connect, unanswered[0].Progress = time.Time{}, time.Time{}
	require.NoError(t, store.WriteRecords(t.Context(), "one", append(want, unanswered...)))
	got, err := store.Records(t.Context(), clickhouse.Filter{Tenant: "beauty"})
	require.NoError(t, err)
	require.Equal(t, append(want, unanswered...), got)

	for name, f := range map[string]clickhouse.Filter{
		"call":      {Call: want[0].Call, Kind: cdr.Egress},
		"prefix":    {ToPrefix: "7916", FromPrefix: "7495", Kind: cdr.Egress},
		"period":    {From: at.Truncate(cdr.SlotLength), Till: at.Truncate(cdr.SlotLength).Add(cdr.SlotLength), Kind: cdr.Egress},
		"all":       {Tenant: "beauty", Branch: "moscow", Extension: "101", Carrier: "alfa", Gateway: "alfa-1", Direction: calls.Outbound, OnlyAnswered: true, Kind: cdr.Egress},
		"limit":     {Limit: 1, Offset: 1},
		"injection": {Tenant: "beauty' OR '1'='1"},
	} {
		got, err := store.Records(t.Context(), f)
		require.NoError(t, err, name)
		if name == "injection" {
			require.Empty(t, got)
			continue
		}
		require.Equal(t, want[1:2], got, name)
	}
}

// TestInsertedOnce sends a batch again and again, over two months: the table and the sums of each grain have it once.
func TestInsertedOnce(t *testing.T) {
	store, db := open(t)
	at := time.Date(2026, 10, 31, 23, 50, 0, 0, time.UTC)
	batch := append(sample(t, "moscow", at, "10", "4"), sample(t, "kazan", at.Add(time.Hour), "5", "2")...)
	for range 3 {
		require.NoError(t, store.WriteRecords(t.Context(), "batch 1", batch))
	}
	require.NoError(t, store.WriteRecords(t.Context(), "batch 2", sample(t, "moscow", at, "1", "1")))
	reversal := sample(t, "moscow", at, "1", "1")
	for i := range reversal {
		reversal[i].Sign = -1
	}
	require.NoError(t, store.WriteRecords(t.Context(), "batch 3", reversal))
	for table, legs := range map[string]string{
		"cdr": "sum(sign)", "cdr_sum WHERE grain = 'hour'": "sum(legs)", "cdr_sum WHERE grain = 'day'": "sum(legs)", "cdr_sum WHERE grain = 'house'": "sum(legs)",
	} {
		sale, cost := "sum(sale)", "sum(cost)"
		if table == "cdr" {
			sale, cost = "sum(sale * sign)", "sum(cost * sign)"
		}
		var n int64
		var sold, bought decimal.Decimal
		require.NoError(t, db.Conn().QueryRow(t.Context(), "SELECT "+legs+", "+sale+", "+cost+" FROM "+table).Scan(&n, &sold, &bought), table)
		require.Equal(t, int64(4), n, table)
		require.Equal(t, "15", sold.String(), table)
		require.Equal(t, "6", bought.String(), table)
	}

	sums, err := store.Sums(t.Context(), clickhouse.Filter{Tenant: "beauty", Kind: cdr.Ingress}, clickhouse.ByBranch)
	require.NoError(t, err)
	require.Len(t, sums, 2)
	require.Equal(t, []string{"kazan"}, sums[0].Keys)
	require.Equal(t, clickhouse.Sum{
		Keys: []string{"moscow"}, SaleCurrency: rub(), Legs: 1, Answered: 1, Duration: time.Minute, Billed: 60,
		Sale: money.MustParseAmount("10"),
	}, sums[1])
	_, err = store.Sums(t.Context(), clickhouse.Filter{}, "1; DROP TABLE cdr")
	require.Error(t, err)

	usage, err := store.UsageSums(t.Context(), at.Add(-time.Hour), at.Add(30*time.Minute))
	require.NoError(t, err)
	require.ElementsMatch(t, []ledger.UsageSum{
		{Account: ledger.Tenant("beauty", rub()), Amount: money.MustParseAmount("10"), Legs: 1},
		{Account: ledger.Carrier("alfa", money.MustParseCurrency("EUR")), Amount: money.MustParseAmount("4"), Legs: 1},
	}, usage)
}

// TestKilled kills the server between two inserts of one batch.
func TestKilled(t *testing.T) {
	store, _ := open(t)
	batch := sample(t, "moscow", time.Date(2026, 11, 3, 9, 30, 0, 0, time.UTC), "10", "4")
	require.NoError(t, store.WriteRecords(t.Context(), "batch 1", batch))
	enginetest.KillClickHouse(t)()
	require.Eventually(t, func() bool { return store.WriteRecords(t.Context(), "batch 1", batch) == nil }, time.Minute, 50*time.Millisecond)
	got, err := store.Records(t.Context(), clickhouse.Filter{})
	require.NoError(t, err)
	require.Len(t, got, 2)
}

func BenchmarkWriteRecords(b *testing.B) {
	store, _ := open(b)
	var batch []cdr.Record
	at := time.Date(2026, 11, 3, 9, 30, 0, 0, time.UTC)
	for i := range 10_000 {
		batch = append(batch, sample(b, "moscow", at.Add(time.Duration(i)*time.Second), "10", "4")...)
	}
	n := 0
	for b.Loop() {
		n++
		if err := store.WriteRecords(b.Context(), time.Duration(n).String(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*len(batch))/b.Elapsed().Seconds(), "records/s")
}
