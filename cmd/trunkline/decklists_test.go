package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// listSite is a site with one deck, and a way to write lists for it.
func listSite(t *testing.T) (*site, func(name, text string) string) {
	t.Helper()
	s := newSite(t, "192.0.2.1:5060", "192.0.2.2:5060", "1")
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	return s, func(name, text string) string {
		path := filepath.Join(s.dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
}

// TestDeckAnnouncedChangesStay imports a part of a list after an increase was announced: the increase stays, or is told to be gone.
func TestDeckAnnouncedChangesStay(t *testing.T) {
	t.Parallel()
	s, list := listSite(t)
	first := list("announced.csv", "Prefix,Destination,Rate,Interval 1,Interval N,Effective Date\n44,UK,0.0300,1,1,2099-12-08\n")
	second := list("second.csv", "Prefix,Destination,Rate,Interval 1,Interval N,Effective Date\n44,UK,0.0190,1,1,2099-12-01\n")
	out := s.must("deck", "import", first, "--carrier", "alfa", "--mode", "update", "--apply")
	require.Contains(t, out, "1 new, 0 dearer, 0 cheaper", out)
	require.Contains(t, out, "0 closed, 0 dropped", "an update closes nothing")
	out = s.must("deck", "import", second, "--carrier", "alfa", "--mode", "update")
	require.Regexp(t, `new +44 +UK +0\.019 1/1 +2099-12-01`, out)
	require.Regexp(t, `dearer +44 +UK +0\.019 1/1 +0\.03 1/1 +2099-12-08`, out, "what was announced stays")
	out = s.must("deck", "import", second, "--carrier", "alfa", "--mode", "update", "--drop-announced")
	require.Contains(t, out, "1 dropped")
	require.Contains(t, out, "44 UK was to cost 0.03 from 2099-12-08 on, and will cost 0.019")
	s.must("deck", "import", second, "--carrier", "alfa", "--mode", "update", "--apply")
	require.Contains(t, s.must("deck", "rates", "--carrier", "alfa", "--at", "2099-12-02"), "44,UK,0.019")
	require.Contains(t, s.must("deck", "rates", "--carrier", "alfa", "--at", "2099-12-10"), "44,UK,0.03")
}

// TestDeckIsReadByHeadings imports the next list of a carrier with a column more.
func TestDeckIsReadByHeadings(t *testing.T) {
	t.Parallel()
	s, list := listSite(t)
	s.must("deck", "import", list("first.csv", "Prefix,Destination,Rate\n49,Germany,1.30\n44,UK,1.60\n"), "--carrier", "alfa", "--apply", "--yes")
	out := s.must("deck", "import", list("next.csv", "Prefix,Destination,Old Rate,Rate\n49,Germany,1.30,1.90\n44,UK,1.60,1.20\n"), "--carrier", "alfa")
	require.Contains(t, out, `column 3 "Old Rate" is new`)
	require.Regexp(t, `dearer +49 +Germany +1\.3 1/1 +1\.9 1/1`, out)
	require.Regexp(t, `cheaper +44 +UK +1\.6 1/1 +1\.2 1/1`, out)
	code, out := s.run("deck", "import", list("doubt.csv", "Prefix,Destination,Price,Rate\n49,Germany,1.30,1.90\n44,UK,1.60,1.20\n"), "--carrier", "alfa")
	require.Equal(t, exitUsage, code, out)
	require.Contains(t, out, `the rate stood under "Rate" in the last list, and now there is "Price", too`)
	require.Contains(t, out, "answer: --column rate=")
	s.must("deck", "import", filepath.Join(s.dir, "doubt.csv"), "--carrier", "alfa", "--ignore", "Price", "--apply")
	out = s.must("deck", "import", filepath.Join(s.dir, "doubt.csv"), "--carrier", "alfa")
	require.Contains(t, out, "it was not used in the last list", "an answer is given once")
}

// TestDeckListsThatMustNotGoIn are refused, or go in as far as they are good.
func TestDeckListsThatMustNotGoIn(t *testing.T) {
	t.Parallel()
	s, list := listSite(t)
	route := []string{"route", "--tenant", "acme", "--to", "+49301234567"}
	before := s.must(route...)
	code, out := s.run("deck", "import", list("empty.csv", "Prefix,Destination,Rate\n"), "--carrier", "alfa", "--apply", "--yes")
	require.Equal(t, exitUsage, code, out)
	require.Contains(t, out, "the list has no rates")
	code, out = s.run("deck", "import", list("dollar.csv", "Prefix,Destination,Rate (USD)\n49,Germany,$0.0150\n"), "--carrier", "alfa", "--apply", "--mode", "update")
	require.Equal(t, exitUsage, code, out)
	require.Contains(t, out, "the list is in USD and the deck in")
	require.Equal(t, before, s.must(route...), "nothing was changed")
	faulty := list("faulty.csv", "Prefix,Destination,Rate\n44,UK,0.5\n33,France,cheap\n34,Spain,0.7,extra\n")
	rejected := filepath.Join(s.dir, "rejected.csv")
	code, out = s.run("deck", "import", faulty, "--carrier", "alfa", "--apply", "--partial", "--rejected", rejected)
	require.Equal(t, exitPartial, code, out)
	require.Contains(t, out, "0 closed", "what is missing because it is faulty is not closed")
	require.Contains(t, s.must("deck", "rates", "--carrier", "alfa"), "44,UK,0.5")
	text, err := os.ReadFile(rejected)
	require.NoError(t, err)
	require.Contains(t, string(text), "line,reason,Prefix,Destination,Rate\n3,\"rate: not a")
	require.Contains(t, string(text), "4,it has 4 cells")
	mended := strings.NewReplacer("cheap", "0.6", ",extra", "").Replace(string(text))
	out = s.must("deck", "import", list("mended.csv", mended), "--carrier", "alfa", "--mode", "update", "--forget")
	require.Contains(t, out, "2 new", "a mended file goes in as it is: %s", mended)
}

// TestDeckGoesBackStepByStep undoes three imports, lists the versions, and writes what was in force before.
func TestDeckGoesBackStepByStep(t *testing.T) {
	t.Parallel()
	s, list := listSite(t)
	for _, price := range []string{"1.1", "1.2", "1.3"} {
		s.must("deck", "import", list(price+".csv", "Prefix,Destination,Rate\n49,Germany,"+price+"\n"), "--carrier", "alfa", "--mode", "update", "--apply")
	}
	versions := s.must("deck", "versions", "--carrier", "alfa")
	require.Equal(t, 5, strings.Count(versions, "\n"), versions)
	rates := func(args ...string) string {
		return s.must(append([]string{"deck", "rates", "--carrier", "alfa"}, args...)...)
	}
	for _, price := range []string{"1.2", "1.1"} {
		s.must("deck", "undo", "--carrier", "alfa")
		require.Contains(t, rates(), "49,Germany,"+price+",")
	}
	require.Contains(t, rates("--revision", "4"), "49,Germany,1.3,")
	s.must("deck", "undo", "--carrier", "alfa", "--to", "4")
	require.Contains(t, rates(), "49,Germany,1.3,")
	sheet := filepath.Join(s.dir, "sheet.xlsx")
	rates("--to", sheet, "--columns", "Code=prefix,Price=rate")
	require.Contains(t, s.must("deck", "check", sheet), "read as")
}
