package registrar

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/sipproxy/journal"
)

// BenchmarkRefresh says what registrations cost: the bytes of a phone that is registered, with its entry in the journal, and the time in
// which it registers again. Both are to be the same however many there are. TRUNKLINE_BENCH_PHONES says how many, "1000,100000".
func BenchmarkRefresh(b *testing.B) {
	sizes := "1000,100000"
	if text := os.Getenv("TRUNKLINE_BENCH_PHONES"); text != "" {
		sizes = text
	}
	for text := range strings.SplitSeq(sizes, ",") {
		count, err := strconv.Atoi(text)
		require.NoError(b, err)
		b.Run(text, func(b *testing.B) {
			now := clock.System{}.Now()
			before := inUse()
			j, err := journal.Open(journal.Options{Dir: b.TempDir(), FS: disk.OS{}, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)})
			require.NoError(b, err)
			reg := New(Options{Journal: j, Clock: clock.System{}})
			for n := range count {
				require.True(b, reg.update(fmt.Sprint("tenant-", n), seat(n, 1, now), now))
			}
			bytes := inUse() - before
			n := 0
			for b.Loop() {
				reg.update(fmt.Sprint("tenant-", n%count), seat(n%count, uint32(2+n/count), now), now)
				n++
			}
			b.ReportMetric(float64(bytes)/float64(count), "B/phone")
			b.ReportMetric(float64(inUse()-before-bytes)/float64(count), "B-grown/phone")
			require.NoError(b, j.Close())
			runtime.KeepAlive(reg)
		})
	}
}

// seat is a phone behind a router, as its REGISTER leaves it.
func seat(n int, cseq uint32, now time.Time) Binding {
	host := fmt.Sprintf("10.%d.%d.%d", n>>16, n>>8&255, n&255)
	uri := sip.Uri{Scheme: "sip", User: "tenant-" + strconv.Itoa(n), Host: host, Port: 5060}
	return Binding{
		Contact: uri.String(), Transport: "UDP", Source: host + ":5060", CallID: host + "-call", CSeq: cseq, At: now, Expires: now.Add(time.Hour), URI: uri,
	}
}

func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
