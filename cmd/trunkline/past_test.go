package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// past is a system with calls of two months that are over: 40 of the earlier one, 60 of the later one.
type past struct {
	*site

	month, before string // Such as 2026-10.
}

func newPast(t *testing.T) *past {
	t.Helper()
	s := &past{site: newSite(t, "127.0.0.1:9", "127.0.0.1:9", "100000")}
	s.provisionPBX()
	s.start()
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	now := time.Now().UTC()
	later := time.Date(now.Year(), now.Month()-2, 10, 9, 0, 0, 0, time.UTC) // Over for long, on every day of a month.
	earlier := time.Date(now.Year(), now.Month()-3, 10, 9, 0, 0, 0, time.UTC)
	s.month, s.before = later.Format("2006-01"), earlier.Format("2006-01")
	var b strings.Builder
	b.WriteString("Date     Time    Ext   CO   Dial Number\r\n")
	for day, calls := range map[time.Time]int{earlier: 40, later: 60} {
		for i := range calls {
			b.WriteString(smdrLine(day, 12*i) + "\r\n")
		}
	}
	file := filepath.Join(t.TempDir(), "smdr.log")
	require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o600))
	require.Contains(t, s.must("import", "file", "--tenant", "acme", "--pbx", "old", file), "100 legs sent")
	for month, calls := range map[string]int{s.before: 40, s.month: 60} {
		require.Eventually(t, func() bool {
			code, text := s.run("report", "expenses", "--tenant", "acme", "--format", "csv", "--month", month)
			return code == 0 && strings.Contains(text, "total,Total,"+strconv.Itoa(calls)+",") // Until the calls are stored it says that they differ.
		}, 60*time.Second, 300*time.Millisecond)
	}
	s.sums()
	return s
}
