package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/ClickHouse/clickhouse-go/v2"
)

const (
	clickhouseVariable = "TRUNKLINE_CLICKHOUSE_DSN"
	clickhouseCommand  = "clickhouse"
	defaultMemory      = 2 << 30
)

// ClickHouseOptions says how to run ClickHouse. The zero value is good.
type ClickHouseOptions struct {
	// Packages is the node_modules folder of the engines; "" searches as FindPackages does.
	Packages string
	// Port and HTTPPort are the ports of the native and of the HTTP protocol on 127.0.0.1; 0 takes free ones at first and keeps them.
	Port, HTTPPort int
	// Memory is the limit for the whole engine in bytes; 0 is 2 GiB. It never takes more than half of the machine's.
	Memory int64
	// Command is the program, with its first arguments, that hands the rest of them to RunClickHouse; nil is the
	// running executable with the argument "clickhouse".
	Command []string
	// Log gets the messages of the engine; nil drops them.
	Log *slog.Logger
}

// ClickHouse is a running ClickHouse with the database trunkline in it.
type ClickHouse struct {
	*supervisor

	dsn  string
	http string
}

// DSN returns the address of the native protocol with the password, for clickhouse-go. The user may do everything
// with databases and tables, but reach no file, no other host and no user. The address lasts as that of Postgres.
func (c *ClickHouse) DSN() string { return c.dsn }

// HTTPAddr returns host:port of the HTTP protocol.
func (c *ClickHouse) HTTPAddr() string { return c.http }

// clickhouseHome is what one ClickHouse has on disk.
type clickhouseHome struct {
	dir      string // the engine's folder: configuration, password, ports, lock, data
	library  string
	opts     ClickHouseOptions
	secret   string
	port     int
	httpPort int
	input    io.Closer // the pipe to the running process, which ends when the pipe does
	apart    bool      // the process has a network of its own
}

// Words for RunClickHouse: it has a network of its own, or is to try whether it could have one.
const (
	ownNetwork   = "--own-network"
	probeNetwork = "--probe-network"
)

// The library's ports in a network of its own.
const (
	innerPort     = 9000
	innerHTTPPort = 8123
)

// StartClickHouse starts ClickHouse in the folder and returns when it answers. ctx limits the start only. From then
// on it is restarted whenever it dies, on the same ports, until Stop.
func StartClickHouse(ctx context.Context, folder *Folder, opts ClickHouseOptions) (*ClickHouse, error) {
	pkg, err := packageDir(opts.Packages, clickhousePackage, clickhouseVariable, "libchdb.so")
	if err != nil {
		return nil, err
	}
	dir, err := folder.room("clickhouse")
	if err != nil {
		return nil, err
	}
	opts.Log = cmp.Or(opts.Log, slog.New(slog.DiscardHandler))
	opts.Memory = cmp.Or(opts.Memory, defaultMemory)
	h := &clickhouseHome{dir: dir, library: filepath.Join(pkg, "libchdb.so"), opts: opts}
	if err := h.furnish(ctx); err != nil {
		return nil, fmt.Errorf("prepare clickhouse in %s: %w", dir, err)
	}
	h.tryApart(ctx)
	return h.start(ctx)
}

// furnish makes what ClickHouse needs on disk, once nothing of an earlier run is alive.
func (h *clickhouseHome) furnish(ctx context.Context) (err error) {
	lock, err := claim(ctx, h.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	for _, dir := range []string{h.data(), h.backups()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return notWritable(dir, err)
		}
	}
	if len(h.opts.Command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find the own executable: %w", err)
		}
		h.opts.Command = []string{self, clickhouseCommand}
	}
	if h.secret, err = password(filepath.Join(h.dir, "password")); err != nil {
		return err
	}
	return h.writeConfig()
}

// start tries other ports when remembered or free ones were taken while the engine came up.
func (h *clickhouseHome) start(ctx context.Context) (*ClickHouse, error) {
	var failed error
	for range startTries {
		if err := h.choosePorts(ctx); err != nil {
			return nil, errors.Join(err, failed)
		}
		s, err := supervise(ctx, h.engine())
		if err == nil {
			return &ClickHouse{supervisor: s, dsn: h.dsn(database), http: hostPort(h.httpPort)}, nil
		}
		if failed = err; portFree(ctx, h.port) && portFree(ctx, h.httpPort) {
			break
		}
	}
	return nil, failed
}

func (h *clickhouseHome) choosePorts(ctx context.Context) (err error) {
	h.port, err = choosePort(ctx, filepath.Join(h.dir, "port"), h.opts.Port, "TRUNKLINE_CLICKHOUSE_PORT")
	if err != nil {
		return err
	}
	h.httpPort, err = choosePort(ctx, filepath.Join(h.dir, "http-port"), h.opts.HTTPPort, "TRUNKLINE_CLICKHOUSE_HTTP_PORT")
	return err
}

