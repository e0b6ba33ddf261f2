package backups

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"trunkline/app"
	"trunkline/app/config"
	"trunkline/app/engine"
	"trunkline/app/store"
	"trunkline/cdr/kafka"
	"trunkline/internal/backup"
	"trunkline/internal/cause"
	"trunkline/internal/clock"
	"trunkline/sql/postgres"
)

// The files of a set.
const (
	baseFile   = "postgres/base.tar"
	callsFile  = "clickhouse/calls.tar"
	secretsDir = "secrets" // Passwords of the engines.
	stateDir   = "state"   // What else is in the data folder: identity, journal, spool, keys.
	streamFile = "kafka/legs-%d.dump"
	partsFact  = "partitions"
)

// Megabytes is a size for people.
func Megabytes(n int64) string { return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB" }

// backing is one backup on its way.
type backing struct {
	config *config.Config
	stores *store.Stores
	books  *postgres.Books
	set    *backup.Set
	out    io.Writer
	marks  map[int]int64
}

// Make writes one consistent set of all stores of a data folder into a new folder, while calls go on, and says how far it is. program
// is the version that wrote it.
func Make(ctx context.Context, c *config.Config, dir, program string, out io.Writer, log *slog.Logger) error {
	if c.Postgres.DSN != "" || c.ClickHouse.DSN != "" || len(c.Kafka.Brokers) > 0 {
		return cause.Mark(cause.Input, errors.New("backup is for embedded engines; those with an address of their own are backed up with their own tools, in the order that docs/backup.md gives"))
	}
	db, err := store.Open(ctx, c, store.Check, log)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	b := &backing{config: c, stores: db, out: out}
	if b.books, err = postgres.NewBooks(db.DB, clock.System{}); err != nil {
		return err
	}
	m := backup.Manifest{Program: program, Begun: clock.System{}.Now().UTC()}
	if m.Ledger, err = b.books.Identity(ctx); err != nil {
		return err
	}
	if m.Batch, err = b.books.LastBatch(ctx); err != nil {
		return err
	}
	if b.set, err = backup.Create(dir, m); err != nil {
		return cause.Mark(cause.Input, err)
	}
	for _, step := range b.steps() {
		begun := clock.System{}.Now()
		fmt.Fprintf(out, "%-12s %s\n", step.name, step.what)
		n, err := step.do(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w; the folder %s is not a backup: remove it", step.name, err, dir)
		}
		fmt.Fprintf(out, "%-12s %s in %.1f s\n", step.name, Megabytes(n), clock.System{}.Now().Sub(begun).Seconds())
	}
	if err := b.set.Close(clock.System{}.Now().UTC()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "done: %d files in %s; look at it with `trunkline backup verify %s`\n", len(b.set.Manifest.Files), dir, dir)
	return err
}

type backupStep struct {
	name, what string
	do         func(context.Context) (int64, error)
}

// steps go against the way of a leg, journal, spool, topic, ledger, store of calls, as far as each may forget what the next has taken:
// so every leg is somewhere in the set. What is in two places is known by its identity.
func (b *backing) steps() []backupStep {
	return []backupStep{
		{"state", "identity, journal, spool and keys of the data folder", b.state},
		{"clickhouse", "rated calls and their sums", b.calls},
		{"postgres", "ledger, provisioning and users", b.ledger},
		{"kafka", "legs that the ledger has not accounted for", b.stream},
	}
}

// notState are the files and folders of a data folder that come by another way, or mean nothing elsewhere.
func notState(name string) bool {
	switch name {
	case "postgres", "clickhouse", "kafka", "lock", "engines.json", app.AddressFile, engine.Unfinished, app.ReserveFile:
		return true
	}
	return false
}

func (b *backing) state(ctx context.Context) (size int64, err error) {
	ends, err := kafka.Ends(ctx, kafka.Config{Brokers: b.stores.Engines.Kafka, Log: b.stores.Log}, kafka.LegsTopic)
	if err != nil {
		return 0, err
	}
	b.marks = make(map[int]int64)
	parts := make([]int, 0, len(ends))
	for p := range ends {
		parts = append(parts, p)
	}
	marks, err := b.books.Marks(ctx, kafka.LegsTopic, parts)
	if err != nil {
		return 0, err
	}
	for _, m := range marks {
		b.marks[m.Part] = m.Next
	}
	b.set.Manifest.Facts[partsFact] = strconv.Itoa(len(parts))
	entries, err := os.ReadDir(b.config.Data)
	if err != nil {
		return 0, err
	}
	// The journal before the spool: a call leaves the one when the other has it.
	for _, name := range []string{"sip", "spool"} {
		n, err := b.set.AddTree(stateDir+"/"+name, filepath.Join(b.config.Data, name))
		if err != nil {
			return size, err
		}
		size += n
	}
	for _, e := range entries {
		if notState(e.Name()) || e.Name() == "sip" || e.Name() == "spool" {
			continue
		}
		n, err := b.set.AddTree(stateDir+"/"+e.Name(), filepath.Join(b.config.Data, e.Name()))
		if err != nil {
			return size, err
		}
		size += n
	}
	for _, name := range engineSecrets() {
		n, err := b.set.AddTree(secretsDir+"/"+name, filepath.Join(b.config.Data, filepath.FromSlash(name)))
		if err != nil {
			return size, err
		}
		size += n
	}
	return size, nil
}

// engineSecrets are what the restored engines ask for.
func engineSecrets() []string {
	return []string{"postgres/password", "postgres/superuser-password", "clickhouse/password"}
}

func (b *backing) calls(ctx context.Context) (int64, error) {
	data, err := filepath.Abs(b.config.Data)
	if err != nil {
		return 0, err
	}
	file := filepath.Join(data, "clickhouse", "backups", "calls.tar")
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	defer os.Remove(file)
	if err := b.stores.Records.Backup(ctx, file); err != nil {
		return 0, err
	}
	made, err := os.Open(file) //nolint:gosec // Below the data folder.
	if err != nil {
		return 0, err
	}
	defer made.Close()
	return b.set.Add(callsFile, func(w io.Writer) error {
		_, err := io.Copy(w, made)
		return err
	})
}

func (b *backing) ledger(ctx context.Context) (int64, error) {
	dsn, err := b.superuser()
	if err != nil {
		return 0, err
	}
	next := int64(progressEvery)
	return b.set.Add(baseFile, func(w io.Writer) error {
		return postgres.BaseBackup(ctx, dsn, w, func(n int64) {
			if n >= next {
				fmt.Fprintf(b.out, "%-12s %s so far\n", "postgres", Megabytes(n))
				next = n + progressEvery
			}
		})
	})
}

// progressEvery is after how many bytes something is said.
const progressEvery = 256 << 20

// superuser is the address of the embedded server for whoever may replicate.
func (b *backing) superuser() (string, error) {
	secret, err := os.ReadFile(filepath.Join(b.config.Data, "postgres", "superuser-password"))
	if err != nil {
		return "", fmt.Errorf("password of PostgreSQL's superuser: %w", err)
	}
	u, err := url.Parse(b.stores.Engines.Postgres)
	if err != nil {
		return "", fmt.Errorf("address of PostgreSQL: %w", err)
	}
	u.User = url.UserPassword("postgres", strings.TrimSpace(string(secret)))
	return u.String(), nil
}

func (b *backing) stream(ctx context.Context) (size int64, err error) {
	again := kafka.Again{Config: kafka.Config{Brokers: b.stores.Engines.Kafka, Log: b.stores.Log}}
	for part, from := range b.marks {
		n, err := b.set.Add(fmt.Sprintf(streamFile, part), func(w io.Writer) error {
			_, err := again.Dump(ctx, kafka.LegsTopic, part, from, w)
			return err
		})
		if err != nil {
			return size, err
		}
		size += n
	}
	return size, nil
}
