package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/api"
	"trunkline/app"
)

// smdrLine is a line of pattern C of a Panasonic PBX: a call that ended on a day before yesterday.
func smdrLine(day time.Time, i int) string {
	at := day.Add(time.Duration(i) * 5 * time.Second)
	return fmt.Sprintf("%s %s %-5d 0001 %-50s      00:01'%02d", at.Format("01/02/06"), at.Format("03:04PM"), 101+i%2, fmt.Sprint("004915112", 100000+i), i%60)
}

func smdrFile(tb testing.TB, lines int) string {
	tb.Helper()
	const daily = 24 * time.Hour / (5 * time.Second)
	day := time.Now().UTC().AddDate(0, 0, -3-lines/int(daily)).Truncate(24 * time.Hour)
	var b strings.Builder
	b.WriteString("Date     Time    Ext   CO   Dial Number\r\n")
	for i := range lines {
		b.WriteString(smdrLine(day, i) + "\r\n")
	}
	b.WriteString("01/02/26 10:0\r\n")
	path := filepath.Join(tb.TempDir(), "smdr.log")
	require.NoError(tb, os.WriteFile(path, []byte(b.String()), 0o600))
	return path
}

func TestParsePrintsTheContract(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "smdr.log")
	var text strings.Builder
	text.WriteString("Date     Time    Ext   CO   Dial Number\r\n")
	for i := range 3 {
		text.WriteString(smdrLine(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), i) + "\r\n")
	}
	require.NoError(t, os.WriteFile(path, []byte(text.String()+"01/02/26 10:0\r\n"), 0o600))
	var out, errOut bytes.Buffer
	code := run(t.Context(), []string{"import", "parse", "--format", "auto", path, "--out", "csv"}, strings.NewReader(""), &out, &errOut)
	require.Equal(t, exitPartial, code)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Equal(t, "source,line,start,ring,duration,direction,from,to,extension,trunk,account,cause,raw", lines[0])
	require.Len(t, lines, 4)
	require.Contains(t, errOut.String(), "line 5: cut off")
	require.Contains(t, errOut.String(), "lines 5, calls 3, joined 0, duplicates 0, faulty 1, other 1")
	for _, args := range [][]string{
		{"import", "parse"},
		{"import", "parse", "--format", "none", path},
		{"import", "parse", path, "--out", "xml"},
		{"import", "parse", filepath.Join(t.TempDir(), "missing")},
		{"import", "parse", path, "--time-zone", "Mars"},
		{"import", "parse", path, "--day", "today"},
		{"import", "parse", "--format", "panasonic-tda-c", "--stamp", "never", path},
	} {
		require.Equal(t, exitUsage, run(t.Context(), args, strings.NewReader(""), io.Discard, io.Discard), strings.Join(args, " "))
	}
	require.Equal(t, exitOK, run(t.Context(), []string{"import", "formats"}, strings.NewReader(""), &out, io.Discard))
	own := filepath.Join(t.TempDir(), "mine.yaml")
	require.NoError(t, os.WriteFile(own, []byte(`name: mine
layout: {kind: delimited, separator: ";"}
fields: {start: 1, duration: 2, from: 3, to: 4}
forms: {start: "DD.MM.YYYY HH:mm:ss", duration: seconds}
longest_extension: 4
`), 0o600))
	out.Reset()
	code = run(t.Context(), []string{"import", "parse", "--format", own, "--time-zone", "Europe/Moscow", "-"},
		strings.NewReader("21.11.2026 10:00:00;60;101;79161234567"), &out, io.Discard)
	require.Equal(t, exitOK, code)
	require.Contains(t, out.String(), "mine,1,2026-11-21T10:00:00+03:00,0,60,outbound,101,79161234567,101,,,,")
}

