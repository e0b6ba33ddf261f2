package lists_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// json is a price as a number of the spreadsheet.
func json(rate string) any {
	f, err := strconv.ParseFloat(rate, 64)
	if err != nil {
		panic(err)
	}
	return f
}

// BenchmarkListMillion runs `trunkline deck check` on one core over a list of a million lines, as CSV and as XLSX, and then pandas and
// DuckDB over the same files where they are installed (TRUNKLINE_PYTHON names their Python).
func BenchmarkListMillion(b *testing.B) {
	trunkline, err := filepath.Abs(filepath.Join("..", "..", "bin", "trunkline"))
	require.NoError(b, err)
	csv, xlsx := files(b)
	for _, list := range []struct{ name, file string }{{"csv", csv}, {"xlsx", xlsx}} {
		b.Run("trunkline/"+list.name, func(b *testing.B) { measure(b, trunkline, "deck", "check", list.file) })
	}
	python := os.Getenv("TRUNKLINE_PYTHON")
	if python == "" {
		python = "python3"
	}
	for _, peer := range []struct{ name, code, file string }{
		{"pandas/csv", "import pandas,sys; pandas.read_csv(sys.argv[1])", csv},
		{"pandas-strings/csv", "import pandas,sys; pandas.read_csv(sys.argv[1], dtype=str)", csv},
		{"duckdb/csv", "import duckdb,sys; c=duckdb.connect(); c.execute('set threads=1'); c.execute('create table t as select * from read_csv(?)',[sys.argv[1]])", csv},
		{"pandas-calamine/xlsx", "import pandas,sys; pandas.read_excel(sys.argv[1], engine='calamine')", xlsx},
		{"pandas-openpyxl/xlsx", "import pandas,sys; pandas.read_excel(sys.argv[1], engine='openpyxl')", xlsx},
	} {
		if exec.CommandContext(b.Context(), python, "-c", "import pandas, duckdb, python_calamine, openpyxl").Run() != nil {
			b.Logf("%s: not installed; TRUNKLINE_PYTHON names a Python with pandas, duckdb, python-calamine and openpyxl", peer.name)
			return
		}
		b.Run(peer.name, func(b *testing.B) { measure(b, python, "-c", peer.code, peer.file) })
	}
}

// measure runs a program once a loop on one core, and reports lines a second, and the most memory that it had.
func measure(b *testing.B, program string, args ...string) {
	b.Helper()
	var most int64
	for b.Loop() {
		cmd := exec.CommandContext(b.Context(), "taskset", append([]string{"-c", "0", program}, args...)...)
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "OMP_NUM_THREADS=1")
		cmd.Stdout, cmd.Stderr = io.Discard, os.Stderr
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
		usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			b.Fatal(errors.New("no usage"))
		}
		most = max(most, usage.Maxrss)
	}
	perRun := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(lines/perRun.Seconds(), "lines/s")
	b.ReportMetric(float64(most)/1024, "peak-MB")
}
