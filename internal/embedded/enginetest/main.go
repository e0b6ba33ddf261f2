package enginetest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"trunkline/internal/embedded"
)

const (
	startLimit = time.Minute
	stopLimit  = 30 * time.Second
)

// stand is the set of engines of one test binary.
type stand struct {
	mu         sync.Mutex
	open       bool // Main is running
	packages   string
	temp       string
	folder     *embedded.Folder
	postgres   *embedded.Postgres
	clickhouse *embedded.ClickHouse
	kafka      *embedded.Kafka
	databases  int
	pattern    string // The database that PostgresLike copies; "" before a test asks.
}

var engines stand //nolint:gochecknoglobals // the tests of a binary share its engines, and testing hands them nothing

// Main runs the tests, stops the engines they used and exits, with an error also where goroutines were left over.
// It is all that TestMain does: func TestMain(m *testing.M) { enginetest.Main(m) }. ClickHouse runs in a second
// process of the same test binary, which Main recognises by its arguments.
func Main(m *testing.M) {
	os.Exit(run(m)) //nolint:forbidigo // like goleak.VerifyTestMain, it takes the place of main
}

func run(m *testing.M) int {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if len(os.Args) > 1 && os.Args[1] == "clickhouse" {
		log.Error("clickhouse failed", "error", embedded.RunClickHouse(os.Args[2:]...))
		return 1
	}
	if err := bound(); err != nil {
		log.Error("tests cannot be bounded", "error", err)
		return 1
	}
	engines.mu.Lock()
	engines.open = true
	engines.mu.Unlock()
	code := m.Run()
	if err := engines.close(); err != nil {
		log.Error("engines did not stop", "error", err)
		return 1
	}
	if err := goleak.Find(); err != nil {
		log.Error("goroutines are left over", "error", err)
		return 1
	}
	return code
}

// atOnce is how many tests share the engines at a time: PostgreSQL lets a hundred connections in, and a pool may take sixteen.
const atOnce = 4

// bound keeps parallel tests to as many as the engines can serve, however many cores there are.
func bound() error {
	flag.Parse()
	parallel := flag.Lookup("test.parallel")
	if n, err := strconv.Atoi(parallel.Value.String()); err == nil && n <= atOnce {
		return nil
	}
	return parallel.Value.Set(strconv.Itoa(atOnce))
}

// close stops what was started, and removes its folder.
func (s *stand) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = false
	if s.folder == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	var err error
	if s.postgres != nil {
		err = errors.Join(err, s.postgres.Stop(ctx))
	}
	if s.clickhouse != nil {
		err = errors.Join(err, s.clickhouse.Stop(ctx))
	}
	if s.kafka != nil {
		err = errors.Join(err, s.kafka.Stop(ctx))
	}
	return errors.Join(err, s.folder.Close(), os.RemoveAll(s.temp))
}

// lock locks the stand and sees to it that its folder is there.
func (s *stand) lock(tb testing.TB) (unlock func()) {
	tb.Helper()
	s.mu.Lock()
	if err := s.prepare(); err != nil {
		s.mu.Unlock()
		tb.Fatal(err)
	}
	return s.mu.Unlock
}

func (s *stand) prepare() error {
	if !s.open {
		return errors.New("the engines need a TestMain that calls enginetest.Main")
	}
	if s.folder != nil {
		return nil
	}
	var err error
	if s.packages, err = findPackages(); err != nil {
		return err
	}
	if s.temp, err = os.MkdirTemp("", "trunkline-test-"); err != nil {
		return fmt.Errorf("folder for the engines: %w", err)
	}
	if s.folder, err = embedded.Open(s.temp); err != nil {
		return fmt.Errorf("folder for the engines: %w", err)
	}
	return nil
}

// findPackages looks above the working folder too, because tests run in the folder of their package.
func findPackages() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the engines: %w", err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if found, err := embedded.FindPackages(filepath.Join(dir, "node_modules")); err == nil {
			return found, nil
		}
	}
	return embedded.FindPackages("")
}

// Packages returns the node_modules folder of the engines, for a test that starts the whole program.
func Packages(tb testing.TB) string {
	tb.Helper()
	packages, err := findPackages()
	if err != nil {
		tb.Fatal(err)
	}
	return packages
}

// logger shows what the engines complain about in the output of the test binary.
func logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}
