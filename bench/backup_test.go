package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

// BenchmarkBackup measures a backup of a system that runs, its verification, and a restore with the comparison of all sums, over so
// many made-up legs (TRUNKLINE_BENCH_ROWS; two are a call).
func BenchmarkBackup(b *testing.B) {
	dir := b.TempDir()
	data := filepath.Join(dir, "var")
	program := &program{b: b, env: append(os.Environ(), "TRUNKLINE_DATA="+data, "TRUNKLINE_SIP_LISTEN=udp/127.0.0.1:0", "TRUNKLINE_LOG_LEVEL=error")}
	program.start(dir)
	w := &world{rows: rowsWanted(b), chunk: 200_000, since: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), clock: clock.NewManual(time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC))}
	var found struct{ Postgres, ClickHouse string }
	text, err := os.ReadFile(filepath.Join(data, "engines.json"))
	require.NoError(b, err)
	require.NoError(b, json.Unmarshal(text, &found))
	w.clicks, err = clickhouse.Open(found.ClickHouse, clickhouse.Options{})
	require.NoError(b, err)
	defer w.clicks.Close()
	w.postgres, err = postgres.Open(b.Context(), found.Postgres, postgres.Options{MaxConns: 8, StatementLimit: time.Hour})
	require.NoError(b, err)
	defer w.postgres.Close()
	w.fill(b)
	w.book(b)
	// What the ledger has of each leg, the batch that all are of, and what carriers are owed.
	for _, statement := range []string{
		`INSERT INTO rated_leg (call, seq) SELECT gen_random_uuid(), n % 2 FROM generate_series(1, $1) n`,
		`UPDATE batch SET records = $1::bigint WHERE id = 1`,
	} {
		_, err := w.postgres.Pool().Exec(b.Context(), statement, w.rows)
		require.NoError(b, err)
	}
	w.owe(b)
	b.ResetTimer()
	for n := range b.N {
		set, fresh := filepath.Join(dir, "set"), filepath.Join(dir, "fresh")
		steps := []struct {
			name string
			args []string
		}{{"backup", []string{"backup", set}}, {"verify", []string{"backup", "verify", set}}, {"restore", []string{"restore", set, "--data", fresh}}}
		for _, step := range steps {
			begun := clock.System{}.Now()
			program.run(step.args...)
			b.ReportMetric(clock.System{}.Now().Sub(begun).Seconds(), step.name+"-s")
		}
		b.ReportMetric(float64(sizeOf(b, set))/1e6, "set-MB")
		b.ReportMetric(float64(sizeOf(b, data))/1e6, "data-MB")
		if n+1 < b.N {
			require.NoError(b, os.RemoveAll(set))
			require.NoError(b, os.RemoveAll(fresh))
		}
	}
}

// owe posts what the calls cost at carriers.
func (w *world) owe(b *testing.B) {
	b.Helper()
	rows, err := w.clicks.Conn().Query(b.Context(), `SELECT toString(carrier), toStartOfHour(slot), toInt64(sum(cost * sign) * 1000000), sum(toInt64(sign)) FROM cdr WHERE cost_currency <> '' GROUP BY carrier, toStartOfHour(slot)`)
	require.NoError(b, err)
	defer rows.Close()
	for rows.Next() {
		var carrier string
		var hour time.Time
		var micros, legs int64
		require.NoError(b, rows.Scan(&carrier, &hour, &micros, &legs))
		_, err := w.postgres.Pool().Exec(b.Context(), `WITH a AS (INSERT INTO account (id, kind, owner, currency, opened_at)
			VALUES ('carrier/' || $1 || '/RUB', 'carrier', $1, 'RUB', now()), ('cost/house/RUB', 'cost', 'house', 'RUB', now()) ON CONFLICT DO NOTHING)
			SELECT 1`, carrier)
		require.NoError(b, err)
		_, err = w.postgres.Pool().Exec(b.Context(), `INSERT INTO posting (purpose, debit, credit, currency, amount, slot, legs, batch, posted_at)
			VALUES ('usage_cost', 'cost/house/RUB', 'carrier/' || $1 || '/RUB', 'RUB', $2, $3, $4, 1, $3)`, carrier, micros, hour, legs)
		require.NoError(b, err)
	}
	require.NoError(b, rows.Err())
}

func sizeOf(b *testing.B, dir string) (n int64) {
	b.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // Engines remove files meanwhile.
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	require.NoError(b, err)
	return n
}

// program is what `make build` made.
type program struct {
	b   *testing.B
	env []string
}

func (p *program) command(args ...string) *exec.Cmd {
	path, err := filepath.Abs(filepath.Join("..", "bin", "trunkline"))
	require.NoError(p.b, err)
	cmd := exec.CommandContext(context.WithoutCancel(p.b.Context()), path, args...)
	cmd.Env = p.env
	return cmd
}

func (p *program) run(args ...string) {
	out, err := p.command(args...).CombinedOutput()
	require.NoError(p.b, err, string(out))
}

// start runs the engines until the benchmark ends.
func (p *program) start(dir string) {
	l, err := new(net.ListenConfig).Listen(p.b.Context(), "tcp", "127.0.0.1:0")
	require.NoError(p.b, err)
	address := l.Addr().String()
	require.NoError(p.b, l.Close())
	packages, err := filepath.Abs(filepath.Join("..", "node_modules"))
	require.NoError(p.b, err)
	p.env = append(p.env, "TRUNKLINE_HTTP_LISTEN="+address, "TRUNKLINE_PACKAGES="+packages)
	cmd := p.command("api", "--embedded") // No worker: it would take rows that the ledger has not posted for those of a lost history.
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	require.NoError(p.b, cmd.Start())
	p.b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	require.Eventually(p.b, func() bool {
		res, err := http.Get("http://" + address + "/healthz/ready")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, time.Minute, 100*time.Millisecond)
}
