package main

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkImportMillion brings a million lines of a PBX through the whole system: into the topic, rated, posted and
// visible. Then it imports them again and makes sure that nothing has changed.
func BenchmarkImportMillion(b *testing.B) {
	const lines = 1_000_000
	for b.Loop() {
		s := newSite(b, "127.0.0.1:9", "127.0.0.1:9", "100000")
		s.provisionPBX()
		s.start()
		s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
		path := smdrFile(b, lines)
		began := time.Now()
		s.importAll(path)
		b.ReportMetric(lines/time.Since(began).Seconds(), "lines/s-sent")
		require.Eventually(b, func() bool { return s.calls(lines) >= lines }, 10*time.Minute, time.Second)
		b.ReportMetric(lines/time.Since(began).Seconds(), "lines/s-visible")
		s.sums()
		s.importAll(path)
		time.Sleep(20 * time.Second) // Whatever it changes would be there by now: the first pass took no longer.
		require.Equal(b, int64(lines), s.calls(lines), "imported again, nothing changes")
		s.sums()
		s.kill()
	}
}

func (s *site) importAll(path string) {
	s.t.Helper()
	code, out := s.run("import", "file", "--tenant", "acme", "--pbx", "old", path)
	require.Equal(s.t, exitPartial, code, out) // The last line of the file is cut off.
}

// calls counts the calls of the months that a file of so many lines spans.
func (s *site) calls(lines int) int64 {
	s.t.Helper()
	var total int64
	month := time.Now().UTC()
	for range 2 + lines/400_000 {
		var report struct{ Total struct{ Calls int64 } }
		code, out := s.run("report", "expenses", "--tenant", "acme", "--format", "json", "--month", month.Format("2006-01"))
		if code != exitOK || json.Unmarshal([]byte(out), &report) != nil {
			return 0
		}
		total += report.Total.Calls
		month = time.Date(month.Year(), month.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -1, 0)
	}
	return total
}