// A file that is imported twice counts once, in the ledger and in ClickHouse, and what could not be read is listed.
func TestImportTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	const lines = 10_000
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "100000")
	s.provisionPBX()
	s.start()
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	path := smdrFile(t, lines)
	for range 2 {
		code, out := s.run("import", "file", "--tenant", "acme", "--pbx", "old", path)
		require.Equal(t, exitPartial, code, out)
		require.Contains(t, out, fmt.Sprintf("%d legs sent, 0 calls could not be rated", lines))
	}
	var rows []map[string]string
	var report struct{ Total struct{ Calls int64 } }
	month := time.Now().UTC().AddDate(0, 0, -3).Format("2006-01")
	require.Eventually(t, func() bool {
		code, out := s.run("report", "expenses", "--tenant", "acme", "--format", "json", "--month", month)
		return code == 0 && json.Unmarshal([]byte(out), &report) == nil && report.Total.Calls >= lines
	}, 90*time.Second, 500*time.Millisecond)
	s.sums()
	code, out := s.run("report", "expenses", "--tenant", "acme", "--format", "json", "--month", month)
	require.Zero(t, code, out)
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Equal(t, int64(lines), report.Total.Calls)
	code, out = s.run("report", "cdr", "--tenant", "acme", "--limit", "5", "--format", "json")
	require.Zero(t, code, out)
	require.NoError(t, json.Unmarshal([]byte(out), &rows))
	require.Equal(t, "panasonic-tda-c", rows[0]["source"])
	require.Equal(t, "berlin", rows[0]["branch"])
	s.linesOfImport(lines)
	code, out = s.run("import", "errors", "--tenant", "acme")
	require.Zero(t, code, out)
	require.Contains(t, out, "cut off")
	require.Contains(t, out, "1 records")
}

// linesOfImport holds the traffic of the line that all calls of the file were recorded on against their number.
func (s *site) linesOfImport(calls int64) {
	s.t.Helper()
	out := s.must("report", "lines", "--tenant", "acme", "--pbx", "old", "--period", "10d", "--format", "json")
	var report struct {
		Groups []struct {
			Kind, Owner, ID string
			Calls           int64
			Seconds         float64
			Peak            int
			Hours           []struct{ Seconds, Carried float64 }
		}
	}
	require.NoError(s.t, json.Unmarshal([]byte(out), &report))
	require.Len(s.t, report.Groups, 1)
	g := report.Groups[0]
	require.Equal(s.t, "pbx old 0001", g.Kind+" "+g.Owner+" "+g.ID)
	require.Equal(s.t, calls, g.Calls)
	require.Positive(s.t, g.Peak)
	var sum float64
	for _, h := range g.Hours {
		sum += h.Carried * h.Seconds
	}
	require.InEpsilon(s.t, g.Seconds, sum, 0.001, "hours of four places")
	require.Contains(s.t, s.must("report", "lines", "--tenant", "acme", "--period", "10d", "--rows", "day"), "BUSY HOUR")
}

// provisionPBX adds a PBX to the operator's file.
func (s *site) provisionPBX() {
	s.t.Helper()
	path := filepath.Join(s.dir, "operator.yaml")
	text, err := os.ReadFile(path)
	require.NoError(s.t, err)
	pbx := "  - id: acme\n    pbxs:\n      - {id: old, format: panasonic-tda-c, time_zone: UTC, branch: " + firstBranch(string(text)) + "}\n"
	require.Contains(s.t, string(text), "  - id: acme\n")
	require.NoError(s.t, os.WriteFile(path, []byte(strings.Replace(string(text), "  - id: acme\n", pbx, 1)), 0o600))
}

func firstBranch(operator string) string {
	_, rest, _ := strings.Cut(operator, "branches:")
	_, rest, _ = strings.Cut(rest, "id: ")
	name, _, _ := strings.Cut(rest, "\n")
	name, _, _ = strings.Cut(name, ",")
	return strings.Trim(name, " }")
}

