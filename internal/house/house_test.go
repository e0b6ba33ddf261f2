package house_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "trunkline"

// pkg is what `go list` tells of a package.
type pkg struct {
	ImportPath string
	Name       string
	Doc        string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Name,Doc,Imports", module+"/...")
	out, err := cmd.Output()
	require.NoError(t, err)
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// rule says which rooms of the module a room may import. Rooms not named are below one that is. This is the only list of who may import
// whom.
type rule struct {
	room string
	may  []string
	why  string
}

func rules() []rule {
	leaves := []string{"internal/calls", "internal/money", "internal/e164", "internal/clock", "internal/disk", "internal/frame", "internal/cause", "internal/field"}
	return []rule{
		{"internal/calls", nil, "a leaf"},
		{"internal/money", nil, "a leaf"},
		{"internal/e164", nil, "a leaf"},
		{"internal/clock", nil, "a leaf"},
		{"internal/disk", nil, "a leaf"},
		{"internal/cause", nil, "a leaf"},
		{"internal/field", nil, "a leaf"},
		{"internal/build", nil, "a leaf"},
		{"internal/frame", []string{"internal/disk"}, "files of frames, whatever is in them"},
		{"internal/faultfs", []string{"internal/disk"}, "a disk, whatever is kept on it"},
		{"internal/centralbank", []string{"internal/money", "internal/clock"}, "rates as banks publish them, whoever keeps them"},
		{"internal/node", []string{"internal/disk"}, "who a data folder belongs to"},
		{"internal/embedded", []string{"internal/embedded"}, "engines know nothing of telephony"},
		{"internal/house", nil, "only tests"},
		{"internal/ttlcache", leaves, "values that are kept for a while, whatever they are"},
		{"internal/backup", nil, "a set of files, whatever is in them"},
		{"demo", append([]string{"cdr", "provision", "routing", "sipproxy/agent"}, leaves...), "a sample that goes the way that real calls go"},
		{"bench", []string{"bench"}, "only measures, in tests"},
		{"cmd/trunkline", append([]string{
			"app", "access", "alert", "cdr", "console", "credit", "demo", "internal", "job", "lcr", "ledger", "provision", "rating", "reports", "routing", "sipproxy",
		}, leaves...), "commands translate: what they do is a use case of the console or a part of the app, and never SQL"},
		{"app", append([]string{
			"app", "access", "alert", "api", "cdr", "console", "credit", "demo", "internal/backup", "internal/centralbank", "internal/embedded", "internal/node", "internal/ttlcache", "job", "lcr", "ledger",
			"provision", "rating", "reports", "routing", "sipproxy", "sql",
		}, leaves...), "the running system joins all rooms, and is no command"},
		{"rating/worker", append([]string{"rating", "cdr", "ledger", "provision"}, leaves...), "where cdr, rating and ledger meet"},
		{"rating", append([]string{"rating"}, leaves...), "rating computes; it does not store and knows no SIP"},
		{"ledger", leaves, "the rules of money know no SQL"},
		{"access/memory", append([]string{"access"}, leaves...), "stores for tests, by the rules of the room"},
		{"job/memory", append([]string{"job"}, leaves...), "stores for tests, by the rules of the room"},
		{"console/memory", append([]string{"access", "alert", "cdr", "console", "job", "ledger", "lcr", "provision", "rating", "reports", "routing"}, leaves...), "stores for tests, by the rules of the room"},
		{"access", leaves, "who may do what knows neither SQL nor HTTP"},
		{"job", leaves, "long work knows neither what it is nor how it is kept"},
		{"console/terminal", append([]string{"access", "alert", "cdr", "console", "ledger", "lcr", "provision", "rating", "reports", "routing"}, leaves...), "answers are shown, whoever asked"},
		{"console", append([]string{"access", "alert", "cdr", "job", "ledger", "lcr", "provision", "rating", "reports", "routing"}, leaves...), "what people do, through interfaces"},
		{"alert", append([]string{"ledger"}, leaves...), "alerts measure and act through interfaces"},
		{"cdr", append([]string{"cdr"}, leaves...), "records know what happened, not what it costs or how it is stored"},
		{"lcr", append([]string{"rating"}, leaves...), "routing answers with gateways, not with SIP messages"},
		{"provision", append([]string{"lcr", "rating", "ledger"}, leaves...), "what is set up is known to all and knows no one who runs it"},
		{"routing", append([]string{"lcr", "provision", "rating"}, leaves...), "where a call goes depends on what is set up, not on SIP messages or stores"},
		{"sipproxy", append([]string{"sipproxy", "lcr", "cdr", "provision", "routing"}, leaves...), "SIP asks for money and routes through interfaces"},
		{"reports/invoice", append([]string{"rating", "ledger", "reports", "cdr", "provision"}, leaves...), "invoices join usage with money"},
		{"reports", append([]string{"reports", "cdr"}, leaves...), "reports ask stores through interfaces"},
		{"sql", append([]string{"sql", "access", "alert", "cdr", "job", "ledger", "provision", "rating", "reports", "lcr"}, leaves...), "stores know the rows of the rooms"},
		{"credit/quota", append([]string{"ledger", "cdr"}, leaves...), "portions of accounts, whoever places the calls"},
		{"credit", append([]string{"credit", "ledger", "provision", "routing", "cdr", "sipproxy"}, leaves...), "money for calls, whoever places them and whatever asks"},
		{"api", append([]string{"api", "access", "alert", "console", "cdr", "job", "ledger", "lcr", "provision", "rating", "reports", "routing"}, leaves...), "pages ask through interfaces, never SQL, SIP or Kafka"},
		{"internal/sim", append([]string{"internal/sim", "cdr", "credit/quota", "sipproxy/callstate", "ledger", "lcr", "provision", "rating", "sipproxy/holds", "sipproxy/journal", "internal/faultfs"}, leaves...), "the real rules in virtual time"},
	}
}

func TestImports(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			checkImport(t, p.ImportPath, imported)
		}
	}
}