func (h *clickhouseHome) engine() engine {
	return engine{
		name:    "clickhouse",
		address: hostPort(h.port),
		dir:     h.dir,
		command: h.command,
		ready:   h.ready,
		leave:   func(*process) error { return ignoreClosed(h.input.Close()) },
		abort:   syscall.SIGKILL, // what was acknowledged is on disk
		level:   clickhouseLevel,
		log:     h.opts.Log,
	}
}

// command is this program once more, as the host of the library. The last of the queries keeps the library running.
func (h *clickhouseHome) command(ctx context.Context) (*exec.Cmd, error) {
	port, httpPort, network := innerPort, innerHTTPPort, []string{ownNetwork}
	if !h.apart {
		network = nil
		var err error
		if port, httpPort, err = twoFreePorts(ctx); err != nil {
			return nil, err
		}
	}
	args := slices.Concat(h.opts.Command[1:], network, []string{
		h.library,
		"--config-file=" + h.config(),
		"--path=" + h.data(),
		"--listen_host=" + loopback,
		"--tcp_port=" + strconv.Itoa(port),
		"--http_port=" + strconv.Itoa(httpPort),
		"--log-level=error",
		"--logger.console=true",
		"--query", "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; " +
			"SELECT sleepEachRow(1) FROM system.numbers SETTINGS max_block_size=1 FORMAT Null",
	})
	cmd := exec.CommandContext(ctx, h.opts.Command[0], args...) //nolint:gosec // the program is our own
	cmd.Dir = h.dir
	cmd.Env = []string{"TZ=UTC", "LC_ALL=C.UTF-8", "PATH=" + os.Getenv("PATH")} // no secrets of ours
	if h.apart {
		cmd.SysProcAttr = apartAttr()
	}
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("pipe to clickhouse: %w", err)
	}
	h.input = input
	for _, p := range []int{h.port, h.httpPort} {
		socket, err := listenFile(ctx, p)
		if err != nil {
			closeAll(cmd.ExtraFiles)
			return nil, err
		}
		cmd.ExtraFiles = append(cmd.ExtraFiles, socket)
	}
	return cmd, nil
}

// listenFile opens a socket that the process inherits: it is closed when that one ends, so that nobody waits for a dead engine.
func listenFile(ctx context.Context, port int) (*os.File, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", hostPort(port))
	if err != nil {
		return nil, fmt.Errorf("socket of clickhouse: %w", err)
	}
	defer l.Close()
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, fmt.Errorf("socket of clickhouse: %T", l)
	}
	return tcp.File()
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

// twoFreePorts are for a library that has no network of its own.
func twoFreePorts(ctx context.Context) (a, b int, err error) {
	for range portTries {
		a = firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // A port is no secret.
		if b = a + 1; portFree(ctx, a) && portFree(ctx, b) {
			return a, b, nil
		}
	}
	return 0, 0, fmt.Errorf("%w: found none free for clickhouse", ErrPortTaken)
}

// tryApart finds out whether a process may have a network of its own here.
func (h *clickhouseHome) tryApart(ctx context.Context) {
	cmd := exec.CommandContext(ctx, h.opts.Command[0], append(slices.Clone(h.opts.Command[1:]), probeNetwork)...) //nolint:gosec // the program is our own
	cmd.SysProcAttr = apartAttr()
	if cmd.SysProcAttr == nil {
		return
	}
	out, err := cmd.CombinedOutput()
	if h.apart = err == nil; !h.apart {
		h.opts.Log.WarnContext(ctx, "no user and network namespace for clickhouse: a local user who connects to its own ports can end it; it is started again then",
			"reason", err, "output", string(out))
	}
}

// ignoreClosed drops the error of closing the pipe of a process that is gone.
func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

func (h *clickhouseHome) data() string    { return filepath.Join(h.dir, "data") }
func (h *clickhouseHome) backups() string { return filepath.Join(h.dir, "backups") }
func (h *clickhouseHome) config() string  { return filepath.Join(h.dir, "config.xml") }

func (h *clickhouseHome) dsn(name string) string {
	u := url.URL{Scheme: "clickhouse", User: url.UserPassword(role, h.secret), Host: hostPort(h.port), Path: "/" + name}
	return u.String()
}

// ready asks over the native protocol, makes the database, and looks whether the HTTP port is served too.
func (h *clickhouseHome) ready(ctx context.Context) (err error) {
	opts, err := clickhouse.ParseDSN(h.dsn("system"))
	if err != nil {
		return fmt.Errorf("address of clickhouse: %w", err)
	}
	conn, err := clickhouse.Open(opts)
	if err != nil {
		return fmt.Errorf("connect to clickhouse: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+database+" ENGINE = Atomic"); err != nil {
		return err
	}
	var dialer net.Dialer
	http, err := dialer.DialContext(ctx, "tcp", hostPort(h.httpPort))
	if err != nil {
		return err
	}
	return http.Close()
}

// clickhouseLevel maps the severity in a line of the server's log. Failed queries are errors there, but their senders
// know them already.
func clickhouseLevel(line string) slog.Level {
	if strings.Contains(line, "<Fatal>") {
		return slog.LevelError
	}
	return slog.LevelDebug
}
