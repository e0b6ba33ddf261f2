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
	garbageMost  = 320 << 20 // Bytes of garbage, about; never more than a quarter of the limit.
	garbageEvery = 2 * time.Second
)

// tendGarbage sets how often garbage is collected, by how much is in use, until ctx ends: ever more often when the process comes near a
// limit of so many bytes. The environment overrules both, with GOGC and GOMEMLIMIT.
func tendGarbage(ctx context.Context, limit int64) {
	if os.Getenv("GOMEMLIMIT") == "" && limit > 0 {
		debug.SetMemoryLimit(limit)
	}
	if os.Getenv("GOGC") != "" {
		return
	}
	most := garbageBound(debug.SetMemoryLimit(-1))
	inUse := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	percent := collectMost
	debug.SetGCPercent(percent)
	for clock.Sleep(ctx, clock.System{}, garbageEvery) == nil {
		metrics.Read(inUse)
		if next := collectAt(inUse[0].Value.Uint64(), most); next*10 < percent*9 || next*10 > percent*11 {
			percent = next
			debug.SetGCPercent(percent)
		}
	}
}

// garbageBound is how many bytes of garbage may lie about where a process may have so many in all.
func garbageBound(limit int64) uint64 { return uint64(max(min(garbageMost, limit/4), 0)) }

// collectAt is by how many per cent a heap may grow of which so many bytes are in use, with so many of garbage at most.
func collectAt(live, most uint64) int {
	if live == 0 {
		return collectMost
	}
	return min(max(int(min(most*100/live, collectMost)), collectLeast), collectMost)
}
