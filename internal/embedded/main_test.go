package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"trunkline/internal/embedded"
)

// TestMain also is the child process of ClickHouse and the program that the test of a killed parent kills.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "clickhouse":
			slog.New(slog.NewTextHandler(os.Stderr, nil)).Error("clickhouse failed", "error", embedded.RunClickHouse(os.Args[2:]...))
			os.Exit(1) //nolint:forbidigo // a child process has no other end
		case "parent":
			slog.New(slog.NewTextHandler(os.Stderr, nil)).Error("parent failed", "error", parent(os.Args[2]))
			os.Exit(1) //nolint:forbidigo // a child process has no other end
		}
	}
	goleak.VerifyTestMain(m)
}

// packages are those of the repository, or of TRUNKLINE_PACKAGES for a test binary that runs elsewhere.
func packages() string {
	if set := os.Getenv("TRUNKLINE_PACKAGES"); set != "" {
		return set
	}
	return filepath.Join("..", "..", "node_modules")
}

// logs collects what an engine logs, for the failure message of its test.
type logs struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func logger(t *testing.T) *slog.Logger {
	t.Helper()
	out := &logs{}
	t.Cleanup(func() {
		if t.Failed() {
			out.mu.Lock()
			defer out.mu.Unlock()
			t.Log(out.String())
		}
	})
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// tempDir is a short path that other users may enter, as a server's data folder is.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "trunkline-test-") //nolint:usetesting // t.TempDir makes a path too long for a socket and closed to others
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func open(t *testing.T, dir string) *embedded.Folder {
	t.Helper()
	folder, err := embedded.Open(dir)
	require.NoError(t, err)
	return folder
}

type stopper interface {
	Stop(ctx context.Context) error
	Health() embedded.Health
}

// stop ends the engines in order and gives the folder free.
func stop(t *testing.T, folder *embedded.Folder, engines ...stopper) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
	defer cancel()
	for _, engine := range engines {
		require.NoError(t, engine.Stop(ctx))
		require.NoError(t, engine.Stop(ctx), "stopping twice")
		require.Equal(t, embedded.StateStopped, engine.Health().State)
	}
	require.NoError(t, folder.Close())
}

func startPostgres(t *testing.T, folder *embedded.Folder) *embedded.Postgres {
	t.Helper()
	started, err := embedded.StartPostgres(t.Context(), folder, embedded.PostgresOptions{Packages: packages(), Log: logger(t)})
	require.NoError(t, err)
	return started
}

func startClickHouse(t *testing.T, folder *embedded.Folder) *embedded.ClickHouse {
	t.Helper()
	started, err := embedded.StartClickHouse(t.Context(), folder, embedded.ClickHouseOptions{Packages: packages(), Log: logger(t)})
	require.NoError(t, err)
	return started
}

func startKafka(t *testing.T, folder *embedded.Folder) *embedded.Kafka {
	t.Helper()
	started, err := embedded.StartKafka(t.Context(), folder, embedded.KafkaOptions{Log: logger(t)})
	require.NoError(t, err)
	return started
}

// killed kills the engine's process and waits until it has been started again.
func killed(t *testing.T, engine stopper) {
	t.Helper()
	before := engine.Health()
	process, err := os.FindProcess(before.PID)
	require.NoError(t, err)
	require.NoError(t, process.Kill())
	require.Eventually(t, func() bool { return engine.Health().Restarts > before.Restarts }, time.Minute, 10*time.Millisecond)
	after := engine.Health()
	require.Equal(t, embedded.StateReady, after.State)
	require.Equal(t, before.Address, after.Address)
	require.NotEqual(t, before.PID, after.PID)
	require.Contains(t, after.LastError, "killed")
}

// parent starts all engines in dir, tells that they run by making a file, and waits to be killed.
func parent(dir string) error {
	ctx := context.Background()
	folder, err := embedded.Open(filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	_, err = embedded.StartPostgres(ctx, folder, embedded.PostgresOptions{Packages: packages()})
	if err != nil {
		return err
	}
	_, err = embedded.StartClickHouse(ctx, folder, embedded.ClickHouseOptions{Packages: packages()})
	if err != nil {
		return err
	}
	_, err = embedded.StartKafka(ctx, folder, embedded.KafkaOptions{})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "up"), nil, 0o600); err != nil {
		return err
	}
	<-time.After(time.Minute)
	return errors.New("nobody killed the parent")
}