// What a PBX pushes is rated like our own calls, however often it is repeated.
func TestCollectFromAPBX(t *testing.T) {
	t.Parallel()
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "100000")
	s.provisionPBX()
	address := freeAddress(t, "tcp")
	path := filepath.Join(s.dir, "operator.yaml")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	text = bytes.Replace(text, []byte("branch: berlin}\n"), []byte("branch: berlin, source: {kind: listen, address: \""+address+"\"}}\n"), 1)
	require.Contains(t, string(text), address)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	s.start()
	s.must("apply", "-f", path)
	lines, err := os.ReadFile(smdrFile(t, 50))
	require.NoError(t, err)
	for range 2 {
		var conn net.Conn
		require.Eventually(t, func() bool { conn, err = net.Dial("tcp", address); return err == nil }, 30*time.Second, 50*time.Millisecond)
		_, err = conn.Write(lines[:len(lines)-20]) // It breaks off within the last line.
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
	s.records(49)
	s.sums()

	moved := freeAddress(t, "tcp")
	s.change(address, moved)
	s.must("apply", "-f", path)
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", moved)
		return err == nil && conn.Close() == nil
	}, 30*time.Second, 50*time.Millisecond, "what is changed is in force without a restart")
	code, out := s.run("collect", "--data", filepath.Join(s.dir, "var"))
	require.Equal(t, exitConflict, code)
	require.Contains(t, out, "is held by process", "one process collects in one folder")
}

// Records of a format of the operator's own come over HTTP, twice, and count once.
func TestUploadOfAFormatOfOnesOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "100000")
	s.provisionPBX()
	s.change("format: panasonic-tda-c", "format: mine.yaml")
	own := filepath.Join(s.dir, "mine.yaml")
	const description = "name: mine\nlayout: {kind: delimited, separator: \";\"}\n" +
		"fields: {start: 1, duration: 2, from: 3, to: %s}\nforms: {start: \"DD.MM.YYYY HH:mm:ss\", duration: seconds}\nlongest_extension: 4\n"
	require.NoError(t, os.WriteFile(own, fmt.Appendf(nil, description, "four"), 0o600))
	code, out := s.run("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	require.Equal(t, exitUsage, code)
	require.Regexp(t, `operator.yaml:\d+: tenants\[0\].pbxs\[0\].format: mine.yaml: .*four`, out)
	require.NoError(t, os.WriteFile(own, fmt.Appendf(nil, description, "4"), 0o600))
	s.start()
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	password, err := os.ReadFile(filepath.Join(s.dir, "var", app.LocalKeyFile))
	require.NoError(t, err)
	upload := func(pbx, origin string) (int, api.ImportSummary) {
		body := "20.11.2026 10:00:00;60;101;+491511234567\n20.11.2026 10:05:00;30;102;+49301234567\nnonsense\n"
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.http+"/api/v1/imports/acme/"+pbx+"?name=november", strings.NewReader(body))
		require.NoError(t, err)
		req.SetBasicAuth(app.ConsoleUser, strings.TrimSpace(string(password)))
		if origin != "" {
			req.Header.Set("Origin", origin)
		}
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		var sum api.ImportSummary
		_ = json.NewDecoder(res.Body).Decode(&sum)
		return res.StatusCode, sum
	}
	require.Eventually(t, func() bool { code, _ := upload("old", ""); return code == http.StatusOK }, 20*time.Second, 100*time.Millisecond)
	code, sum := upload("old", "")
	require.Equal(t, http.StatusOK, code)
	require.NotZero(t, sum.Import)
	sum.Import = 0
	require.Equal(t, api.ImportSummary{Lines: 3, Calls: 2, Sent: 2, Unusable: 1}, sum)
	s.records(2)
	s.sums()
	require.Contains(t, s.must("import", "errors", "--tenant", "acme"), "november")
	code, _ = upload("new", "")
	require.Equal(t, http.StatusNotFound, code)
	code, _ = upload("old", "https://elsewhere.example")
	require.Equal(t, http.StatusForbidden, code, "other sites cannot make a browser send it")
}
