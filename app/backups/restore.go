package backups

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"trunkline/app/config"
	"trunkline/app/doctor"
	"trunkline/app/engine"
	"trunkline/app/store"
	"trunkline/cdr/kafka"
	"trunkline/internal/backup"
	"trunkline/internal/cause"
	"trunkline/internal/clock"
	"trunkline/internal/embedded"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

// restoring is one restore on its way.
type restoring struct {
	only   string // The store that is put back; empty: all, into a new folder.
	config *config.Config
	set    *backup.Opened
	out    io.Writer
	log    *slog.Logger
	stores *store.Stores
	books  *postgres.Books
}

// Restore makes a data folder of a backup, or puts only one of its stores back, brings its stores into agreement and says how far it is.
func Restore(ctx context.Context, c *config.Config, dir, only string, out io.Writer, log *slog.Logger) (err error) {
	c.Restoring, c.Postgres.DSN, c.ClickHouse.DSN, c.Kafka.Brokers = true, "", "", nil
	r := &restoring{config: c, out: out, log: log, only: only}
	if err := r.checkFolder(); err != nil {
		return err
	}
	fmt.Fprintf(out, "verify       every file of %s\n", dir)
	if r.set, err = backup.Open(dir); err != nil {
		return cause.Mark(cause.State, err)
	}
	if c.Kafka.Partitions, err = strconv.Atoi(r.set.Manifest.Facts[partsFact]); err != nil {
		return cause.Mark(cause.State, fmt.Errorf("%w: it does not say how many partitions there were", backup.ErrBroken))
	}
	if err := r.layOut(); err != nil {
		return err
	}
	return r.bringUp(ctx)
}

// Stores are those that can be put back alone.
func Stores() []string { return []string{"postgres", "clickhouse", "kafka"} }

// wants reports whether a store is restored.
func (r *restoring) wants(store string) bool { return r.only == "" || r.only == store }

// checkFolder wants a new folder for everything, and one that is there, and that nobody uses, for one store.
func (r *restoring) checkFolder() error {
	if r.only == "" {
		return cause.Mark(cause.Input, backup.Empty(r.config.Data))
	}
	if _, err := os.Stat(filepath.Join(r.config.Data, r.only)); err != nil {
		return cause.Mark(cause.Input, fmt.Errorf("%s has no %s to put back: without --only all is restored into a new folder", r.config.Data, r.only))
	}
	folder, err := embedded.Open(r.config.Data)
	if err != nil {
		return cause.Mark(cause.State, err)
	}
	return folder.Close()
}

// setAside keeps what a store has beside it.
func (r *restoring) setAside() error {
	data := filepath.Join(r.config.Data, r.only, "data")
	aside := data + ".before-" + clock.System{}.Now().UTC().Format("20060102T150405")
	fmt.Fprintf(r.out, "%-12s what it had is kept in %s\n", r.only, aside)
	if err := os.Rename(data, aside); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

// layOut puts the files in their places.
func (r *restoring) layOut() error {
	fmt.Fprintf(r.out, "files        %s of %s\n", Megabytes(r.set.Size()), r.set.Manifest.Begun.Format(time.RFC3339))
	data := r.config.Data
	if err := os.MkdirAll(data, 0o700); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := os.WriteFile(filepath.Join(data, engine.Unfinished), nil, 0o600); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if r.only != "" {
		if err := r.setAside(); err != nil {
			return err
		}
	} else if err := errors.Join(r.set.CopyTree(stateDir, data), r.set.CopyTree(secretsDir, data)); err != nil {
		return err
	}
	if r.wants("clickhouse") {
		if err := r.set.CopyFile(callsFile, filepath.Join(data, "clickhouse", "backups", "calls.tar")); err != nil {
			return err
		}
	}
	if !r.wants("postgres") {
		return nil
	}
	return r.set.Read(baseFile, func(in io.Reader) error { return untar(in, filepath.Join(data, "postgres", "data")) })
}

// untar unpacks PostgreSQL's archive. Nothing in it may lead out of the folder.
func untar(in io.Reader, dir string) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	archive := tar.NewReader(in)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("restore: %s: %w", baseFile, err)
		}
		if err := untarOne(root, h, archive); err != nil {
			return fmt.Errorf("restore: %s: %s: %w", baseFile, h.Name, err)
		}
	}
}

