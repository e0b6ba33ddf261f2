package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"trunkline/internal/clock"
)

// Most of what a call leaves behind is garbage within a second: collecting it four times less often than usual saves a fifth of
// the CPU time. With many calls in progress that would be gigabytes, so the garbage that may lie about is bounded, too.
const (
	collectMost  = 400       // By how many per cent the heap grows between two collections, at most,
	collectLeast = 50        // and at least.
	garbageMost  = 320 << 20 // Bytes of garbage, about.
	garbageEvery = 2 * time.Second
)

// tendGarbage sets how often garbage is collected, by how much is in use, until ctx ends. GOGC overrules it.
func tendGarbage(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	inUse := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	percent := collectMost
	debug.SetGCPercent(percent)
	for clock.Sleep(ctx, clock.System{}, garbageEvery) == nil {
		metrics.Read(inUse)
		if next := collectAt(inUse[0].Value.Uint64()); next*10 < percent*9 || next*10 > percent*11 {
			percent = next
			debug.SetGCPercent(percent)
		}
	}
}

// collectAt is by how many per cent a heap may grow of which so many bytes are in use.
func collectAt(live uint64) int {
	if live == 0 {
		return collectMost
	}
	return min(max(int(min(garbageMost*100/live, collectMost)), collectLeast), collectMost)
}
