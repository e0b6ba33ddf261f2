package clock

import (
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// beginning is one moment by two clocks: the runtime reads its own without a system call, and both run alike.
//
//nolint:gochecknoglobals,forbidigo // It is read once, by whoever is the clock, and never changes.
var beginning = moment{at: time.Now(), elapsed: elapsed()}

type moment struct {
	at      time.Time
	elapsed time.Duration
}

// Elapsed is the time since the machine was started, without that for which it was suspended (CLOCK_MONOTONIC).
func (System) Elapsed() time.Duration { return beginning.elapsed + time.Since(beginning.at) }

func elapsed() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) != nil { // It does not fail where Linux runs.
		return 0
	}
	return time.Duration(t.Nano())
}

// Boot is the kernel's name for its present life.
func (System) Boot() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