func checkImport(t *testing.T, from, imported string) {
	t.Helper()
	room := strings.TrimPrefix(from, module+"/")
	if target, own := strings.CutPrefix(imported, module+"/"); own {
		if target == "cmd" || strings.HasPrefix(target, "cmd/") {
			t.Errorf("%s imports %s: nothing imports cmd", room, target)
		}
		if within(target, "app") && !within(room, "app") && !within(room, "cmd") {
			t.Errorf("%s imports %s: only commands start the running system", room, target)
		}
		for _, r := range rules() {
			if !within(room, r.room) {
				continue
			}
			if !slices.ContainsFunc(r.may, func(may string) bool { return within(target, may) }) {
				t.Errorf("%s imports %s: %s", room, target, r.why)
			}
			return
		}
		return
	}
	for prefix, only := range map[string]string{
		"github.com/emiago/sipgo":         "sipproxy",
		"github.com/segmentio/kafka-go":   "cdr/kafka",
		"github.com/jackc/pgx":            "sql/postgres",
		"github.com/ClickHouse":           "sql/clickhouse",
		"github.com/gin-gonic/gin":        "api",
		"github.com/twmb/franz-go":        "cdr/kafka",
		"github.com/ebitengine/purego":    "internal/embedded",
		"github.com/nyaruka/phonenumbers": "cmd",
	} {
		if strings.HasPrefix(imported, prefix) && !within(room, only) && !within(room, "internal/embedded") && !within(room, "bench") {
			t.Errorf("%s imports %s: only %s may", room, imported, only)
		}
	}
}

// TestEveryRoomHasARule finds packages that nobody has thought of: what a new room may import is decided when it is built.
func TestEveryRoomHasARule(t *testing.T) {
	t.Parallel()
	all := packages(t)
	for _, p := range all {
		room := strings.TrimPrefix(p.ImportPath, module+"/")
		if within(room, "cmd") { // It puts the rooms together, and nothing imports it.
			continue
		}
		if !slices.ContainsFunc(rules(), func(r rule) bool { return within(room, r.room) }) {
			t.Errorf("%s stands in no rule: say in rules() what it may import, and why", room)
		}
	}
	for _, r := range rules() {
		if !slices.ContainsFunc(all, func(p pkg) bool { return within(strings.TrimPrefix(p.ImportPath, module+"/"), r.room) }) {
			t.Errorf("there is no room %s any more", r.room)
		}
	}
}

func within(path, room string) bool { return path == room || strings.HasPrefix(path, room+"/") }

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if len(p.Doc) < 20 {
			t.Errorf("%s has no doc comment that says what it is", p.ImportPath)
		}
		for _, bad := range []string{"util", "common", "helper", "misc"} {
			if strings.Contains(p.Name, bad) {
				t.Errorf("%s: a package is named after what it knows", p.ImportPath)
			}
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{"node_modules", "var", ".git", ".tools"}, d.Name()) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, ".gen.go") {
			return nil
		}
		const most = 500
		if n := lines(t, path); n > most {
			t.Errorf("%s has %d lines: split it by noun", path, n)
		}
		return nil
	})
	require.NoError(t, err)
}

// TestRoomsHaveReadmes asks every room, and every large package, what it owns, what it does not, and what always holds.
func TestRoomsHaveReadmes(t *testing.T) {
	t.Parallel()
	const large = 2000 // Lines of a package without its tests.
	root := filepath.Join("..", "..")
	wanted := make(map[string]bool)
	for _, p := range packages(t) {
		folder := strings.TrimPrefix(p.ImportPath, module+"/")
		room, _, _ := strings.Cut(folder, "/")
		if room == "internal" { // They share a folder, and nothing else.
			continue
		}
		wanted[room] = true
		if room != "cmd" && packageLines(t, filepath.Join(root, folder)) > large {
			wanted[folder] = true
		}
	}
	for folder := range wanted {
		text, err := os.ReadFile(filepath.Join(root, folder, "README.md"))
		if err != nil {
			t.Errorf("%s has no README.md: say what it owns, what it does not own, and what always holds", folder)
			continue
		}
		for _, part := range []string{"**Owns**", "**Does not own**", "## What always holds"} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s/README.md has no %s", folder, part)
			}
		}
	}
}

// packageLines are the lines that somebody wrote, without tests.
func packageLines(t *testing.T, folder string) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	for _, f := range files {
		if !strings.HasSuffix(f, "_test.go") && !strings.HasSuffix(f, ".gen.go") {
			n += lines(t, f)
		}
	}
	return n
}

func lines(t *testing.T, path string) int {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		n++
	}
	return n
}