func untarOne(root *os.Root, h *tar.Header, in io.Reader) (err error) {
	name := strings.TrimSuffix(h.Name, "/")
	switch h.Typeflag {
	case tar.TypeDir:
		if name == "." || name == "" {
			return nil
		}
		return root.MkdirAll(name, 0o700)
	case tar.TypeReg:
		file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		_, err = io.Copy(file, in)
		return err
	}
	return fmt.Errorf("an entry of kind %q", h.Typeflag)
}

// bringUp starts the engines on the new folder and makes them agree.
func (r *restoring) bringUp(ctx context.Context) error {
	fmt.Fprintln(r.out, "engines      started on the new folder")
	e, err := engine.Start(ctx, r.config, r.log)
	if err != nil {
		return err
	}
	defer func() { e.Stop(ctx, r.log) }()
	if r.wants("clickhouse") {
		if err := r.calls(ctx, e); err != nil {
			return cause.Mark(cause.State, err)
		}
	}
	if r.stores, err = store.Connect(ctx, e, store.Limits{Postgres: 8, Clickhouse: 4, Statement: r.config.Postgres.StatementLimit}, store.Migrate, r.log); err != nil {
		return cause.Mark(cause.State, err)
	}
	defer r.stores.Disconnect()
	if r.books, err = postgres.NewBooks(r.stores.DB, clock.System{}); err != nil {
		return err
	}
	if r.wants("kafka") {
		if err := r.stream(ctx, e); err != nil {
			return err
		}
	}
	if err := doctor.RepairStores(ctx, r.stores, r.out); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(r.config.Data, engine.Unfinished)); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if r.only != "" {
		_, err = fmt.Fprintln(r.out, "done: start the system again; the worker reads on, and `trunkline doctor` says when all agrees")
		return err
	}
	_, err = fmt.Fprintf(r.out, "done: start it with `trunkline serve --data %s`\n", r.config.Data)
	return err
}

// calls brings ClickHouse's database back before any table of it is made.
func (r *restoring) calls(ctx context.Context, e *engine.Engines) (err error) {
	fmt.Fprintln(r.out, "clickhouse   restored by its own means")
	db, err := clickhouse.Open(e.ClickHouse, clickhouse.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	data, err := filepath.Abs(r.config.Data)
	if err != nil {
		return err
	}
	file := filepath.Join(data, "clickhouse", "backups", "calls.tar")
	if err := clickhouse.NewStore(db).Restore(ctx, file); err != nil {
		return err
	}
	return os.Remove(file)
}

// stream makes the topics and puts the legs on them that the ledger has not accounted for. The marks are of another topic: that is
// as it should be here, and no incident.
func (r *restoring) stream(ctx context.Context, e *engine.Engines) (err error) {
	config := kafka.Config{Brokers: e.Kafka, Log: r.log}
	parts := r.config.Kafka.Partitions
	err = kafka.EnsureTopics(ctx, config, kafka.Topic{Name: kafka.LegsTopic, Parts: parts}, kafka.Topic{Name: kafka.DeadTopic, Parts: 1})
	if err != nil {
		return err
	}
	producer := kafka.NewProducer(config, kafka.LegsTopic)
	defer func() { err = errors.Join(err, producer.Close()) }()
	all := 0
	numbers := make([]int, parts)
	for part := range parts {
		numbers[part] = part
		if name := fmt.Sprintf(streamFile, part); r.set.Has(name) {
			err := r.set.Read(name, func(in io.Reader) error {
				n, err := kafka.Load(ctx, producer, in)
				all += n
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(r.out, "kafka        %d legs put on the topic\n", all)
	if r.only != "" {
		return nil // What the former topic had that was never read is not known: the worker notes it.
	}
	marks, err := r.books.Marks(ctx, kafka.LegsTopic, numbers)
	if err != nil {
		return err
	}
	_, breaks, err := kafka.Check(ctx, config, kafka.LegsTopic, marks)
	if err != nil {
		return err
	}
	for i := range breaks {
		breaks[i].Lost, breaks[i].Cause = 0, "restored from the backup of "+r.set.Manifest.Begun.Format(time.RFC3339)
	}
	return r.books.Restart(ctx, kafka.LegsTopic, breaks)
}
