package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// furnish makes what PostgreSQL needs on disk, once nothing of an earlier run is alive.
func (h *postgresHome) furnish(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	lock, err := claim(ctx, h.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := h.loadPasswords(); err != nil {
		return err
	}
	if err := os.MkdirAll(h.sockets(), 0o700); err != nil {
		return notWritable(h.sockets(), err)
	}
	if err := h.identity.own(h.dir); err != nil {
		return err
	}
	if exists(h.data()) {
		return nil
	}
	return h.initialise(ctx, lock)
}

func (h *postgresHome) loadPasswords() (err error) {
	for _, name := range []string{"password", "superuser-password"} {
		if file := filepath.Join(h.dir, name); exists(h.data()) && !exists(file) {
			return fmt.Errorf("%w: %s; restore it from the backup of the data folder", ErrPasswordLost, file)
		}
	}
	if h.secret, err = password(filepath.Join(h.dir, "password")); err != nil {
		return err
	}
	h.admin, err = password(filepath.Join(h.dir, "superuser-password"))
	return err
}

// initialise makes the data beside its place and moves it there when it is complete, so that a kill in between
// leaves nothing that looks like data.
func (h *postgresHome) initialise(ctx context.Context, lock *os.File) error {
	fresh := h.data() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("remove an unfinished start: %w", err)
	}
	makeFiles := h.run(ctx, "initdb", "-D", fresh, "-U", superuser, "--pwfile="+filepath.Join(h.dir, "superuser-password"),
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
		"--no-instructions")
	makeDatabase := h.run(ctx, "postgres", "--single", "-D", fresh, "-c", "exit_on_error=on", "-c", "log_checkpoints=off", superuser)
	// One statement a line. The password is letters and digits of our own making, so it needs no quoting.
	makeDatabase.Stdin = strings.NewReader(`CREATE ROLE trunkline LOGIN CREATEDB CREATEROLE PASSWORD '` + h.secret + `'
GRANT pg_monitor, pg_checkpoint, pg_signal_backend TO trunkline
CREATE DATABASE trunkline OWNER trunkline
`)
	for _, cmd := range []*exec.Cmd{makeFiles, makeDatabase} {
		if err := h.finish(cmd, lock); err != nil {
			return err
		}
	}
	if err := os.Rename(fresh, h.data()); err != nil {
		return fmt.Errorf("take the new data into use: %w", err)
	}
	return nil
}

// finish runs a command to its end, which its context bounds.
func (h *postgresHome) finish(cmd *exec.Cmd, lock *os.File) error {
	cmd.ExtraFiles = []*os.File{lock}
	p, err := launch(cmd, syscall.SIGKILL, &output{engine: filepath.Base(cmd.Path), log: h.log, level: postgresLevel})
	if err != nil {
		return err
	}
	<-p.done
	if p.err != nil {
		return p.failure()
	}
	return nil
}

// clearStale removes the pid file that a killed server leaves behind: a process that has been given the same number
// since, which is usual in containers, would keep PostgreSQL from starting. It is called under the engine's lock, so
// only a server that somebody started by hand can still be alive.
func (h *postgresHome) clearStale() error {
	file := filepath.Join(h.data(), "postmaster.pid")
	text, err := os.ReadFile(file) //nolint:gosec // the path is made of the data folder's
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read pid file: %w", err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err == nil && servesFrom(pid, h.data()) {
		return fmt.Errorf("%w: process %d serves %s; stop it first", ErrLocked, pid, h.data())
	}
	if err := os.Remove(file); err != nil {
		return fmt.Errorf("remove stale pid file: %w", err)
	}
	return nil
}

// servesFrom reports whether a process works in the data folder, as a postmaster does.
func servesFrom(pid int, data string) bool {
	cwd, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	return err == nil && cwd == data
}

// ready connects as the program will.
func (h *postgresHome) ready(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, h.dsn(role, h.secret, database))
	if err != nil {
		return err
	}
	return errors.Join(conn.Ping(ctx), conn.Close(ctx))
}
