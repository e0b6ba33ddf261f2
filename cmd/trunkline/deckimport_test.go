package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDeckImportAndUndo(t *testing.T) {
	t.Parallel()
	s := newSite(t, "192.0.2.1:5060", "192.0.2.2:5060", "1")
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	list := func(name, text string) string {
		path := filepath.Join(s.dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	dearer := list("april.csv", "Code;Zone;Price\n49;Germany;2,4\n4930;Berlin;1,0\n")

	code, out := s.run("deck", "import", dearer, "--carrier", "alfa")
	require.Zero(t, code, out)
	require.Contains(t, out, "dearer")
	route := []string{"route", "--tenant", "acme", "--to", "+49301234567"}
	require.Regexp(t, `alfa-1 +alfa +49 +1.2 `, s.must(route...), "only compared so far")

	code, out = s.run("deck", "import", dearer, "--carrier", "alfa", "--apply")
	require.Equal(t, exitUsage, code, "it ends most of the prices, which has to be meant: %s", out)
	require.Contains(t, out, "yes")
	out = s.must("deck", "import", dearer, "--carrier", "alfa", "--apply", "--yes")
	require.Contains(t, out, "as revision 2")
	require.Regexp(t, `alfa-1 +alfa +4930 +1 `, s.must(route...))
	require.Regexp(t, `alfa-1 +alfa +49 +1.2 `, s.must(append(route, "--at", "2026-01-01T00:00:00Z")...), "what it cost before stays")

	s.must("deck", "undo", "--carrier", "alfa")
	require.Regexp(t, `alfa-1 +alfa +49 +1.2 `, s.must(route...))

	require.Contains(t, out, "read as", "it shows how it reads the columns")
	code, _ = s.run("deck", "undo", "--carrier", "alfa")
	require.Equal(t, exitConflict, code, "undoing twice is no redo")

	code, out = s.run("deck", "import", list("bad.csv", "Code;Zone;Price\n49;Germany;cheap\n"), "--carrier", "alfa", "--apply")
	require.Equal(t, exitPartial, code, out)
	require.Contains(t, out, "line 2")
	code, out = s.run("deck", "import", dearer, "--carrier", "nobody")
	require.Equal(t, exitUsage, code, out)
}
