package bench_test

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/e164"
	"trunkline/internal/embedded/enginetest"
	"trunkline/provision"
	"trunkline/rating/worker"
	"trunkline/reports/invoice"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

const closeTenant = `
  - id: c%d
    time_zone: Europe/Berlin
    currency: EUR
    tariff: %s
    dial_plan: plain
    account: {mode: postpaid}
    branches:
      - {id: berlin, extensions: [{id: "101", password: x}, {id: "102", password: x}, {id: "103", password: x, tariff: seat}]}
      - {id: koeln, extensions: [{id: "201", password: x}]}
    numbers: [{number: "+49301%05d", branch: berlin, extension: "101", class: city}]
`

// closeFiles are the files of an operator with so many clients on a tariff.
func closeFiles(clients int, tariff, fee string) fstest.MapFS {
	var b strings.Builder
	b.WriteString("name: House\nrealm: pbx.test\ntariffs: [{id: start, file: start.yaml}, {id: office, file: office.yaml}, {id: seat, file: seat.yaml}]\n" +
		"dial_plans: [{id: plain, country: \"49\", rules: [{match: \"00.\", strip: 2}]}]\n" +
		"route_plans: [{id: all, default: true, rules: [{id: any, policy: block, to: [\"9\"]}]}]\ntenants:")
	for i := range clients {
		fmt.Fprintf(&b, closeTenant, i, tariff, i)
	}
	plan := func(name, fees string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("name: " + name + "\ncurrency: EUR\ntime_zone: Europe/Berlin\nrounding: {scale: 4}\ndecks:\n  - name: d\n    rates: [{prefix: any, rate: 0.02}]\nfees:\n" + fees)}
	}
	return fstest.MapFS{
		"operator.yaml": {Data: []byte(b.String())},
		"start.yaml":    plan("start", "  - {name: pbx, text: Start, amount: "+fee+"}\n  - {name: seats, text: Seats, amount: 2, per: seats}\n  - {name: number, text: Number, amount: 1.5, per: number, prorate: true, free_when: inbound_minutes of number > 700}\n"),
		"office.yaml":   plan("office", "  - {name: pbx, text: Office, amount: 60}\n  - {name: seats, text: Seats, amount: 3, per: seats}\n  - {name: number, text: Number, amount: 1.5, per: number, prorate: true}\n"),
		"seat.yaml":     plan("seat", "  - {name: seat, text: Agent seat, amount: 15}\n"),
	}
}

// BenchmarkClose closes a month of TRUNKLINE_BENCH_CLIENTS clients (1,000 if not set) who all went to another plan in the middle of it, after
// the fee of the first one had changed, each with ten calls, over the embedded engines.
func BenchmarkClose(b *testing.B) {
	clients := 1000
	if text := os.Getenv("TRUNKLINE_BENCH_CLIENTS"); text != "" {
		var err error
		clients, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	ctx, now := b.Context(), clock.NewManual(time.Date(2026, 11, 5, 9, 0, 0, 0, time.UTC))
	db, err := postgres.Open(ctx, enginetest.Postgres(b), postgres.Options{})
	require.NoError(b, err)
	b.Cleanup(db.Close)
	require.NoError(b, db.Migrate(ctx))
	clicks, err := clickhouse.Open(enginetest.ClickHouse(b), clickhouse.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, clicks.Close()) })
	require.NoError(b, clicks.Migrate(ctx))
	store := postgres.NewProvision(db.Pool())
	for i, step := range []struct {
		tariff, fee, day string
	}{{"start", "30", "2026-09-01"}, {"start", "33", "2026-10-06"}, {"office", "33", "2026-10-16"}} {
		at, err := time.Parse(time.DateOnly, step.day)
		require.NoError(b, err)
		bundle, err := provision.ReadBundle(closeFiles(clients, step.tariff, step.fee), "operator.yaml")
		require.NoError(b, err)
		stored, err := store.Load(ctx)
		require.NoError(b, err)
		changes, _, err := provision.Plan(stored.Objects, stored.Files, bundle, false)
		require.NoError(b, err)
		_, err = store.Save(ctx, int64(i), changes, at, "bench")
		require.NoError(b, err)
	}
	stored, err := store.Load(ctx)
	require.NoError(b, err)
	bundle, err := stored.Bundle()
	require.NoError(b, err)
	snapshot, err := provision.NewCompiler().Compile(ctx, bundle)
	require.NoError(b, err)
	books, err := postgres.NewBooks(db, now)
	require.NoError(b, err)
	records := clickhouse.NewStore(clicks)
	w := worker.New(worker.Config{
		Books: books, Calls: records, Prices: func() worker.Prices { return demoPrices{snapshot} }, Clock: now, Log: slog.New(slog.DiscardHandler),
	})
	var legs []cdr.Leg
	for i := range clients * 10 {
		at := time.Date(2026, 10, 1+i%28, 10, 0, i%3000, 0, time.UTC)
		legs = append(legs, cdr.Leg{
			Call: calls.IDAt(at, uint64(i)), Kind: cdr.Ingress, Direction: calls.Outbound, Source: cdr.SourceSIP, Node: "bench", Tenant: fmt.Sprintf("c%d", i%clients),
			Branch: "berlin", Extension: "101", Tariff: "start", To: e164.MustParse("4930123456"), Setup: at, Connect: at, Disconnect: at.Add(90 * time.Second), SIPStatus: 200,
		})
	}
	_, err = books.Post(ctx, &worker.Delivery{Source: "bench", Steps: []worker.Step{{Next: int64(len(legs))}}, Legs: legs}, w.Rate)
	require.NoError(b, err)
	require.NoError(b, w.Recover(ctx))
	archive := postgres.NewInvoices(db, now)
	for b.Loop() {
		closer := invoice.NewCloser(invoice.Config{
			Usage: records, Calls: records, Counter: records, Postings: postgres.NewLedger(db, now), Readings: archive, Ready: archive, Archive: archive, Charges: archive,
			Snapshot: snapshot, Clock: now, Grace: time.Hour,
		})
		started := clock.System{}.Now()
		results, err := closer.Run(ctx, invoice.Request{Period: "2026-10"})
		require.NoError(b, err)
		b.ReportMetric(clock.System{}.Now().Sub(started).Seconds(), "s/close")
		for i := range results {
			require.Empty(b, results[i].Refusals)
			require.Len(b, results[i].Document.Lines, 9, "calls, three times the package, twice the seats and the number, and the agent's seat")
		}
	}
}
