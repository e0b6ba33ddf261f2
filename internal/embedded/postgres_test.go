package embedded_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"trunkline/internal/embedded"
)

func execPostgres(t *testing.T, p *embedded.Postgres, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN())
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), statement)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
}

func queryPostgres(t *testing.T, p *embedded.Postgres, query string) (answer string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN())
	require.NoError(t, err)
	require.NoError(t, conn.QueryRow(t.Context(), query).Scan(&answer))
	require.NoError(t, conn.Close(t.Context()))
	return answer
}

func TestPostgresKeepsItsDataOverRestart(t *testing.T) {
	dir := tempDir(t)
	folder := open(t, dir)
	first := startPostgres(t, folder)
	execPostgres(t, first, "CREATE TABLE kept AS SELECT 7 AS id")
	before := first.DSN()
	stop(t, folder, first)

	// What a kill of everything at once leaves: a pid file with the number of some living process.
	pid := strconv.Itoa(os.Getpid()) + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "postgres", "data", "postmaster.pid"), []byte(pid), 0o600))

	folder = open(t, dir)
	second := startPostgres(t, folder)
	require.Equal(t, before, second.DSN())
	require.Equal(t, "7", queryPostgres(t, second, "SELECT id::text FROM kept"))
	stop(t, folder, second)
}

func TestPostgresIsSafe(t *testing.T) {
	dir := tempDir(t)
	folder := open(t, dir)
	server := startPostgres(t, folder)
	for setting, want := range map[string]string{
		"synchronous_commit": "on", "fsync": "on", "full_page_writes": "on", "listen_addresses": "127.0.0.1",
		"password_encryption": "scram-sha-256", "data_checksums": "on", "server_encoding": "UTF8", "timezone": "UTC", "is_superuser": "off",
	} {
		require.Equal(t, want, queryPostgres(t, server, "SELECT current_setting('"+setting+"')"), setting)
	}
	for _, name := range []string{"password", "superuser-password"} {
		info, err := os.Stat(filepath.Join(dir, "postgres", name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	wrong, err := pgx.ParseConfig(server.DSN())
	require.NoError(t, err)
	wrong.Password = "wrong"
	_, err = pgx.ConnectConfig(t.Context(), wrong)
	require.ErrorContains(t, err, "password authentication failed")

	socket, err := pgx.ParseConfig(server.DSN())
	require.NoError(t, err)
	socket.Host = filepath.Join(dir, "postgres", "run")
	conn, err := pgx.ConnectConfig(t.Context(), socket)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	stop(t, folder, server)
}

func TestPostgresKilledComesBack(t *testing.T) {
	folder := open(t, tempDir(t))
	server := startPostgres(t, folder)
	execPostgres(t, server, "CREATE TABLE acknowledged (id int)")
	for id := range 3 {
		execPostgres(t, server, "INSERT INTO acknowledged VALUES ("+strconv.Itoa(id)+")")
		killed(t, server)
		require.Equal(t, strconv.Itoa(id+1), queryPostgres(t, server, "SELECT count(*)::text FROM acknowledged"))
	}
	stop(t, folder, server)
}

func TestPostgresPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := taken.Addr().(*net.TCPAddr).Port
	folder := open(t, tempDir(t))
	_, err = embedded.StartPostgres(t.Context(), folder, embedded.PostgresOptions{Packages: packages(), Port: port})
	require.ErrorIs(t, err, embedded.ErrPortTaken)
	require.ErrorContains(t, err, taken.Addr().String())
	require.ErrorContains(t, err, "TRUNKLINE_POSTGRES_PORT")
	require.NoError(t, taken.Close())
	require.NoError(t, folder.Close())
}

func TestPostgresRememberedPortTaken(t *testing.T) {
	dir := tempDir(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "postgres"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "postgres", "port"), []byte(port), 0o600))
	folder := open(t, dir)
	server := startPostgres(t, folder)
	require.NotEqual(t, taken.Addr().String(), server.Health().Address)
	require.NoError(t, taken.Close())
	stop(t, folder, server)
}

func TestPostgresPasswordLost(t *testing.T) {
	dir := tempDir(t)
	folder := open(t, dir)
	stop(t, folder, startPostgres(t, folder))
	require.NoError(t, os.Remove(filepath.Join(dir, "postgres", "password")))
	folder = open(t, dir)
	_, err := embedded.StartPostgres(t.Context(), folder, embedded.PostgresOptions{Packages: packages()})
	require.ErrorIs(t, err, embedded.ErrPasswordLost)
	require.NoError(t, folder.Close())
}

// On a machine without user namespaces root runs the server as nobody; with them again, the data is still usable.
func TestPostgresWithoutNamespaces(t *testing.T) {
	dir := tempDir(t)
	folder := open(t, dir)
	opts := embedded.PostgresOptions{Packages: packages(), Log: logger(t)}.WithoutNamespace()
	server, err := embedded.StartPostgres(t.Context(), folder, opts)
	require.NoError(t, err)
	execPostgres(t, server, "CREATE TABLE kept AS SELECT 7 AS id")
	killed(t, server)
	stop(t, folder, server)

	folder = open(t, dir)
	server = startPostgres(t, folder)
	require.Equal(t, "7", queryPostgres(t, server, "SELECT id::text FROM kept"))
	stop(t, folder, server)
}
