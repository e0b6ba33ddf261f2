package embedded_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"trunkline/internal/embedded"
)

func connectClickHouse(t *testing.T, c *embedded.ClickHouse) clickhouse.Conn {
	t.Helper()
	opts, err := clickhouse.ParseDSN(c.DSN())
	require.NoError(t, err)
	conn, err := clickhouse.Open(opts)
	require.NoError(t, err)
	return conn
}

func execClickHouse(t *testing.T, c *embedded.ClickHouse, statement string) error {
	t.Helper()
	conn := connectClickHouse(t, c)
	defer func() { require.NoError(t, conn.Close()) }()
	return conn.Exec(t.Context(), statement)
}

func queryClickHouse(t *testing.T, c *embedded.ClickHouse, query string) (answer string) {
	t.Helper()
	conn := connectClickHouse(t, c)
	require.NoError(t, conn.QueryRow(t.Context(), query).Scan(&answer))
	require.NoError(t, conn.Close())
	return answer
}

func TestClickHouseKeepsItsDataOverRestart(t *testing.T) {
	dir := tempDir(t)
	folder := open(t, dir)
	first := startClickHouse(t, folder)
	require.Equal(t, "Atomic", queryClickHouse(t, first, "SELECT engine FROM system.databases WHERE name = 'trunkline'"))
	require.NoError(t, execClickHouse(t, first, "CREATE TABLE kept ENGINE = MergeTree ORDER BY id AS SELECT 7 AS id"))
	before := first.DSN()
	stop(t, folder, first)

	folder = open(t, dir)
	second := startClickHouse(t, folder)
	require.Equal(t, before, second.DSN())
	require.Equal(t, "7", queryClickHouse(t, second, "SELECT toString(id) FROM kept"))
	stop(t, folder, second)
}

func TestClickHouseKilledComesBack(t *testing.T) {
	folder := open(t, tempDir(t))
	server := startClickHouse(t, folder)
	conn := connectClickHouse(t, server) // a client that stays, and reconnects by itself
	require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE acknowledged (id UInt64) ENGINE = MergeTree ORDER BY id"))
	for range 3 {
		require.NoError(t, execClickHouse(t, server, "INSERT INTO acknowledged SELECT number FROM numbers(1000)"))
		killed(t, server)
	}
	require.Equal(t, "3000", queryClickHouse(t, server, "SELECT toString(count()) FROM acknowledged"))
	require.NoError(t, conn.Close())
	stop(t, folder, server)
}

func TestClickHouseUserMayWorkButNotReachOut(t *testing.T) {
	folder := open(t, tempDir(t))
	server := startClickHouse(t, folder)
	for _, statement := range []string{
		"CREATE DATABASE own ENGINE = Atomic",
		"CREATE TABLE own.a (id UInt64, n Int64) ENGINE = SummingMergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100",
		"CREATE TABLE own.b (id UInt64, n Int64) ENGINE = SummingMergeTree ORDER BY id",
		"CREATE MATERIALIZED VIEW own.v TO own.b AS SELECT id, n FROM own.a",
		"INSERT INTO own.a VALUES (1, 1)",
		"ALTER TABLE own.a ADD COLUMN s LowCardinality(String)",
		"ALTER TABLE own.a DELETE WHERE id = 1",
		"CREATE DICTIONARY own.d (id UInt64, n Int64) PRIMARY KEY id SOURCE(CLICKHOUSE(DB 'own' TABLE 'b' USER 'trunkline')) LAYOUT(FLAT()) LIFETIME(0)",
		"CREATE TEMPORARY TABLE t (id UInt64)",
		"RENAME TABLE own.a TO own.c",
		"EXCHANGE TABLES own.b AND own.c",
		"OPTIMIZE TABLE own.b FINAL",
		"TRUNCATE TABLE own.b",
		"SYSTEM STOP MERGES own.b",
		"SYSTEM FLUSH LOGS",
		"DROP DATABASE own SYNC",
	} {
		require.NoError(t, execClickHouse(t, server, statement), statement)
	}
	for _, statement := range []string{
		"SELECT * FROM file('/etc/passwd', 'LineAsString')",
		"INSERT INTO FUNCTION file('x.csv', 'CSV', 'x UInt8') VALUES (1)",
		"SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
		"CREATE USER intruder",
		"GRANT SELECT ON *.* TO default",
	} {
		require.ErrorContains(t, execClickHouse(t, server, statement), "Not enough privileges", statement)
	}
	stop(t, folder, server)
}

