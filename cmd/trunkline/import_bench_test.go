package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const millionLines = 1_000_000

// BenchmarkImportMillion brings a million lines of a PBX, a fifth of them parts of transferred calls, through the whole system:
// into the topic, rated, posted and visible. It imports them again and makes sure that nothing has changed, takes them back, reads
// them anew, and compares the sums.
func BenchmarkImportMillion(b *testing.B) {
	const calls = millionLines - millionLines/10
	for b.Loop() {
		s := newSite(b, "127.0.0.1:9", "127.0.0.1:9", "100000")
		s.provisionPBX()
		s.start()
		s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
		path := transferFile(b)
		timed := func(name string, visible int64, do func()) {
			began := time.Now()
			do()
			b.ReportMetric(millionLines/time.Since(began).Seconds(), "lines/s-"+name)
			require.Eventually(b, func() bool { n, _ := s.calls(); return n == visible }, 15*time.Minute, time.Second)
			b.ReportMetric(millionLines/time.Since(began).Seconds(), "lines/s-"+name+"-visible")
			s.sums()
		}
		timed("sent", calls, func() { s.importAll(path) })
		_, money := s.calls()
		s.importAll(path)
		time.Sleep(20 * time.Second) // Whatever it changes would be there by now: the first pass took no longer.
		n, same := s.calls()
		require.Equal(b, int64(calls), n, "imported again, nothing changes")
		require.Equal(b, money, same)
		timed("undone", 0, func() { s.must("import", "undo", "1", "2", "--reason", "a figure") })
		timed("again", calls, func() { s.run("import", "again", "1", "--reason", "a figure") })
		_, same = s.calls()
		require.Equal(b, money, same, "undone and imported again")
		s.kill()
	}
}

// transferFile are lines of which every tenth call was transferred, and so has two.
func transferFile(tb testing.TB) string {
	tb.Helper()
	var b strings.Builder
	day := time.Now().UTC().AddDate(0, 0, -3-millionLines/17_280).Truncate(24 * time.Hour)
	for i := range millionLines {
		at := day.Add(time.Duration(i) * 5 * time.Second)
		mark, call := "", i
		switch i % 10 {
		case 0:
			mark = "TR"
		case 1:
			call--
		}
		fmt.Fprintf(&b, "%s %s %-5d %04d %-50s      00:00'%02d                        %s\r\n", at.Format("01/02/06"), at.Format("03:04PM"), 101+i%2, call%97,
			fmt.Sprint("004915112", 100000+call%800_000), 1+i%20, mark)
	}
	b.WriteString("01/02/26 10:0\r\n")
	path := filepath.Join(tb.TempDir(), "smdr.log")
	require.NoError(tb, os.WriteFile(path, []byte(b.String()), 0o600))
	return path
}

func (s *site) importAll(path string) {
	s.t.Helper()
	code, out := s.run("import", "file", "--tenant", "acme", "--pbx", "old", path)
	require.Equal(s.t, exitPartial, code, out) // The last line of the file is cut off.
}

// calls counts the calls of the months that the file spans, and says what each month comes to.
func (s *site) calls() (total int64, money []string) {
	s.t.Helper()
	month := time.Now().UTC()
	for range 2 + millionLines/400_000 {
		var report struct {
			Total struct {
				Calls int64
				Total string
			}
		}
		code, out := s.run("report", "expenses", "--tenant", "acme", "--format", "json", "--month", month.Format("2006-01"))
		if code != exitOK || json.Unmarshal([]byte(out), &report) != nil {
			return -1, nil
		}
		total += report.Total.Calls
		money = append(money, report.Total.Total)
		month = time.Date(month.Year(), month.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -1, 0)
	}
	return total, money
}
