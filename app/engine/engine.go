package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"trunkline/app/config"
	"trunkline/internal/cause"
	"trunkline/internal/embedded"
)

// Addresses are where the engines are.
type Addresses struct {
	Postgres       string   `json:"postgres"`
	ClickHouse     string   `json:"clickhouse"`
	ClickHouseHTTP string   `json:"clickhouse_http"` // host:port.
	Kafka          []string `json:"kafka"`
}

// Engines are the engines that this process started, or just the addresses of those that it did not.
type Engines struct {
	Addresses
	Folder     *embedded.Folder
	postgres   *embedded.Postgres
	clickhouse *embedded.ClickHouse
	kafka      *embedded.Kafka
	runFile    string
}

const (
	engineStart = 60 * time.Second
	engineStop  = 20 * time.Second
)

// Unfinished is the file in a data folder that is being restored into.
const Unfinished = "restore.unfinished"

// Start starts every engine that has no address of its own, all at once.
func Start(ctx context.Context, c *config.Config, log *slog.Logger) (*Engines, error) {
	e := &Engines{Addresses: Addresses{Postgres: c.Postgres.DSN, ClickHouse: c.ClickHouse.DSN, ClickHouseHTTP: c.ClickHouse.HTTP, Kafka: c.Kafka.Brokers}}
	if e.Postgres != "" && e.ClickHouse != "" && len(e.Kafka) > 0 {
		return e, nil
	}
	packages := ""
	var err error
	if e.Postgres == "" || e.ClickHouse == "" {
		if packages, err = embedded.FindPackages(c.Packages); err != nil {
			return nil, cause.Mark(cause.State, err)
		}
	}
	if _, err := os.Stat(filepath.Join(c.Data, Unfinished)); err == nil && !c.Restoring {
		return nil, cause.Mark(cause.State, fmt.Errorf("%s was being restored into and is not complete: remove the folder and restore again", c.Data))
	}
	if e.Folder, err = embedded.Open(c.Data); err != nil {
		return nil, cause.Mark(cause.State, err)
	}
	ctx, cancel := context.WithTimeout(ctx, engineStart)
	defer cancel()
	if err := e.startAll(ctx, c, packages, log); err != nil {
		e.Stop(ctx, log)
		return nil, cause.Mark(cause.State, err)
	}
	return e, nil
}

func (e *Engines) startAll(ctx context.Context, c *config.Config, packages string, log *slog.Logger) error {
	var g errgroup.Group
	if e.Postgres == "" {
		g.Go(func() (err error) {
			e.postgres, err = embedded.StartPostgres(ctx, e.Folder, embedded.PostgresOptions{Packages: packages, Port: c.Postgres.Port, Log: log})
			return err
		})
	}
	if e.ClickHouse == "" {
		g.Go(func() (err error) {
			e.clickhouse, err = embedded.StartClickHouse(ctx, e.Folder,
				embedded.ClickHouseOptions{Packages: packages, Port: c.ClickHouse.Port, HTTPPort: c.ClickHouse.HTTPPort, Log: log})
			return err
		})
	}
	if len(e.Kafka) == 0 {
		g.Go(func() (err error) {
			e.kafka, err = embedded.StartKafka(ctx, e.Folder, embedded.KafkaOptions{Port: c.Kafka.Port, Log: log})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if e.postgres != nil {
		e.Postgres = e.postgres.DSN()
	}
	if e.clickhouse != nil {
		e.ClickHouse, e.ClickHouseHTTP = e.clickhouse.DSN(), e.clickhouse.HTTPAddr()
	}
	if e.kafka != nil {
		e.Kafka = e.kafka.Addrs()
	}
	return nil
}

// Publish writes the addresses down, so that other commands find the engines of a process that runs.
func (e *Engines) Publish(data string) error {
	text, err := json.Marshal(e.Addresses)
	if err != nil {
		return err
	}
	e.runFile = runFileOf(data)
	if err := os.WriteFile(e.runFile, text, 0o600); err != nil {
		return fmt.Errorf("write down the engines' addresses: %w", err)
	}
	return nil
}

func runFileOf(data string) string { return filepath.Join(data, "engines.json") }

// Stop ends what was started, the broker first, so that nothing new comes in.
func (e *Engines) Stop(ctx context.Context, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engineStop)
	defer cancel()
	if e.runFile != "" {
		_ = os.Remove(e.runFile) // A file that stays is overwritten by the next start.
	}
	var err error
	if e.kafka != nil {
		err = errors.Join(err, e.kafka.Stop(ctx))
	}
	if e.clickhouse != nil {
		err = errors.Join(err, e.clickhouse.Stop(ctx))
	}
	if e.postgres != nil {
		err = errors.Join(err, e.postgres.Stop(ctx))
	}
	if e.Folder != nil {
		err = errors.Join(err, e.Folder.Close())
	}
	if err != nil {
		log.ErrorContext(ctx, "the engines did not stop cleanly", "error", err)
	}
}

// Reach finds the engines of the process that runs on the data folder; when none runs, it starts them for as
// long as the command takes.
func Reach(ctx context.Context, c *config.Config, log *slog.Logger) (*Engines, error) {
	e, err := Start(ctx, c, log)
	if !errors.Is(err, embedded.ErrLocked) {
		return e, err
	}
	text, readErr := os.ReadFile(runFileOf(c.Data))
	if readErr != nil {
		return nil, cause.Mark(cause.State, fmt.Errorf("%w; its engines are not ready yet: try again in a moment", err))
	}
	running := &Engines{}
	if err := json.Unmarshal(text, &running.Addresses); err != nil {
		return nil, cause.Mark(cause.State, fmt.Errorf("read %s: %w", runFileOf(c.Data), err))
	}
	return running, nil
}

// Health returns the state of the engines that this process started.
func (e *Engines) Health() []embedded.Health {
	var out []embedded.Health
	if e.postgres != nil {
		out = append(out, e.postgres.Health())
	}
	if e.clickhouse != nil {
		out = append(out, e.clickhouse.Health())
	}
	if e.kafka != nil {
		out = append(out, e.kafka.Health())
	}
	return out
}
