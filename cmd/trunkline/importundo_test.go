package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// swapped are calls of a day that can be read as two: 5 November, or 11 May.
const swapped = "05/11/26 10:00AM 1203  0001 004915112345678                                         00:01'00\n" +
	"05/11/26 10:01AM 1203  0001 004915112345678                                         00:01'00\n" +
	"05/11/26 10:02AM 1203  0001 004915112345678                                         00:01'00\n" +
	"05/11/26 10:03AM 1203  0001 9004915112345678                                        00:01'00\n"

// total is what the expense report of a month says: how many calls, and what they cost.
func (s *site) total(month string) (calls int64, money string) {
	s.t.Helper()
	var report struct {
		Total struct {
			Calls int64
			Total string
		}
	}
	code, out := s.run("report", "expenses", "--tenant", "acme", "--format", "json", "--month", month)
	if code != exitOK || json.Unmarshal([]byte(out), &report) != nil {
		return -1, out
	}
	return report.Total.Calls, report.Total.Total
}

// months waits until the expense reports of May and November have so many calls, of 9 each.
func (s *site) months(may, november int64) {
	s.t.Helper()
	prices := map[int64]string{0: "0", 3: "27", 4: "36"}
	require.EventuallyWithT(s.t, func(c *assert.CollectT) {
		calls, money := s.total("2026-05")
		assert.Equal(c, may, calls)
		assert.Equal(c, prices[may], money)
		calls, money = s.total("2026-11")
		assert.Equal(c, november, calls)
		assert.Equal(c, prices[november], money)
	}, 60*time.Second, 300*time.Millisecond)
	s.sums()
}

// An import that was read by a wrong setting is read anew, taken back, and brought again; whatever is done twice counts once.
func TestSystemImportsAreTakenBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "100000")
	s.provisionPBX()
	s.start()
	operator := filepath.Join(s.dir, "operator.yaml")
	s.must("apply", "-f", operator)
	path := filepath.Join(s.dir, "smdr.log")
	require.NoError(t, os.WriteFile(path, []byte(swapped), 0o600))
	code, out := s.run("import", "file", "--tenant", "acme", "--pbx", "old", path)
	require.Equal(t, exitPartial, code, "the last call was dialled with an access code: %s", out)
	s.months(3, 0)
	require.Contains(t, s.must("import", "errors"), "the dial plan does not know the number")

	s.change("format: panasonic-tda-c,", "format: panasonic-tda-c-dmy, prefix: \"9\",")
	require.Contains(t, s.must("apply", "-f", operator), "PBX old of acme: 1 imports with 3 calls were read by other settings (format, prefix)")
	require.Regexp(t, `smdr.log .*stands .*format prefix`, s.must("import", "list"))
	require.Regexp(t, `(?m)^1 +smdr.log +3 +4 +1 +0 +2026-05-11T09:59:00Z +2026-11-05T09:59:00Z`, s.must("import", "again", "--tenant", "acme", "--pbx", "old", "--changed", "--dry-run"))
	s.months(3, 0)
	out = s.must("import", "again", "--tenant", "acme", "--pbx", "old", "--changed", "--reason", "day before month")
	require.Contains(t, out, "3 calls of PBX old of acme taken back")
	require.Contains(t, out, "4 legs sent, 0 records could not be used")
	s.months(0, 4)
	require.Contains(t, s.must("import", "errors"), "0 records", "what was mended is settled")
	require.Regexp(t, `(?s)2 .*stands; 1 anew.*1 .*taken back by 1`, s.must("import", "list"))

	s.must("import", "file", "--tenant", "acme", "--pbx", "old", path)
	s.months(0, 4)
	code, out = s.run("import", "undo", "2", "--reason", "a test")
	require.Equal(t, exitConflict, code, out)
	require.Contains(t, out, "were brought by the imports [3], too")
	s.must("import", "undo", "--tenant", "acme", "--pbx", "old", "--file", "smdr.log", "--reason", "a test")
	s.months(0, 0)
	require.Regexp(t, `tenant/acme/EUR +0 `, s.must("account", "list"))
	for range 2 {
		s.must("import", "file", "--tenant", "acme", "--pbx", "old", path)
		s.months(0, 4)
	}
	out = s.must("import", "undo", "--tenant", "acme", "--pbx", "old", "--from", "2026-11-05T10:00:00Z", "--to", "2026-11-05T10:01:00Z", "--reason", "a test")
	require.Contains(t, out, "1 calls of PBX old")
	s.months(0, 3)
	s.must("import", "again", "--tenant", "acme", "--pbx", "old", "--file", "smdr.log", "--reason", "all of it")
	s.months(0, 4)
	s.must("period", "close", "--month", "2026-11", "--tenant", "acme", "--reason", "books")
	code, out = s.run("import", "undo", "--tenant", "acme", "--pbx", "old", "--file", "smdr.log", "--reason", "too late")
	require.Equal(t, exitConflict, code, out)
	require.Contains(t, out, "closed")
	s.months(0, 4)
	code, out = s.run("rerate", "undo", "1", "--reason", "no")
	require.Equal(t, exitConflict, code, out)
	require.Contains(t, out, "`trunkline import again` brings it back")
}

// A stream that is collected can be read anew, too, and goes on as the import that it was read as.
func TestSystemCollectedStreamsAreReadAnew(t *testing.T) {
	t.Parallel()
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "100000")
	s.provisionPBX()
	folder := filepath.Join(s.dir, "smdr")
	require.NoError(t, os.Mkdir(folder, 0o700))
	s.change("format: panasonic-tda-c,", "format: panasonic-tda-c, source: {kind: folder, path: "+folder+"},")
	s.start()
	operator := filepath.Join(s.dir, "operator.yaml")
	s.must("apply", "-f", operator)
	path := filepath.Join(folder, "pbx.log")
	lines := strings.SplitAfter(swapped, "\n")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines[:2], "")), 0o600))
	s.require("2026-05", 2)
	add := func(text string) {
		file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = file.WriteString(text)
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
	add(lines[2])
	s.months(3, 0)
	s.change("format: panasonic-tda-c,", "format: panasonic-tda-c-dmy, prefix: \"9\",")
	s.must("apply", "-f", operator)
	s.must("import", "again", "--tenant", "acme", "--pbx", "old", "--changed", "--reason", "day before month")
	s.months(0, 3)
	add(lines[3])
	s.months(0, 4)
	require.Regexp(t, `(?s)\n2 .*pbx.log .*stands.*\n1 .*pbx.log .*taken back by 1.*2 imports`, s.must("import", "list"))
	s.kill()
	s.start()
	add(lines[2]) // The PBX repeats a line.
	s.months(0, 4)
	s.must("import", "undo", "2", "--reason", "a test")
	s.months(0, 0)
}

// require waits until the expense report of a month has so many calls.
func (s *site) require(month string, calls int64) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { n, _ := s.total(month); return n == calls }, 60*time.Second, 300*time.Millisecond)
}
