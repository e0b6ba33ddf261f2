package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
)

// BenchmarkInsert measures what rows cost ClickHouse with their sums and without: in batches of a backlog, and in those of a few hundred
// calls a second, which cost by the batch more than by the row. The CPU time is that of the server, with the merges that follow.
func BenchmarkInsert(b *testing.B) {
	w := newWorld(b)
	records := w.records(b, wanted(b, "TRUNKLINE_BENCH_LEGS", 200_000))
	for _, size := range []int{20_000, 500} {
		for _, sums := range []bool{true, false} {
			b.Run(fmt.Sprintf("batch=%d/sums=%t", size, sums), func(b *testing.B) {
				some := records[:min(len(records), 200*size)]
				store := rawStore(b, sums)
				for b.Loop() {
					before, begun := serverCPU(b), clock.System{}.Now()
					insert(b, store, some, size)
					b.ReportMetric(perSecond(len(some), clock.System{}.Now().Sub(begun)), "rows/s")
					require.NoError(b, clock.Sleep(b.Context(), clock.System{}, merging))
					b.ReportMetric(float64((serverCPU(b)-before).Microseconds())/float64(len(some)), "server-us/row")
				}
			})
		}
	}
}

// merging is how long merges are waited for.
const merging = 8 * time.Second

// tick is the unit of /proc/PID/stat.
const tick = 10 * time.Millisecond

// serverCPU is what ClickHouse's processes have taken of the processors.
func serverCPU(b *testing.B) (total time.Duration) {
	b.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(b, err)
	for _, p := range processes {
		command, err := os.ReadFile(filepath.Join(p, "cmdline"))
		if err != nil || !strings.Contains(strings.ToLower(string(command)), "clickhouse") {
			continue // It has ended, or is another's.
		}
		stat, err := os.ReadFile(filepath.Join(p, "stat"))
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		for _, field := range strings.Fields(rest)[11:13] { // utime and stime, proc(5).
			n, err := strconv.ParseInt(field, 10, 64)
			require.NoError(b, err)
			total += time.Duration(n) * tick
		}
	}
	return total
}
