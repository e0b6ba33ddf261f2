package enginetest

import (
	"context"
	"os"
	"testing"
	"time"

	"trunkline/internal/embedded"
)

// KillPostgres kills the server as kill -9 does. It is then started again by itself, with the same address; the
// returned function waits until it answers. It disturbs every test that runs in parallel.
func KillPostgres(tb testing.TB) (wait func()) {
	tb.Helper()
	server, _ := postgres(tb)
	return kill(tb, server.Health)
}

// KillClickHouse does to ClickHouse what KillPostgres does to PostgreSQL.
func KillClickHouse(tb testing.TB) (wait func()) {
	tb.Helper()
	server, _ := clickHouse(tb)
	return kill(tb, server.Health)
}

// RestartKafka stops the broker and starts it again on the same address and log.
func RestartKafka(tb testing.TB) {
	tb.Helper()
	if os.Getenv(outsideKafka) != "" {
		restartOutside(tb)
		return
	}
	defer engines.lock(tb)()
	startKafka(tb)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), stopLimit)
	defer cancel()
	if err := engines.kafka.Stop(ctx); err != nil {
		tb.Fatal(err)
	}
	engines.kafka = nil
	startKafka(tb)
}

func kill(tb testing.TB, health func() embedded.Health) (wait func()) {
	tb.Helper()
	before := health()
	process, err := os.FindProcess(before.PID)
	if err != nil {
		tb.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		tb.Fatalf("kill %s: %v", before.Name, err)
	}
	return func() {
		tb.Helper()
		await(tb, func() bool {
			now := health()
			return now.State == embedded.StateReady && now.Restarts > before.Restarts
		})
	}
}

func await(tb testing.TB, condition func() bool) {
	tb.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(startLimit)
	defer limit.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-limit.C:
			tb.Fatal("the engine did not come back")
		}
	}
}
