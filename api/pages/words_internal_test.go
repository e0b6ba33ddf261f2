package pages

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/job"
	"trunkline/reports"
	"trunkline/reports/traffic"
)

// visible are all texts that a page may show and that are to be translated.
func visible(t *testing.T) map[string]string {
	t.Helper()
	out := make(map[string]string)
	quoted := `("(?:[^"\\]|\\.)*")`
	collect := func(where, text string, pattern *regexp.Regexp) {
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			word, err := strconv.Unquote(m[1])
			require.NoError(t, err, "%s: %s", where, m[1])
			out[word] = where
		}
	}
	inTemplate := regexp.MustCompile(`(?:[({ ]|^)t ` + quoted)
	err := fs.WalkDir(content, "templates", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := content.ReadFile(path)
		collect(path, string(text), inTemplate)
		return err
	})
	require.NoError(t, err)
	inCode := []*regexp.Regexp{
		regexp.MustCompile(`\br\.t\(` + quoted), regexp.MustCompile(`r\.(?:show|again)\("[\w-]+", ` + quoted),
		regexp.MustCompile(`(?:Title|Label|Help|One|Many): +` + quoted),
	}
	files, err := fs.Glob(os.DirFS("."), "*.go")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, pattern := range inCode {
			collect(file, string(text), pattern)
		}
	}
	for _, k := range append(kinds(), parts()...) {
		for _, c := range k.Columns {
			out["field "+c] = k.Path
		}
	}
	for _, r := range access.Roles() {
		out["role "+string(r)] = "roles"
	}
	for _, d := range reports.Dimensions() {
		out["by "+string(d)] = "dimensions"
	}
	for _, k := range []traffic.Kind{traffic.PBX, traffic.Trunk, traffic.Gateway, traffic.Carrier} {
		out["lines of "+string(k)] = "trunk groups"
	}
	for _, c := range reports.Columns() {
		out["column "+string(c)] = "columns of the expense report"
	}
	for _, k := range []job.Kind{job.Export, job.Check, job.Close, job.Compare, job.Apply, job.Rates, job.Rerate, job.Import, job.Retention, job.Rebuild} {
		out["job "+string(k)] = "jobs"
	}
	for prefix, list := range map[string][]string{
		"kind": {"settings", "carrier", "gateway", "deck", "tariff", "dial_plan", "route_plan", "tenant"}, "does": {"create", "update", "delete"},
		"event":   {"registered", "adopted", "renamed", "given_up", "back", "disputed", "resolved", "damage_sent", "damage_settled"},
		"records": {"calls", "traces", "raw", "imports", "faults", "unrated", "audit", "alarms"}, "report": {"expenses", "stats", "cdr"},
		"on": {"day", "mon", "tue", "wed", "thu", "fri", "sat", "sun"},
	} {
		for _, word := range list {
			out[prefix+" "+word] = "words of programs"
		}
	}
	notes, err := filepath.Glob(filepath.Join("..", "..", "console", "long*.go"))
	require.NoError(t, err)
	for _, file := range notes {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		collect(file, string(text), regexp.MustCompile(`m\.Note\(`+quoted))
	}
	for _, w := range []string{"saved", "deleted", "done", "sent", "stops", "signed-out", "password", "factor", "factor-off", "revoked"} {
		out[words{}.notice(w)] = "notices"
	}
	return out
}

// TestEverythingIsTranslated holds what pages show against the translations, and their places for numbers and names.
func TestEverythingIsTranslated(t *testing.T) {
	t.Parallel()
	texts := visible(t)
	require.Greater(t, len(texts), 400)
	verbs := regexp.MustCompile(`%[ds]`)
	for _, language := range []string{"ru", "de"} {
		w, err := readWords(language)
		require.NoError(t, err)
		for text, where := range texts {
			translated, ok := w[text]
			if !ok {
				t.Errorf("%s: %q (%s) has no translation", language, text, where)
				continue
			}
			require.Equal(t, verbs.FindAllString(text, -1), verbs.FindAllString(translated, -1), "%s: %q", language, text)
		}
	}
}

func TestPluralsOfRussian(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{1: "звонок", 2: "звонка", 5: "звонков", 11: "звонков", 12: "звонков", 21: "звонок", 22: "звонка", 111: "звонков"} {
		require.Equal(t, want, words{}.plural("ru", n, "звонок|звонка|звонков"), "%d", n)
	}
	require.Equal(t, "call", words{}.plural("en", 1, "call|calls"))
	require.Equal(t, "calls", words{}.plural("en", 0, "call|calls"))
}

func TestAfterSignInOnlyToPagesOfOurs(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"/calls?x=1": "/calls?x=1", "": "/", "//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/", "javascript:alert(1)": "/",
	} {
		require.Equal(t, want, home(to))
	}
}

func TestMoneyIsReadAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"1 234,50": "1234.5", "1234.50": "1234.5", "-5": "-5", "1\u00a0000": "1000"} {
		a, err := readAmount(text)
		require.NoError(t, err)
		require.Equal(t, want, a.String())
	}
	_, err := readAmount("1.234,50")
	require.Error(t, err)
}
