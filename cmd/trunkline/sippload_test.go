//go:build sipp

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The phones of the load: so many tenants with so many extensions each, t0-100 to t19-149. Kamailio knows the same.
const (
	loadTenants    = 20
	loadExtensions = 50
)

// load is what SIPp is to do.
type load struct {
	scenario string
	rate     int // Calls in a second.
	calls    int
	talk     time.Duration
}

// envInt is a number from the environment.
func envInt(tb testing.TB, name string, otherwise int) int {
	tb.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(tb, err, name)
	return n
}

// loadPhone is the login of one of the phones.
func loadPhone(n int) string {
	n %= loadTenants * loadExtensions
	return fmt.Sprintf("t%d-%d", n%loadTenants, 100+n/loadTenants)
}

// loadNumber is one of 150,000 numbers, each behind a prefix of its own.
func loadNumber(n int) string { return fmt.Sprintf("+49%06d1234", 100_000+n*7919%150_000) }

// phoneFile writes the phones and the numbers that they call, as SIPp reads them: every line for one call, and from the beginning again.
func phoneFile(tb testing.TB) string {
	tb.Helper()
	var text strings.Builder
	text.WriteString("SEQUENTIAL\n")
	for n := range 20_000 {
		fmt.Fprintf(&text, "%s;[authentication username=%s password=secret];%s\n", loadPhone(n), loadPhone(n), loadNumber(n))
	}
	file := filepath.Join(tb.TempDir(), "phones.csv")
	require.NoError(tb, os.WriteFile(file, []byte(text.String()), 0o600))
	return file
}

// startCarrier runs a SIPp that answers all calls at an address until the test ends.
func startCarrier(ctx context.Context, tb testing.TB, address string, calls int) *exec.Cmd {
	tb.Helper()
	host, p, _ := strings.Cut(address, ":")
	carrier := sipp(ctx, tb, "load_uas.xml", "-i", host, "-p", p, "-l", strconv.Itoa(calls))
	require.NoError(tb, carrier.Start())
	tb.Cleanup(func() { end(carrier) })
	return carrier
}

// caller is the SIPp that places the calls of a load.
func (l load) caller(ctx context.Context, tb testing.TB, to string) *exec.Cmd {
	tb.Helper()
	//nolint:contextcheck // A free port is found at once.
	return sipp(ctx, tb, l.scenario, "-i", "127.0.0.1", "-p", port(tb), "-inf", phoneFile(tb), "-m", strconv.Itoa(l.calls),
		"-d", strconv.FormatInt(l.talk.Milliseconds(), 10), "-r", strconv.Itoa(l.rate), "-l", strconv.Itoa(l.calls), to)
}

// end kills a process and waits until it is gone.
func end(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// failedCalls reads SIPp's last screen.
func failedCalls(screen string) int {
	failed := 0
	for line := range strings.Lines(screen) {
		if strings.Contains(line, "Failed call") {
			cells := strings.Split(line, "|")
			failed, _ = strconv.Atoi(strings.TrimSpace(cells[len(cells)-1]))
		}
	}
	return failed
}

// memoryOf is the resident memory of some processes (proc(5), statm; what they share is counted with each).
func memoryOf(tb testing.TB, pids ...int) int64 {
	tb.Helper()
	var sum int64
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
		require.NoError(tb, err)
		pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
		require.NoError(tb, err)
		sum += pages * int64(os.Getpagesize())
	}
	return sum
}

// cpuOf is the CPU time of some processes (proc(5), stat, fields 14 and 15); those that are gone count nothing.
func cpuOf(tb testing.TB, pids ...int) time.Duration {
	tb.Helper()
	const tick = 10 * time.Millisecond
	var sum time.Duration
	for _, pid := range pids {
		if fields := statOf(pid); len(fields) > 12 {
			user, err := strconv.Atoi(fields[11])
			require.NoError(tb, err)
			system, err := strconv.Atoi(fields[12])
			require.NoError(tb, err)
			sum += time.Duration(user+system) * tick
		}
	}
	return sum
}

// statOf returns the fields of a process from the third on.
func statOf(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

// family is a process with all that descend from it.
func family(tb testing.TB, pid int) []int {
	tb.Helper()
	entries, err := os.ReadDir("/proc")
	require.NoError(tb, err)
	children := make(map[int][]int)
	for _, e := range entries {
		if child, err := strconv.Atoi(e.Name()); err == nil {
			if fields := statOf(child); len(fields) > 1 {
				parent, _ := strconv.Atoi(fields[1])
				children[parent] = append(children[parent], child)
			}
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// busy is the CPU time that the whole machine has spent (proc(5), stat), waiting for disks left out.
func busy(tb testing.TB) time.Duration {
	tb.Helper()
	text, err := os.ReadFile("/proc/stat")
	require.NoError(tb, err)
	line, _, _ := strings.Cut(string(text), "\n")
	var sum time.Duration
	for i, field := range strings.Fields(line)[1:9] {
		n, err := strconv.Atoi(field)
		require.NoError(tb, err)
		if i != 3 && i != 4 { // Idle, and waiting for disks.
			sum += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return sum
}
