package provision_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/internal/e164"
	"trunkline/provision"
	"trunkline/rating"
)

// versionsOf are so many monthly versions of a tariff with so many rates in a price list of its own.
func versionsOf(tb testing.TB, versions, rates int) (*history, []time.Time) {
	tb.Helper()
	h := &history{files: fstest.MapFS{}, stored: make(map[string][]byte), compiler: provision.NewCompiler()}
	h.past = &provision.Past{Archive: h}
	h.files["operator.yaml"] = &fstest.MapFile{Data: []byte("name: House\nrealm: pbx.test\ntariffs: [{id: retail, file: retail.yaml}]\n")}
	h.files["retail.yaml"] = &fstest.MapFile{Data: []byte("name: retail\ncurrency: EUR\ndecks:\n  - file: world.csv\n")}
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var at []time.Time
	for v := range versions {
		var b bytes.Buffer
		b.WriteString("prefix,destination,rate,initial,next\n49,Germany,0.0" + strconv.Itoa(10+v) + ",60,60\n")
		for i := range rates - 1 {
			fmt.Fprintf(&b, "%d,Zone %d,0.%04d,1,1\n", 3_000_000+i, i%500, (i+v)%9000+1)
		}
		h.files["world.csv"] = &fstest.MapFile{Data: b.Bytes()}
		bundle, err := provision.ReadBundle(h.files, "operator.yaml")
		require.NoError(tb, err)
		changes, merged, err := provision.Plan(h.objects, h.current(), bundle, false)
		require.NoError(tb, err)
		h.revision++
		for _, content := range merged.Files {
			sum := sha256.Sum256(content)
			h.stored[string(sum[:])] = content
		}
		moment := begin.AddDate(0, v, 0)
		h.past = h.past.With(changes, h.revision, moment, "olga")
		h.objects, err = merged.Objects()
		require.NoError(tb, err)
		if v == versions-1 {
			merged.Past = h.past
			h.snapshot, err = h.compiler.Compile(tb.Context(), merged)
			require.NoError(tb, err)
		}
		at = append(at, moment.Add(time.Hour))
	}
	return h, at
}

// BenchmarkPriceInTime prices a call by the version of its moment: the one in force, and one of the past that was asked for before.
func BenchmarkPriceInTime(b *testing.B) {
	h, at := versionsOf(b, 12, 10_000)
	for name, moment := range map[string]time.Time{"in force": at[11], "a year ago": at[0]} {
		b.Run(name, func(b *testing.B) {
			call := rating.Call{To: e164.MustParse("4930123456"), Connect: moment, Duration: 90 * time.Second}
			b.ReportAllocs()
			for b.Loop() {
				tariff, _, err := h.snapshot.TariffAt(b.Context(), "retail", moment)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := tariff.Price(call, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVersionsMemory measures what 12 versions of a price list of TRUNKLINE_BENCH_ROWS rates (100,000 if not set) take: what is
// kept ready, and what is kept after all have been asked for.
func BenchmarkVersionsMemory(b *testing.B) {
	rates := 100_000
	if text := os.Getenv("TRUNKLINE_BENCH_ROWS"); text != "" {
		var err error
		rates, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	for b.Loop() {
		before := heap()
		h, at := versionsOf(b, 12, rates)
		contents := 0
		for _, c := range h.stored {
			contents += len(c)
		}
		h.files = nil
		ready := heap() - before - contents
		started := clock.System{}.Now()
		for _, moment := range at {
			_, _, err := h.snapshot.TariffAt(b.Context(), "retail", moment)
			require.NoError(b, err)
		}
		b.ReportMetric(float64(ready)/(1<<20), "MiB-ready")
		b.ReportMetric(float64(heap()-before-contents)/(1<<20), "MiB-all-asked-for")
		b.ReportMetric(clock.System{}.Now().Sub(started).Seconds()/11, "s/version-read")
		runtime.KeepAlive(h)
	}
}

func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