func TestClickHouseDefaultUserSeesNothing(t *testing.T) {
	folder := open(t, tempDir(t))
	server := startClickHouse(t, folder)
	require.NoError(t, execClickHouse(t, server, "CREATE TABLE secret (id UInt8) ENGINE = MergeTree ORDER BY id"))
	for _, query := range []string{"SELECT * FROM trunkline.secret", "CREATE DATABASE x", "SELECT * FROM file('/etc/passwd', 'LineAsString')"} {
		answer, err := http.Get("http://" + server.HTTPAddr() + "/?query=" + url.QueryEscape(query))
		require.NoError(t, err)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.NotEqual(t, http.StatusOK, answer.StatusCode, "%s: %s", query, text)
	}
	http.DefaultClient.CloseIdleConnections()
	stop(t, folder, server)
}

// TestClickHouseOutlivesStrangers: whoever may connect to loopback sends wrong passwords and rubbish, and the process lives on.
func TestClickHouseOutlivesStrangers(t *testing.T) {
	folder := open(t, tempDir(t))
	server := startClickHouse(t, folder)
	process := server.Health().PID
	dsn, err := url.Parse(server.DSN())
	require.NoError(t, err)
	for _, user := range []string{"nobody:x", "trunkline:wrong", "default:x", "trunkline", "default"} {
		for _, address := range []string{"clickhouse://" + user + "@" + dsn.Host, "http://" + user + "@" + server.HTTPAddr()} {
			opts, err := clickhouse.ParseDSN(address + "/trunkline?dial_timeout=2s&read_timeout=2s")
			require.NoError(t, err)
			conn, err := clickhouse.Open(opts)
			require.NoError(t, err)
			require.ErrorContains(t, conn.Exec(t.Context(), "SELECT 1"), "uthentication failed", address)
			require.NoError(t, conn.Close())
		}
	}
	for _, rubbish := range []string{"", "\x00\x01\x02\x03", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00", "POST /?query=%00 HTTP/1.1\r\nContent-Length: -5\r\n\r\n"} {
		for _, address := range []string{dsn.Host, server.HTTPAddr()} {
			conn, err := net.Dial("tcp", address)
			require.NoError(t, err)
			_, err = conn.Write([]byte(rubbish))
			require.NoError(t, err)
			require.NoError(t, conn.Close())
		}
	}
	password, _ := dsn.User.Password()
	for range 5 { // A client that is gone before the answer is whole.
		conn, err := net.Dial("tcp", server.HTTPAddr())
		require.NoError(t, err)
		_, err = conn.Write([]byte("GET /?user=trunkline&password=" + password + "&query=SELECT+number,sleepEachRow(0.001)+FROM+numbers(1000000) HTTP/1.1\r\nHost: x\r\n\r\n"))
		require.NoError(t, err)
		_, err = conn.Read(make([]byte, 100))
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
	require.Equal(t, "1", queryClickHouse(t, server, "SELECT '1'"))
	require.Equal(t, process, server.Health().PID, "it was not started again")
	stop(t, folder, server)
}

func TestClickHousePortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := taken.Addr().(*net.TCPAddr).Port
	folder := open(t, tempDir(t))
	for _, opts := range []embedded.ClickHouseOptions{{Port: port}, {HTTPPort: port}} {
		opts.Packages = packages()
		_, err = embedded.StartClickHouse(t.Context(), folder, opts)
		require.ErrorIs(t, err, embedded.ErrPortTaken)
		require.ErrorContains(t, err, "TRUNKLINE_CLICKHOUSE_")
	}
	require.NoError(t, taken.Close())
	require.NoError(t, folder.Close())
}

// The process says why it ends when something else answers for the library.
func TestClickHouseThatDoesNotStart(t *testing.T) {
	folder := open(t, tempDir(t))
	_, err := embedded.StartClickHouse(t.Context(), folder, embedded.ClickHouseOptions{
		Packages: packages(), Command: []string{"/bin/sh", "-c", "echo the reason; exit 3"}, Log: logger(t),
	})
	require.ErrorIs(t, err, embedded.ErrNotReady)
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "the reason")
	require.NoError(t, folder.Close())
}

// A process of an earlier run that does not end keeps the engine from starting twice on the same data.
func TestClickHouseOfAnEarlierRun(t *testing.T) {
	dir := tempDir(t)
	folder := open(t, dir)
	earlier := open(t, filepath.Join(dir, "clickhouse")) // takes the lock that the engine's processes hold
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := embedded.StartClickHouse(ctx, folder, embedded.ClickHouseOptions{Packages: packages()})
	require.ErrorIs(t, err, embedded.ErrLocked)
	require.ErrorContains(t, err, strconv.Itoa(os.Getpid()))
	require.NoError(t, earlier.Close())
	require.NoError(t, folder.Close())
}

func TestRunClickHouseNeedsItsLibrary(t *testing.T) {
	require.ErrorContains(t, embedded.RunClickHouse(), "libchdb.so")
}
