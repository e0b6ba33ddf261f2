package main

import (
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/app"
	"trunkline/app/config"
	"trunkline/demo"
	"trunkline/internal/clock"
	"trunkline/sipproxy/agent"
	"trunkline/sql/clickhouse"
)

// benchConfig is a system of its own in a temporary folder.
func benchConfig(b *testing.B) config.Config {
	b.Helper()
	packages, err := filepath.Abs(filepath.Join("..", "..", "node_modules"))
	require.NoError(b, err)
	c := config.Default()
	c.Data, c.Packages, c.Node = b.TempDir(), packages, "bench"
	c.SIP.Listen, c.SIP.DrainTime, c.HTTP.Listen = []string{"udp/127.0.0.1:0"}, time.Second, "127.0.0.1:0"
	return c
}

// BenchmarkSystemStart measures the time from nothing to ready: first with an empty data folder, then with that of the
// first start.
func BenchmarkSystemStart(b *testing.B) {
	quiet := slog.New(slog.DiscardHandler)
	for b.Loop() {
		b.StopTimer()
		c := benchConfig(b)
		b.StartTimer()
		first, err := app.Start(b.Context(), &c, app.Parts{SIP: true, Worker: true, HTTP: true}, quiet)
		require.NoError(b, err)
		b.StopTimer()
		first.Stop(b.Context())
		second, err := app.Start(b.Context(), &c, app.Parts{SIP: true, Worker: true, HTTP: true}, quiet)
		require.NoError(b, err)
		b.ReportMetric(float64(first.Started.Milliseconds()), "first-ms")
		b.ReportMetric(float64(second.Started.Milliseconds()), "again-ms")
		second.Stop(b.Context())
		b.StartTimer()
	}
}

// BenchmarkSystemByeToRecord measures the time from a caller's BYE to the row of his call in ClickHouse: spool, Kafka,
// worker, ledger and insert.
func BenchmarkSystemByeToRecord(b *testing.B) {
	quiet := slog.New(slog.DiscardHandler)
	c := benchConfig(b)
	s, err := app.Start(b.Context(), &c, app.Parts{SIP: true, Worker: true, HTTP: true}, quiet)
	require.NoError(b, err)
	defer s.Stop(b.Context())
	require.NoError(b, app.ProvisionDemo(b.Context(), s.Stores))
	carrier, err := agent.New(b.Context(), "carrier", "127.0.1.1:5060", quiet)
	require.NoError(b, err)
	defer carrier.Close()
	carrier.OnCall(func(agent.Incoming) agent.Behaviour { return agent.Behaviour{Status: 200} })
	phone, err := agent.New(b.Context(), "phone", "127.0.2.1:0", quiet)
	require.NoError(b, err)
	defer phone.Close()
	addr, err := s.SipAddr()
	require.NoError(b, err)
	account := agent.Account{Proxy: addr, Realm: demo.Realm, Login: "beauty-121", Password: demo.Password("121")}
	require.Eventually(b, func() bool {
		status, err := phone.Register(b.Context(), account, 60)
		return err == nil && status == 200
	}, 10*time.Second, 50*time.Millisecond)
	var waits []time.Duration
	for b.Loop() {
		begun := clock.System{}.Now()
		out, err := phone.Dial(b.Context(), account, agent.Call{To: "88431234567", Talk: 20 * time.Millisecond})
		require.NoError(b, err)
		require.Equal(b, 200, out.Status)
		bye := clock.System{}.Now()
		for {
			rows, err := s.Stores.Records.Records(b.Context(), clickhouse.Filter{From: begun.Add(-15 * time.Minute), Extension: "121", Limit: 1000})
			require.NoError(b, err)
			if len(rows) >= 2*(len(waits)+1) {
				break
			}
		}
		waits = append(waits, clock.System{}.Now().Sub(bye))
	}
	slices.Sort(waits)
	b.ReportMetric(float64(waits[len(waits)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(waits[len(waits)*99/100].Milliseconds()), "p99-ms")
}
