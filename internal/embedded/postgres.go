package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	postgresVariable = "TRUNKLINE_POSTGRES_DSN"
	role             = "trunkline" // of the program, in both databases
	database         = "trunkline"
	superuser        = "postgres"
	startTries       = 3
)

// PostgresOptions says how to run PostgreSQL. The zero value is good.
type PostgresOptions struct {
	// Packages is the node_modules folder of the engines; "" searches as FindPackages does.
	Packages string
	// Port is the TCP port on 127.0.0.1; 0 takes a free one at first and keeps it.
	Port int
	// Log gets the messages of the engine; nil drops them.
	Log *slog.Logger

	noNamespace bool // for the test of the way without user namespaces
}

// Postgres is a running PostgreSQL 18 with the database trunkline in it.
type Postgres struct {
	*supervisor

	dsn string
}

// DSN returns the address with the password, for pgx. The role owns its database, may create others and further
// roles, but is no superuser. The address does not change while the program runs, and only if its port gets taken
// by another process between two runs.
func (p *Postgres) DSN() string { return p.dsn }

// postgresHome is what one PostgreSQL has on disk, and as whom it runs.
type postgresHome struct {
	dir      string // the engine's folder: passwords, port, lock, data, sockets
	program  string // the folder of the engine's programs
	port     int
	identity identity
	admin    string // password of the superuser
	secret   string // password of the role trunkline
	log      *slog.Logger
}

func (h *postgresHome) data() string    { return filepath.Join(h.dir, "data") }
func (h *postgresHome) sockets() string { return filepath.Join(h.dir, "run") }

// StartPostgres starts PostgreSQL in the folder, making its data on first use, and returns when it answers.
// ctx limits the start only. From then on it is restarted whenever it dies, on the same port, until Stop.
func StartPostgres(ctx context.Context, folder *Folder, opts PostgresOptions) (*Postgres, error) {
	program, err := packageDir(opts.Packages, postgresPackage, postgresVariable,
		"native/bin/postgres", "native/bin/initdb", "native/lib/libicuuc.so.60")
	if err != nil {
		return nil, err
	}
	dir, err := folder.room("postgres")
	if err != nil {
		return nil, err
	}
	h := &postgresHome{dir: dir, program: filepath.Join(program, "native", "bin"), log: cmp.Or(opts.Log, slog.New(slog.DiscardHandler))}
	h.identity, err = chooseIdentity(ctx, filepath.Join(h.program, "postgres"), !opts.noNamespace, h.log)
	if err != nil {
		return nil, err
	}
	if err := h.furnish(ctx); err != nil {
		return nil, fmt.Errorf("prepare postgres in %s: %w", dir, err)
	}
	return h.start(ctx, opts.Port)
}

// start tries another port when a remembered or free one was taken while the engine came up.
func (h *postgresHome) start(ctx context.Context, configured int) (*Postgres, error) {
	var failed error
	for range startTries {
		port, err := choosePort(ctx, filepath.Join(h.dir, "port"), configured, "TRUNKLINE_POSTGRES_PORT")
		if err != nil {
			return nil, errors.Join(err, failed)
		}
		h.port = port
		s, err := supervise(ctx, h.engine())
		if err == nil {
			return &Postgres{supervisor: s, dsn: h.dsn(role, h.secret, database)}, nil
		}
		if failed = err; portFree(ctx, port) {
			break
		}
	}
	return nil, failed
}

func (h *postgresHome) engine() engine {
	return engine{
		name:    "postgres",
		address: hostPort(h.port),
		dir:     h.dir,
		command: h.command,
		prepare: h.clearStale,
		ready:   h.ready,
		leave:   func(p *process) error { return p.signal(syscall.SIGINT) }, // fast shutdown
		abort:   syscall.SIGQUIT,                                            // immediate shutdown, recovery at the next start
		level:   postgresLevel,
		log:     h.log,
	}
}

// command is the postmaster. The settings suit two cores and a few hundred megabytes; fsync, full_page_writes and
// synchronous_commit stay on: what was acknowledged survives a crash of the machine.
func (h *postgresHome) command(ctx context.Context) (*exec.Cmd, error) {
	settings := []string{
		"listen_addresses=" + loopback,
		"port=" + strconv.Itoa(h.port),
		"unix_socket_directories=" + h.socketDir(),
		"unix_socket_permissions=0700",
		"max_connections=100",
		"shared_buffers=128MB",
		"effective_cache_size=1GB",
		"work_mem=8MB",
		"maintenance_work_mem=64MB",
		"max_wal_size=1GB",
		"checkpoint_timeout=10min",
		"random_page_cost=1.1",
		"synchronous_commit=on",
		"fsync=on",
		"full_page_writes=on",
		"timezone=UTC",
		"log_timezone=UTC",
		"log_min_messages=warning",
		"log_checkpoints=off",
		"log_min_error_statement=panic", // a statement may hold a phone number or a password
		"cluster_name=trunkline",
	}
	args := []string{"-D", h.data()}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	return h.run(ctx, "postgres", args...), nil
}

// run makes a command of one of the engine's programs.
func (h *postgresHome) run(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(h.program, program), args...) //nolint:gosec // the program is the installed engine
	cmd.SysProcAttr = h.identity.attr()
	cmd.Dir = h.dir
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=" + os.Getenv("PATH")} // no secrets of ours
	return cmd
}

// socketDir is empty, which means no socket, where the path would not fit into a socket address.
func (h *postgresHome) socketDir() string {
	const maxPath = 107
	if len(filepath.Join(h.sockets(), ".s.PGSQL.65535")) > maxPath || strings.ContainsAny(h.sockets(), ",\"") {
		return ""
	}
	return h.sockets()
}

func (h *postgresHome) dsn(user, secret, name string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(user, secret), Host: hostPort(h.port),
		Path: "/" + name, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// postgresLevel maps the severity in a line of the server's log.
func postgresLevel(line string) slog.Level {
	switch {
	case strings.Contains(line, "the database system is starting up"): // The answer to our own question whether it is ready.
		return slog.LevelDebug
	case strings.Contains(line, "PANIC:"), strings.Contains(line, "FATAL:"):
		return slog.LevelWarn
	default:
		return slog.LevelDebug
	}
}
